"""`cartera connect files` as a person or a script runs it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from delivered import read
from typer.testing import CliRunner

from cartera.cli import sources
from cartera.connectors.files import load_source
from cartera.errors import CarteraError, ConfigError

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
app = typer.Typer()
sources.register(app)


def connect(*arguments: object) -> dict:  # type: ignore[type-arg]
    """The JSON document of one call without a terminal. Raises what the command raises."""
    result = CliRunner().invoke(app, ["connect", "files", *map(str, arguments), "--format", "json"])
    if isinstance(result.exception, CarteraError):
        raise result.exception
    document = json.loads(result.stdout)
    document["exit"] = result.exit_code
    return document  # type: ignore[no-any-return]


def test_the_example_of_the_readme(tmp_path):  # type: ignore[no-untyped-def]
    document = connect(EXAMPLES / "invoices.csv", "--yes")
    invoices = document["entities"]["invoices"]
    assert document["exit"] == 0 and document["written"] and document["source"] == "invoices"
    assert invoices["rows"] == 62 and len(invoices["sample"]) == 5
    assert {refused["reason"]: refused["rows_refused"] for refused in invoices["refused"]} == {
        "unreadable_date": 1,
        "negative_amount": 1,
        "unknown_currency": 1,
        "missing_value": 1,
        "wrong_field_count": 1,
        "duplicate_key": 1,
    }
    landed = read(load_source(tmp_path / "sources" / "invoices.yaml"))
    assert (len(landed.rows), len(landed.rejects)) == (57, 5)
    totals = {
        code: sum(row["total_amount"] for row in landed.rows if row["currency_code"] == code) for code in ("PEN", "USD")
    }
    assert {code: f"{total:.2f}" for code, total in totals.items()} == invoices["amounts"]


def test_examples_of_customers_and_payments_in_one_source(tmp_path):  # type: ignore[no-untyped-def]
    document = connect(EXAMPLES / "customers.csv", EXAMPLES / "payments.csv", "--name", "crm")
    assert {name: found["rows_refused"] for name, found in document["entities"].items()} == {
        "customers": 0,
        "payments": 0,
    }
    assert list(load_source(tmp_path / "sources" / "crm.yaml").entities) == ["customers", "payments"]


def test_late_payments_of_ibm(shared_data, tmp_path):  # type: ignore[no-untyped-def]
    path = shared_data / "ibm-late-payment" / "WA_Fn-UseC_-Accounts-Receivable.csv"
    with pytest.raises(ConfigError, match="--currency"):
        connect(path)
    document = connect(path, "--currency", "USD", "--yes", "--name", "ibm")
    invoices = document["entities"]["invoices"]
    assert (invoices["rows"], invoices["rows_refused"], invoices["amounts"]) == (2466, 0, {"USD": "147703.18"})
    landed = read(load_source(tmp_path / "sources" / "ibm.yaml"))
    assert sum(row["total_amount"] for row in landed.rows) == Decimal("147703.18")
    assert len({row["customer_id"] for row in landed.rows}) == 100 and landed.rejects == []
    assert sum(row["is_disputed"] for row in landed.rows) == 561
    assert all(row["issue_date"] <= row["due_date"] and row["issue_date"] <= row["paid_date"] for row in landed.rows)


def test_invoices_and_contacts_of_xero(shared_data, tmp_path):  # type: ignore[no-untyped-def]
    folder = shared_data / "fivetran-seeds" / "xero"
    document = connect(folder / "xero_invoice_data.csv", folder / "xero_contact_data.csv", "--name", "xero", "--yes")
    assert {name: (found["rows"], found["rows_refused"]) for name, found in document["entities"].items()} == {
        "invoices": (601, 0),
        "customers": (152, 0),
    }
    mapping = document["entities"]["invoices"]["mapping"]
    assert mapping["values"] == {
        "document_type": {"ACCPAY": "bill", "ACCREC": "invoice"},
        "status": {"VOIDED": "void", "AUTHORISED": "open", "PAID": "paid", "DELETED": "deleted"},
    }
    rows = read(load_source(tmp_path / "sources" / "xero.yaml")).rows
    invoices = [row for row in rows if row.get("document_type") == "invoice"]
    assert len(invoices) == 117 and sum(row["status"] == "open" for row in invoices) == 13


def test_nothing_is_written_on_a_dry_run(tmp_path):  # type: ignore[no-untyped-def]
    assert not connect(EXAMPLES / "invoices.csv", "--dry-run", "--yes")["written"]
    assert not (tmp_path / "sources").exists()


def test_an_entity_that_is_there_is_replaced_only_with_yes(tmp_path):  # type: ignore[no-untyped-def]
    connect(EXAMPLES / "invoices.csv", "--name", "erp")
    path = tmp_path / "sources" / "erp.yaml"
    before = path.read_text()
    with pytest.raises(ConfigError, match="has invoices already"):
        connect(EXAMPLES / "invoices.csv", "--name", "erp", "--dates", "%m/%d/%Y")
    assert path.read_text() == before
    connect(EXAMPLES / "customers.csv", "--name", "erp")
    connect(EXAMPLES / "invoices.csv", "--name", "erp", "--delivery", "incremental", "--yes")
    source = load_source(path)
    assert list(source.entities) == ["invoices", "customers"]
    assert source.entities["invoices"].delivery == "incremental"


def test_a_mapping_given_is_taken_instead_of_guessing(tmp_path):  # type: ignore[no-untyped-def]
    given = tmp_path / "mine.yaml"
    given.write_text(
        "system: files\ncompany_id: acme\nentities:\n  invoices:\n    files: x.csv\n    dates: '%d/%m/%Y'\n"
        "    decimal: ','\n    thousands: '.'\n    columns: {invoice_id: Nº Factura, customer_id: Correo,\n"
        "      issue_date: Fecha de emisión,\n"
        "      total_amount: Importe total, currency_code: Moneda}\n"
    )
    document = connect(EXAMPLES / "invoices.csv", "--name", "erp", "--mapping", given)
    assert document["entities"]["invoices"]["sample"][0]["company_id"] == "acme"
    source = load_source(tmp_path / "sources" / "erp.yaml")
    assert source.company_id == "acme" and source.entities["invoices"].columns["customer_id"] == ["Correo"]
    assert source.entities["invoices"].files.endswith("examples/invoices.csv")


def test_another_company_in_the_same_source(tmp_path):  # type: ignore[no-untyped-def]
    connect(EXAMPLES / "invoices.csv", "--name", "erp", "--company", "north")
    connect(EXAMPLES / "customers.csv", "--name", "erp", "--company", "south")
    source = load_source(tmp_path / "sources" / "erp.yaml")
    assert source.constant("invoices", "company_id") == "north"
    assert source.constant("customers", "company_id") == "south"


def test_a_pattern_is_stored_as_one_and_reads_all_files(tmp_path):  # type: ignore[no-untyped-def]
    for month in ("01", "02"):
        (tmp_path / f"fac_{month}.csv").write_text(
            f"Factura,RUC,Fecha emisión,Importe,Moneda\n{month},7,2026-{month}-15,10,PEN\n"
        )
    document = connect(tmp_path / "fac_*.csv", "--name", "erp")
    assert document["entities"]["invoices"]["rows"] == 2
    assert load_source(tmp_path / "sources" / "erp.yaml").entities["invoices"].files == "fac_*.csv", (
        "relative to the clone"
    )
    with pytest.raises(ConfigError, match="one pattern in quotes"):
        connect(tmp_path / "fac_01.csv", tmp_path / "fac_02.csv")


def test_a_mapping_that_would_stop_is_shown_and_says_so(tmp_path):  # type: ignore[no-untyped-def]
    rows = "".join(f"{number},7,15/01/2026,10,PEN\n" for number in range(30))
    (tmp_path / "fac.csv").write_text("Factura,RUC,Fecha emisión,Importe,Moneda\n" + rows)
    document = connect(tmp_path / "fac.csv", "--dates", "%m/%d/%Y")
    assert document["exit"] == 1
    assert "dates: ['%d/%m/%Y']" in document["entities"]["invoices"]["stopped"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.csv"], "there is no such file"),
        ([EXAMPLES / "invoices.csv", "--entity", "invoice"], "did you mean invoices"),
        ([EXAMPLES / "invoices.csv", "--currency", "SOLES"], "no ISO 4217"),
        ([EXAMPLES / "invoices.csv", "--mapping", "no.yaml"], "No such file"),
        (
            [EXAMPLES / "customers.csv", "--entity", "payments"],
            "as payments it lacks payment_id, received_date, amount",
        ),
    ],
)
def test_wrong_arguments(arguments, said):  # type: ignore[no-untyped-def]
    with pytest.raises(CarteraError, match=said):
        connect(*arguments)
