"""`cartera segments` on the command line, after two runs with a change of the rules between."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.databases import fresh_database
from typer.testing import CliRunner, Result

from cartera import pipeline
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import CarteraError, ConfigError
from cartera.settings import get_settings
from cartera.warehouse import read

AS_OF = dt.date(2026, 6, 30)
INVOICES = """\
invoice,customer,name,issued,due,currency,total,paid on,paid
F-1,C-1,=Andina,2026-05-01,2026-05-31,PEN,100.00,,
F-2,C-1,=Andina,2026-06-01,2026-06-30,USD,50.10,,
F-3,C-2,Bolívar,2026-04-10,2026-05-09,PEN,70.00,2026-06-15,70.00
"""
COLUMNS = {
    "invoice_id": "invoice", "number": "invoice", "customer_id": "customer", "customer_name": "name",
    "issue_date": "issued", "due_date": "due", "currency_code": "currency", "total_amount": "total",
    "paid_date": "paid on", "paid_amount": "paid",
}  # fmt: skip
OWN = """schemes:
  - {name: payers, measure: late_payments, segments: [{name: good, below: 1}, {name: bad, at_least: 1}]}
"""


@pytest.fixture(scope="module")
def first_known_at(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dt.datetime]:
    """One company, published with the rules shipped, then with rules of one's own; the first publication's moment."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "list.csv").write_text(INVOICES, encoding="utf-8")
    entity = {"files": str(folder / "list.csv"), "delivery": "full", "format": "csv", "columns": COLUMNS}
    document = {"system": "files", "company_id": "acme", "entities": {"invoices": entity}}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with fresh_database(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder))
        get_settings.cache_clear()
        rules = get_settings().home / "segments.yaml"
        pipeline.run(AS_OF)
        with transaction(Role.reader) as connection:
            moment = read.publication(connection).known_at
        rules.write_text(OWN)
        pipeline.run(AS_OF)
        yield moment
        rules.unlink()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands(), ["segments", *arguments])


def rows(*arguments: str) -> list[dict[str, Any]]:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.exception
    return list(json.loads(result.stdout)["rows"])


def test_customers_and_amounts_by_segment_and_currency(first_known_at: dt.datetime) -> None:
    found = [tuple(row.values()) for row in rows()]
    assert found == [
        ("acme", "payers", "good", "PEN", 1, "100.00", "100.00"),
        ("acme", "payers", "good", "USD", 1, "50.10", "0.00"),
        ("acme", "payers", "bad", None, 1, None, None),
    ]


def test_what_was_known_before_the_change_has_the_rules_of_then(first_known_at: dt.datetime) -> None:
    found = rows("--known-at", first_known_at.isoformat(), "--members")
    assert {(r["scheme"], r["customer_id"], r["segment"]) for r in found} == {
        ("late_payments", "erp:C-1", "none"), ("late_payments", "erp:C-2", "few"),
        # no rate from USD to the company's currency, which nobody said
        ("amount_owed", "erp:C-1", "unclassified"), ("amount_owed", "erp:C-2", "nothing"),
        ("age_of_debt", "erp:C-1", "1-30"), ("age_of_debt", "erp:C-2", "nothing_open"),
        ("payer_behaviour", "erp:C-1", "nothing_paid"), ("payer_behaviour", "erp:C-2", "chronic"),
        *((scheme, f"erp:{customer}", "unclassified")
          for scheme in ("sector", "customer_type", "country", "risk_class") for customer in ("C-1", "C-2")),
    }  # fmt: skip
    # on 14 June nothing was paid late, because nothing was paid
    then = rows("--known-at", first_known_at.isoformat(), "--as-of", "2026-06-14", "--scheme", "late_payments")
    assert {row["segment"] for row in then} == {"none"}


def test_one_customer_with_what_decides(first_known_at: dt.datetime) -> None:
    document = json.loads(run("--customer", "erp:C-2", "--format", "json").stdout)
    measures = {row["measure"]: row["value"] for row in document["measures"]}
    assert measures == {
        "late_payments": "1",
        "amount_owed": "0",
        "oldest_days_past_due": None,
        "weighted_days_late": "37",
        "paid_late_pct": "100",
        "days_late_trend": None,
        **dict.fromkeys(("sector", "customer_type", "country_code", "risk_class")),
    }
    table = run("--customer", "erp:C-2").stdout
    assert "what decides" in table and "weighted_days_late" in table


def test_csv_keeps_outside_text_data(first_known_at: dt.datetime) -> None:
    found = list(csv.DictReader(io.StringIO(run("--members", "--format", "csv").stdout)))
    assert {row["customer_name"] for row in found} == {"'=Andina", "Bolívar"}


def test_the_rules_in_words(first_known_at: dt.datetime) -> None:
    assert [(r["segment"], r["rule"]) for r in rows("--define")] == [
        ("good", "late_payments below 1"),
        ("bad", "late_payments at least 1"),
        ("unclassified", "who fits no other"),
    ]
    shipped = rows("--define", "--known-at", first_known_at.isoformat(), "--scheme", "payer_behaviour")
    assert [r["rule"] for r in shipped if r["segment"] == "worsening"] == [
        "days_late_trend at least 10",
        "weighted_days_late at least 5",
    ]


def test_the_history_begins_with_the_first_month_that_ends(first_known_at: dt.datetime) -> None:
    result = run("--history")
    assert result.exit_code == 0
    assert "no month has ended since the first rules were landed" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scheme", "payer"], "there is no scheme 'payer'; did you mean payers?"),
        (["--customer", "C-1"], "there is no customer 'C-1'"),
        (["--as-of", "30.6.2026"], "'30.6.2026' is not a date"),
        (
            ["--known-at", "2020-01-01"],
            "no segment rules were known at 2020-01-01 23:59:59 UTC; the first were recorded",
        ),
        (["--history", "--as-of", "2026-01-31"], "--history is what was known when each month ended"),
        (["--define", "--members"], "--define prints the rules alone"),
    ],
)
def test_what_cannot_be_asked_is_said(first_known_at: dt.datetime, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, CarteraError)
    assert message in str(result.exception)
    assert result.exception.mend


def test_wrong_rules_stop_the_run_and_what_serves_goes_on(first_known_at: dt.datetime) -> None:
    rules = get_settings().home / "segments.yaml"
    rules.write_text(OWN.replace("at_least: 1", "at_least: 2"))
    with pytest.raises(ConfigError, match=r"segments.yaml:2: .*from 1 to 2 late_payments is in no segment"):
        pipeline.run(AS_OF)
    rules.write_text(OWN)
    assert pipeline.run(AS_OF).status == "unchanged"
    assert len(rows()) == 3
