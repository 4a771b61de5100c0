"""The worklist: ranked by expected value with the reason, recorded on, nothing lost, nothing done twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from support import serve_customers
from support.campaign_fixture import reachable
from support.desk_page import ME, NOW, TODAY, action_id, day_of, names_of, publish_today, table_with, three_customers
from support.pages import OpenPage, said, still_tables
from support.serve_fixture import item, publish_items, sample_items

from cartera import desk, viewed
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import day as desk_day
from cartera.warehouse.variables import number
from dashboards.i18n import Words, rules
from dashboards.queries import customer, worklist
from dashboards.queries.session import Clocks, reading


def test_most_worth_first_with_its_reason(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist")
    assert not app.exception and not app.error, said(app)
    shown = table_with(app, "expected_amount")
    assert list(shown["customer_name"]) == ["Comercial Andina SAC", "Bodega Norte"]
    assert list(shown["expected_amount"]) == [Decimal("800.00"), Decimal("400.00")]
    assert "late for up to 20 days" in shown["why"].iloc[0]
    assert [each["subject"] for each in viewed.listed()] == ["files:C-1"], "a look at a customer is written down"
    told = said(app).replace("\\", "")
    assert "1,000.00" in told and "80.0%" in told and "800.00" in told
    assert "Open now: [Comercial Andina SAC](#open-customer)" in told


def test_the_list_and_who_is_left_in_peace_are_all_that_is_late(database: str) -> None:
    publish_items(sample_items(TODAY), as_of=TODAY, known_at=NOW)
    with reading() as opened:
        asked = worklist.Asked(opened.clocks, "PEN", None, None)
        whole = worklist.totals(opened, asked.clocks, "PEN", None, None)
        late = worklist.late(opened, asked)
        found = worklist.day(opened, asked)
    assert len(found.tasks) + len(found.left) == len(late) == whole["customers"]
    assert sum((row["overdue_amount"] for row in late), Decimal(0)) == whole["overdue_amount"]
    for task in found.tasks:
        chance = Decimal(1)
        for reason in task.worth.reasons:
            chance *= reason.factor
        assert task.worth.expected == task.asked * min(chance, Decimal("0.95")), task
    ranks = [task.worth.expected for task in found.tasks]
    assert ranks == sorted(ranks, reverse=True)


def _left_in_peace() -> None:
    """One of each reason beside C-1: C-4 is disputed, C-5 promised for later, C-6 covered by credit, C-7 held."""
    ago = TODAY - dt.timedelta(days=20)
    others = [
        item("4", ago, "400", customer_id="files:C-4", customer_name="Disputa SA", is_disputed=True),
        item("5", ago, "300", customer_id="files:C-5", customer_name="Promesa SA"),
        item("6", ago, "200", customer_id="files:C-6", customer_name="Crédito SA"),
        item("6c", ago, "-200", customer_id="files:C-6", customer_name="Crédito SA", item_type="unapplied_credit"),
        item("7", ago, "100", customer_id="files:C-7", customer_name="Espera SA"),
        # part disputed, part promised, the rest covered: the most of it is the reason
        item("8", ago, "10", customer_id="files:C-8", customer_name="Mixta SA", is_disputed=True),
        item("8p", ago, "30", customer_id="files:C-8", customer_name="Mixta SA"),
        item("8r", ago, "20", customer_id="files:C-8", customer_name="Mixta SA"),
        item("8c", ago, "-20", customer_id="files:C-8", customer_name="Mixta SA", item_type="unapplied_credit"),
    ]
    publish_today([*three_customers(), *others])
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.fct_open_items set promised_date = %s where item_id in ('5', '8p')",
            (TODAY + dt.timedelta(days=5),),
        )
    reachable()
    desk.hold(ME, action_id(9), "files:C-7", "other")


def test_who_is_left_in_peace_is_counted_by_reason_and_named(open_page: OpenPage) -> None:
    _left_in_peace()
    app = open_page("worklist")
    assert not app.exception and not app.error, said(app)
    assert "PEN 1,500.00 of the PEN 2,560.00" in said(app).replace("\\", "").replace("\xa0", " ")
    assert "PEN 1,060.00, of 5 customers" in said(app).replace("\\", "").replace("\xa0", " ")
    [expander] = [each for each in app.expander if "Left in peace" in each.label]
    assert expander.label == "Left in peace: covered by credit: 1 · disputed: 1 · on hold: 1 · promised: 2"
    [sums] = [each for each in still_tables(app) if "Customers" in each]
    assert dict(zip(sums["Why"], sums["Overdue"], strict=True)) == {
        "covered by credit": "200.00", "disputed": "400.00", "on hold": "100.00", "promised": "360.00",
    }  # fmt: skip
    [frame] = [each for each in app.dataframe if "reason" in each.value]
    assert list(frame.value["customer_name"]) == ["Disputa SA", "Promesa SA", "Crédito SA", "Espera SA", "Mixta SA"]
    key = frame.proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(2, "reason")]}}
    app = app.run()
    assert "customer=files%3AC-6" in {each.proto.query_string for each in app.get("page_link")}


def test_a_collector_is_told_of_those_of_hers(open_page: OpenPage) -> None:
    _left_in_peace()
    app = open_page("worklist", collector="Bruno")
    [expander] = [each for each in app.expander if "Left in peace" in each.label]
    assert expander.label == "Left in peace: covered by credit: 1 · on hold: 1 · promised: 1"
    told = said(app).replace("\\", "").replace("\xa0", " ")
    assert "owe PEN 0.00 of the PEN 600.00 that is late. The other PEN 600.00, of 3 customers" in told


def test_beyond_those_that_are_ranked_is_said_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _left_in_peace()
    monkeypatch.setattr(worklist, "RANKED", 1)
    with reading() as opened:
        asked = worklist.Asked(opened.clocks, "PEN", None, None)
        found, whole = worklist.day(opened, asked), worklist.totals(opened, asked.clocks, "PEN", None, None)
    by_reason = worklist.left_by_reason(worklist.left(Words("EN"), found), whole, found)
    assert by_reason == [("disputed", 1, Decimal(400)), ("unranked", 5, Decimal(1160))]
    rows = worklist.day_csv(Words("EN"), asked, ["Company: main"]).decode("utf-8-sig").splitlines()
    assert all("Company: main · not ranked, with less to ask for: 5" in row for row in rows[1:])


def test_each_fact_moves_the_rank(database: str) -> None:
    paid = item("9", TODAY - dt.timedelta(days=90), "70", customer_id="files:C-2", customer_name="Bodega Norte",
                settled_date=TODAY - dt.timedelta(days=20))  # fmt: skip
    publish_today([*three_customers(), paid])
    serve_customers.promise(
        "files:C-1", TODAY - dt.timedelta(days=3), made_date=TODAY - dt.timedelta(days=12), known_at=NOW
    )
    first, second = day_of().tasks
    assert [reason.name for reason in first.worth.reasons] == ["age", "broken_promise"]
    assert first.worth.chance == Decimal("0.95"), "capped: 0.80 x 1.3"
    assert [reason.name for reason in second.worth.reasons] == ["age", "within_habit"], "it always pays 70 days late"
    assert second.worth.expected == Decimal(500) * Decimal("0.80") * Decimal("0.4")


@pytest.mark.parametrize(
    ("days_late", "said_so"),
    [
        (80, ("usually 80 days late", "suele pagar 80 días tarde", "costuma pagar 80 dias depois")),
        (1, ("usually 1 day late", "suele pagar 1 día tarde", "costuma pagar 1 dia depois")),
        (0, ("usually on time", "suele pagar en su día", "costuma pagar no dia")),
        (-2, ("usually 2 days early", "suele pagar 2 días antes", "costuma pagar 2 dias antes")),
    ],
)
def test_how_a_customer_usually_pays_is_said_as_it_is(
    database: str, days_late: int, said_so: tuple[str, ...]
) -> None:  # fmt: skip
    due = TODAY - dt.timedelta(days=90)
    paid = item("9", due, "70", customer_id="files:C-2", customer_name="Bodega Norte",
                settled_date=due + dt.timedelta(days=days_late))  # fmt: skip
    publish_today([three_customers()[1], paid])
    [task] = day_of().tasks
    for language, text in zip(("EN", "ES", "PT"), said_so, strict=True):
        assert worklist.reason_text(Words(language), task.worth.reasons[-1]) == text


def test_what_was_recorded_counts_at_once(database: str) -> None:
    publish_today(three_customers())
    tomorrow = TODAY + dt.timedelta(days=1)
    desk.promise(ME, action_id(1), "files:C-1", "main", "PEN", Decimal(1000), tomorrow, seen=0)
    desk.hold(ME, action_id(2), "files:C-2", "other")
    found = day_of()
    assert found.tasks == () and {left.why for left in found.left} == {"promised", "on_hold"}
    [held] = {way.why for way in customer.dossier("files:C-2").ways if way.refusals == ("hold",)}
    told = rules.saw(Words("ES"), held)
    assert told.startswith("otro, ") and told.endswith(Words("ES").date(utc_now().date())), "of one without a note too"


def _broken_after(days: int) -> dt.date | None:
    """The promise of C-1 that its reason calls broken, so many days after the publication and before another run."""
    with reading() as opened:
        late = worklist.late(opened, worklist.Asked(opened.clocks, "PEN", None, None))
    found = desk_day.day_of(late, TODAY, NOW + dt.timedelta(days=days, hours=12))
    [task] = [each for each in found.tasks if each.key[0] == "files:C-1"]
    return {each.name: each.values for each in task.worth.reasons}.get("broken_promise", {}).get("date")


def _promised(day: dt.date) -> desk.Promise:
    made = desk.promise(ME, action_id(1), "files:C-1", "main", "PEN", Decimal(100), TODAY, seen=0)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.desk_promises set made_date = %s, promised_date = %s", (day, day))
    return made


def test_a_promise_is_broken_when_its_days_of_grace_are_over(database: str) -> None:
    """As the page of promises says: in grace until its last day, and broken on it."""
    publish_today(three_customers())
    _promised(TODAY)
    grace = number("promise_grace_days")
    assert [_broken_after(days) for days in (0, 1, grace - 1, grace)] == [None, None, None, TODAY]


def test_also_one_whose_day_was_over_before_the_figures_were_made(database: str) -> None:
    publish_today(three_customers())
    day = TODAY - dt.timedelta(days=number("promise_grace_days") - 1)
    made = _promised(day)
    assert [_broken_after(days) for days in (0, 1, 5)] == [None, day, day]
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        # the run before knew of it
        cursor.execute(
            "insert into marts_a.fct_promises (promise_id, customer_id, invoice_id, currency_code, promised_amount,"
            " made_date, promised_date, source) values (%s, 'files:C-1', '1', 'PEN', 100, %s, %s, 'desk')",
            (f"desk:{made.promise_id}", day, day),
        )
    assert _broken_after(1) == day
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into marts_a.fixture_entries select 'x', 'applied', null, 'instalment', null, null, -100, %s,"
            " 'invoice:1', 'main', 'files:C-1', 'PEN', timestamptz '2020-01-01', timestamptz '9999-12-31'",
            (day,),
        )
    assert _broken_after(1) is None, "what was promised is paid, and the rest of the invoice is no promise"


def test_a_call_to_nobody_and_a_call_to_somebody_change_the_chance(database: str) -> None:
    publish_today(three_customers())
    desk.record_call(ME, action_id(3), "files:C-1", outcome="right_party_refusal", is_right_party=True)
    found = day_of()
    assert names_of(found) == ["Bodega Norte", "Comercial Andina SAC"]
    assert found.tasks[1].worth.reasons[-1].name == "contacted_lately"


def test_one_row_and_none(open_page: OpenPage) -> None:
    publish_today(three_customers()[:1])
    app = open_page("worklist")
    assert len(table_with(app, "expected_amount")) == 1
    assert "all that is late" in said(app) and "of 0 customers" not in said(app)
    publish_today(three_customers()[2:])
    assert "Nobody is to be acted on" in said(open_page("worklist"))


def test_strangers_in_the_url_get_the_default(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:nobody", at="moon", do="moon", collector="moon")
    assert not app.exception and not app.error and "Comercial Andina" in said(app)


def test_a_failing_query_shows_no_figure(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_today(three_customers())
    monkeypatch.setattr("cartera.warehouse.late.late", lambda *_, **__: 1 / 0)
    app = open_page("worklist")
    assert "could not be read" in app.error[0].value and not app.dataframe and not app.exception


def test_the_file_has_everybody_and_adds_up(database: str) -> None:
    publish_today(three_customers())
    asked = worklist.Asked(Clocks(TODAY, NOW), "PEN", None, None)
    text = worklist.day_csv(Words("EN"), asked).decode("utf-8-sig")
    assert len(text.splitlines()) == 4 and "1200.00" in text.splitlines()[-1]


@pytest.mark.parametrize(("currency", "unit"), [("PEN", "0.01"), ("CLP", "1"), ("KWD", "0.001")])
def test_the_file_has_money_to_its_unit_and_totals_of_it(database: str, currency: str, unit: str) -> None:
    """Of several ages the share is a quotient, so that what is expected has digits without end."""
    ages, customers = (20, 45, 100), ("files:C-1", "files:C-2")
    publish_today(
        [
            item(f"{customer}{days}", TODAY - dt.timedelta(days=days), str(1000 + days), customer_id=customer,
                 customer_name=customer, currency_code=currency)
            for customer in customers for days in ages[: 2 + customers.index(customer)]
        ]
    )  # fmt: skip
    asked = worklist.Asked(Clocks(TODAY, NOW), currency, None, None)
    text = worklist.day_csv(Words("EN"), asked).decode("utf-8-sig")
    *rows, total = csv.DictReader(io.StringIO(text))
    assert len(rows) == 2
    assert all(Decimal(0) < Decimal(row["Chance"]) <= 1 for row in rows), "a number, as any file has it"
    for heading in ("May be asked for", "Expected value", "Overdue"):
        amounts = [Decimal(row[heading]) for row in rows]
        assert Decimal(total[heading]) == sum(amounts), heading
        assert {amount.as_tuple().exponent for amount in amounts} == {Decimal(unit).as_tuple().exponent}, heading
    tasks = day_of(currency).tasks
    above = worklist.added(tasks, currency)
    assert above == (Decimal(total["May be asked for"]), Decimal(total["Expected value"])), "the line above the list"
    listed = worklist.listed(Words("EN"), tasks, currency)
    assert list(listed["expected_amount"]) == [Decimal(row["Expected value"]) for row in rows]
    expected = {task.key[0]: task.worth.expected for task in tasks}
    for row in rows:
        exact = expected[row["Customer id"]]
        assert exact != Decimal(row["Expected value"]), "else nothing was rounded"
        assert abs(exact - Decimal(row["Expected value"])) <= Decimal(unit) / 2
