"""Mercado Pago, as its stub behaves: what is read, what changes later, and what the payers owe at each point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.mercadopago_stub import ACCOUNT, TOKEN, MercadoPago
from support.stub_server import Reply, json_reply

from cartera.errors import SourceError
from cartera.landing import LoadReport


@pytest.fixture
def stub() -> Iterator[MercadoPago]:
    with MercadoPago() as made:
        yield made


@pytest.fixture
def gateway(stub: MercadoPago, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": stub.url, "start_date": "2026-01-01"}
    companies = {str(ACCOUNT): "acme"}
    with connected(
        tmp_path, "mercadopago", connection, {"access_token": TOKEN}, "mp", companies=companies, page_size="10"
    ) as made:
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def on_account(gateway: Connected, known_at: dt.datetime) -> dict[str, Decimal]:
    """customer_id -> what was open as it was known then."""
    statement = (
        "select customer_id, sum(open_amount) from serve.open_items('2026-06-30', %s)"
        " group by 1 having sum(open_amount) <> 0"
    )
    return dict(gateway.rows(statement, [known_at]))


def documents(gateway: Connected, known_at: dt.datetime) -> list[str]:
    statement = "select document_number from serve.open_items('2026-06-30', %s) where open_amount <> 0 order by 1"
    return [number for (number,) in gateway.rows(statement, [known_at])]


def test_the_first_reading_is_whole_and_the_next_brings_what_changed(stub: MercadoPago, gateway: Connected) -> None:
    for number in range(1, 36):
        stub.pay(number, "100.10", f"INV-{number}")
        stub.tick()
    stub.pay(90, "5.00", "our own purchase", collector_id=777)
    stub.tick(600)
    assert counts(gateway.sync()["payments"]) == (35, 0, 0, 0)
    found = gateway.current("payments", "transaction_amount", "fee_amount", "payer_identification", "approved_date",
                            "cartera_company_id")  # fmt: skip
    # 22:36 there is the next day in UTC
    assert found["7"] == (Decimal("100.10"), Decimal("4.10"), "20-ana", dt.date(2026, 3, 1), "acme")
    assert {report.load_id for report in gateway.sync().values()} == {None}
    asked = len(stub.requests)
    stub.pay(36, "7.00", None)
    stub.refund(3, 501, "10.00")
    assert counts(gateway.sync()["payments"]) == (1, 1, 0, 0)
    assert len(stub.requests) - asked <= 7
    stub.change(3, build_version="2.106.0")
    stub.payments[3]["date_last_updated"] = stub.payments[36]["date_last_updated"]
    assert gateway.sync()["payments"].is_unchanged


def test_more_payments_in_one_moment_than_a_page_holds(stub: MercadoPago, gateway: Connected) -> None:
    stub.furthest = 30
    for number in range(1, 73):
        stub.pay(number, "1.00", None)
        if number % 24 == 0:
            stub.tick(1)
    assert counts(gateway.sync()["payments"]) == (72, 0, 0, 0)
    for number in range(100, 145):
        stub.pay(number, "1.00", None)
    with pytest.raises(SourceError, match="Invalid value for offset"):
        gateway.sync()


def test_a_payment_that_changes_while_pages_are_read_is_not_missed(stub: MercadoPago, gateway: Connected) -> None:
    for number in range(1, 61):
        stub.pay(number, "1.00", None)
        if number % 20 == 0:
            stub.tick(1)
    moved = []

    def change_one(request: object) -> None:
        if "payments" in getattr(request, "path", "") and len(moved) < 5:
            moved.append(len(moved) + 1)
            stub.tick(1)
            stub.change(moved[-1], status_detail="changed")
            stub.change(60 - moved[-1], status_detail="changed")

    stub.faults += [change_one] * 12  # type: ignore[list-item]
    report = gateway.sync()["payments"]
    assert len(moved) == 5 and report.rows_new == 60 and report.rows_quarantined == 0
    found = gateway.current("payments", "status_detail")
    assert {found[str(number)] for number in (*range(1, 6), *range(55, 60))} == {("changed",)}


def test_what_the_payers_have_on_account_follows_refunds_and_chargebacks(stub: MercadoPago, gateway: Connected) -> None:
    stub.pay(1, "100.00", "INV-1")
    stub.pay(2, "50.00", "INV-2", "luz")
    stub.pay(3, "30.00", "INV-3", status="rejected", date_approved=None)
    stub.pay(4, "20.00", "INV-4", status="pending", date_approved=None)
    stub.pay(5, "1000.00", None, operation_type="account_fund")
    stub.pay(6, "40.00", None, "eva")
    stub.refund(1, 501, "10.00")
    stub.refund(1, 502, "5.00", "in_process")
    stub.charge_back("C1", 2)
    # a case of two payments, whose amount is that of both; and one amount that comes as text
    stub.pay(9, "60.00", None, "eva")
    stub.charge_back("C2", 6, payments=[6, 9], amount="100.00")
    stub.change(9, status="charged_back")
    stub.pay(10, "70.00", "INV-10", "won")
    stub.charge_back("C3", 10)
    gateway.sync()
    first = gateway.now
    # later: paid in cash after all, the pending refund refused, the rest given back, one chargeback covered, one refund
    # that the list hides, and payers whose data is masked
    stub.tick(86_400)
    stub.change(4, status="approved", date_approved=stub.written)
    stub.refund(1, 502, "5.00", "rejected")
    stub.refund(1, 503, "90.00")
    stub.cover("C1")
    stub.change(10, status="approved", status_detail="accredited")
    stub.change(2, transaction_amount_refunded=Decimal(15))
    stub.pay(7, "10.00", None, payer={"id": "ana-1", "email": "XXXXXXXXXXX", "identification": None})
    stub.pay(8, "3.00", None, payer=None)
    gateway.sync()
    assert gateway.current("payments", "payer_id", "payer_email")["7"] == ("ana-1", None)
    gateway.publish(dt.date(2026, 6, 30))
    assert on_account(gateway, first) == {"mp:ana-1": Decimal(-90)}
    assert documents(gateway, first) == ["6", "9", "C1", "C2", "C3", "INV-1", "INV-10", "INV-2"]
    assert gateway.open_balances() == {
        "mp:ana-1": Decimal(-30), "mp:luz-1": Decimal(-35), "mp:unknown": Decimal(-3), "mp:won-1": Decimal(-70)
    }  # fmt: skip
    # the one that was won without a word of it has a history: on its first day the money was gone
    then = "select coalesce(sum(open_amount), 0) from serve.open_items('2026-03-01', %s) where customer_id = 'mp:won-1'"
    assert gateway.rows(then, [gateway.now]) == [(Decimal(0),)]
    found = gateway.rows(
        "select customer_id, name, tax_id, email from serve.dim_customers"
        " where recorded_to = '9999-12-31 00:00:00+00' order by 1"
    )
    assert found == [
        ("mp:ana-1", "Ana Quispe", "20-ana", "ana@example.com"),
        ("mp:eva-1", "Eva Quispe", "20-eva", "eva@example.com"),
        ("mp:luz-1", "Luz Quispe", "20-luz", "luz@example.com"),
        ("mp:unknown", "unknown", None, None),
        ("mp:won-1", "Won Quispe", "20-won", "won@example.com"),
    ]


def test_settlement_reports_are_read_once(stub: MercadoPago, gateway: Connected) -> None:
    line = "INV-1;1;446566691;SETTLEMENT;100.00;PEN;2026-03-01T22:30:00.000-04:00;-4.10;95.90;;95.90;0.00"
    stub.report("settlement-1.csv", line)
    stub.report("settlement-1.xlsx")
    stub.tick(3_600)
    stub.report("settlement-2.csv", line, line.replace("SETTLEMENT;100.00", "REFUND;-10.00").replace(";-4.10", ";"))
    assert counts(gateway.sync()["settlement_report"]) == (3, 0, 0, 0)
    found = gateway.current("settlement_report", "transaction_type", "transaction_amount", "fee_amount")
    assert found["settlement-2.csv:2"] == ("REFUND", Decimal(-10), None)
    stub.tick(3_600)
    stub.report("settlement-3.csv", line)
    asked = len(stub.requests)
    assert counts(gateway.sync()["settlement_report"]) == (1, 0, 0, 0)
    files = [request.path for request in stub.requests[asked:] if request.path.endswith(".csv")]
    assert [path.rpartition("/")[2] for path in files] == ["settlement-2.csv", "settlement-3.csv"]
    stub.reports["settlement-3.csv"] = (stub.reports["settlement-3.csv"][0], "A;B\n1;2\n")
    with pytest.raises(SourceError, match="no column 'transaction_type'"):
        gateway.sync()


def test_an_error_with_status_200_and_a_refused_token_land_nothing(stub: MercadoPago, gateway: Connected) -> None:
    stub.pay(1, "10.00", None)
    stub.fail(json_reply({"message": "internal", "error": "internal_server_error", "status": 500}))
    with pytest.raises(SourceError, match="internal_server_error"):
        gateway.sync()
    stub.fail(Reply(429, headers={"Retry-After": "0"}), Reply(401, b'{"message": "expired ' + TOKEN.encode() + b'"}'))
    with pytest.raises(SourceError) as caught:
        gateway.sync()
    assert "does not accept the login" in str(caught.value) and TOKEN not in str(caught.value)
    assert gateway.current("payments") == {} and counts(gateway.sync()["payments"]) == (1, 0, 0, 0)
