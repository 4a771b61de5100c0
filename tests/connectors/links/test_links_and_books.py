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
from support.mercadopago_stub import ACCOUNT, TOKEN, MercadoPago
from support.odoo_stub import DATABASE, KEY, LOGIN, Odoo
from typer.testing import CliRunner

from cartera import pipeline
from cartera.cli import commands
from cartera.connectors import erpnext
from cartera.connectors.api.secrets import variable
from cartera.db import Role, transaction
from cartera.settings import get_settings
from cartera.warehouse import control_totals, read

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
def stub() -> Iterator[ErpNext]:
    with ErpNext() as made:
        yield made


@pytest.fixture
def gateway(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub: ErpNext) -> Iterator[Connected]:
    """Books in files; and ERPNext as a gateway that has three of their customers, with a debt and a payment."""
    monkeypatch.setattr(erpnext, "SYSTEM", replace(erpnext.SYSTEM, kind="gateway"))
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


DOUBLED = """\
id,number,company,customer,issued,due,currency,total,paid,paid_on,open
I-1,,acme,C-1,2026-03-01,2026-04-01,PEN,100.00,,,100.00
I-3,G-1,acme,C-1,2026-03-01,2026-04-01,PEN,50.00,10.00,2026-03-10,40.00
I-4,G-3,acme,C-1,2026-03-01,2026-04-01,PEN,8.00,,,8.00
I-5,G-4,acme,C-1,2026-03-01,2026-04-01,PEN,3.00,,,3.00
I-6,G-4,acme,C-1,2026-03-02,2026-04-01,PEN,3.00,,,3.00
"""


def test_an_invoice_in_two_sources_counts_once(gateway: Connected, tmp_path: Path, stub: ErpNext) -> None:
    """G-1 stands in both, with 10 paid in the books and 30 in the gateway; G-3 in another amount, G-4 twice in the
    books."""
    folder = gateway.source.path.parent
    (tmp_path / "invoices.csv").write_text(DOUBLED, encoding="utf-8")
    document = yaml.safe_load((folder / "books.yaml").read_text())
    document["entities"]["invoices"]["columns"].update(
        number="number", paid_amount="paid", paid_date="paid_on", open_amount="open"
    )  # fmt: skip
    (folder / "books.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    stub.invoice("G-3", "ANA", "7.00")
    stub.invoice("G-4", "ANA", "3.00")

    def set_companies(**settings: list[str]) -> None:
        text = yaml.safe_dump({"companies": {"acme": settings}})
        (get_settings().home / "companies.yaml").write_text(text, encoding="utf-8")

    def open_of(*invoice_ids: str) -> list[Decimal]:
        found = dict(gateway.rows("select invoice_id, sum(open_amount) from serve.fct_open_items group by 1"))
        return [found.get(invoice_id, Decimal(0)) for invoice_id in invoice_ids]

    # nobody decided: the books' invoice is kept, and the books' money counts alone
    assert pipeline.run(AS_OF).status == "published"
    first, first_balances = known_at(), balances()
    assert open_of("books:I-3", "gw:G-1") == [Decimal(40), Decimal(0)]
    # 100 + 40 of G-1, 8 and 7 of G-3, thrice 3 of G-4, less 30 on account
    assert first_balances == {C_1: Decimal(134), LUZ: Decimal(5)}
    listed = CliRunner().invoke(commands(), ["links", "--invoices", "--format", "json"]).stdout
    found = json.loads(listed)["links"]
    shown = {row["invoice_id"]: (row["status"], row["kept_invoice_id"], row["why"]) for row in found}
    assert shown == {
        "gw:G-1": ("left_out", "books:I-3", "the same number, customer, currency and amount; books go first"),
        "gw:G-3": ("contradicted", None, "the amount differs from that of books:I-4"),
        "gw:G-4": ("ambiguous", None, "2 invoices have it: books:I-5 ... books:I-6"),
    }
    told = {name for (name,) in gateway.rows("select check_name from ops.check_results where not passed")}
    assert {"assert_companies_say_whose_invoices_are_kept", "assert_every_invoice_link_is_clear"} <= told

    # both sources have money of their own: that of the gateway is applied to the books' invoice, and all totals tie
    set_companies(payments_from=["books", "gw"], invoices_from=["books", "gw"])
    assert pipeline.run(AS_OF).status == "published"
    assert open_of("books:I-3", "gw:G-1") == [Decimal(10), Decimal(0)]
    assert balances() == {C_1: Decimal(104), LUZ: Decimal(5)}
    with transaction(Role.reader) as connection:
        (total,) = control_totals.served(connection, known_at())
    assert (total.source, total.control_amount, total.ledger_amount) == ("gw", Decimal(35), Decimal(35))

    # the gateway's is kept: what the books' own row says was paid goes there; a person decides the rest
    set_companies(payments_from=["books", "gw"], invoices_from=["gw"])
    pairs = {"link": [{"invoice": "gw:G-4", "master": "books:I-5"}], "never": []}
    (folder / "links.yaml").write_text(yaml.safe_dump({"invoices": pairs}), encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    third, third_balances = known_at(), balances()
    assert open_of("books:I-3", "gw:G-1", "gw:G-4", "books:I-5") == [Decimal(0), Decimal(10), Decimal(0), Decimal(3)]
    assert third_balances == {C_1: Decimal(101), LUZ: Decimal(5)}

    # they are two: each has what its own source says was paid
    pairs = {"never": [{"invoice": "gw:G-1", "master": "books:I-3"}]}
    (folder / "links.yaml").write_text(yaml.safe_dump({"invoices": pairs}), encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    assert open_of("books:I-3", "gw:G-1") == [Decimal(40), Decimal(20)]
    assert (balances(known_at=first), balances(known_at=third)) == (first_balances, third_balances)


def test_references_that_the_books_keep_link_a_customer_and_an_invoice(
    gateway: Connected, stub: ErpNext, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Odoo's reference of a customer is the code that the gateway has for it, that of an invoice its number there; a
    credit note of the same number is one; and what Mercado Pago took under the number of an invoice pays it."""
    folder = gateway.source.path.parent
    (folder / "books.yaml").unlink()
    text = yaml.safe_dump({"companies": {"acme": {"payments_from": ["odoo", "mp", "gw"], "invoices_from": ["odoo"]}}})
    (get_settings().home / "companies.yaml").write_text(text, encoding="utf-8")
    now = "recorded_to = '9999-12-31 00:00:00+00'"
    allocated = (
        "select payment_id, invoice_id, allocated_amount from serve.fct_allocations"
        f" where source = 'mp' and {now} order by 1"
    )
    left = "select invoice_id, open_amount from serve.fct_open_items where starts_with(item_id, 'odoo:') order by 2"
    with Odoo() as odoo, MercadoPago() as wallet:
        luz = odoo.partner("Luz S.A.", ref="LUZ", vat="20-512345672")
        odoo.partner("Ana S.A.", ref="somebody else")
        whole, part, other = (odoo.invoice(luz, total) for total in ("5.00", "9.00", "70.00"))
        note = odoo.invoice(luz, "7.00", move_type="out_refund")
        odoo.reconcile(*(odoo.line(move) for move in (other, note)))
        spent = odoo.invoice(luz, "3.00", move_type="out_refund")
        numbers = {move: odoo.tables["account.move"][move]["name"] for move in (whole, part, other, note, spent)}
        odoo.tables["account.move"][whole]["ref"] = "G-2"
        odoo.tables["account.move"][other]["ref"] = "G-9"
        stub.invoice("G-9", "LUZ", "70.00")
        stub.credit_note(numbers[note], "G-9", "7.00")
        # what the note left out settled of an invoice that is only there is settled with the one that is kept
        stub.invoice("G-5", "LUZ", "20.00")
        stub.credit_note(numbers[spent], "G-5", "3.00")
        # by somebody else, in full; by her in part, of which a coin is given back; by somebody else, in part
        wallet.pay(1, "5.00", numbers[whole].lower(), "friend")
        wallet.pay(2, "4.00", numbers[part], {"id": "luz-1", "identification": {"number": "20512345672"}})
        wallet.refund(2, 201, "1.00")
        wallet.pay(3, "4.00", numbers[other], "stranger")
        wallet.tick(600)
        names = {"Acme S.A.": "acme", "Norte S.A.": "norte"}
        for name, secret, source in (
            ("odoo", {"api_key": KEY}, {"companies": names, "company_id": "acme", "connection": {
                "url": odoo.url, "database": DATABASE, "user": LOGIN, "protocol": "jsonrpc"}}),
            ("mp", {"access_token": TOKEN}, {"system": "mercadopago", "companies": {str(ACCOUNT): "acme"},
             "connection": {"url": wallet.url, "start_date": "2026-01-01"}}),
        ):  # fmt: skip
            (folder / f"{name}.yaml").write_text(json.dumps({"system": name, **source}), encoding="utf-8")
            ((key, value),) = secret.items()
            monkeypatch.setenv(variable(name, key), value)
        get_settings.cache_clear()
        assert pipeline.run(AS_OF).status == "published"
        first, first_balances, first_left = known_at(), balances(), gateway.rows(left)
        # somebody said whose payments count, although they are those that would count anyway
        failed = gateway.rows("select check_name from ops.check_results where not passed")
        assert ("assert_companies_say_whose_payments_count",) not in failed
        assert gateway.rows(allocated) == [
            ("mp:1", f"odoo:{whole}", Decimal(5)), ("mp:2", f"odoo:{part}", Decimal(3))
        ]  # fmt: skip
        # later all of the first is given back: its invoice is owed again, and what was known then stays known
        wallet.refund(1, 101, "5.00")
        wallet.tick(600)
        assert pipeline.run(AS_OF).status == "published"
    assert first_left == [(f"odoo:{part}", Decimal(6)), (f"odoo:{other}", Decimal(63))]
    assert gateway.rows(left) == [(f"odoo:{whole}", Decimal(5)), *first_left]
    assert gateway.rows(allocated) == [("mp:2", f"odoo:{part}", Decimal(3))]
    assert (first_balances[f"odoo:{luz}"], first_balances["mp:stranger-1"]) == (Decimal(86), Decimal(-4))
    assert balances() == first_balances | {f"odoo:{luz}": Decimal(91)} and balances(known_at=first) == first_balances
    links = "select customer_id, status, rule, linked_customer_id from serve.fct_customer_links where status = 'linked'"
    assert set(gateway.rows(links)) == {
        ("gw:LUZ", "linked", "reference", f"odoo:{luz}"),
        ("mp:luz-1", "linked", "tax_id", f"odoo:{luz}"),
    }
    links = "select invoice_id, status, rule, kept_invoice_id from serve.fct_invoice_links order by 1"
    assert gateway.rows(links) == [
        ("gw:G-2", "left_out", "reference", f"odoo:{whole}"), ("gw:G-9", "left_out", "reference", f"odoo:{other}")
    ]  # fmt: skip
    notes = f"select credit_note_id, status from serve.fct_credit_notes where {now}"
    assert set(gateway.rows(notes)) == {
        (f"gw:{numbers[note]}", "elsewhere"), (f"odoo:{note}", "open"),
        (f"gw:{numbers[spent]}", "elsewhere"), (f"odoo:{spent}", "open"),
    }  # fmt: skip
    assert gateway.rows("select open_amount from serve.fct_open_items where invoice_id = 'gw:G-5'") == [(Decimal(17),)]
