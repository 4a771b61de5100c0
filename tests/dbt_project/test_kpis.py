"""The KPIs against a plain model of them on random histories, and the worked examples of the field."""

from __future__ import annotations

import datetime as dt
import random
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from contact_history import random_contacts, write_contacts
from kpi_examples import AS_OF, EXAMPLES, example_contacts, example_versions
from kpi_rates import RATES, with_rates
from ledger_history import DELIVERIES, FIRST_DAY, KNOWN_AT, RunDbt, random_history, write_raw
from psycopg2.extras import RealDictCursor
from support.kpi_model import TABLES, Ledger, Missing, kpis

from cartera.db import Role, transaction

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "kpi_examples.yaml"
LARGEST_ERROR = Fraction(1, 1_000_000)
"""Values are kept to six decimals; a sum of quotients, as in count-back, may lose a little of the last."""


def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    with transaction(Role.transformer) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def built(run_dbt: RunDbt) -> RunDbt:
    """Random histories and the worked examples, each in companies of its own, built at once."""
    versions = [version for seed in range(100, 160) for version in with_rates(seed, random_history(seed))]
    with transaction(Role.admin) as connection:
        write_raw(connection, versions + RATES + example_versions())
        contacts = [contact for seed in range(100, 160) for contact in random_contacts(seed)]
        write_contacts(connection, contacts + example_contacts())
    results = run_dbt("build", "--exclude", "test_type:unit", "--full-refresh", slot="a")
    assert [f"{r.node.name}: {r.message}" for r in results if r.status not in ("success", "pass", "warn")] == []
    return run_dbt


@pytest.fixture(scope="module")
def tables(built: RunDbt) -> dict[str, list[dict[str, Any]]]:
    return {table: _rows(f"select * from marts_a.{table}") for table in TABLES}


def _clocks(count: int) -> list[tuple[dt.date, dt.datetime, int]]:
    dice = random.Random(20261122)
    moments = [d + dt.timedelta(seconds=s) for d in DELIVERIES for s in (-1, 0, 3600)]
    return [
        (FIRST_DAY + dt.timedelta(days=dice.randrange(20, 150)), dice.choice(moments), dice.choice([30, 90, 365]))
        for _ in range(count)
    ]


@pytest.mark.parametrize(("as_of", "known_at", "window"), _clocks(12))
@pytest.mark.parametrize(
    ("grain", "view"), [(2, "transaction"), (3, "transaction"), (2, "company"), (3, "company"), (2, "as-of-rate")]
)
def test_kpis_are_those_of_the_model(
    tables: dict[str, list[dict[str, Any]]], as_of: dt.date, known_at: dt.datetime, window: int, grain: int, view: str
) -> None:
    function = "kpis" if grain == 2 else "kpis_by_customer"
    asked = {
        (r["company_id"], r["currency_code"], *([r["customer_id"]] if grain == 3 else []), r["kpi"]): r
        for r in _rows(f"select * from marts_a.{function}(%s, %s, %s, %s)", as_of, known_at, window, view)
    }
    expected = kpis(Ledger(tables, known_at), as_of, grain, window, view)
    assert asked.keys() == expected.keys()
    for key, value in expected.items():
        found, reason = asked[key]["value"], asked[key]["reason"]
        if isinstance(value, Missing):
            assert found is None and re.match("no rate [A-Z]{3} to [A-Z]{3} on|the currency of company", reason), key
            continue
        assert (found is None) == (value is None), (key, found, value, reason)
        assert value is None or abs(Fraction(found) - value) <= LARGEST_ERROR, (key, found, float(value))
        assert found is not None or reason, f"{key} is missing and does not say why"


def test_the_histories_reach_every_kpi_and_every_reason(built: RunDbt) -> None:
    """Else the comparison above would prove little."""
    rows = [row for clocks in _clocks(6) for row in _rows("select * from marts_a.kpis(%s, %s, %s)", *clocks)]
    asked, found = ({re.sub(r"_\d+d$", "", r["kpi"]) for r in rows if r["value"] or not only} for only in (False, True))
    assert found == asked
    assert {row["reason"].partition(":")[0] for row in rows if row["reason"]} >= {
        "nothing is open",
        "no credit sales above zero in the window",
        "no sales in the latest month to count back from",
        "lower bound",
    }


def test_the_table_is_the_function_at_the_dates_of_the_run(built: RunDbt) -> None:
    function = f"select * from marts_a.kpis('2026-03-31', '{KNOWN_AT.isoformat()}')"
    for one, other in ((function, "select * from marts_a.fct_kpis"), ("select * from marts_a.fct_kpis", function)):
        assert _rows(f"({one}) except all ({other})") == []
    assert _rows("select 1 from marts_a.fct_kpis limit 1") != []


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    if not FACTS.is_file():
        pytest.skip(f"{FACTS} is not there")
    return {example["id"]: example for example in yaml.safe_load(FACTS.read_text())["examples"]}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_worked_example(built: RunDbt, facts: dict[str, dict[str, Any]], example: Any) -> None:
    fact = facts[example.id]
    values = {
        row["kpi"]: row["value"]
        for row in _rows(
            "select * from marts_a.kpis(%s, %s, %s) where company_id = %s", AS_OF, KNOWN_AT, example.window, example.id
        )
    }
    for word, kpi in example.kpis:
        expected = Decimal(str(fact["expected"][word]))
        assert abs(values[kpi] - expected) <= Decimal(str(fact["tolerance"])), f"{word}: {kpi} is {values[kpi]}"


def test_without_contacts_null_and_not_zero(built: RunDbt) -> None:
    """In a company that nobody contacted, where something was collected: each figure says what is missing."""
    rows = _rows(
        "select kpi, value, reason from marts_a.kpis(%s, %s, 90) where company_id = 'wadtp_small'"
        " and (kpi like 'contact%%' or kpi like 'right_party%%' or kpi like 'cost_%%') order by kpi", AS_OF, KNOWN_AT,
    )  # fmt: skip
    assert [(row["kpi"], row["value"], row["reason"]) for row in rows] == [
        ("contact_rate_pct_90d", None, "no contact that went out in the window is recorded"),
        ("cost_per_payment_90d", None, "no contact that went out in the window has a recorded cost"),
        ("cost_to_collect_90d", None, "no contact that went out in the window has a recorded cost"),
        ("right_party_contact_pct_90d", None, "no contact of the window has a record of who answered"),
    ]


def test_the_inputs_of_the_examples_are_those_of_the_facts(facts: dict[str, dict[str, Any]]) -> None:
    """What is fed as invoices and payments is written in kpi_examples.py; a correction of the facts shows here."""
    assert {e.id: facts[e.id]["inputs"] for e in EXAMPLES} == {e.id: e.inputs for e in EXAMPLES}


def test_a_withdrawn_promise_was_known(built: RunDbt) -> None:
    """The cancelled promises of the example count until the delivery that withdrew them."""
    (example,) = [example for example in EXAMPLES if example.id == "ptp_kept_constructed"]
    counted = [
        _rows(
            "select denominator from marts_a.kpis(%s, %s, 90)"
            " where company_id = %s and kpi = 'promise_kept_pct_90d'", AS_OF, known_at, example.id,
        )[0]["denominator"]
        for known_at in (DELIVERIES[0], DELIVERIES[1])
    ]  # fmt: skip
    assert counted == [36 + 14 + 3, 36 + 14]


def test_aging_foots(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    """Each month's buckets are due in a bucket of ours each; they add up to what is owed."""
    fact = facts["aging_foots"]
    for month, total in fact["expected"].items():
        rows = _rows(
            "select bucket, sum(open_amount) as amount from marts_a.open_items(%s, %s) where company_id = %s"
            " group by bucket",
            AS_OF,
            KNOWN_AT,
            f"aging_foots {month}",
        )
        assert sorted(r["amount"] for r in rows) == sorted(fact["inputs"][month])
        assert sum(r["amount"] for r in rows) == total


def test_top_n_share(built: RunDbt, facts: dict[str, dict[str, Any]]) -> None:
    """The catalogue has the ten largest; the same SQL with the example's two, on its balances."""
    inputs, expected = facts["top_n_share_constructed"]["inputs"], facts["top_n_share_constructed"]["expected"]
    balances = " union all ".join(
        f"select 'c' as company_id, 'USD' as currency_code, '{number}' as customer_id, cast({amount} as numeric)"
        " as ar_amount"
        for number, amount in enumerate(inputs["balances"])
    )
    query = (
        f"with given as ({balances}), found as ({{{{ kpi_concentration('given', sizes=[{inputs['n']}]) }}}})"
        f" select 100 * largest_{inputs['n']}_amount / total_amount as share from found"
    )
    (result,) = built("show", "--inline", query).results
    assert float(result.agate_table.rows[0]["share"]) == expected["top_n_share"]
