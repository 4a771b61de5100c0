"""Xero, as its stub behaves: what is read, what changed, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.stub_server import Reply, json_reply
from support.xero_stub import XeroStub, day, written

from cartera.connectors.api import secrets
from cartera.connectors.xero import SYSTEM
from cartera.connectors.xero.client import controls
from cartera.errors import SourceError
from cartera.settings import get_settings

SECRETS = {"client_secret": "s3cr3t-of-client"}


@pytest.fixture
def stub() -> Iterator[XeroStub]:
    with XeroStub() as made:
        made.contact("ANA")
        made.contact("LUZ")
        made.tick()
        yield made


@pytest.fixture
def books(stub: XeroStub, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": stub.url, "identity_url": stub.url, "client_id": "client"}
    with connected(tmp_path, "xero", connection, SECRETS, name="books", company_id="acme", page_size="10") as made:
        yield made


def agrees(stub: XeroStub, books: Connected) -> None:
    books.sync()
    books.publish(dt.date(2026, 6, 30))
    theirs = {f"books:{name}": stub.outstanding(name) for name in ("ANA", "LUZ")}
    assert books.open_balances() == {name: amount for name, amount in theirs.items() if amount}


def test_the_open_balance_of_each_customer_is_the_systems_own(stub: XeroStub, books: Connected) -> None:
    for number in range(1, 8):
        stub.invoice(f"I{number}", "ANA" if number % 2 else "LUZ", "100.10")
    stub.pay("P1", "I1", "60.00")
    stub.pay("P2", "I2", "100.10")
    stub.credit("Overpayments", "O1", "LUZ", "19.90")
    stub.credit("Prepayments", "R1", "ANA", "30.00")
    stub.credit("CreditNotes", "C1", "ANA", "55.00", CreditNoteNumber="CN-1")
    stub.allocate("CreditNotes", "C1", "I3", "20.00")
    stub.allocate("Prepayments", "R1", "I3", "5.00")
    # none of these is owed to us
    stub.invoice("B1", "LUZ", "70.00", Type="ACCPAY")
    stub.pay("P9", "B1", "20.00")
    stub.credit("Overpayments", "O9", "LUZ", "7.00", Type="SPEND-OVERPAYMENT")
    stub.invoice("D1", "ANA", "9.99", Status="DRAFT", DueDate=None)
    # so many dollars for a pound
    stub.invoice("U1", "LUZ", "25.00", CurrencyCode="USD", CurrencyRate=Decimal("1.250000"))
    stub.pay("P5", "U1", "5.00")
    # worth nothing that a rate of ours could say
    stub.invoice("V1", "LUZ", "2.00", CurrencyCode="VEF", CurrencyRate=Decimal("0.000000000001"))
    stub.pay("P7", "V1", "1.00")
    agrees(stub, books)
    landed = {key for table in ("payments", "overpayments", "invoices") for key in books.current(table)}
    assert "P1" in landed and not {"P9", "O9", "B1"} & landed
    rates = books.rows(
        "select company_currency_code, document_fx_rate from serve.dim_items where currency_code = 'USD'"
    )
    assert set(rates) == {("GBP", Decimal("0.800000000000"))}

    # a payment deleted, an allocation undone, one without an id, money given back, an invoice voided
    stub.tick()
    stub.delete_payment("P1")
    stub.delete_payment("P5")
    stub.unallocate("CreditNotes", "C1")
    stub.allocate("CreditNotes", "C1", "I5", "10.00", None)
    stub.allocate("CreditNotes", "C1", "I5", "15.00", None)
    stub.allocate("Overpayments", "O1", "I4", "9.90")
    stub.refund("P3", "CreditNotes", "C1", "12.00")
    stub.refund("P4", "Overpayments", "O1", "4.00")
    stub.refund("P6", "Overpayments", "O1", "1.00")
    stub.delete_payment("P6")
    stub.credit("Overpayments", "O2", "LUZ", "3.00")
    stub.void("Overpayments", "O2")
    stub.void("Invoices", "I6")
    stub.save("Invoices", "D1", Status="DELETED")
    agrees(stub, books)


def test_a_second_with_more_changes_than_a_page_is_read_whole(stub: XeroStub, books: Connected) -> None:
    for number in range(35):
        stub.invoice(f"I{number:02}", "ANA", "10.00")
    stub.tick(1)
    stub.invoice("later", "ANA", "10.00")
    found = books.sync()["invoices"]
    assert (found.rows_new, found.rows_quarantined) == (36, 0)
    assert {report.load_id for report in books.sync().values()} == {None}


def test_a_record_that_changes_while_pages_are_read_hides_no_other(stub: XeroStub, books: Connected) -> None:
    for number in range(60):
        stub.invoice(f"I{number:02}", "ANA", "10.00")
        # half of them in one second
        stub.tick(1 if number >= 30 else 0)
    saved = []

    def save_one(request: object) -> None:
        if "Invoices" in getattr(request, "path", "") and len(saved) < 5:
            saved.append(request)
            stub.tick(1)
            stub.save("Invoices", f"I0{len(saved)}", Reference=f"changed {len(saved)}")

    stub.faults += [save_one] * 60  # type: ignore[list-item]
    books.sync()
    assert len(saved) == 5 and set(books.current("invoices")) == set(stub.tables["Invoices"])
    found = books.current("invoices", "Reference")
    assert [found[f"I0{number}"] for number in range(1, 6)] == [(f"changed {number}",) for number in range(1, 6)]


def test_what_is_paid_while_the_open_ones_are_read_again_is_not_missed(stub: XeroStub, books: Connected) -> None:
    for name in ("I1", "I2"):
        stub.invoice(name, "ANA", "100.00")
    books.sync()

    def meanwhile(request: object) -> None:
        if "AUTHORISED" in getattr(request, "params", {}).get("where", ""):
            stub.faults.clear()
            stub.tick(60)
            stub.pay("P1", "I1", "100.00")
            # longer than the overlap
            stub.tick(600)
            stub.save("Invoices", "I2", Reference="changed")

    stub.faults += [meanwhile] * 40  # type: ignore[list-item]
    books.sync()
    books.sync()
    assert not stub.faults
    assert books.current("invoices", "AmountDue", "Reference") == {"I1": (0, None), "I2": (100, "changed")}


def test_a_due_date_that_moves_without_a_date_of_change_is_seen(stub: XeroStub, books: Connected) -> None:
    stub.invoice("I1", "ANA", "100.00")
    stub.pay("P1", "I1", "40.00")
    stub.tick(3600)
    stub.invoice("I2", "ANA", "50.00")
    books.sync()
    stub.tables["Invoices"]["I1"]["DueDate"] = day("2026-05-15")
    books.sync()
    assert books.current("invoices", "DueDate")["I1"] == (dt.date(2026, 5, 15),)


def test_a_day_is_that_of_the_organisation(stub: XeroStub, books: Connected) -> None:
    stub.invoice("I1", "ANA", "10.00", Date=written(dt.datetime(2026, 2, 28, 11, tzinfo=dt.UTC), "+1300"))
    books.sync()
    assert books.current("invoices", "Date", "DueDate")["I1"] == (dt.date(2026, 3, 1), dt.date(2026, 3, 31))


def test_the_system_states_its_own_receivable(stub: XeroStub, books: Connected) -> None:
    for number in range(25):
        stub.invoice(f"I{number:02}", "ANA", "10.00")
    stub.pay("P1", "I01", "4.00")
    stub.invoice("U1", "LUZ", "7.00", CurrencyCode="USD")
    stub.credit("CreditNotes", "C1", "ANA", "5.50")
    stub.credit("Overpayments", "O1", "LUZ", "1.00")
    stub.credit("Overpayments", "O2", "LUZ", "3.00", Type="SPEND-OVERPAYMENT")
    with SYSTEM.open(secrets.access(books.source, get_settings())) as session:
        found = {one.currency: (one.company, one.amount) for one in controls(session)}
    assert found == {"GBP": ("Acme Ltd", Decimal("239.50")), "USD": ("Acme Ltd", Decimal("7.00"))}


def test_an_expired_token_is_renewed_and_a_200_that_carries_an_error_is_one(stub: XeroStub, books: Connected) -> None:
    stub.invoice("I1", "ANA", "10.00")
    stub.faults += [lambda _request: None] * 3 + [lambda _request: stub.tokens.expire()]
    assert books.sync()["invoices"].rows_new == 1 and stub.tokens.given == 2
    stub.invoice("I2", "ANA", "10.00")
    broken = json_reply({"Status": "ERROR", "Type": "OrganisationOfflineException", "Message": "Try later"})
    stub.faults += [lambda _request: None] * 2
    stub.fail(broken)
    with pytest.raises(SourceError, match="OrganisationOfflineException: Try later"):
        books.sync()
    assert set(books.current("invoices")) == {"I1"}


def test_the_limit_of_a_day_stops_with_what_xero_says(stub: XeroStub, books: Connected) -> None:
    stub.faults += [lambda _request: None]
    stub.fail(Reply(429, headers={"Retry-After": "51000", "X-Rate-Limit-Problem": "day"}))
    with pytest.raises(SourceError, match="asks to wait 51,000 s"):
        books.sync()


def test_a_refresh_token_is_good_once_and_the_next_is_kept_for_the_owner_alone(database: str, tmp_path: Path) -> None:
    with XeroStub("refresh-0", tenant="t-1") as stub:
        connection = {"url": stub.url, "identity_url": stub.url, "client_id": "client", "tenant_id": "t-1"}
        stub.contact("ANA")
        given = {**SECRETS, "refresh_token": "refresh-0"}
        with connected(tmp_path, "xero", connection, given, name="books", company_id="acme") as books:
            books.sync()
            kept = get_settings().home / "secrets" / "books.oauth.yaml"
            assert "refresh-1" in kept.read_text() and kept.stat().st_mode & 0o077 == 0
            books.sync()
            assert "refresh-2" in kept.read_text()
            # revoked: said so without the token, and a new one that a person gives is taken
            stub.tokens.refresh_token = "by-hand"
            with pytest.raises(SourceError, match="invalid_grant") as raised:
                books.sync()
            assert "refresh-2" not in str(raised.value)
        given["refresh_token"] = "by-hand"
        with connected(tmp_path, "xero", connection, given, name="books", company_id="acme") as books:
            assert books.sync()["contacts"].is_unchanged
            assert "refresh-3" in kept.read_text()
