"""ERPNext, as its stub behaves: what is read, what changed, what is gone, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.erpnext_stub import ErpNext

from cartera.landing import LoadReport

SECRETS = {"api_secret": "s3cr3t-of-erpnext"}


@pytest.fixture
def stub() -> Iterator[ErpNext]:
    with ErpNext() as made:
        made.customer("ANA")
        made.customer("LUZ")
        made.tick()
        yield made


@pytest.fixture
def erp(stub: ErpNext, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection, companies = {"url": stub.url, "api_key": "key"}, {"Acme S.A.": "acme"}
    with connected(
        tmp_path, "erpnext", connection, SECRETS, companies=companies, company_id="acme", page_size="10"
    ) as made:
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def test_the_first_reading_is_whole_and_the_next_brings_what_changed(stub: ErpNext, erp: Connected) -> None:
    for number in range(35):
        stub.invoice(f"I{number:02}", "ANA", "10.10")
    assert counts(erp.sync()["sales_invoice"]) == (35, 0, 0, 0)
    assert erp.current("sales_invoice", "grand_total", "cartera_company_id")["I07"] == (Decimal("10.10"), "acme")
    again = erp.sync()
    assert {report.load_id for report in again.values()} == {None}
    stub.tick()
    stub.invoice("I35", "LUZ", "20.00")
    stub.payment("P1", "ANA", "10.10", {"I03": "10.10"})
    found = erp.sync()
    assert counts(found["sales_invoice"]) == (1, 1, 0, 0)
    assert counts(found["payment_entry"]) == (1, 0, 0, 0)


def test_a_change_in_the_very_moment_of_the_last_reading_is_not_missed(stub: ErpNext, erp: Connected) -> None:
    stub.invoice("I5", "ANA", "10.00")
    erp.sync()
    # the clock there stands still: a later record with the same moment and a smaller key
    stub.invoice("I1", "ANA", "20.00")
    assert counts(erp.sync()["sales_invoice"]) == (1, 0, 0, 0)
    assert set(erp.current("sales_invoice")) == {"I1", "I5"}


def test_a_record_that_is_saved_while_pages_are_read_lands_once_as_it_is_last(stub: ErpNext, erp: Connected) -> None:
    for number in range(40):
        stub.invoice(f"I{number:02}", "ANA", "10.00")
        stub.tick(1)
    seen = []

    def save_one(request: object) -> None:
        if "Sales%20Invoice" in getattr(request, "path", "") and len(seen) < 3:
            seen.append(request)
            stub.save("Sales Invoice", f"I0{len(seen)}", customer_name=f"renamed {len(seen)}")
            stub.delete("Sales Invoice", f"I3{len(seen)}")
            stub.tick(1)

    stub.faults += [save_one] * 30  # type: ignore[list-item]
    report = erp.sync()["sales_invoice"]
    assert len(seen) == 3 and report.rows_in == report.rows_new == len(erp.current("sales_invoice"))
    # the first was saved before it was read
    assert report.rows_repeated == 2 and report.rows_quarantined == 0
    assert set(stub.tables["Sales Invoice"]) <= set(erp.current("sales_invoice"))
    assert erp.current("sales_invoice", "customer_name")["I02"] == ("renamed 2",)


def test_what_is_deleted_there_is_found_by_comparing_keys(stub: ErpNext, erp: Connected) -> None:
    for number in range(30):
        stub.invoice(f"I{number:02}", "ANA", "10.00")
    erp.sync()
    stub.delete("Sales Invoice", "I07")
    assert counts(erp.sync()["sales_invoice"]) == (0, 0, 0, 0)
    erp.now += dt.timedelta(hours=24)
    assert counts(erp.sync()["sales_invoice"]) == (0, 0, 1, 0)
    assert "I07" not in erp.current("sales_invoice")
    assert erp.sync()["sales_invoice"].is_unchanged


def test_the_open_balance_of_each_customer_is_the_systems_own(stub: ErpNext, erp: Connected) -> None:
    stub.invoice("I1", "ANA", "100.00", [("2026-04-01", "60.00"), ("2026-05-01", "40.00")])
    stub.invoice("I2", "ANA", "50.05")
    stub.invoice("I3", "LUZ", "33.33")
    stub.invoice("I4", "LUZ", "44.44")
    stub.tick()
    stub.payment("P1", "ANA", "70.00", {"I1": "70.00"})
    stub.payment("P2", "ANA", "10.00", {"I2": "10.00"})
    stub.credit_note("C1", "I3", "3.33")
    agrees(stub, erp)
    stub.tick()
    # un-paid, credited on its own account, cancelled, and deleted as a draft
    stub.cancel("Payment Entry", "P2")
    stub.credit_note("C2", "I1", "5.00", for_self=True)
    stub.cancel("Sales Invoice", "I4")
    stub.invoice("I5", "LUZ", "9.99", docstatus=0)
    agrees(stub, erp)
    assert erp.open_balances() == {"erp:ANA": Decimal("75.05"), "erp:LUZ": Decimal("30.00")}


def test_what_is_paid_at_the_counter_is_paid(stub: ErpNext, erp: Connected) -> None:
    """Whole with change, in part with a cent written off, a draft, and a return that gives the money back."""
    paid = {"is_pos": 1, "change_amount": Decimal("0.0"), "write_off_amount": Decimal("0.0")}
    stub.invoice("I1", "ANA", "47.50", **{**paid, "paid_amount": Decimal("50.0"), "change_amount": Decimal("2.5")})
    stub.invoice("I2", "LUZ", "100.00", **{**paid, "paid_amount": Decimal(60), "write_off_amount": Decimal("0.01")})
    stub.invoice("I3", "LUZ", "10.00", docstatus=0, **{**paid, "paid_amount": Decimal(10)})
    # not of the point of sale: the field only sums up
    stub.invoice("I4", "ANA", "30.00", is_pos=0, paid_amount=Decimal(30))
    stub.tick()
    stub.credit_note("C1", "I1", "20.00", **{**paid, "paid_amount": Decimal(-20)})
    agrees_with_the_ledger(stub, erp)
    assert erp.open_balances() == {"erp:ANA": Decimal(30), "erp:LUZ": Decimal("39.99")}
    assert stub.outstanding("LUZ") == Decimal("39.99")
    stub.tick()
    stub.cancel("Sales Invoice", "C1")
    stub.cancel("Sales Invoice", "I2")
    agrees_with_the_ledger(stub, erp)
    assert erp.open_balances() == {"erp:ANA": Decimal(30)}


def test_journal_entries_refunds_and_credit_notes_count_as_the_ledger_has_them(stub: ErpNext, erp: Connected) -> None:
    for number in range(1, 8):
        stub.invoice(f"I{number}", "ANA" if number < 6 else "LUZ", "100.00")
    stub.credit_note("C1", "I1", "30.00", for_self=True)
    stub.credit_note("C2", "I2", "50.00", for_self=True)
    stub.credit_note("C3", "I6", "20.00", for_self=True)
    # bank money, a write-off, a credit note reconciled with another invoice, and an opening balance with money of it
    stub.journal("J1", (None, "60.00", ""), ("ANA", "-60.00", "I1"))
    stub.journal("J2", (None, "5.00", ""), ("ANA", "-5.00", "I2"), voucher_type="Write Off Entry")
    stub.journal("J3", ("ANA", "30.00", "C1"), ("ANA", "-30.00", "I3"), voucher_type="Credit Note")
    stub.journal("J4", ("LUZ", "500.00", ""), (None, "-500.00", ""), voucher_type="Opening Entry")
    stub.journal("J5", (None, "7.00", ""), ("LUZ", "-7.00", ""))
    agrees_with_the_ledger(stub, erp)
    stub.tick()
    # a credit note that lowers what is paid, one paid back, money paid back, a debt of an entry paid, a deduction
    stub.payment("P1", "ANA", "50.00", {"I4": "100.00", "C2": "-50.00"})
    stub.payment("P2", "LUZ", "20.00", {"C3": "-20.00"}, payment_type="Pay")
    stub.payment("P3", "LUZ", "3.00", {}, payment_type="Pay")
    stub.payment("P4", "LUZ", "150.00", {"J4": "150.00"})
    stub.payment("P5", "ANA", "98.00", {"I5": "100.00"}, deducted="2.00")
    stub.cancel("Journal Entry", "J1")
    rate = {"from_currency": "USD", "to_currency": "PEN", "exchange_rate": Decimal("3.75"), "for_selling": 1}
    stub.save("Currency Exchange", "2026-03-01-USD-PEN", date="2026-03-01", **rate)
    agrees_with_the_ledger(stub, erp)
    # as from version 16 on
    stub.is_16 = True
    erp.sync()
    assert erp.open_balances() == {"erp:ANA": Decimal(265), "erp:LUZ": Decimal(546)}
    assert erp.rows("select sum(written_off_amount) from serve.fct_write_offs") == [(Decimal(5),)]
    assert erp.rows("select reason, refunded_amount from serve.fct_refunds order by 2") == [
        ("payment entry", Decimal(3)), ("payment entry", Decimal(20))]  # fmt: skip
    rates = "select currency_code, company_currency_code, rate from serve.fct_fx_rates"
    assert erp.rows(rates) == [("USD", "PEN", Decimal("3.75"))]


def agrees_with_the_ledger(stub: ErpNext, erp: Connected) -> None:
    """By customer, and - the gate refuses anything else - by invoice and with the sum of the GL entries."""
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    theirs = {f"erp:{name}": stub.ledger(name) for name in ("ANA", "LUZ")}
    assert erp.open_balances() == {name: amount for name, amount in theirs.items() if amount}
    totals = "select control_amount from serve.fct_control_totals where recorded_to > '9999-01-01'"
    assert erp.rows(totals) == [(stub.ledger(),)]


def agrees(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    assert erp.open_balances() == {f"erp:{name}": stub.outstanding(name) for name in ("ANA", "LUZ")}


def test_a_debt_is_in_the_currency_of_the_receivable_account(stub: ErpNext, erp: Connected) -> None:
    usd = {"currency": "USD", "conversion_rate": Decimal("3.75"), "base_grand_total": Decimal("375.00")}
    stub.invoice("U1", "ANA", "100.00", **usd, party_account_currency="USD")
    stub.invoice("U2", "ANA", "100.00", **usd, outstanding_amount=Decimal("375.00"))
    stub.tables["Sales Invoice"]["U2"]["outstanding_amount"] = Decimal("375.00")
    for row in stub.tables["Sales Invoice"]["U2"]["payment_schedule"]:
        row["base_payment_amount"] = Decimal("375.00")
    erp.sync()
    erp.publish(dt.date(2026, 6, 30))
    found = erp.rows("select currency_code, sum(open_amount) from serve.fct_open_items group by 1")
    assert dict(found) == {"USD": Decimal(100), "PEN": Decimal(375)}
