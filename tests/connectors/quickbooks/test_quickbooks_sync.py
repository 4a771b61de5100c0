"""QuickBooks Online, as its stub behaves: what is read, what changed, what is gone, and that the balances are its
own."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.quickbooks_stub import QuickBooksStub, fault
from support.stub_server import json_reply

from cartera.connectors.quickbooks.entities import payment
from cartera.errors import GateFailed, SourceError

SECRETS = {"client_secret": "s3cr3t-of-client", "refresh_token": "refresh-0"}
CUSTOMERS = ("ANA", "LUZ", "LEO")


@pytest.fixture
def stub() -> Iterator[QuickBooksStub]:
    with QuickBooksStub() as made:
        for name in CUSTOMERS:
            made.customer(name)
        made.tick()
        yield made


@pytest.fixture
def books(stub: QuickBooksStub, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": stub.url, "token_url": f"{stub.url}/tokens", "realm_id": "9130", "client_id": "client"}
    with connected(
        tmp_path, "quickbooks", connection, SECRETS, name="books", company_id="acme", page_size="10"
    ) as made:
        yield made


def agrees(stub: QuickBooksStub, books: Connected) -> None:
    books.sync()
    books.publish(dt.date(2026, 6, 30))
    theirs = {f"books:{name}": stub.balance(name) for name in CUSTOMERS}
    assert books.open_balances() == {name: amount for name, amount in theirs.items() if amount}


def totals(books: Connected) -> dict[str, Decimal]:
    return dict(
        books.rows(
            "select currency_code, control_amount from raw_files.controls"
            " where not is_deleted and recorded_to = '9999-12-31 00:00:00+00'"
        )
    )


def test_what_is_booked_on_receivables_and_not_read_does_not_tie(stub: QuickBooksStub, books: Connected) -> None:
    stub.document("Invoice", "1", "ANA", "100.00")
    stub.tables["Account"]["84"]["CurrentBalance"] += Decimal("25.00")  # a check, as a refund, that nothing uses
    books.sync()
    with pytest.raises(GateFailed, match="books of books state 125.00* receivable but its records give 100"):
        books.publish(dt.date(2026, 6, 30))


def test_the_open_balance_of_each_customer_is_the_systems_own(stub: QuickBooksStub, books: Connected) -> None:
    for number in range(1, 9):
        stub.document("Invoice", f"{number}", "ANA" if number % 2 else "LUZ", "100.10")
    stub.document("Invoice", "20", "LEO", "90.00", Deposit=Decimal("15.00"))
    euro = {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": Decimal("1.08")}
    stub.document("Invoice", "21", "LEO", "40.00", **euro)
    stub.document("CreditMemo", "30", "ANA", "55.00")
    stub.document("CreditMemo", "31", "LUZ", "25.00")
    # in part, too much, with a credit memo and money together, with a credit memo alone
    stub.pay("40", "ANA", "60.00", {("Invoice", "1"): "60.00"})
    stub.pay("41", "LUZ", "120.00", {("Invoice", "2"): "100.10"})
    stub.pay("42", "ANA", "120.20", {("Invoice", "3"): "100.10", ("Invoice", "5"): "50.10", ("CreditMemo", "30"): "30"})
    stub.pay("43", "LUZ", "0.00", {("CreditMemo", "31"): "25.00", ("Invoice", "4"): "25.00"})
    stub.pay("44", "LEO", "10.00", {("Invoice", "21"): "10.00"}, **euro)
    # an opening balance, a correction, one customer's debt put on another's account; wages are not for us
    stub.journal("70", ("84", "ANA", "80.00"), ("35", "", "-80.00"))
    stub.journal("71", ("35", "", "12.00"), ("84", "LUZ", "-12.00"))
    stub.journal("72", ("84", "LEO", "7.00"), ("84", "LUZ", "-7.00"))
    stub.journal("73", ("35", "", "900.00"), ("35", "", "-900.00"), PrivateNote="wages")
    stub.pay("47", "ANA", "30.00", {("JournalEntry", "70"): "30.00"})
    stub.pay("48", "LUZ", "0.00", {("JournalEntry", "71"): "8.00", ("Invoice", "4"): "8.00"})
    agrees(stub, books)
    assert totals(books) == {"EUR": Decimal("30.00"), "USD": stub.tables["Account"]["84"]["CurrentBalance"]}
    landed = books.current("journal_entry", "ReceivableAmt", "Receivable", "other")
    assert landed["73"] == (0, [], None) and landed["72"][0] == 0 and len(landed["72"][1]) == 2
    rates = books.rows(
        "select company_currency_code, document_fx_rate from serve.dim_items where currency_code = 'EUR'"
    )
    assert set(rates) == {("USD", Decimal("1.08"))}

    # deleted, voided, applied anew, given back, and used for what is not read
    stub.tick()
    stub.remove("Payment", "40")
    stub.void("Payment", "44")
    stub.remove("Payment", "43")
    stub.pay("45", "LUZ", "0.00", {("CreditMemo", "31"): "10.00", ("Check", "900"): "10.00"})
    stub.pay("41", "LUZ", "120.00", {("Invoice", "2"): "100.10", ("Invoice", "6"): "9.90"})
    stub.pay("46", "ANA", "30.00", {("JournalEntry", "901"): "20.00", ("Invoice", "7"): "10.00"})
    stub.void("Invoice", "8")
    stub.remove("Invoice", "20")
    stub.journal("72", ("84", "LEO", "9.00"), ("84", "LUZ", "-9.00"))
    stub.remove("JournalEntry", "71")
    stub.pay("48", "LUZ", "8.00", {("Invoice", "4"): "8.00"})
    agrees(stub, books)
    assert {"8", "40"} & {*books.current("invoice"), *books.current("payment")} == {"8"}


def test_each_line_says_what_it_uses_and_credit_memos_go_first() -> None:
    links = [("Invoice", "1", "100"), ("CreditMemo", "8", "30"), ("Invoice", "2", "50"), ("CreditMemo", "9", "90")]
    lines = [{"Amount": Decimal(part), "LinkedTxn": [{"TxnId": key, "TxnType": kind}]} for kind, key, part in links]
    found = payment({"Id": "1", "HomeCurrency": "USD", "Line": lines, "UnappliedAmt": Decimal(7)})
    applied = [(one["InvoiceId"], one["CreditMemoId"], one["Amount"]) for one in found["Applied"]]
    assert applied == [("1", "8", 30), ("1", "9", 70), ("2", "9", 20), ("2", None, 30)]
    assert found["SettledAmt"] == 37
    # as one that applies a credit may also be written: both in one line
    both = {
        "Amount": Decimal(5),
        "LinkedTxn": [{"TxnId": "9", "TxnType": "CreditMemo"}, {"TxnId": "1", "TxnType": "Invoice"}],
    }
    found = payment({"Id": "1", "HomeCurrency": "USD", "Line": [both]})
    assert [(one["InvoiceId"], one["CreditMemoId"]) for one in found["Applied"]] == [("1", "9")]


def test_what_is_paid_while_the_open_ones_are_read_again_is_not_missed(stub: QuickBooksStub, books: Connected) -> None:
    for key in ("1", "2"):
        stub.document("Invoice", key, "ANA", "100.00")
    books.sync()

    def meanwhile(request: object) -> None:
        if "Balance > '0'" in getattr(request, "params", {}).get("query", ""):
            stub.faults.clear()
            stub.tick(60)
            stub.pay("40", "ANA", "100.00", {("Invoice", "1"): "100.00"})
            # longer than the overlap
            stub.tick(600)
            stub.save("Invoice", "2", PrivateNote="changed")

    stub.faults += [meanwhile] * 40  # type: ignore[list-item]
    books.sync()
    books.sync()
    assert not stub.faults
    assert books.current("invoice", "Balance", "PrivateNote") == {"1": (0, None), "2": (100, "changed")}


@pytest.mark.parametrize("seed", range(30))
def test_what_a_payment_uses_is_used_once(seed: int) -> None:
    chance = random.Random(seed)
    used = {
        (kind, f"{kind[0]}{number}"): Decimal(chance.randrange(1, 10_000)) / 100
        for kind in ("Invoice", "CreditMemo")
        for number in range(chance.randrange(5))
    }
    lines = [{"Amount": part, "LinkedTxn": [{"TxnId": key, "TxnType": kind}]} for (kind, key), part in used.items()]
    chance.shuffle(lines)
    found = payment({"Id": "1", "HomeCurrency": "USD", "Line": lines, "UnappliedAmt": Decimal("3.50")})
    for (kind, key), part in used.items():
        name = "InvoiceId" if kind == "Invoice" else "CreditMemoId"
        assert sum(one["Amount"] for one in found["Applied"] if one[name] == key) == part
    owed = sum(part for (kind, _key), part in used.items() if kind == "Invoice")
    credit = sum(part for (kind, _key), part in used.items() if kind == "CreditMemo")
    assert found["SettledAmt"] == max(owed - credit, 0) + Decimal("3.50")
    assert len({one["Row"] for one in found["Applied"]}) == len(found["Applied"])


def test_more_changes_in_one_second_than_a_page_and_changes_while_it_is_read(
    stub: QuickBooksStub, books: Connected
) -> None:
    for number in range(40):
        stub.document("Invoice", f"{number:02}", "ANA", "10.00")
        stub.tick(1 if number >= 25 else 0)
    saved = []

    def save_one(request: object) -> None:
        if "from Invoice" in getattr(request, "params", {}).get("query", "") and len(saved) < 5:
            saved.append(request)
            stub.tick(1)
            stub.save("Invoice", f"0{len(saved)}", PrivateNote=f"changed {len(saved)}")

    stub.faults += [save_one] * 60  # type: ignore[list-item]
    books.sync()
    assert len(saved) == 5 and set(books.current("invoice")) == set(stub.tables["Invoice"])
    assert books.current("invoice", "PrivateNote")["05"] == ("changed 5",)
    stub.faults.clear()
    assert {report.load_id for report in books.sync().values()} == {None}


def test_what_was_deleted_too_long_ago_is_found_by_comparing_keys(stub: QuickBooksStub, books: Connected) -> None:
    for number in range(30):
        stub.document("Invoice", f"{number:02}", "ANA", "10.00")
    books.sync()
    stub.delete("Invoice", "07")
    stub.tick(40 * 86_400)
    assert books.sync()["invoice"].rows_deleted == 0
    books.now += dt.timedelta(hours=24)
    assert books.sync()["invoice"].rows_deleted == 1
    assert "07" not in books.current("invoice")


def test_a_balance_that_moves_without_a_date_of_change_is_seen(stub: QuickBooksStub, books: Connected) -> None:
    for number in range(25):
        stub.document("Invoice", f"{number:02}", "ANA", "10.00")
    stub.tick(3600)
    stub.document("Invoice", "99", "ANA", "1.00")
    for number in range(500, 506):
        stub.pay(f"{number}", "LUZ", "5.00", {})
    books.sync()
    stub.dates_move = False
    stub.pay("506", "ANA", "14.00", {("Invoice", "07"): "10.00", ("Invoice", "08"): "4.00"})
    books.sync()
    balances = books.current("invoice", "Balance")
    assert (balances["07"], balances["08"]) == ((Decimal(0),), (Decimal(6),))
    stub.tick()
    stub.remove("Payment", "506")
    books.sync()
    assert set(books.current("invoice", "Balance").values()) == {(Decimal(10),), (Decimal(1),)}


def test_an_inactive_customer_stays_and_money_without_a_currency_is_of_the_books(
    stub: QuickBooksStub, books: Connected
) -> None:
    stub.customer("OLD", Active=False, ParentRef={"value": "ANA"})
    stub.document("Invoice", "1", "OLD", "5.00")
    books.sync()
    assert books.current("customer", "Active", "ParentId", "CurrencyCode")["OLD"] == (False, "ANA", "USD")


def test_the_field_that_is_named_is_the_reference_of_a_customer(stub: QuickBooksStub, books: Connected) -> None:
    stub.save("Customer", "ANA", ResaleNum="cus_9")
    books.sync()
    assert books.current("customer", "CustomerReference")["ANA"] == (None,)
    books.source.connection["customer_reference"] = "ResaleNum"
    books.sync()
    assert books.current("customer", "CustomerReference") == {"ANA": ("cus_9",), "LUZ": (None,), "LEO": (None,)}


def test_an_expired_token_is_renewed_and_a_200_with_a_fault_is_an_error(stub: QuickBooksStub, books: Connected) -> None:
    stub.document("Invoice", "1", "ANA", "10.00")
    stub.faults += [lambda _request: None] * 3 + [lambda _request: stub.tokens.expire()]
    assert books.sync()["invoice"].rows_new == 1
    assert stub.tokens.given == 2 and stub.tokens.refresh_token == "refresh-2"
    stub.document("Invoice", "2", "ANA", "10.00")
    stub.faults += [lambda _request: None] * 2
    stub.fail(json_reply(fault("SystemFault", "An application error has occurred", "10000")))
    with pytest.raises(SourceError, match="SystemFault, An application error"):
        books.sync()
    assert set(books.current("invoice")) == {"1"}
