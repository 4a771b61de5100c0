"""The KPIs of the sandbox company through `cartera kpis`, against the plain model on its published ledger."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extras import RealDictCursor
from sandbox_ledger import UNTIL
from support.databases import fresh_database
from support.kpi_model import TABLES, Group, Ledger, kpis
from typer.testing import CliRunner

from cartera import pipeline
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.sandbox.company import advance_company, make_company
from cartera.settings import get_settings
from cartera.warehouse import promises
from cartera.warehouse.metrics import load_catalogue

EARLIER = UNTIL - dt.timedelta(days=45)


@pytest.fixture(scope="module")
def published(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dt.datetime]:
    """Two runs a week apart, the second on the other slot; the moment known at the first."""
    folder = tmp_path_factory.mktemp("kpis")
    with fresh_database(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder / "sources"))
        get_settings.cache_clear()
        make_company(folder / "sandbox", until=UNTIL, invoices=500, customers=40)
        assert pipeline.run(UNTIL, ["sandbox"]).status == "published"
        first = _rows("select known_at from serve.publication")[0]["known_at"]
        advance_company(folder / "sandbox", UNTIL + dt.timedelta(days=7))
        assert pipeline.run(UNTIL + dt.timedelta(days=7), ["sandbox"]).status == "published"
        yield first


def _rows(query: str) -> list[dict[str, Any]]:
    with transaction(Role.reader) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query)
        return [dict(row) for row in cursor.fetchall()]


def _asked(*options: str) -> dict[str, Any]:
    answer = CliRunner().invoke(commands(), ["kpis", "--format", "json", *options])
    assert answer.exit_code == 0, answer.output
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


def _figures(document: dict[str, Any]) -> dict[Group, Fraction | None]:
    keys = ["company_id", "currency_code", *(["customer_id"] if document["by"] == "customer" else []), "kpi"]
    return {
        tuple(row[key] for key in keys): None if row["value"] is None else Fraction(row["value"])
        for row in document["rows"]
    }


def _assert_close(found: dict[Group, Fraction | None], expected: dict[Group, Fraction | None]) -> None:
    assert found.keys() == expected.keys()
    far = {
        key: (found[key], value)
        for key, value in expected.items()
        if (found[key] is None) != (value is None)
        or (value is not None and abs(found[key] - value) > Fraction(1, 1_000_000))  # type: ignore[operator]
    }
    assert far == {}


@pytest.mark.parametrize("by", ["company", "currency", "customer"])
@pytest.mark.parametrize("as_of", [None, EARLIER])
@pytest.mark.parametrize("is_known_first", [True, False])
def test_the_figures_are_those_of_the_model(
    published: dt.datetime, by: str, as_of: dt.date | None, is_known_first: bool
) -> None:
    options = ["--by", by]
    options += ["--as-of", as_of.isoformat()] if as_of else []
    options += ["--known-at", published.isoformat()] if is_known_first else []
    document = _asked(*options)
    assert document["currency_view"] == "transaction"
    tables = {name: _rows(f"select * from serve.{name}") for name in TABLES}
    ledger = Ledger(tables, dt.datetime.fromisoformat(document["known_at"]))
    expected = kpis(ledger, dt.date.fromisoformat(document["as_of"]), 3 if by == "customer" else 2)
    _assert_close(_figures(document), expected)


def test_what_was_known_first_is_still_answered_so(published: dt.datetime) -> None:
    """Law 4: the table of the first publication is the function asked after the second."""
    before = _figures(_asked("--as-of", UNTIL.isoformat(), "--known-at", published.isoformat()))
    now = _figures(_asked("--as-of", UNTIL.isoformat()))
    assert before != now, "the second delivery brought news of the first date"
    slot = "b" if _rows("select slot from serve.publication")[0]["slot"] == "a" else "a"
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(f"select company_id, currency_code, kpi, value from marts_{slot}.fct_kpis")
        table = {tuple(key): None if value is None else Fraction(value) for *key, value in cursor}
    assert table == before


def test_every_figure_is_defined_and_every_definition_figured(published: dt.datetime) -> None:
    catalogue = load_catalogue()
    for by in ("company", "customer"):
        document = _asked("--by", by)
        assert {row["kpi"] for row in document["rows"]} == {
            m.kpi for m in catalogue.metrics if by in m.by and not m.command
        }
        assert all(row["unit"] for row in document["rows"])


def test_another_window_is_named_in_the_figure(published: dt.datetime) -> None:
    names = {row["kpi"] for row in _asked("--window", "30")["rows"]}
    assert "dso_simple_30d" in names and "dso_simple_90d" not in names and "hhi" in names


def test_csv_and_table_hold_the_same_rows(published: dt.datetime) -> None:
    rows = _asked()["rows"]
    answer = CliRunner().invoke(commands(), ["kpis", "--format", "csv"])
    assert [(r["kpi"], r["value"]) for r in csv.DictReader(io.StringIO(answer.stdout))] == [
        (r["kpi"], r["value"] or "") for r in rows
    ]
    table = CliRunner().invoke(commands(), ["kpis"]).stdout
    assert all(row["kpi"] in table for row in rows)


def test_a_window_of_no_days_is_refused(published: dt.datetime) -> None:
    answer = CliRunner().invoke(commands(), ["kpis", "--window", "0"])
    assert answer.exit_code == 2


def test_the_dso_bridge_lies_between_the_two_figures(published: dt.datetime) -> None:
    """Both ends are `cartera kpis` of those dates; the parts and the rounding give the change to the last digit."""
    asked = ["bridge", "dso", "--from", str(EARLIER), "--to", str(UNTIL), "--format", "json"]
    rows = json.loads(CliRunner().invoke(commands(), asked).stdout)["rows"]
    for end, date in (("from_days", EARLIER), ("to_days", UNTIL)):
        figures = {
            (row["company_id"], row["currency_code"]): row["value"] and Decimal(row["value"])
            for row in _asked("--as-of", str(date))["rows"]
            if row["kpi"] == "dso_simple_90d"
        }
        found = {(row["company_id"], row["currency_code"]): row[end] and Decimal(row[end]) for row in rows}
        assert found and found == {group: figures[group] for group in found}
    for row in rows:
        if row["change_days"] is None:
            assert row["reason"]
            continue
        parts = [
            Decimal(row[f"{part}_days"]) for part in ("sales", "terms", "mix", "currency", "delinquency", "rounding")
        ]
        assert sum(parts) == Decimal(row["change_days"]) == Decimal(row["to_days"]) - Decimal(row["from_days"])
        assert Decimal(row["currency_days"]) == 0
    assert any(row["change_days"] is not None for row in rows)


def test_a_dso_bridge_goes_forward_in_time(published: dt.datetime) -> None:
    with pytest.raises(ConfigError, match="give the earlier date"):
        CliRunner().invoke(
            commands(), ["bridge", "dso", "--from", str(UNTIL), "--to", str(EARLIER)], catch_exceptions=False
        )
    dates = ["--from", str(EARLIER), "--to", str(UNTIL)]
    with pytest.raises(ConfigError, match="nothing is known of a company 'nope'"):
        CliRunner().invoke(commands(), ["bridge", "dso", *dates, "--company", "nope"], catch_exceptions=False)


@pytest.mark.parametrize(
    "command",
    [
        "roll-rates --periods 3",
        "roll-rates --matrix",
        "cure",
        "vintages",
        "liquidation",
        "ecl --factor 1.05",
        "ecl --by segment --scheme age_of_debt",
    ],
)
def test_the_figures_of_risk_are_served(published: dt.datetime, command: str) -> None:
    """Over the views of serve, in each format; a figure that is missing says why."""
    for format in ("table", "csv", "json"):
        answer = CliRunner().invoke(commands(), [*command.split(), "--format", format])
        assert answer.exit_code == 0, answer.output
    rows = json.loads(answer.stdout)["rows"]
    assert {row["currency_code"] for row in rows} >= {"USD", "PEN"}
    figures = (
        "roll_rate_pct",
        "flow_through_pct",
        "cure_rate_pct",
        "redefault_rate_pct",
        "collected_pct",
        "ecl_amount",
    )
    assert all(row["reason"] for row in rows for name in figures if row.get(name, "") is None)


def test_a_provision_matrix_fits_a_terminal(published: dt.datetime) -> None:
    """No amount is broken over two lines."""
    table = CliRunner().invoke(commands(), ["ecl", "--by", "segment", "--scheme", "age_of_debt"]).stdout
    lines = [[cell.strip() for cell in line.split("│")] for line in table.splitlines() if re.match("│ [a-z]", line)]
    balances = [line[9] for line in lines if line[1] != "company_id"]
    assert balances and all(re.fullmatch(r"[0-9]+\.[0-9]{2}", balance) for balance in balances)


def test_a_provision_workbook_is_written(published: dt.datetime, tmp_path: Path) -> None:
    path = tmp_path / "provision.xlsx"
    answer = CliRunner().invoke(commands(), ["ecl", "--format", "xlsx", "--output", str(path)])
    assert answer.exit_code == 0 and path.read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    "arguments", [["--factor", "x"], ["--format", "xlsx"], ["--by", "segment"], ["--by", "segment", "--scheme", "no"]]
)
def test_ecl_says_how_to_mend_what_is_wrong(published: dt.datetime, arguments: list[str]) -> None:
    answer = CliRunner().invoke(commands(), ["ecl", *arguments])
    assert isinstance(answer.exception, ConfigError) and answer.exception.mend


def test_promises_are_judged_as_the_kpi_judges_them(published: dt.datetime) -> None:
    """What the page of promises lists one by one adds up to the KPI, by company and currency."""
    clocks = _rows("select as_of_date, known_at from serve.publication")[0]
    as_of, known_at = clocks["as_of_date"], clocks["known_at"]
    kpi = {
        (row["company_id"], row["currency_code"]): (row["numerator"], row["denominator"])
        for row in _rows(
            "select k.* from serve.publication as p"
            " cross join lateral serve.kpis(p.as_of_date, p.known_at, 730) as k"
            " where kpi = 'promise_kept_pct_730d' and value is not null"
        )
    }
    with transaction(Role.reader) as connection:
        totals = promises.totals(connection, promises.Asked(as_of, known_at, 730))
    judged: dict[tuple[str, str], tuple[int, int]] = {}
    for row in totals:
        key = (row["company_id"], row["currency_code"])
        kept, count = judged.get(key, (0, 0))
        judged[key] = (kept + row["kept_judged"], count + row["judged"])
    assert kpi and {key: pair for key, pair in judged.items() if pair[1]} == kpi
