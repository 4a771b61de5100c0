"""The rows of a load: each of its figures leads to rows that add up to it, also long after the load."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payments import NOON, Bad, Payment, deliver, land_now
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera import loads
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.errors import NotAllowed
from cartera.landing import Batch, LoadReport, Reader, brought, contacts, replay
from cartera.loads import FIGURES, Behind

ANA = Actor("ana", "analyst")
_sources = (f"brought {number}" for number in itertools.count())

keys = st.sampled_from("ABCDE")
amounts = st.sampled_from([Decimal("0.01"), Decimal(10), Decimal("99.999999")])
currencies = st.sampled_from(["USD", "PEN"])
payments = st.builds(Payment, keys, amounts, currencies)
bad = st.builds(Bad, st.none() | keys, st.none() | amounts, st.none() | currencies)
deliveries = st.tuples(
    st.sampled_from(["full", "full", "incremental"]), st.lists(st.one_of(payments, payments, bad), max_size=8)
)


def behind(load: LoadReport, figure: str, limit: int = 100) -> Behind:
    assert load.load_id is not None
    of = loads.load(ANA, load.load_id)
    assert of is not None
    return loads.behind(ANA, of, figure, limit)


def by_change(found: Behind) -> list[tuple[str | None, str]]:
    return [(row.record_key, row.change) for row in found.rows]


def check(landed: Sequence[LoadReport]) -> None:
    """Of every figure of every load the rows and their amounts, in the list and in the totals."""
    for load in landed:
        for figure, changes in FIGURES.items():
            found = behind(load, figure)
            assert found.adds_up, (figure, found)
            assert found.count == len(found.rows) and {row.change for row in found.rows} <= {*changes}
            if not found.unlisted:
                assert sum(row.amount or 0 for row in found.rows) == sum(found.amounts.values())
                assert found.count == loads.stated_rows(found.load, figure)
            keys = [row.record_key for row in found.rows if row.change in ("new", "changed", "unchanged", "deleted")]
            assert len({*keys}) == len(keys), "a record stands once"
            if load.kind == "full" and not load.rows_quarantined:
                assert not found.unlisted, "of a delivery of everything each row is known"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(deliveries, min_size=1, max_size=5))
def test_rows_add_up_to_every_figure_of_every_load(
    connection: Connection, history: list[tuple[str, list[Payment | Bad]]]
) -> None:
    source = next(_sources)
    landed = [
        land_now(connection, deliver(records, source, kind=kind, max_shrink_pct=Decimal(100)))
        for kind, records in history
    ]
    check(landed)


def test_what_each_row_was_is_said(connection: Connection) -> None:
    first = land_now(connection, deliver([Payment(key) for key in "ABCD"]))
    second = land_now(
        connection,
        deliver(
            [Payment("A"), Payment("B", Decimal(12)), Payment("E", currency_code="PEN"), Bad("D", Decimal(7), "USD")]
        ),
    )
    assert by_change(behind(first, "loaded")) == [(key, "new") for key in "ABCD"]
    found = behind(second, "in")
    assert by_change(found) == [("D", "quarantined"), ("B", "changed"), ("E", "new"), ("A", "unchanged")]
    assert (found.amounts, found.waiting) == ({"USD": Decimal(29), "PEN": Decimal(10)}, {"bad_amount": 1})
    assert found.rows[1].document_date == dt.date(2026, 5, 1) and found.rows[1].currency_code == "USD"
    assert by_change(behind(second, "deleted")) == [("C", "deleted")]
    assert by_change(behind(second, "written")) == [("C", "deleted"), ("B", "changed"), ("E", "new")]
    assert by_change(behind(second, "in", 2)) == [("D", "quarantined"), ("B", "changed")]
    assert behind(second, "in", 2).count == 4, "of all, however few are listed"
    # a third load takes nothing from what the second was
    third = land_now(connection, deliver([Payment("A", Decimal(1)), Payment("C")]))
    found = behind(second, "in")
    assert by_change(found) == [("D", "superseded"), ("B", "changed"), ("E", "new"), ("A", "unchanged")]
    assert by_change(behind(third, "new")) == [("C", "new")], "it came back"
    check([first, second, third])


def test_of_a_delivery_of_changes_it_is_not_kept_what_was_known_already(connection: Connection) -> None:
    land_now(connection, deliver([Payment("A"), Payment("B"), Payment("C")]))
    load = land_now(connection, deliver([Payment("A"), Payment("B", Decimal(2))], kind="incremental"))
    found = behind(load, "loaded")
    assert (by_change(found), found.unlisted, found.adds_up) == ([("B", "changed")], 1, True)
    assert behind(load, "unchanged").count == 0


def test_what_does_not_add_up_is_seen(connection: Connection) -> None:
    load = land_now(connection, deliver([Payment("A"), Payment("B")]))
    with transaction(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute("update raw_files.payments set amount = amount + 0.01 where record_key = 'A'")
    assert not behind(load, "loaded").adds_up and behind(load, "new").adds_up, (
        "the load states amounts of all it loaded"
    )
    with transaction(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute("delete from raw_files.payments where record_key = 'A'")
    assert not behind(load, "new").adds_up


def test_a_replay_is_a_load_of_its_own(connection: Connection) -> None:
    load = land_now(connection, deliver([Payment("A"), Bad("B", Decimal(5), "USD")]))
    good = next(iter(deliver([Payment("B", Decimal(5))]).batches))
    report = replay(connection, None, NOON, lambda name: Reader("files", lambda record: Batch(good.rows, [], "f")))
    connection.commit()
    assert by_change(behind(load, "quarantined")) == [("B", "replayed")] and not behind(load, "quarantined").waiting
    check([load, *report.loads])


def test_contacts_that_cartera_recorded_have_their_rows(connection: Connection) -> None:
    at = utc_now()
    with transaction(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute(
            "insert into ops.contacts_landed (contact_id, recorded_from, company_id, policy_name, step_name, channel,"
            " is_automatic, planned_date, status, cost_amount, cost_currency_code) values"
            " (gen_random_uuid(), %s, 'main', 'p', 's', 'email', true, '2026-06-01', 'sent', 0.02, 'USD')",
            [at],
        )
        values = {"source": contacts.SOURCE, "recorded_at": at, "new": 1, "changed": 0}
        cursor.execute(contacts._LOADED, values)
        ((load_id,),) = cursor.fetchall()
    of = loads.load(ANA, load_id)
    assert of is not None
    found = loads.behind(ANA, of, "in", 10)
    assert found.adds_up and found.rows[0].amount == Decimal("0.02") and found.rows[0].currency_code == "USD"


@pytest.mark.parametrize("who", [Actor("a", "collector"), Actor("b", "administrator", frozenset({"main"}))])
def test_who_does_not_see_all_companies_may_not_look(connection: Connection, who: Actor) -> None:
    load = land_now(connection, deliver([Payment("A")]))
    of = behind(load, "in").load
    with pytest.raises(NotAllowed):
        loads.load(who, of.load_id)
    with pytest.raises(NotAllowed):
        loads.behind(who, of, "in", 1)


def test_the_rows_of_a_load_are_found_by_its_moment(connection: Connection) -> None:
    """Not by reading all that a source ever said: a small load of a large table is opened at once."""
    records = [Payment(f"P{number:05}") for number in range(40_000)]
    land_now(connection, deliver(records))
    load = land_now(connection, deliver([Payment("P00007", Decimal(3)), Payment("Q")], kind="incremental"))
    with transaction(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute("analyze raw_files.payments")
    of = behind(load, "written").load
    with transaction(Role.loader) as asking, asking.cursor() as cursor:
        rows_of = brought.rows_of(asking, of, lambda: None, FIGURES["written"])
        cursor.execute(SQL("explain ") + rows_of, vars(of) | {"amounts": None})
        plan = "\n".join(line for (line,) in cursor)
    assert "Seq Scan on payments" not in plan
    assert "payments_recorded_to_idx" in plan, "what ended then"
