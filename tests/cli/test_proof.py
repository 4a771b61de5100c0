"""`cartera tie-out`, `diff` and `aging` as a user calls them, over files that were delivered three times."""

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
from click.testing import Result
from support.databases import fresh_database
from typer.testing import CliRunner

from cartera import cli, pipeline
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.errors import ConfigError, GateFailed, NotPublished
from cartera.settings import get_settings
from cartera.warehouse import learned

AS_OF = dt.date(2026, 6, 30)

INVOICES = """\
invoice_id,customer_id,issue_date,due_date,currency_code,total_amount,paid_date,paid_amount,open_amount
F-1,C-1,2026-05-01,2026-05-31,PEN,100.00,,,100.00
F-2,C-2,2026-06-01,2026-07-15,PEN,50.10,,,50.10
F-3,C-2,2026-01-10,2026-02-09,USD,70.00,2026-06-15,30.00,40.00
F-4,C-3,2026-04-10,2026-05-10,PEN,25.00,,,25.00
"""
CUSTOMERS = """\
customer_id,name,country_code,collector
C-1,Andina SAC,PE,Rosa
C-2,=Bolívar [red]Ltda[/red],BO,Rosa
"""
DISPUTES = "dispute_id,invoice_id,opened_date\nD-1,F-1,2026-06-10\n"
PROMISES = """\
promise_id,customer_id,invoice_id,made_date,promised_date,currency_code,amount
R-1,C-2,F-3,2026-06-20,2026-07-05,USD,10.00
"""
# the second delivery reports a late payment of F-1, and a balance of F-2 that its own row does not give
LATE_PAYMENT = INVOICES.replace("100.00,,,100.00", "100.00,2026-06-25,60.00,40.00")
WRONG = LATE_PAYMENT.replace("50.10,,,50.10", "50.10,,,45.00")


def write_source(folder: Path) -> None:
    entities = {}
    for entity, text in {
        "invoices": INVOICES,
        "customers": CUSTOMERS,
        "disputes": DISPUTES,
        "promises": PROMISES,
    }.items():
        (folder / f"{entity}.csv").write_text(text, encoding="utf-8")
        columns = {name: name for name in text.splitlines()[0].split(",")}
        entities[entity] = {"files": str(folder / f"{entity}.csv"), "columns": columns}
    document = {"system": "files", "company_id": "acme", "entities": entities}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


@pytest.fixture(scope="module")
def moments(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Three deliveries: good, one that does not tie and stops the run, good again; the moment after each."""
    folder, after = tmp_path_factory.mktemp("sources"), []
    with fresh_database(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder))
        get_settings.cache_clear()
        write_source(folder)
        for text in (INVOICES, WRONG, LATE_PAYMENT):
            (folder / "invoices.csv").write_text(text, encoding="utf-8")
            if text == WRONG:
                with pytest.raises(GateFailed, match="look at F-2"):
                    pipeline.run(AS_OF)
            else:
                assert pipeline.run(AS_OF).status == "published"
            after.append(utc_now().isoformat())
        yield after


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.commands(), list(arguments), catch_exceptions=False)


def document(*arguments: str, exit_status: int = 0) -> dict[str, Any]:
    result = invoke(*arguments, "--format", "json")
    assert result.exit_code == exit_status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_without_dates_the_stored_certificate_is_shown(moments: list[str]) -> None:
    stored = document("tie-out")
    assert stored["is_tied"] and stored["run_id"] and stored["issued_at"] and stored["differences"] == []
    line = next(line for line in stored["lines"] if line["currency_code"] == "PEN")
    assert line == {
        "company_id": "acme",
        "currency_code": "PEN",
        "buckets_amount": "115.10",
        "open_items_amount": "115.10",
        "ledger_amount": "115.10",
        "unapplied_amount": "0.00",
        "source_control_amount": "115.10",
        "controlled_ledger_amount": "115.10",
        "is_tied": True,
    }
    # the same figures when computed for the same clocks
    computed = document("tie-out", "--as-of", stored["as_of"], "--known-at", stored["known_at"])
    assert computed["lines"] == stored["lines"] and computed["run_id"] is None


def test_any_past_date_is_compared_and_ties(moments: list[str]) -> None:
    past = document("tie-out", "--as-of", "2026-06-14", "--known-at", moments[0])
    amounts = {line["currency_code"]: (line["ledger_amount"], line["source_control_amount"]) for line in past["lines"]}
    # the source speaks of its day of delivery: 40 USD are open then, 70 on 14 June
    assert amounts == {"PEN": ("175.10", "175.10"), "USD": ("70.00", "40.00")}
    assert past["is_tied"]
    assert document("tie-out", "--as-of", "2020-01-01", "--known-at", "2020-01-01")["lines"] == []


def test_what_did_not_tie_exits_with_1_and_names_the_invoices(moments: list[str]) -> None:
    arguments = ("tie-out", "--known-at", moments[1])
    found = document(*arguments, exit_status=1)
    assert {line["currency_code"]: line["is_tied"] for line in found["lines"]} == {"PEN": False, "USD": True}
    assert found["differences"] == [
        {
            "company_id": "acme",
            "currency_code": "PEN",
            "equation": "source control = ledger",
            "document_id": "erp:F-2",
            "document_number": "F-2",
            "customer_id": "erp:C-2",
            "left_amount": "45.00",
            "right_amount": "50.10",
            "difference_amount": "-5.10",
        }
    ]
    table = invoke(*arguments)
    assert table.exit_code == 1 and "F-2" in table.stdout
    as_csv = invoke(*arguments, "--format", "csv")
    assert as_csv.exit_code == 1 and "F-2" in as_csv.stderr
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    assert [(row["currency_code"], row["is_tied"]) for row in rows] == [("PEN", "False"), ("USD", "True")]


def test_a_publication_without_the_sources_totals_says_what_to_do(moments: list[str]) -> None:
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("alter view serve.fct_source_controls rename to kept")
    try:
        with pytest.raises(NotPublished, match="cartera run"):
            invoke("tie-out", "--as-of", "2026-06-30")
    finally:
        with transaction(Role.transformer) as connection, connection.cursor() as cursor:
            cursor.execute("alter view serve.kept rename to fct_source_controls")


def test_what_was_learned_about_a_date_is_listed_entry_by_entry(moments: list[str]) -> None:
    found = document("diff", "--as-of", "2026-06-30", "--known-at", moments[0], moments[2])
    shown = [
        (e["change"], e["entry_type"], e["item_type"], e["document_number"], e["customer_name"], e["difference_amount"])
        for e in found["entries"]
    ]
    # the invoice rows said again are no news; the payment, and its use on the invoice, are
    assert sorted(shown) == [
        ("appeared", "applied", "instalment", "F-1", "Andina SAC", "-60.00"),
        ("appeared", "applied", "payment", "F-1", "Andina SAC", "60.00"),
        ("appeared", "received", "payment", "F-1", "Andina SAC", "-60.00"),
    ]
    assert all(moments[0] < e["recorded_at"] <= moments[2] for e in found["entries"])
    assert {t["currency_code"]: t["difference_amount"] for t in found["totals"]} == {"PEN": "-60.00", "USD": "0.00"}


def test_the_diff_is_empty_where_nothing_was_learned(moments: list[str]) -> None:
    for arguments in (("--known-at", moments[1], moments[1]), ("--as-of", "2026-06-24", "--known-at", *moments[::2])):
        found = document("diff", *arguments)
        assert found["entries"] == []
        assert {Decimal(total["difference_amount"]) for total in found["totals"]} == {Decimal(0)}
    table = invoke("diff", "--known-at", moments[1], moments[1])
    assert table.exit_code == 0 and "nothing was learned" in table.stderr


def test_the_diff_as_csv_holds_every_column_and_wants_the_moments_in_order(moments: list[str]) -> None:
    as_csv = invoke("diff", "--known-at", moments[0], moments[2], "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    assert sum(Decimal(row["difference_amount"]) for row in rows) == -60
    assert tuple(rows[0]) == learned.ENTRY_COLUMNS
    by_customer = invoke("aging", "--by", "customer", "--format", "csv").stdout
    assert "'=Bolívar [red]Ltda[/red]" in by_customer, "a name is no formula"
    with pytest.raises(ConfigError, match="write --known-at"):
        invoke("diff", "--known-at", moments[2], moments[0])


@pytest.mark.parametrize(
    ("by", "column", "expected"),
    [
        ("country", "country_code", {("PE", "PEN"): "40.00", ("BO", "PEN"): "50.10", (None, "PEN"): "25.00"}),
        ("collector", "collector", {("Rosa", "PEN"): "90.10", (None, "PEN"): "25.00"}),
    ],
)
def test_aging_by_what_was_known_of_the_customer(
    moments: list[str], by: str, column: str, expected: dict[tuple[str | None, str], str]
) -> None:
    found = document("aging", "--by", by)["rows"]
    amounts = {(row[column], row["currency_code"]): row["open_amount"] for row in found}
    assert {key: amount for key, amount in amounts.items() if key[1] == "PEN"} == expected
    table = invoke("aging", "--by", by)
    assert table.exit_code == 0 and column in table.stdout


def test_aging_shows_the_disputed_and_the_promised_part(moments: list[str]) -> None:
    for clocks in ((), ("--as-of", "2026-07-01", "--known-at", moments[2])):
        rows = document("aging", "--by", "currency", *clocks)["rows"]
        parts = {row["currency_code"]: (row["disputed_amount"], row["promised_amount"]) for row in rows}
        assert parts == {"PEN": ("40.00", "0.00"), "USD": ("0.00", "40.00")}
    # the day after the promised one it no longer counts
    rows = document("aging", "--as-of", "2026-07-06")["rows"]
    assert {row["promised_amount"] for row in rows} == {"0.00"}
    assert list(rows[0]) == [
        "company_id", "currency_code", "bucket", "open_items", "open_amount", "disputed_amount", "promised_amount",
    ]  # fmt: skip


def test_an_empty_aging_still_has_its_columns(moments: list[str]) -> None:
    empty = invoke("aging", "--as-of", "2020-01-01", "--by", "country", "--format", "csv")
    assert empty.stdout.strip().endswith("country_code,open_items,open_amount,disputed_amount,promised_amount")
