"""The ledger against a plain model of it, on random histories; and what incremental builds must keep."""

from __future__ import annotations

import datetime as dt
import os
import random
from itertools import pairwise
from typing import Any

import pytest
from ledger_history import DELIVERIES, FIRST_DAY, KNOWN_AT, RunDbt, Version, known_by, random_history, write_raw
from ledger_model import OpenItem, open_items
from psycopg2.sql import SQL, Identifier
from settings_history import closed_days, company_settings
from settings_model import Settings

from cartera.db import Role, transaction

COUNT = int(os.environ.get("CARTERA_HISTORIES", "1000"))
FIRST_SEED = int(os.environ.get("CARTERA_HISTORY_SEED", "0"))
"""Other histories and other clocks: `make soak` goes on from where the last batch ended."""

HISTORIES = {seed: random_history(seed) for seed in range(FIRST_SEED, FIRST_SEED + COUNT)}
SETTINGS = [*closed_days(), *(version for seed in HISTORIES for version in company_settings(seed))]
ALL_VERSIONS = [*SETTINGS, *(version for history in HISTORIES.values() for version in history)]
MARTS = [
    "fct_invoices",
    "fct_instalments",
    "fct_payments",
    "fct_allocations",
    "fct_credit_notes",
    "fct_write_offs",
    "fct_refunds",
    "fct_chargebacks",
    "dim_customers",
    "dim_companies",
    "dim_items",
    "fct_disputes",
    "fct_promises",
    "fct_ledger_entries",
    "fct_open_items",
    "fct_aging",
    "fct_unapplied",
    "fct_source_controls",
    "fct_fx_rates",
    "dim_buckets",
    "dim_currencies",
    "dim_dates",
    "fct_kpis",
]


def _land(versions: list[Version]) -> None:
    with transaction(Role.admin) as connection:
        write_raw(connection, versions)


def _rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _failed(results: list[Any]) -> list[str]:
    return [f"{r.node.name}: {r.status}: {r.message}" for r in results if r.status not in ("success", "pass", "warn")]


def _random_clocks(count: int) -> list[tuple[dt.date, dt.datetime]]:
    dice = random.Random(20260630 + FIRST_SEED)
    moments = [d + dt.timedelta(seconds=s) for d in DELIVERIES for s in (-1, 0, 3600)]
    return [(FIRST_DAY + dt.timedelta(days=dice.randrange(-5, 130)), dice.choice(moments)) for _ in range(count)]


CLOCKS = _random_clocks(40)


def _asked(slot: str, as_of: dt.date, known_at: dt.datetime) -> dict[str, set[OpenItem]]:
    """What the warehouse answers, by company; ids without the source's prefix."""
    rows = _rows(
        "select company_id, item_id, item_type, customer_id, customer_name, currency_code, open_amount, due_date,"
        f" days_past_due, bucket, is_disputed, promised_date from marts_{slot}.open_items(%s, %s)",
        as_of,
        known_at,
    )
    answer: dict[str, set[OpenItem]] = {}
    for company, item_id, item_type, customer_id, *rest in rows:
        source = "h" + company.removeprefix("company ")
        item = OpenItem(item_id.replace(f"{source}:", ""), item_type, customer_id.removeprefix(f"{source}:"), *rest)
        found = answer.setdefault(company, set())
        assert item not in found
        found.add(item)
    return answer


@pytest.fixture(scope="module")
def built(run_dbt: RunDbt) -> RunDbt:
    """Slot a: everything known at the end, built at once."""
    _land(ALL_VERSIONS)
    assert _failed(run_dbt("build", "--exclude", "test_type:unit", "--full-refresh", slot="a")) == []
    return run_dbt


@pytest.mark.parametrize(("as_of", "known_at"), CLOCKS)
def test_open_items_are_those_of_the_model(built: RunDbt, as_of: dt.date, known_at: dt.datetime) -> None:
    asked, settings = _asked("a", as_of, known_at), Settings(SETTINGS, known_at)
    for seed, history in HISTORIES.items():
        expected = open_items(history, as_of, known_at, settings)
        assert asked.get(f"company {seed}", set()) == expected, f"history {seed}"


def test_companies_are_as_they_were_set(built: RunDbt) -> None:
    """And so is the currency of their books in every document, none of which names one itself."""
    for _, known_at in CLOCKS:
        settings = Settings(SETTINGS, known_at)
        companies = _rows(
            "select company_id, company_currency_code, calendar_id, due_date_rule from marts_a.dim_companies"
            " where recorded_from <= %s and recorded_to > %s", known_at, known_at,
        )  # fmt: skip
        assert len(companies) == len({company for company, *_ in companies})
        for company, *found in companies:
            assert found == [settings.currency(company), settings.calendar(company), settings.rule(company)], company
        documents = _rows(
            "select distinct company_id, company_currency_code from marts_a.dim_items"
            " where recorded_from <= %s and recorded_to > %s", known_at, known_at,
        )  # fmt: skip
        assert [row for row in documents if row[1] != settings.currency(row[0])] == []


def test_the_histories_move_due_dates(built: RunDbt) -> None:
    """Else the settings would prove nothing: to a later and an earlier day, of one item at one time and not another."""
    moved, items = _rows(
        "select count(distinct sign(due_date - stated_due_date)), count(distinct item_id) from marts_a.dim_items"
        " where due_date <> stated_due_date"
    )[0]
    assert moved == 2 and items > COUNT / 10
    later = (
        "select item_id from marts_a.dim_items group by item_id, stated_due_date having count(distinct due_date) > 1"
    )
    assert len(_rows(later)) > COUNT / 10


def test_open_items_join_nothing_that_is_not_asked_of_them(built: RunDbt) -> None:
    """DECISIONS 148: a sum by bucket pays for no name, no dispute and no promise, however far these reach."""

    def read_for(columns: str) -> str:
        query = f"explain select {columns} from marts_a.open_items(%s, %s)"
        return "\n".join(line for (line,) in _rows(query, *CLOCKS[0]))

    joined = ("dim_customers", "fct_disputes", "fct_promises")
    assert not any(table in read_for("company_id, bucket, open_amount") for table in joined)
    asked = read_for("customer_name, is_disputed, promised_date")
    assert all(table in asked for table in joined)


def test_unit_tests_of_the_models_pass(built: RunDbt) -> None:
    results = built("test", "--select", "test_type:unit")
    assert len(results) > 20
    assert _failed(results) == []


def test_sums_tie_out_at_any_clocks(built: RunDbt) -> None:
    """Law 3: ledger = open instalments + unapplied credit, exactly, per company and currency."""
    for as_of, known_at in CLOCKS:
        differences = _rows(
            "select company_id, currency_code, sum(amount) from ("
            " select company_id, currency_code, amount from marts_a.fct_ledger_entries"
            " where effective_date <= %s and recorded_from <= %s and recorded_to > %s union all"
            " select company_id, currency_code, -open_amount from marts_a.open_items(%s, %s)) as sides"
            " group by company_id, currency_code having sum(amount) <> 0",
            as_of, known_at, known_at, as_of, known_at,
        )  # fmt: skip
        assert differences == []


def test_the_table_is_the_function_at_the_dates_of_the_run(built: RunDbt) -> None:
    assert _differences("marts_a.fct_open_items", f"marts_a.open_items('2026-03-31', '{KNOWN_AT.isoformat()}')") == 0


def test_month_ends_and_days_are_the_function_at_their_dates(built: RunDbt) -> None:
    dates = [row[0] for row in _rows("select distinct as_of_date from marts_a.fct_open_items_at_month_ends order by 1")]
    assert dates == [dt.date(2026, 1, 31), dt.date(2026, 2, 28), dt.date(2026, 3, 31)]
    for date in dates[:2]:
        asked = f"marts_a.open_items('{date}', '{KNOWN_AT.isoformat()}')"
        at_date = f"where as_of_date = '{date}'"
        columns = "(select to_jsonb(found) - 'as_of_date' from marts_a.{} as found {}) as rows"
        assert (
            _differences(
                columns.format("fct_open_items_at_month_ends", at_date), f"(select to_jsonb(i) from {asked} as i)"
            )
            == 0
        )
        sums = "(select company_id, currency_code, bucket, sum(open_amount), {} from {} {} group by 1, 2, 3) as sums"
        aged = sums.format("sum(open_items)", "marts_a.fct_aging_daily", at_date)
        assert _differences(aged, sums.format("count(*)", asked, "where item_type = 'instalment'")) == 0


def _differences(one: str, other: str) -> int:
    """Rows that only one of them has, repeats counted."""
    one, other = f"select * from {one}", f"select * from {other}"
    one_way, other_way = f"({one} except all {other})", f"({other} except all {one})"
    return int(_rows(f"select count(*) from ({one_way} union all {other_way}) as differences")[0][0])


def _build_b(run_dbt: RunDbt, changed_since: dt.datetime) -> None:
    results = run_dbt("build", "--exclude", "test_type:unit", slot="b", changed_since=changed_since.isoformat())
    assert _failed(results) == []


@pytest.fixture(scope="module")
def built_in_steps(built: RunDbt) -> RunDbt:
    """Slot b: built when half was known, then added to delivery by delivery; the last time after a killed build."""
    _land(known_by(ALL_VERSIONS, DELIVERIES[4]))
    assert _failed(built("build", "--exclude", "test_type:unit", "--full-refresh", slot="b")) == []
    answers = {clocks: _asked("b", *clocks) for clocks in CLOCKS if clocks[1] <= DELIVERIES[4]}
    for before, now in pairwise(DELIVERIES[4:]):
        _land(known_by(ALL_VERSIONS, now))
        if now == DELIVERIES[-1]:
            killed = built("run", "--select", "+dim_items", slot="b", changed_since=before.isoformat())
            assert _failed(killed) == []
        _build_b(built, before)
    for clocks, answer in answers.items():
        assert _asked("b", *clocks) == answer, f"law 4: another answer for {clocks} than was given before"
    return built


@pytest.mark.parametrize("mart", MARTS)
def test_built_in_steps_equals_built_at_once(built_in_steps: RunDbt, mart: str) -> None:
    assert _differences(f"marts_a.{mart}", f"marts_b.{mart}") == 0


def test_a_build_without_changes_touches_nothing(built_in_steps: RunDbt) -> None:
    stamps = "select xmin::text, ctid::text from marts_b.{} order by ctid"
    before = [_rows(stamps.format(table)) for table in ("dim_items", "fct_ledger_entries")]
    _build_b(built_in_steps, KNOWN_AT)
    assert [_rows(stamps.format(table)) for table in ("dim_items", "fct_ledger_entries")] == before
    assert _rows("select count(*) from intermediate_b.int_ledger__documents_touched") == [(0,)]


def test_building_again_from_an_older_moment_changes_no_figure(built_in_steps: RunDbt) -> None:
    _build_b(built_in_steps, DELIVERIES[5])
    assert _differences("marts_a.fct_ledger_entries", "marts_b.fct_ledger_entries") == 0
    assert _differences("marts_a.dim_items", "marts_b.dim_items") == 0


def test_rebuilt_from_raw_on_an_empty_warehouse_all_marts_are_the_same(built_in_steps: RunDbt) -> None:
    """Law 4: the warehouse keeps nothing that raw does not say."""
    _empty("b")
    assert _failed(built_in_steps("build", "--exclude", "test_type:unit", slot="b")) == []
    assert [mart for mart in MARTS if _differences(f"marts_a.{mart}", f"marts_b.{mart}") != 0] == []


def _empty(slot: str) -> None:
    """Take every table and view of a slot away; the schemas belong to the administrator."""
    relations = _rows(
        "select table_schema, table_name from information_schema.tables where table_schema = any(%s)",
        [f"marts_{slot}", f"intermediate_{slot}", f"staging_{slot}"],
    )
    assert relations
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        for schema, name in relations:
            cursor.execute("select relkind from pg_class where oid = to_regclass(%s)", [f"{schema}.{name}"])
            kinds = cursor.fetchall()
            if kinds:
                kind = SQL("view" if kinds == [("v",)] else "table")
                cursor.execute(SQL("drop {} {} cascade").format(kind, Identifier(schema, name)))


def test_only_what_was_touched_is_rebuilt(built_in_steps: RunDbt) -> None:
    """A change to one payment rebuilds it, its allocations and their invoices; no row of anything else.

    The last test of this module: it leaves a change behind.
    """
    stamps = "select ledger_entry_id, xmin::text, origin_id from marts_b.fct_ledger_entries"
    before = {row[0]: row[1:] for row in _rows(stamps)}
    payment = next(v for v in ALL_VERSIONS if v.entity == "payments" and v.recorded_to > KNOWN_AT)
    changed_at = DELIVERIES[-1] + dt.timedelta(days=1)
    later = [v for v in ALL_VERSIONS if v != payment] + [
        Version(**{**vars(payment), "recorded_to": changed_at}),
        Version(**{**vars(payment), "recorded_from": changed_at}),
    ]
    _land(later)
    _build_b(built_in_steps, DELIVERIES[-1])
    after = {row[0]: row[1:] for row in _rows(stamps)}
    rewritten = {after[entry][1] for entry in after if before.get(entry) != after[entry]}
    assert f"payment:{payment.source}:{payment.key}" in rewritten
    assert {origin.split(":")[1] for origin in rewritten} == {payment.source}
