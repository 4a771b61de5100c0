"""Two sources of one company on the whole way: the same customer counts once, and so does a payment."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from support.connected import Connected, connected
from support.erpnext_stub import ErpNext
from support.odoo_stub import DATABASE, KEY, LOGIN, Odoo
from typer.testing import CliRunner

from cartera import pipeline
from cartera.cli import commands
from cartera.connectors import erpnext
from cartera.connectors.api.secrets import variable
from cartera.db import Role, transaction
from cartera.settings import get_settings
from cartera.warehouse import read

AS_OF = dt.date(2026, 6, 30)

CUSTOMERS = """\
id,company,name,tax,email
C-1,acme,Ana S.A.,20-512345671,ana@example.com
C-2,acme,Luz S.A.,20-512345672,Office@Example.com
C-3,acme,Luz Norte S.A.,20-512345673,office@example.com
"""
INVOICES = """\
id,company,customer,issued,due,currency,total
I-1,acme,C-1,2026-03-01,2026-04-01,PEN,100.00
I-2,acme,C-2,2026-03-01,2026-04-01,PEN,10.00
"""
PAYMENTS = """\
id,company,customer,received,currency,amount
P-1,acme,C-1,2026-03-05,PEN,30.00
"""
COLUMNS = {
    "customers": {"customer_id": "id", "company_id": "company", "name": "name", "tax_id": "tax", "email": "email"},
    "invoices": {"invoice_id": "id", "company_id": "company", "customer_id": "customer", "issue_date": "issued",
                 "due_date": "due", "currency_code": "currency", "total_amount": "total"},
    "payments": {"payment_id": "id", "company_id": "company", "customer_id": "customer", "received_date": "received",
                 "currency_code": "currency", "amount": "amount"},
}  # fmt: skip
C_1, C_2, ANA, LUZ = "books:C-1", "books:C-2", "gw:ANA", "gw:LUZ"


@pytest.fixture
def gateway(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connected]:
    """Books in files; and ERPNext as a gateway that has three of their customers, with a debt and a payment."""
    monkeypatch.setattr(erpnext, "SYSTEM", replace(erpnext.SYSTEM, kind="gateway"))
    with ErpNext() as stub:
        stub.customer("ANA", tax_id="20 512.345.671", email_id="other@example.com")
        stub.customer("LUZ", tax_id=None, email_id="office@EXAMPLE.com")
        stub.customer("EVA", tax_id="20999999999", email_id="ana@example.com")
        stub.invoice("G-1", "ANA", "50.00")
        stub.invoice("G-2", "LUZ", "5.00")
        stub.tick()
        stub.payment("GP-1", "ANA", "30.00", {"G-1": "30.00"})
        secrets = {"api_secret": "s3cr3t-of-erpnext"}
        with connected(
            tmp_path, "erpnext", {"url": stub.url, "api_key": "key"}, secrets, name="gw",
            companies={"Acme S.A.": "acme"}, company_id="acme",
        ) as made:  # fmt: skip
            entities = {}
            for name, text in (("customers", CUSTOMERS), ("invoices", INVOICES), ("payments", PAYMENTS)):
                (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
                entities[name] = {"files": str(tmp_path / f"{name}.csv"), "columns": COLUMNS[name]}
            document = {"system": "files", "entities": entities}
            (made.source.path.parent / "books.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
            yield made
    (get_settings().home / "companies.yaml").unlink(missing_ok=True)


def balances(as_of: dt.date = AS_OF, known_at: dt.datetime | None = None) -> dict[str, Decimal]:
    """customer_id -> open, credits and money on account taken off."""
    with transaction(Role.reader) as connection:
        moment = known_at or read.publication(connection).known_at
        found: dict[str, Decimal] = {}
        for row in read.open_items(connection, as_of, moment):
            found[row["customer_id"]] = found.get(row["customer_id"], Decimal(0)) + row["open_amount"]
    return found


def known_at() -> dt.datetime:
    with transaction(Role.reader) as connection:
        return read.publication(connection).known_at


def test_one_customer_and_one_payment(gateway: Connected) -> None:
    folder = gateway.source.path.parent
    assert pipeline.run(AS_OF).status == "published"
    first, first_balances = known_at(), balances()
    # ANA by her tax number; LUZ's address is of two; EVA's is of one with another tax number. Only the books' money.
    links = "select customer_id, status, rule, linked_customer_id from serve.fct_customer_links order by 1"
    assert gateway.rows(links) == [
        (ANA, "linked", "tax_id", C_1),
        ("gw:EVA", "contradicted", "email", None),
        (LUZ, "ambiguous", "email", None),
    ]
    assert first_balances == {C_1: Decimal(120), C_2: Decimal(10), LUZ: Decimal(5)}
    elsewhere = (
        "select document_id, document_amount from serve.fct_payments_elsewhere"
        " where recorded_to = '9999-12-31 00:00:00+00'"
    )
    assert gateway.rows(elsewhere) == [("gw:GP-1", Decimal(30))]
    failed = "select check_name from ops.check_results where not passed"
    assert {name for (name,) in gateway.rows(failed)} == {
        "assert_companies_say_whose_payments_count", "assert_every_customer_link_is_clear",
    }  # fmt: skip
    ((linked_id,),) = gateway.rows(
        "select linked_customer_id from serve.dim_customers where customer_id = 'gw:ANA'"
        " and recorded_to = '9999-12-31 00:00:00+00'"
    )
    assert linked_id == C_1

    shown = json.loads(CliRunner().invoke(commands(), ["links", "--conflicts", "--format", "json"]).stdout)["links"]
    assert [(row["customer_id"], row["why"]) for row in shown] == [
        (LUZ, "2 customers have it: books:C-2 ... books:C-3"),
        ("gw:EVA", "the tax number differs from that of books:C-1"),
    ]
    table = CliRunner().invoke(commands(), ["links", "--format", "csv"]).stdout
    assert f"{ANA},ANA S.A.,linked,tax_id,{C_1},Ana S.A.,the same tax_id," in table

    # a person decides: only the links changed, so only their documents are built anew
    pairs = {"link": [{"customer": LUZ, "master": C_2}], "never": [{"customer": ANA, "master": C_1}]}
    (folder / "links.yaml").write_text(yaml.safe_dump(pairs), encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    second, second_balances = known_at(), balances()
    assert second_balances == {C_1: Decimal(70), ANA: Decimal(50), C_2: Decimal(15)}
    assert balances(known_at=first) == first_balances

    # the gateway is the book of record of payments
    companies = {"companies": {"acme": {"payments_from": ["gw"]}}}
    (get_settings().home / "companies.yaml").write_text(yaml.safe_dump(companies), encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    assert balances() == {C_1: Decimal(100), ANA: Decimal(20), C_2: Decimal(15)}
    assert gateway.rows(elsewhere) == [("books:P-1", Decimal(30))]
    assert (balances(known_at=first), balances(known_at=second)) == (first_balances, second_balances)
    # before there were rules
    before = first - dt.timedelta(microseconds=1)
    assert balances(known_at=before) == {C_1: Decimal(70), C_2: Decimal(10), ANA: Decimal(50), LUZ: Decimal(5)}


def test_a_reference_that_the_books_keep_links_and_an_invoice_in_both_is_told(
    gateway: Connected, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Odoo's reference of a customer is the code that the gateway has for it; G-2 stands in both."""
    folder = gateway.source.path.parent
    (folder / "books.yaml").unlink()
    with Odoo() as stub:
        luz = stub.partner("Luz S.A.", ref="LUZ")
        stub.partner("Ana S.A.", ref="somebody else")
        invoice = stub.invoice(luz, "5.00")
        stub.tables["account.move"][invoice]["name"] = "G-2"
        connection = {"url": stub.url, "database": DATABASE, "user": LOGIN, "protocol": "jsonrpc"}
        names = {"Acme S.A.": "acme", "Norte S.A.": "norte"}
        document = {"system": "odoo", "connection": connection, "companies": names, "company_id": "acme"}
        (folder / "odoo.yaml").write_text(json.dumps(document), encoding="utf-8")
        monkeypatch.setenv(variable("odoo", "api_key"), KEY)
        get_settings.cache_clear()
        assert pipeline.run(AS_OF).status == "published"
    links = "select customer_id, status, rule, linked_customer_id from serve.fct_customer_links order by 1"
    assert gateway.rows(links) == [("gw:LUZ", "linked", "reference", f"odoo:{luz}")]
    told = {name for (name,) in gateway.rows("select check_name from ops.check_results where not passed")}
    assert "assert_no_invoice_stands_in_two_systems" in told
