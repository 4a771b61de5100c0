"""Stripe, as its stub behaves: what is read, what changed, what is gone, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.stripe_stub import KEY, StripeStub

from cartera.landing import LoadReport


@pytest.fixture
def stub() -> Iterator[StripeStub]:
    with StripeStub() as made:
        made.customer("ANA")
        made.customer("LUZ")
        made.tick()
        yield made


@pytest.fixture
def stripe(stub: StripeStub, database: str, tmp_path: Path) -> Iterator[Connected]:
    with connected(
        tmp_path, "stripe", {"url": stub.url}, {"api_key": KEY}, name="pay", company_id="acme", page_size="10"
    ) as made:
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def test_the_first_reading_is_whole_and_the_next_brings_what_changed(stub: StripeStub, stripe: Connected) -> None:
    for _ in range(35):
        stub.invoice("ANA", 1010)
    assert counts(stripe.sync()["invoice"]) == (35, 0, 0, 0)
    columns = ("amount_remaining", "cartera_company_id", "currency")
    assert stripe.current("invoice", *columns)["in_0007"] == (Decimal("10.10"), "acme", "usd")
    stub.tick(3600)
    assert {report.load_id for report in stripe.sync().values()} == {None}
    stub.tick(3600)
    stub.invoice("LUZ", 2000)
    stub.pay("in_0007")
    stub.change("customer", "cus_LUZ", "customer.updated", name="Luz S.A.")
    asked = len(stub.requests)
    found = stripe.sync()
    assert counts(found["invoice"]) == (1, 1, 0, 0)
    assert [counts(found[name]) for name in ("charge", "payment_intent")] == [(1, 0, 0, 0)] * 2
    assert stripe.current("customer", "name", "tax_id")["cus_LUZ"] == ("Luz S.A.", "20123456789")
    # an old invoice was read by its id, nothing was read whole, and all at the version that we know
    asked_now = stub.requests[asked:]
    assert [request.path for request in asked_now if request.path.startswith("/v1/invoices/")] == [
        "/v1/invoices/in_0007"
    ]
    assert not [request for request in asked_now if "starting_after" in request.params]
    assert {request.headers["stripe-version"] for request in stub.requests} == {"2025-03-31.basil"}


def units(amount: int) -> Decimal:
    return Decimal(amount) / 100


def test_the_open_balance_of_each_customer_is_what_stripe_says_remains(stub: StripeStub, stripe: Connected) -> None:
    in_full, in_parts, by_hand, credited, void, lost = (stub.invoice("ANA", total)["id"] for total in
                                                         (10000, 5005, 3333, 4444, 700, 900))  # fmt: skip
    stub.invoice("LUZ", 2000, status="draft")
    stub.tick()
    paid = stub.pay(in_full)
    stub.pay(in_parts, 2000)
    stub.credit_note(credited, 444)
    agrees(stub, stripe)
    assert stripe.open_balances()["pay:cus_ANA"] == units(3005 + 3333 + 4000 + 700 + 900)
    stub.tick(3600)
    # given back, paid outside of Stripe, the rest by another card, and what is never paid
    stub.refund(paid["id"], 2500)
    stub.pay_out_of_band(by_hand)
    stub.credit_note(void, 200)
    stub.mark(void, "void", "voided_at")
    stub.mark(lost, "uncollectible", "marked_uncollectible_at")
    stub.pay(in_parts)
    agrees(stub, stripe)
    assert stripe.open_balances() == {"pay:cus_ANA": Decimal(40)}
    assert stripe.rows("select count(*) from serve.fct_ledger_entries where entry_type = 'refunded'") == [(1,)]
    stub.tick(3600)
    stub.pay(lost)
    agrees(stub, stripe)


def agrees(stub: StripeStub, stripe: Connected) -> None:
    stripe.sync()
    stripe.publish(dt.date(2026, 6, 30))
    said = {f"pay:cus_{name}": units(stub.outstanding(name)) for name in ("ANA", "LUZ")}
    assert stripe.open_balances() == {customer: amount for customer, amount in said.items() if amount}
