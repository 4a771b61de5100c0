"""Roll rates, cures, vintages and expected losses: the worked examples of the field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from kpi_examples import AS_OF
from ledger_history import KNOWN_AT, RunDbt, write_raw
from psycopg2.extras import RealDictCursor
from risk_examples import INPUTS, risk_versions

from cartera.db import Role, transaction

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "kpi_examples.yaml"
BUCKETS = ("not_due", "1-30", "31-60", "61-90", "91-120", "120+")


def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    with transaction(Role.transformer) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def built(run_dbt: RunDbt) -> RunDbt:
    """The worked examples, each a company of its own, built at once."""
    with transaction(Role.admin) as connection:
        write_raw(connection, risk_versions())
    results = run_dbt("run", "--select", "+fct_roll_rates", "--full-refresh", slot="a")
    assert [f"{r.node.name}: {r.message}" for r in results if r.status not in ("success", "pass", "warn")] == []
    return run_dbt


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    if not FACTS.is_file():
        pytest.skip(f"{FACTS} is not there")
    return {example["id"]: example for example in yaml.safe_load(FACTS.read_text())["examples"]}


def _asked(function: str, company: str, *arguments: object) -> list[dict[str, Any]]:
    values = (AS_OF, KNOWN_AT, *arguments)
    marks = ", ".join(["%s"] * len(values))
    return _rows(f"select * from marts_a.{function}({marks}) where company_id = %s", *values, company)


def test_the_inputs_of_the_examples_are_those_of_the_facts(facts: dict[str, dict[str, Any]]) -> None:
    assert {name: facts[name]["inputs"] for name in INPUTS} == INPUTS


@pytest.mark.parametrize("method", ["tracked", "net_flow"])
def test_roll_rate_trap(built: RunDbt, facts: dict[str, dict[str, Any]], method: str) -> None:
    rows = _asked("roll_rates", "roll_rate_trap", 30)
    (rate,) = [r["roll_rate_pct"] for r in rows if (r["method"], r["basis"], r["bucket"]) == (method, "amount", "1-30")]
    assert rate == facts["roll_rate_trap"]["expected"]["roll_rate"]


@pytest.mark.parametrize("method", ["tracked", "net_flow"])
def test_flow_through_to_loss(built: RunDbt, facts: dict[str, dict[str, Any]], method: str) -> None:
    fact = facts["flow_through_to_loss"]
    rows = {
        r["bucket"]: r
        for r in _asked("roll_rates", "flow_through_to_loss", 30)
        if (r["method"], r["basis"]) == (method, "amount")
    }
    *rolls, through = fact["expected"].values()
    tolerance = Decimal(str(fact["tolerance"]))
    for bucket, expected in zip(BUCKETS, rolls, strict=False):
        assert abs(rows[bucket]["roll_rate_pct"] - Decimal(str(expected))) <= tolerance
    assert abs(rows["not_due"]["flow_through_pct"] - Decimal(str(through))) <= tolerance


def test_provision_matrix(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    expected = facts["ifrs9_provision_matrix"]["expected"]
    rows = {row["bucket"]: row for row in _asked("expected_losses", "ifrs9_provision_matrix")}
    for bucket, rate, loss in zip(BUCKETS, expected["loss_rates_pct"], expected["ecl_by_bucket"], strict=False):
        assert abs(rows[bucket]["ecl_amount"] - loss) <= facts["ifrs9_provision_matrix"]["tolerance"]
        assert round(100 * rows[bucket]["loss_rate"], 1) == Decimal(str(rate))
    assert round(rows["total"]["ecl_amount"], 2) == Decimal("27567.39"), "unrounded, as the notes say"


def test_illustrative_example_12(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    expected = facts["ifrs9_ie_example_12"]["expected"]
    rows = {row["bucket"]: row["ecl_amount"] for row in _asked("expected_losses", "ifrs9_ie_example_12")}
    assert [rows[bucket] for bucket in BUCKETS[:5]] == expected["ecl"]
    assert rows["total"] == expected["ecl_total"]


def test_cure_rate(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    (row,) = [r for r in _asked("cure_rates", "cure_rate_constructed", 90, 30) if r["basis"] == "count"]
    assert row["delinquent"] == 200
    assert row["cure_rate_pct"] == facts["cure_rate_constructed"]["expected"]["cure_rate"]


def test_vintage_waterfall(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    """The stages end on even days: steps of two days, counted from the due date itself."""
    expected = facts["recovery_vintage_waterfall"]["expected"]
    rows = {
        row["days_since_placement"]: row
        for row in _asked("vintages", "recovery_vintage_waterfall", 0, 2, 60)
        if row["cohort_month"] is not None
    }
    days = INPUTS["recovery_vintage_waterfall"]["days"]
    assert [rows[day]["collected_pct"] for day in days] == expected["cumulative_pct"]
    assert rows[120]["written_off_amount"] * 100 / rows[120]["placed_amount"] == expected["bad_debt_pct_of_sales"]


def test_liquidation_rate(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    rows = _asked("liquidation_rates", "liquidation_rate_constructed")
    expected = facts["liquidation_rate_constructed"]["expected"]["liquidation_rate"]
    assert {row["cohort_month"] is None: row["liquidation_rate_pct"] for row in rows} == {
        True: expected,
        False: expected,
    }
