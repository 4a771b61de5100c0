"""Roll rates, cures, vintages and expected losses against a plain model of them on random histories."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kpi_examples import Company
from ledger_history import DELIVERIES, KNOWN_AT, RunDbt, Version, random_history, write_raw
from psycopg2.extras import RealDictCursor
from support import risk_model
from support.kpi_model import TABLES, Ledger

from cartera.connectors import segments
from cartera.db import Role, transaction
from cartera.landing import land_all
from cartera.warehouse import cohort_rows, cure_rows, loss_rows, moves, publish, risk

DBT = Path(__file__).resolve().parents[2] / "dbt_project"
SMALLEST = Fraction(1, 10**9)
"""Shares and sums of shares are numeric, not fractions."""


def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    with transaction(Role.transformer) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]


def _paying(seed: int) -> list[Version]:
    """Customers who mostly pay whole invoices, early or late: without them hardly anybody is cured."""
    dice, company = random.Random(seed), Company(f"paying {seed}")
    for number in range(60):
        due = dice.randrange(0, 220)
        paid = (100, max(due - dice.randrange(-5, 70), 0)) if dice.random() < 0.85 else (0, 0)
        company.invoice(100, due + 30, due, paid, customer_id=f"{seed} {number % 12}")
        if not paid[0] and dice.random() < 0.3:
            company.write_off(dice.choice([40, 100]), max(due - 60, 0))
    return company.versions


@pytest.fixture(scope="module")
def built(run_dbt: RunDbt, tmp_path_factory: pytest.TempPathFactory) -> Mapping[dt.datetime, risk_model.Debts]:
    """The model's debts by the moment known; built from the same rows of the ledger as the marts."""
    with transaction(Role.admin) as connection:
        histories = [random_history(seed) for seed in range(300, 340)] + [_paying(seed) for seed in range(4)]
        write_raw(connection, [version for history in histories for version in history])
    rules: Any = SimpleNamespace(home=tmp_path_factory.mktemp("no rules of its own"), dbt_dir=DBT)
    with transaction(Role.loader) as connection:
        land_all(connection, segments.SOURCE, [segments.delivery(rules)], DELIVERIES[0])
    results = run_dbt(
        "run", "--select", "+fct_roll_rates", "+fct_customer_segments", "+fct_open_items", "--full-refresh", slot="a"
    )
    assert [f"{r.node.name}: {r.message}" for r in results if r.status != "success"] == []
    entries, items = _rows("select * from marts_a.fct_ledger_entries"), _rows("select * from marts_a.dim_items")

    class ByMoment(dict[dt.datetime, risk_model.Debts]):
        def __missing__(self, moment: dt.datetime) -> risk_model.Debts:
            self[moment] = risk_model.Debts(
                Ledger({table: [] for table in TABLES} | {"fct_ledger_entries": entries, "dim_items": items}, moment)
            )
            return self[moment]

    return ByMoment()


@pytest.fixture(scope="module")
def served(built: Mapping[dt.datetime, risk_model.Debts]) -> None:
    """What the rows behind the figures are read from, as it is published."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        for table, columns in publish._tables(connection, "marts_a").items():
            publish._replace(connection, table, publish._view("marts_a", table, columns))
        publish._replace_functions(connection, "marts_a")
        cursor.execute(
            "create or replace view serve.publication as select 1::bigint as publication_id, '1'::text as run_id,"
            " date '2026-12-31' as as_of_date, now() as known_at, now() as published_at"
        )


@cache
def _clocks(count: int, first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.datetime]]:
    dice = random.Random(20261124)
    moments = [*DELIVERIES[3:], KNOWN_AT]
    return [
        (first + dt.timedelta(days=dice.randrange((last - first).days)), dice.choice(moments)) for _ in range(count)
    ]


SOON = _clocks(8, dt.date(2026, 2, 10), dt.date(2026, 6, 20))
LATER = _clocks(5, dt.date(2026, 5, 20), dt.date(2026, 12, 1))


def _same(one: Decimal, other: Decimal, of: object) -> None:
    assert abs(one - other) <= Decimal("1e-9"), of


def _some(places: Iterable[tuple[str, ...]], count: int = 6) -> list[tuple[str, ...]]:
    """A few of many that are alike: each is asked a dozen questions."""
    return random.Random(7).sample(sorted(set(places)), count)


def _adds_up(found: list[dict[str, Any]], column: str, figure: Decimal, of: object) -> None:
    """What the rows add up to, and what each says of the sum of all."""
    _same(sum((row[f"total_{column}"] for row in found[:1]), Decimal(0)), figure, (of, column))
    if found and column in found[0]:
        _same(sum((row[column] or 0 for row in found), Decimal(0)), figure, (of, column))


def _agree(found: Mapping[Any, Decimal | int | None], expected: Mapping[Any, Fraction]) -> None:
    found = {key: value for key, value in found.items() if value}
    expected = {key: value for key, value in expected.items() if value}
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert abs(Fraction(found[key]) - value) <= SMALLEST, (key, found[key], float(value))


@pytest.mark.parametrize(("as_of", "known_at"), SOON)
@pytest.mark.parametrize(("period", "periods"), [(30, 1), (17, 4)])
def test_transitions_and_roll_rates(
    built: Mapping[dt.datetime, risk_model.Debts], as_of: dt.date, known_at: dt.datetime, period: int, periods: int
) -> None:
    rows = _rows("select * from marts_a.transitions(%s, %s, %s, %s)", as_of, known_at, period, periods)
    items, amounts = risk_model.transitions(built[known_at], as_of, period, periods)
    for name, expected in (("items", items), ("amount", amounts)):
        key = ("company_id", "currency_code", "from_state", "to_state")
        _agree({tuple(row[k] for k in key): row[name] for row in rows}, expected)
    for name in ("items_pct", "amount_pct"):
        for start in {(r["company_id"], r["currency_code"], r["from_state"]) for r in rows if r[name] is not None}:
            own = [r[name] for r in rows if (r["company_id"], r["currency_code"], r["from_state"]) == start]
            assert abs(sum(own) - 100) < Decimal("1e-12"), "a row sums to 100"
    rates = _rows("select * from marts_a.roll_rates(%s, %s, %s, %s)", as_of, known_at, period, periods)
    expected_rates = risk_model.roll_rates(items, amounts)
    for row in rates:
        key = tuple(row[k] for k in ("company_id", "currency_code", "method", "basis", "bucket"))
        numerator, denominator = expected_rates.get(key, (Fraction(0), Fraction(0)))
        assert (Fraction(row["numerator"]), Fraction(row["denominator"])) == (
            pytest.approx(numerator, abs=1e-9),
            pytest.approx(denominator, abs=1e-9),
        )
        assert (row["roll_rate_pct"] is None) == (denominator == 0)
        assert row["flow_through_pct"] is not None or row["reason"]


@pytest.mark.parametrize(("as_of", "known_at"), SOON)
@pytest.mark.parametrize(("period", "periods"), [(30, 1), (17, 4)])
def test_the_debts_behind_each_cell_add_up_to_it(
    served: None, as_of: dt.date, known_at: dt.datetime, period: int, periods: int
) -> None:
    cells = _rows("select * from marts_a.transitions(%s, %s, %s, %s)", as_of, known_at, period, periods)
    assert len(cells) > 10
    with transaction(Role.admin) as connection:
        for cell in cells:
            for basis, figure in (("count", cell["items"]), ("amount", cell["amount"])):
                if figure is None:
                    continue
                of = (cell["company_id"], cell["currency_code"], cell["from_state"], cell["to_state"])
                asked = moves.Asked(as_of, known_at, *of, basis, period, periods)
                found = moves.debts(connection, asked, 10_000)
                assert len(found) == sum(row["rows"] for row in found[:1]), asked
                if basis == "count":
                    assert len(found) == figure, asked
                else:
                    _same(sum(row["amount"] for row in found), figure, asked)
                    _same(figure, sum(row["total_amount"] for row in found[:1]), asked)


@pytest.mark.parametrize(("as_of", "known_at"), SOON[:2])
@pytest.mark.parametrize(("period", "periods"), [(30, 1), (17, 4)])
def test_the_debts_behind_each_roll_rate_add_up_to_what_it_divides(
    served: None, as_of: dt.date, known_at: dt.datetime, period: int, periods: int
) -> None:
    rates = _rows("select * from marts_a.roll_rates(%s, %s, %s, %s)", as_of, known_at, period, periods)
    cells = _rows("select * from marts_a.transitions(%s, %s, %s, %s)", as_of, known_at, period, periods)
    lost = {
        (cell["company_id"], cell["currency_code"], cell["from_state"]): cell["amount"]
        for cell in cells
        if cell["to_state"] == "written_off" and cell["amount"]
    }
    places, written_off = sorted({key[:2] for key in lost})[:6], 0
    with transaction(Role.admin) as connection:
        for rate in rates:
            place, basis, bucket = (rate["company_id"], rate["currency_code"]), rate["basis"], rate["bucket"]
            if place not in places:
                continue
            went = (bucket, moves.ON) if rate["method"] == "tracked" else (moves.ANY, rate["next_bucket"])
            for states, figure in ((went, rate["numerator"]), ((bucket, moves.ANY), rate["denominator"])):
                asked = moves.Asked(as_of, known_at, *place, *states, basis, period, periods)
                found = moves.debts(connection, asked, 10_000)
                if basis == "count":
                    assert len(found) == figure, asked
                else:
                    _adds_up(found, "amount", figure, asked)
                if basis == "amount" and moves.ON in states:
                    _adds_up(found, "written_off_amount", lost.get((*place, bucket), Decimal(0)), asked)
                    written_off += any(row["written_off_amount"] for row in found)
    assert written_off


@pytest.mark.parametrize(("as_of", "known_at"), LATER)
@pytest.mark.parametrize(("history", "horizon"), [(365, 125), (40, 130)])
def test_the_debts_behind_the_expected_losses_add_up_to_them(
    served: None, as_of: dt.date, known_at: dt.datetime, history: int, horizon: int
) -> None:
    factor, entered, lost = Decimal("1.25"), 0, Decimal(0)
    with transaction(Role.admin) as connection:
        for scheme in (None, *risk.schemes(connection, known_at)):
            matrix = risk.expected_losses(
                connection, as_of, known_at, factor=factor, history_days=history, loss_days=horizon, scheme=scheme
            )
            groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for row in matrix:
                groups.setdefault((row["company_id"], row["currency_code"], row["segment"]), []).append(row)
            # those of which most was learned
            for of in sorted(groups, key=lambda of: (-sum(r["entered_items"] or 0 for r in groups[of]), of))[:2]:
                rows = groups[of]
                rates = tuple(loss_rows.Rate(row["bucket"], row["entered_amount"], row["unpaid_amount"])
                              for row in rows if row["bucket"] != "total")  # fmt: skip
                asked = loss_rows.Asked(as_of, known_at, *of[:2], factor, history, horizon, scheme, of[2])
                for row in rows:
                    own = [rate for rate in rates if row["bucket"] in (rate.bucket, "total")]
                    found = loss_rows.open_debts(connection, asked, tuple(own), 10_000)
                    _adds_up(found, "open_amount", row["balance_amount"], asked)
                    if row["ecl_amount"] is not None:
                        _adds_up(found, "expected_amount", row["ecl_amount"], asked)
                    if row["bucket"] != "total":
                        found = loss_rows.history(connection, asked, row["bucket"], "unpaid_amount", 10_000)
                        _adds_up(found, "entered_amount", row["entered_amount"], asked)
                        _adds_up(found, "unpaid_amount", row["unpaid_amount"], asked)
                        assert len(found) == row["entered_items"], asked
                        entered, lost = entered + len(found), lost + row["unpaid_amount"]
    assert entered > 0 and lost > 0 or history == 40


@pytest.mark.parametrize(("as_of", "known_at"), SOON)
def test_the_debts_behind_a_cohort_add_up_to_it(served: None, as_of: dt.date, known_at: dt.datetime) -> None:
    with transaction(Role.admin) as connection:
        curves, cohorts = risk.vintages_and_liquidation_rates(
            connection, as_of, known_at, step_days=20, steps=4, months=6
        )
        assert len(curves) > 100 and any(row["written_off_amount"] for row in cohorts)
        places = _some((row["company_id"], row["currency_code"]) for row in cohorts)
        for row in [*curves, *cohorts]:
            if (row["company_id"], row["currency_code"]) not in places:
                continue
            of = (row["company_id"], row["currency_code"])
            asked = cohort_rows.Asked(as_of, known_at, *of, 6, row["cohort_month"], row.get("days_since_placement"))
            found = cohort_rows.debts(connection, asked, "placed_amount", 10_000)
            assert len(found) == row["placed_items"], asked
            for name in (*risk_model.MEASURES, "collected_amount"):
                _adds_up(found, name, row[name], asked)


@pytest.mark.parametrize(("as_of", "known_at"), SOON)
@pytest.mark.parametrize(("horizon", "window"), [(60, 10), (14, 0)])
def test_the_debts_behind_the_cures_add_up_to_them_and_say_what_came_of_each(
    built: Mapping[dt.datetime, risk_model.Debts],
    served: None,
    as_of: dt.date,
    known_at: dt.datetime,
    horizon: int,
    window: int,
) -> None:
    debts, start = built[known_at], as_of - dt.timedelta(days=horizon + window)
    with transaction(Role.admin) as connection:
        figures = risk.cure_rates(connection, as_of, known_at, horizon_days=horizon, cure_days=window)
        assert horizon < 60 or any(row["cured"] for row in figures) and any(row["written_off"] for row in figures)
        for row in figures:
            of = (row["company_id"], row["currency_code"])
            for outcome in ("delinquent", "cured", "redefaulted", "written_off"):
                chosen = None if outcome == "delinquent" else outcome
                asked = cure_rows.Asked(as_of, known_at, *of, horizon, window, chosen)
                found = cure_rows.debts(connection, asked, 10_000)
                _adds_up(found, "customers" if row["basis"] == "count" else "amount", row[outcome], asked)
                for debt in found if chosen is None else ():
                    credited, written_off = debts.settled(debt["item_id"], start, as_of)
                    left = debts.open(as_of).get(debt["item_id"], Fraction(0))
                    expected = {
                        "credited_amount": credited,
                        "written_off_amount": written_off,
                        "open_amount": left,
                        "collected_amount": Fraction(debt["amount"]) - credited - written_off - left,
                    }
                    _agree({name: debt[name] for name in expected}, expected)


def test_the_matrix_begins_and_ends_in_the_aging(built: Mapping[dt.datetime, risk_model.Debts]) -> None:
    """Its rows add up to the aging at the beginning of the period, its columns to that at the end."""
    as_of, known_at = SOON[0]
    rows = _rows("select * from marts_a.transitions(%s, %s, 30, 1)", as_of, known_at)
    for state, day in (("from_state", as_of - dt.timedelta(days=30)), ("to_state", as_of)):
        aging = _rows(
            "select company_id, currency_code, bucket, sum(open_amount) as amount from marts_a.open_items(%s, %s)"
            " where item_type = 'instalment' group by 1, 2, 3",
            day,
            known_at,
        )
        sums: dict[tuple[str, str, str], Decimal] = {}
        for row in rows:
            if row[state] in risk_model.BUCKETS:
                key = (row["company_id"], row["currency_code"], row[state])
                sums[key] = sums.get(key, Decimal(0)) + row["amount"]
        assert sums == {(r["company_id"], r["currency_code"], r["bucket"]): r["amount"] for r in aging}


@pytest.mark.parametrize(("as_of", "known_at"), SOON)
@pytest.mark.parametrize(("horizon", "window", "least"), [(60, 10, 1), (20, 40, 1), (14, 0, 10)])
def test_cures(
    built: Mapping[dt.datetime, risk_model.Debts],
    as_of: dt.date,
    known_at: dt.datetime,
    horizon: int,
    window: int,
    least: int,
) -> None:
    rows = _rows("select * from marts_a.cure_rates(%s, %s, %s, %s, %s)", as_of, known_at, horizon, window, least)
    expected = risk_model.cures(built[known_at], as_of, horizon, window, least)
    assert {(r["company_id"], r["currency_code"]) for r in rows} >= expected.keys()
    for row in rows:
        outcomes = expected.get((row["company_id"], row["currency_code"]), {})
        place = 0 if row["basis"] == "count" else 1
        found = {name: Fraction(row[name]) for name in ("cured", "redefaulted", "written_off")}
        assert found == {name: outcomes[name][place] if name in outcomes else 0 for name in found}
        delinquent = sum((amounts[place] for amounts in outcomes.values()), Fraction(0))
        assert Fraction(row["delinquent"]) == delinquent
        assert (row["cure_rate_pct"] is None) == (delinquent == 0)
        assert None not in (row["cure_rate_pct"], row["redefault_rate_pct"]) or row["reason"]


@pytest.mark.parametrize(("as_of", "known_at"), SOON)
@pytest.mark.parametrize(("days_past_due", "step_days"), [(1, 30), (10, 7)])
def test_vintages_and_liquidation(
    built: Mapping[dt.datetime, risk_model.Debts],
    as_of: dt.date,
    known_at: dt.datetime,
    days_past_due: int,
    step_days: int,
) -> None:
    debts, steps = built[known_at], 6
    rows = _rows("select * from marts_a.vintages(%s, %s, %s, %s, %s)", as_of, known_at, days_past_due, step_days, steps)
    expected = risk_model.vintages(debts, as_of, days_past_due, step_days, steps)
    found = {
        (r["company_id"], r["currency_code"], r["cohort_month"], r["step"], measure): r[measure]
        for r in rows
        if r["cohort_month"] is not None
        for measure in risk_model.MEASURES
    }
    _agree(found, expected)
    for row in rows:
        if row["cohort_month"] is not None:
            month_end = (row["cohort_month"] + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
            assert row["is_complete"] == (month_end + dt.timedelta(days=row["step"] * step_days) <= as_of)
        else:
            own = [
                r
                for r in rows
                if r["cohort_month"] and r["is_complete"]
                and all(r[k] == row[k] for k in ("company_id", "currency_code", "step"))
            ]  # fmt: skip
            assert row["collected_amount"] == sum(r["collected_amount"] for r in own), "young cohorts are left out"
            assert (row["collected_pct"] is None) == (not own) == (row["reason"] is not None)
    to_date = _rows("select * from marts_a.liquidation_rates(%s, %s, %s)", as_of, known_at, days_past_due)
    long_ago = risk_model.vintages(debts, as_of, days_past_due, 1000, 1)
    totals: dict[tuple[Any, ...], Fraction] = {}
    for (company, currency, month, step, measure), amount in long_ago.items():
        if step == 1:
            for cohort in (month, None):
                key = (company, currency, cohort, measure)
                totals[key] = totals.get(key, Fraction(0)) + amount
    liquidated = {
        (r["company_id"], r["currency_code"], r["cohort_month"], m): r[m] for r in to_date for m in risk_model.MEASURES
    }
    _agree(liquidated, totals)


@pytest.mark.parametrize(("as_of", "known_at"), LATER)
@pytest.mark.parametrize(("history", "horizon"), [(365, 125), (40, 130)])
def test_expected_losses(
    built: Mapping[dt.datetime, risk_model.Debts], as_of: dt.date, known_at: dt.datetime, history: int, horizon: int
) -> None:
    factor = Decimal("1.25")
    rows = _rows("select * from marts_a.expected_losses(%s, %s, %s, %s, %s)", as_of, known_at, factor, history, horizon)
    expected = risk_model.losses(built[known_at], as_of, history, horizon)
    assert {(r["company_id"], r["currency_code"]) for r in rows} >= {key[:2] for key in expected if any(expected[key])}
    for row in rows:
        group = row["company_id"], row["currency_code"]
        if row["bucket"] == "total":
            own = [r for r in rows if (r["company_id"], r["currency_code"]) == group and r is not row]
            missing = any(r["ecl_amount"] is None for r in own)
            assert row["ecl_amount"] == (None if missing else sum(r["ecl_amount"] for r in own))
            assert row["ecl_amount"] is not None or row["reason"]
            continue
        entered, unpaid, balance = expected.get((*group, row["bucket"]), [Fraction(0)] * 3)
        for name, value in (("entered_amount", entered), ("unpaid_amount", unpaid), ("balance_amount", balance)):
            assert abs(Fraction(row[name]) - value) <= SMALLEST, (name, row)
        applied = min(unpaid / entered * Fraction(factor), Fraction(1)) if entered else None
        assert (row["applied_rate"] is None) == (applied is None), "what nothing is known of has no rate"
        assert applied is None or abs(Fraction(row["applied_rate"]) - applied) <= SMALLEST
        if balance and not entered:
            assert row["ecl_amount"] is None and row["reason"]
        else:
            assert abs(Fraction(row["ecl_amount"]) - balance * (applied or 0)) <= SMALLEST


def test_losses_by_segment_are_of_the_segments_of_the_date(built: Mapping[dt.datetime, risk_model.Debts]) -> None:
    """What entered, was unpaid and is owed adds up over the segments to that of the company; the rates differ."""
    as_of, known_at = dt.date(2026, 7, 20), KNOWN_AT
    measures = ("entered_items", "entered_amount", "unpaid_amount", "balance_amount")
    keys = ("company_id", "currency_code", "bucket")
    whole = {
        tuple(row[k] for k in keys): [row[m] for m in measures]
        for row in _rows("select * from marts_a.expected_losses(%s, %s, 1, 365, 125)", as_of, known_at)
    }
    with_scheme = _rows(
        "select * from marts_a.expected_losses_by_segment(%s, %s, 'age_of_debt', 1, 365, 125)", as_of, known_at
    )
    sums: dict[tuple[str, ...], list[Any]] = {}
    for row in with_scheme:
        own = sums.setdefault(tuple(row[k] for k in keys), [0, 0, 0, 0])
        sums[tuple(row[k] for k in keys)] = [
            None if row[m] is None else one + row[m] for one, m in zip(own, measures, strict=True)
        ]  # fmt: skip
    assert {k: v for k, v in sums.items() if k[2] != "total"} == {k: v for k, v in whole.items() if k[2] != "total"}
    asked = _rows("select * from marts_a.customer_segments(%s, %s) where scheme = 'age_of_debt'", as_of, known_at)
    assert len({row["segment"] for row in with_scheme}) > 2
    assert {row["segment"] for row in with_scheme} - {"unassigned"} <= {row["segment"] for row in asked}


def test_the_histories_reach_what_is_compared(built: Mapping[dt.datetime, risk_model.Debts]) -> None:
    """Else the comparisons above would prove little."""
    states = {(r["from_state"], r["to_state"]) for as_of, known_at in SOON
              for r in _rows("select * from marts_a.transitions(%s, %s, 30, 1)", as_of, known_at)}  # fmt: skip
    assert {"new", "not_due", "1-30", "31-60"} <= {state for state, _ in states}
    assert {("1-30", "written_off"), ("1-30", "paid"), ("not_due", "1-30")} <= states
    outcomes = [risk_model.cures(built[known_at], as_of, *days, 1) for as_of, known_at in SOON
                for days in ((60, 10), (20, 40))]  # fmt: skip
    assert {name for found in outcomes for row in found.values() for name in row} == {
        "cured",
        "redefaulted",
        "written_off",
        "delinquent",
    }
    rates = {r["loss_rate"] for as_of, known_at in LATER
             for r in _rows("select * from marts_a.expected_losses(%s, %s, 1, 365, 125)", as_of, known_at)}  # fmt: skip
    assert len(rates - {None, Decimal(0), Decimal(1)}) > 3
