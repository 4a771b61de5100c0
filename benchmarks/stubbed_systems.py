"""Each connected system as its stub in tests/support shows it, holding so many records of its main table.

Records are put into the stub's tables, not posted one by one: its books would be reckoned anew for each.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
NOW = dt.datetime(2026, 3, 11, tzinfo=dt.UTC)
"""After all that the stubs hold."""


@dataclass(frozen=True)
class Stubbed:
    """A running stub, and what a source of it needs."""

    stub: Any
    connection: dict[str, str]
    secrets: dict[str, str]
    more: dict[str, Any] = field(default_factory=lambda: {"company_id": "acme"})


def _odoo(count: int) -> Stubbed:
    """Half entries, half receivable lines."""
    from support.odoo_stub import DATABASE, KEY, LOGIN, Odoo

    stub = Odoo()
    stub._settle = lambda: None
    ana = stub.partner("Ana S.A.")
    for _number in range(count // 2):
        stub.tick(0.01)
        stub.invoice(ana, "100.10")
    del stub._settle
    stub._settle()
    return Stubbed(stub, {"url": stub.url, "database": DATABASE, "user": LOGIN}, {"api_key": KEY})


def _tryton(count: int) -> Stubbed:
    """Lines of receivable accounts, each second one the payment of the one before; with each page what they are
    reconciled with and their invoices are asked for."""
    from support.tryton_stub import PASSWORD, Tryton

    stub = Tryton()
    stub.save(1)
    for key in range(1, count + 1):
        stub.line(key, 1, "100.10" if key % 2 else "-100.10", (key + 1) // 2)
    return Stubbed(stub, {"url": stub.url, "database": "tryton", "user": "reader"}, {"password": PASSWORD})


def _erpnext(count: int) -> Stubbed:
    from support.erpnext_stub import ErpNext

    stub = ErpNext()
    stub._settle = lambda: None
    stub.customer("ANA")
    for number in range(count):
        stub.tick(0.01)
        stub.invoice(f"I{number:07}", "ANA", "100.10")
    del stub._settle
    stub._settle()
    return Stubbed(stub, {"url": stub.url, "api_key": "key"}, {"api_secret": "s3cr3t-of-erpnext"})


def _sapb1(count: int) -> Stubbed:
    from support.sapb1_stub import PASSWORD, ServiceLayer

    stub = ServiceLayer()
    stub.customer("ANA")
    first = stub.tables["Invoices"][stub.invoice("ANA", "100.10")]
    for entry in range(2, count + 1):
        stub.tables["Invoices"][entry] = {**first, "DocEntry": entry, "DocNum": 1000 + entry}
    connection = {"url": f"{stub.url}/b1s/v2", "company_db": "SBO_ACME", "user": "reader"}
    return Stubbed(stub, connection, {"password": PASSWORD})


def _businesscentral(count: int) -> Stubbed:
    """Detailed ledger entries; what links them is asked for with each page."""
    from support.businesscentral_stub import SECRET, BusinessCentral

    stub = BusinessCentral()
    stub.remaining = lambda entry: stub.detailed[entry]["amount"]
    stub.customer("ANA")
    for _number in range(count):
        stub.post("Invoice", "ANA", "100.10")
    connection = {"url": stub.url, "login_url": stub.url, "tenant": "acme.example", "environment": "Production"}
    return Stubbed(stub, connection | {"company": "Acme S.A.", "client_id": "app"}, {"client_secret": SECRET})


def _netsuite(count: int) -> Stubbed:
    from support.netsuite_stub import ON_ONE_LINE, NetSuite

    stub = NetSuite()
    stub.customer(1, "Ana S.A.")
    for number in range(101, 101 + count):
        stub._insert("transaction", **{
            "id": number, "type": "CustInvc", "tranid": f"INV-{number}", "entity": 1, "posting": "T", "voided": "F",
            "foreigntotal": 100.1, "foreignamountunpaid": 100.1, "exchangerate": 1, "trandate": stub._moment(),
            "duedate": "2026-04-01", "lastmodifieddate": stub._moment(), "currency": 2})  # fmt: skip
        stub._insert("transactionline", transaction=number, mainline="T", subsidiary=1)
    stub._write_balances = lambda: None
    connection = {"url": stub.url, "account": "123_SB1", "client_id": "app", "certificate_id": "cert"}
    return Stubbed(stub, connection, {"private_key": ON_ONE_LINE}, {"companies": {"1": "acme"}, "company_id": "acme"})


def _quickbooks(count: int) -> Stubbed:
    from support.quickbooks_stub import QuickBooksStub

    stub = QuickBooksStub()
    stub._post = lambda: None
    stub.customer("ANA")
    for number in range(count):
        stub.tick(1)
        stub.document("Invoice", str(number), "ANA", "100.10")
    connection = {"url": stub.url, "token_url": f"{stub.url}/tokens", "realm_id": "9130", "client_id": "client"}
    return Stubbed(stub, connection, {"client_secret": "s3cr3t-of-client", "refresh_token": "refresh-0"})


def _xero(count: int) -> Stubbed:
    from support.xero_stub import XeroStub

    stub = XeroStub()
    stub.contact("ANA")
    for number in range(count):
        stub.tick(1)
        stub.invoice(f"I{number:07}", "ANA", "100.10")
    connection = {"url": stub.url, "identity_url": stub.url, "client_id": "client"}
    return Stubbed(stub, connection, {"client_secret": "s3cr3t-of-client"})


def _stripe(count: int) -> Stubbed:
    """Of whole invoices; a page has a hundred at most."""
    from support.stripe_stub import KEY, StripeStub

    stub = StripeStub()
    stub.customer("ANA")
    for _number in range(count):
        stub.tick(1)
        stub.invoice("ANA", 10_010)
    stub.forget_events()
    return Stubbed(stub, {"url": stub.url, "account": "acct_1"}, {"api_key": KEY})


def _mercadopago(count: int) -> Stubbed:
    """A page has fifty at most."""
    from support.mercadopago_stub import ACCOUNT, TOKEN, MercadoPago

    stub = MercadoPago()
    for number in range(1, count + 1):
        stub.tick(1)
        stub.pay(number, "100.10", f"F-{number}")
    connection = {"url": stub.url, "start_date": "2026-01-01"}
    return Stubbed(stub, connection, {"access_token": TOKEN}, {"companies": {str(ACCOUNT): "acme"}})


def _paypal(count: int) -> Stubbed:
    from support.paypal_stub import CLIENT, SECRET, PayPal

    stub = PayPal()
    end, stub.now = stub.now, stub.now - dt.timedelta(days=60)
    for number in range(count):
        stub.tick(days=59 / count)
        stub.happen(f"T{number:07}", "T0006", "100.10")
    stub.now = end
    return Stubbed(stub, {"url": stub.url, "client_id": CLIENT, "start_date": "2026-01-01"}, {"client_secret": SECRET})


def _dlocal(count: int) -> Stubbed:
    """A settlement report. Of each payment in a daily report the API is asked who paid: that is a request a record."""
    from support.dlocal_stub import LOGIN, SECRET_KEY, TRANS_KEY, Dlocal

    folder = Path(tempfile.mkdtemp(prefix="cartera-benchmark-dlocal-"))
    stub = Dlocal(folder)
    fixed = "2026-03-01 10:00:00,2026-03-01 10:00:00,100.10,BRL,5.0,20.02,0.50,19.52,ana@example.com"
    stub.settle("settlement.csv", *(f"CREDIT,D-{number},T-{number},{fixed}" for number in range(count)))
    secrets = {"trans_key": TRANS_KEY, "secret_key": SECRET_KEY}
    return Stubbed(stub, {"url": stub.url, "login": LOGIN, "folder": str(folder)}, secrets)


def _documents(count: int) -> Stubbed:
    """A folder of facturas; no server is asked."""
    from support.invoice_files import sunat
    from support.stub_server import Stub

    folder = Path(tempfile.mkdtemp(prefix="cartera-benchmark-documents-"))
    for number in range(count):
        (folder / f"F001-{number:07}.xml").write_bytes(
            sunat(f"F001-{number}", "100.10", cuotas=[("2026-04-01", "100.10")])
        )
    more = {"companies": {"20100066603": "acme"}}
    return Stubbed(Stub(), {"folder": str(folder), "issuers": "20100066603"}, {}, more)


MADE: dict[str, Callable[[int], Stubbed]] = {
    "odoo": _odoo, "tryton": _tryton, "erpnext": _erpnext, "sapb1": _sapb1, "businesscentral": _businesscentral,
    "netsuite": _netsuite, "quickbooks": _quickbooks, "xero": _xero, "stripe": _stripe, "mercadopago": _mercadopago,
    "paypal": _paypal, "dlocal": _dlocal, "documents": _documents,
}  # fmt: skip


def serve(system: str, count: int, told: Any) -> None:
    """In a process of its own, until that is ended; `told` is sent what a source needs."""
    sys.path[:0] = [str(PROJECT / "tests")]
    made = MADE[system](count)
    with made.stub:
        told.send((made.connection, made.secrets, made.more))
        made.stub._thread.join()
