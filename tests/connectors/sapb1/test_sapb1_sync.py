"""SAP Business One, as its stub behaves: sessions, pages, what changed, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.sapb1_stub import PASSWORD, ServiceLayer

from cartera.errors import GateFailed, SourceError


@pytest.fixture
def stub() -> Iterator[ServiceLayer]:
    with ServiceLayer() as made:
        made.customer("ANA")
        made.customer("LUZ")
        yield made


@pytest.fixture
def erp(stub: ServiceLayer, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": f"{stub.url}/b1s/v2", "company_db": "SBO_ACME", "user": "reader"}
    with connected(tmp_path, "sapb1", connection, {"password": PASSWORD}, company_id="acme", page_size="10") as made:
        yield made


def test_pages_meet_without_a_gap_where_all_changed_on_one_day(stub: ServiceLayer, erp: Connected) -> None:
    for _ in range(35):
        stub.invoice("ANA", "10.10")
    report = erp.sync()["invoices"]
    assert (report.rows_new, report.rows_repeated) == (35, 0)
    assert erp.current("invoices", "DocTotal", "currency", "cartera_company_id")["7"] == (
        Decimal("10.10"), "PEN", "acme")  # fmt: skip
    assert {report.load_id for report in erp.sync().values()} == {None}
    # later, one of them changes on a day on which more than a page is new
    stub.today += dt.timedelta(days=5)
    for _ in range(25):
        stub.invoice("LUZ", "5.00")
    stub.tables["Invoices"][3].update(CardName="renamed", UpdateDate="2026-03-06T00:00:00Z")
    stub.requests.clear()
    report = erp.sync()["invoices"]
    assert (report.rows_new, report.rows_changed) == (25, 1)
    asked = [
        request.params["$filter"] for request in stub.requests if "UpdateDate" in request.params.get("$filter", "")
    ]
    # the day before the last date of change, and then by number
    assert asked[0] == "UpdateDate ge '2026-02-28'" and "UpdateDate ge '2026-02-28' and DocEntry gt 10" in asked


def test_an_invoice_without_a_date_of_change_is_read_too(stub: ServiceLayer, erp: Connected) -> None:
    for _ in range(12):
        stub.invoice("ANA", "10.00")
    stub.tables["Invoices"][4]["UpdateDate"] = None
    erp.sync()
    assert len(erp.current("invoices")) == 12
    # nothing says when it changes: the table is read whole
    stub.tables["Invoices"][4]["CardName"] = "renamed"
    assert erp.sync()["invoices"].rows_changed == 1


def test_a_session_that_ends_is_begun_again_and_left_at_the_end(stub: ServiceLayer, erp: Connected) -> None:
    for _ in range(25):
        stub.invoice("ANA", "10.00")

    def end(request: object) -> None:
        if "DocEntry gt 20" in getattr(request, "params", {}).get("$filter", ""):
            stub.sessions.clear()
            stub.faults.clear()

    stub.faults += [end] * 40  # type: ignore[list-item]
    assert erp.sync()["invoices"].rows_new == 25
    assert stub.logins == 2 and not stub.sessions


def test_a_wrong_password_is_told_once_and_without_it(
    stub: ServiceLayer, erp: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTERA_SOURCE_ERP_PASSWORD", "not-this-one")
    with pytest.raises(SourceError, match="does not accept the login") as told:
        erp.sync()
    assert "not-this-one" not in str(told.value) and len(stub.requests) == 1


def test_the_open_balance_of_each_customer_is_the_systems_own(stub: ServiceLayer, erp: Connected) -> None:
    two = stub.invoice("ANA", "100.00", [("2026-04-01", "60.00"), ("2026-05-01", "40.00")])
    one = stub.invoice("ANA", "50.05")
    paid = stub.invoice("LUZ", "33.33")
    void = stub.invoice("LUZ", "44.44")
    part = stub.payment("ANA", "70.00", [("it_Invoice", two, 2, "40.00"), ("it_Invoice", two, 1, "30.00")])
    # too much: 10 stay on account
    over = stub.payment("LUZ", "40.00", [("it_Invoice", paid, 1, "30.00")])
    note = stub.credit_note("LUZ", "3.33", paid)
    loose = stub.credit_note("ANA", "20.00")
    agrees(stub, erp)
    instalments = dict(erp.rows("select item_id, open_amount from serve.fct_open_items where due_date is not null"))
    assert instalments == {
        f"erp:13:{two}:1": Decimal(30), f"erp:13:{one}:1": Decimal("50.05"), f"erp:13:{void}:1": Decimal("44.44"),
    }  # fmt: skip
    stub.today += dt.timedelta(days=1)
    # a credit memo pays with money; the money on account is matched by hand; and three things are taken back
    stub.payment("ANA", "30.05", [("it_Invoice", one, 1, "50.05"), ("it_CredItnote", loose, 0, "20.00")])
    matched = stub.reconcile("LUZ", [("13", void, "codDebit", "10.00"), ("24", over, "codCredit", "10.00")])
    erp.sync()
    stub.cancel_reconciliation(matched)
    stub.cancel_payment(part)
    stub.cancel_invoice(void)
    other_currencies(stub)
    left = other_entries(stub)
    agrees(stub, erp)
    assert (stub.balance("ANA"), stub.balance("LUZ")) == (Decimal(100), Decimal(-10))
    assert open_by_currency(erp, "EVA") == {"PEN": Decimal(5), "USD": Decimal(-10)}
    assert open_by_currency(erp, "MAR") == {"PEN": Decimal(100) - stub.paid(left)} == {"PEN": Decimal(3)}
    assert erp.current("credit_notes", "CardCode")[str(note)] == ("LUZ",)


def test_a_payment_in_another_currency_without_its_rate_stops_no_other(stub: ServiceLayer, erp: Connected) -> None:
    stub.invoice("ANA", "100.00")
    for _ in range(12):
        stub.payment("ANA", "1.00", [])
    stub.payment("LUZ", "187.50", [], rate="3.75", DocRate=Decimal("0.0"))
    assert erp.sync()["incoming_payments"].rows_quarantined == 1
    erp.publish(dt.date(2026, 6, 30))
    assert erp.open_balances() == {"erp:ANA": Decimal(88)}


def test_what_is_paid_back_to_a_customer_counts(stub: ServiceLayer, erp: Connected) -> None:
    stub.invoice("ANA", "100.00")
    on_account, note = stub.payment("LUZ", "40.00", []), stub.credit_note("LUZ", "20.00")
    # of the money 25, of the note 20; and 15 without saying for what, later reconciled with the rest of the money
    back = {"table": "VendorPayments"}
    stub.payment("LUZ", "45.00", [("it_Receipt", on_account, 0, "25.00"), ("it_CredItnote", note, 0, "20.00")], **back)
    loose = stub.payment("LUZ", "18.00", [], **back)
    # an invoice and a larger note: only the difference is paid
    owed, larger = stub.invoice("ANA", "30.00"), stub.credit_note("ANA", "50.00")
    lines = [("it_Invoice", owed, 1, "30.00"), ("it_CredItnote", larger, 0, "50.00")]
    stub.payment("ANA", "20.00", lines, **back)
    # cancelled
    stub.payment("ANA", "9.00", [], **back, Cancelled="tYES")
    agrees(stub, erp)
    assert (stub.balance("ANA"), stub.balance("LUZ")) == (Decimal(100), Decimal(3))
    stub.reconcile("LUZ", [("46", loose, "codDebit", "15.00"), ("24", on_account, "codCredit", "15.00")])
    agrees(stub, erp)
    refunds = "select reason, sum(refunded_amount) from serve.fct_refunds group by 1"
    assert erp.rows(refunds) == [("outgoing payment", Decimal(65))]
    left = "select item_id, open_amount from serve.fct_open_items where open_amount <> 0 order by 1"
    assert erp.rows(left) == [("erp:13:1:1", Decimal(100)), (f"erp:46:{loose}:1", Decimal(3))]


def test_the_field_that_is_named_is_the_reference_of_a_customer(stub: ServiceLayer, erp: Connected) -> None:
    stub.tables["BusinessPartners"]["ANA"].update(AdditionalID="cus_9", U_Shop="77")
    stub.tables["BusinessPartners"]["LUZ"]["U_Shop"] = None
    erp.sync()
    assert erp.current("business_partners", "customer_reference") == {"ANA": ("cus_9",), "LUZ": (None,)}
    # nothing changed there, but another field is asked for: all is read anew
    erp.source.connection["customer_reference"] = "U_Shop"
    erp.sync()
    assert erp.current("business_partners", "customer_reference") == {"ANA": ("77",), "LUZ": (None,)}


def test_what_journal_entries_book_on_customers_is_owed_and_settles(stub: ServiceLayer, erp: Connected) -> None:
    """And the control total has it: the books agree with what is read."""
    opening = stub.journal(("ANA", "25.00"), kind="ttOpeningBalance")
    debt, credit = stub.journal(("ANA", "40.00")), stub.journal(("LUZ", "-30.00"))
    # of nobody who owes us: wages, a supplier; and an entry that belongs to a document
    stub.journal(("6210", "900.00"))
    stub.journal(("SUPPLIER", "-70.00"))
    stub.journal(("ANA", "500.00"), kind="ttARInvoice")
    taken_back, back = stub.journal(("LUZ", "8.00")), stub.journal(("LUZ", "-8.00"))
    stub.reconcile("LUZ", [("30", taken_back, "codDebit", "8.00"), ("30", back, "codCredit", "8.00")], "rtReversal")
    invoice = stub.invoice("LUZ", "100.00")
    stub.reconcile("LUZ", [("13", invoice, "codDebit", "20.00"), ("30", credit, "codCredit", "20.00")])
    # a payment pays the opening balance whole, and the rest of the credit pays the invoice with money
    lines = [("it_OpeningBalance", opening, 0, "25.00"), ("it_JournalEntry", debt, 0, "2.00")]
    stub.payment("ANA", "27.00", lines)
    stub.payment("LUZ", "5.00", [("it_Invoice", invoice, 1, "15.00"), ("it_JournalEntry", credit, 0, "10.00")])
    agrees(stub, erp)
    assert (stub.balance("ANA"), stub.balance("LUZ")) == (Decimal(38), Decimal(65))
    left = "select item_id, open_amount from serve.fct_open_items where open_amount <> 0 order by 1"
    assert erp.rows(left) == [(f"erp:13:{invoice}:1", Decimal(65)), (f"erp:30:{debt}:0:1", Decimal(38))]
    assert len(erp.current("journal_entries")) == 5
    controls = "select control_amount from serve.fct_control_totals where recorded_to = '9999-12-31 00:00:00+00'"
    assert erp.rows(controls) == [(Decimal(103),)]

    # one in dollars is owed in dollars, and what the balances are in no one says any more
    stub.journal(("ANA", "10.00"), rate="3.75")
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    assert open_by_currency(erp, "ANA") == {"PEN": Decimal(38), "USD": Decimal(10)}
    assert erp.rows(controls) == [(None,)]


def test_an_open_down_payment_does_not_tie_and_foreign_documents_leave_nothing_to_compare(
    stub: ServiceLayer, erp: Connected
) -> None:
    stub.invoice("ANA", "100.00")
    stub.down_payments["ANA"] = Decimal("25.00")
    erp.sync()
    with pytest.raises(GateFailed, match=r"books of erp state 125\.0* receivable but its records give 100\.0*, -25"):
        erp.publish(dt.date(2026, 6, 30))
    stub.invoice("LUZ", "10.00", rate="3.75")
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    assert erp.open_balances() == {"erp:ANA": Decimal(100), "erp:LUZ": Decimal(10)}


def agrees(stub: ServiceLayer, erp: Connected) -> None:
    """By customer, and - the gate refuses anything else - by invoice, as PaidToDate says."""
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    found = erp.open_balances()
    assert [found[f"erp:{name}"] for name in ("ANA", "LUZ")] == [stub.balance(name) for name in ("ANA", "LUZ")]


def other_currencies(stub: ServiceLayer) -> None:
    """Debts are settled in their currency whatever they are paid in."""
    stub.customer("EVA")
    dollars = stub.invoice("EVA", "100.00", rate="3.75")
    soles = stub.invoice("EVA", "80.00")
    # 375 soles pay 100 dollars; 75 pay the other in part
    stub.payment("EVA", "450.00", [("it_Invoice", dollars, 1, "100.00"), ("it_Invoice", soles, 1, "75.00")])
    again = stub.invoice("EVA", "40.00", rate="3.75")
    # 50 dollars, of which 10 stay on account
    stub.payment("EVA", "187.50", [("it_Invoice", again, 1, "40.00")], rate="3.75")


def other_entries(stub: ServiceLayer) -> int:
    """What settles and is not read counts too; the invoice of which 3 are left."""
    stub.customer("MAR")
    # a journal entry settles 25 of an invoice, a payment 70, a cash discount 2
    invoice = stub.invoice("MAR", "100.00")
    stub.reconcile("MAR", [("13", invoice, "codDebit", "25.00"), ("30", 9, "codCredit", "25.00")])
    discount = stub.payment("MAR", "70.00", [("it_Invoice", invoice, 1, "70.00")])
    stub.tables["IncomingPayments"][discount]["PaymentInvoices"][0]["TotalDiscount"] = Decimal("2.00")
    stub.reconcile("MAR", [("13", invoice, "codDebit", "2.00"), ("24", discount, "codCredit", "2.00")], "rtPayment")
    # money on account that an outgoing payment pays back, and that a down payment uses
    on_account = stub.payment("MAR", "30.00", [])
    stub.reconcile("MAR", [("46", 4, "codDebit", "30.00"), ("24", on_account, "codCredit", "30.00")])
    stub.payment("MAR", "15.00", [("it_DownPayment", 3, 1, "15.00")])
    return invoice


def open_by_currency(erp: Connected, customer: str) -> dict[str, Decimal]:
    return dict(
        erp.rows(
            "select currency_code, sum(open_amount) from serve.fct_open_items where customer_id = %s group by 1",
            [f"erp:{customer}"],
        )
    )
