"""Bad input on the whole way: CSV files, `cartera run`, then quarantine, or a named test with its rows.

What each named test judges on raw records is in tests/dbt_project/test_bad_input.py.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg2.extras import RealDictCursor
from support.databases import fresh_database
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.settings import get_settings

AS_OF = dt.date(2026, 3, 31)
FILES = {
    "customers": "id,country\nC-1,PE\nC-2,PE\n",
    "invoices": """\
id,customer,issued,due,currency,amount
GOOD,C-1,2026-01-15,2026-02-15,USD,100.00
PERU,C-1,2026-01-15,2026-02-15,PEN,100.00
PARTS,C-1,2026-01-15,2026-02-15,USD,100.00
BELOW,C-1,2026-01-15,2026-02-15,USD,100.00
TWICE,C-2,2026-01-15,2026-02-15,USD,70.00
TWICE,C-2,2026-01-15,2026-02-15,USD,71.00
""",
    "instalments": """\
id,invoice,due,amount
PARTS/1,PARTS,2026-02-15,60.00
PARTS/2,PARTS,2026-03-15,30.00
BELOW/1,BELOW,2026-02-15,120.00
BELOW/2,BELOW,2026-03-15,-20.00
""",
    "payments": "id,customer,received,currency,amount\nP,C-1,2026-02-01,USD,50.00\n",
    "allocations": """\
id,payment,invoice,amount
LOST,P,NOWHERE,10.00
OTHER,P,PERU,20.00
OK,P,GOOD,5.00
""",
}
# more than a tenth of a delivery in quarantine stops the run: these are the good ones
for _number in range(20):
    FILES["invoices"] += f"F-{_number},C-2,2026-01-15,2026-02-15,USD,1.00\n"
    FILES["instalments"] += f"F-{_number}/1,F-{_number},2026-02-15,1.00\n"

COLUMNS = {
    "customers": "customer_id=id country_code=country",
    "invoices": "invoice_id=id customer_id=customer issue_date=issued due_date=due currency_code=currency"
    " total_amount=amount",
    "instalments": "instalment_id=id invoice_id=invoice due_date=due amount=amount",
    "payments": "payment_id=id customer_id=customer received_date=received currency_code=currency amount=amount",
    "allocations": "allocation_id=id payment_id=payment invoice_id=invoice amount=amount",
}

REPORTED = {
    "assert_every_allocation_finds_its_invoice": [{"allocation_id": "erp:LOST", "allocated_amount": "10"}],
    "assert_no_payment_applied_in_other_currency": [
        {"allocation_id": "erp:OTHER", "currency_code": "USD", "invoice_currency_code": "PEN"}
    ],
    # of BELOW an instalment is in quarantine
    "assert_instalments_add_up_to_their_invoice": [
        {"invoice_id": "erp:BELOW", "total_amount": "100.00", "instalments_amount": "120.00"},
        {"invoice_id": "erp:PARTS", "total_amount": "100.00", "instalments_amount": "90.00"},
    ],
    "assert_no_customer_changes_country": [
        {"customer_id": "erp:C-1", "last_country_code": "PE", "country_code": "CO"},
    ],
}


def run(*arguments: str) -> dict[str, Any]:
    answer = CliRunner().invoke(commands(), [*arguments, "--format", "json"])
    assert answer.exit_code == 0, answer.exception or answer.output
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


@pytest.fixture(scope="module")
def published(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two deliveries: in the second a customer has moved to another country."""
    folder = tmp_path_factory.mktemp("sources")
    entities = {}
    for entity, text in FILES.items():
        (folder / f"{entity}.csv").write_text(text, encoding="utf-8")
        columns = dict(pair.split("=") for pair in COLUMNS[entity].split())
        entities[entity] = {"files": str(folder / f"{entity}.csv"), "delivery": "full", "columns": columns}
    document = {"system": "files", "company_id": "acme", "entities": entities}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with fresh_database(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder))
        get_settings.cache_clear()
        assert run("run", "--as-of", str(AS_OF))["status"] == "published"
        (folder / "customers.csv").write_text(FILES["customers"].replace("C-1,PE", "C-1,CO"), encoding="utf-8")
        assert run("run", "--as-of", str(AS_OF))["status"] == "published"
        yield


@pytest.mark.parametrize("test", REPORTED)
def test_the_named_test_shows_the_rows(published: None, test: str) -> None:
    rows = run("exceptions", "--test", test)["rows"]
    asked = [{name: row[name] for name in expected} for row, expected in zip(rows, REPORTED[test], strict=True)]
    assert sorted(asked, key=str) == REPORTED[test]
    counts = {row["test"]: row["rows"] for row in run("exceptions")["rows"]}
    assert counts[test] == len(REPORTED[test])


def test_nothing_else_is_reported(published: None) -> None:
    assert {row["test"] for row in run("exceptions")["rows"] if row["rows"]} == set(REPORTED)
    nothing = CliRunner().invoke(commands(), ["exceptions", "--test", "assert_every_refund_finds_its_payment"])
    assert nothing.stdout == "" and "reports nothing" in nothing.stderr


def test_what_can_not_be_is_in_quarantine(published: None) -> None:
    """Of two versions with one recording time neither is right, and neither is lost."""
    rows = run("quarantine", "list")["rows"]
    assert sorted((row["entity"], row["record_key"], row["reason_code"], row["amount"]) for row in rows) == [
        ("instalments", "BELOW/2", "negative_amount", "-20.000000"),
        ("invoices", "TWICE", "duplicate_key", "70.000000"),
        ("invoices", "TWICE", "duplicate_key", "71.000000"),
    ]


def test_in_is_loaded_and_quarantined_to_the_cent(published: None) -> None:
    """Law 1, counted from the files themselves."""
    with transaction(Role.loader) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        for entity, text in FILES.items():
            delivered = list(csv.DictReader(io.StringIO(text)))
            amount = "total_amount" if entity == "invoices" else "amount"
            summed = amount if entity != "customers" else "0"
            cursor.execute(
                f"select count(*) as rows, coalesce(sum({summed}), 0) as amount from raw_files.{entity}"
                " where recorded_to = '9999-12-31 00:00:00+00' and not is_deleted"
            )
            landed = cursor.fetchone() or {}
            cursor.execute(
                "select count(*) as rows, coalesce(sum(amount), 0) as amount from quarantine.records where entity = %s",
                (entity,),
            )
            refused = cursor.fetchone() or {}
            assert landed["rows"] + refused["rows"] == len(delivered)
            assert landed["amount"] + refused["amount"] == sum(Decimal(row.get("amount", "0")) for row in delivered)


def test_what_is_open_is_what_may_be_summed(published: None) -> None:
    """USD: 95 of GOOD, 90 of PARTS, 120 of BELOW, 20 good ones; 45 of P unapplied. PEN: 100, apart.

    Nothing of TWICE, of which nobody knows the amount.
    """
    document = run("aging", "--by", "currency")
    assert {row["currency_code"]: row["open_amount"] for row in document["rows"]} == {"PEN": "100.00", "USD": "325.00"}
    assert {row["currency_code"]: row["open_amount"] for row in document["unapplied_credit"]} == {"USD": "-45.00"}
    countries = run("aging", "--by", "country")["rows"]
    assert {(row["country_code"], row["currency_code"]): row["open_amount"] for row in countries} == {
        ("CO", "PEN"): "100.00",
        ("CO", "USD"): "305.00",
        ("PE", "USD"): "20.00",
    }


def test_the_totals_tie(published: None) -> None:
    assert CliRunner().invoke(commands(), ["tie-out"]).exit_code == 0


def test_the_customer_is_of_each_country_at_its_time(published: None) -> None:
    with transaction(Role.reader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select country_code from serve.dim_customers where customer_id = 'erp:C-1' order by recorded_from"
        )
        assert cursor.fetchall() == [("PE",), ("CO",)]
