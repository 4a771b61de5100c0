"""Stripe, as its stub behaves: what is read, what changed, what is gone, and that the balances are its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.stripe_stub import KEY, StripeStub
from support.stub_server import Reply

from cartera.connectors.api import Access
from cartera.connectors.stripe import SYSTEM
from cartera.errors import SourceError
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
    connection, secrets = {"url": stub.url, "account": "acct_1"}, {"api_key": KEY}
    with connected(tmp_path, "stripe", connection, secrets, name="pay", company_id="acme", page_size="10") as made:
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def test_the_first_reading_is_whole_and_the_next_brings_what_changed(stub: StripeStub, stripe: Connected) -> None:
    for _ in range(35):
        stub.invoice("ANA", 1010)
    stub.tick(3600)
    assert counts(stripe.sync()["invoice"]) == (35, 0, 0, 0)
    columns = ("amount_remaining", "cartera_company_id", "currency")
    assert stripe.current("invoice", *columns)["in_0007"] == (Decimal("10.10"), "acme", "usd")
    stub.tick(3600)
    again = stripe.sync()
    assert {report.load_id for report in again.values()} == {None}
    assert {again[table].kind for table in ("invoice", "customer")} == {"incremental"}
    stub.tick(3600)
    stub.invoice("LUZ", 2000)
    stub.pay("in_0007")
    stub.change("customer", "cus_LUZ", "customer.updated", name="Luz S.A.")
    asked = len(stub.requests)
    found = stripe.sync()
    assert counts(found["invoice"]) == (1, 1, 0, 0)
    # no event tells of a balance transaction
    new = ("charge", "payment_intent", "balance_transaction")
    assert [counts(found[name]) for name in new] == [(1, 0, 0, 0)] * 3
    assert stripe.current("customer", "name", "tax_id")["cus_LUZ"] == ("Luz S.A.", "20123456789")
    # an old invoice was read by its id, nothing was read whole, and all at the version that we know
    asked_now = stub.requests[asked:]
    assert [request.path for request in asked_now if request.path.startswith("/v1/invoices/")] == [
        "/v1/invoices/in_0007"
    ]
    assert not [request for request in asked_now if "starting_after" in request.params]
    assert {request.headers["stripe-version"] for request in stub.requests} == {"2025-03-31.basil"}
    assert {request.headers["stripe-account"] for request in stub.requests} == {"acct_1"}


def test_a_tax_id_that_is_added_later_comes_with_its_customer(stub: StripeStub, stripe: Connected) -> None:
    """Stripe tells of it alone, not that the customer changed."""
    stub.tick(3600)
    stripe.sync()
    stub.tick(3600)
    added = {"id": "txi_1", "object": "tax_id", "customer": "cus_ANA", "type": "pe_ruc", "value": "20999999999"}
    stub.objects["customer"]["cus_ANA"]["tax_ids"] = {"data": [added]}
    stub._tell("customer.tax_id.created", added)
    stripe.sync()
    assert stripe.current("customer", "tax_id")["cus_ANA"] == ("20999999999",)


def test_the_open_balance_of_each_customer_is_what_stripe_says_remains(stub: StripeStub, stripe: Connected) -> None:
    in_full, in_parts, by_hand, credited, void, written_off, late = (
        stub.invoice("ANA", total)["id"] for total in (10000, 5005, 3333, 4444, 700, 900, 600)
    )
    stub.invoice("LUZ", 2000, status="draft")
    # 10.00 of 50.00 came from the customer's balance, and more payments than an invoice carries
    many = stub.invoice("LUZ", 5000, amount_due=4000, amount_remaining=4000, starting_balance=-1000)["id"]
    for _ in range(12):
        stub.tick()
        stub.pay(many, 100)
    paid = stub.pay(in_full)
    stub.pay(in_parts, 2000)
    stub.credit_note(credited, 444)
    stub.mark(late, "uncollectible", "marked_uncollectible_at")
    stub.customer("EVA", currency="usd")
    stub.grant("EVA", -1500)
    lost, won = (stub.dispute(stub.pay(stub.invoice("EVA", total)["id"])["id"])["id"] for total in (800, 900))
    stub.dispute(stub.charge(None, 100)["id"])
    stripe.sync()
    stripe.publish(dt.date(2026, 6, 30))
    balances = {"ANA": stub.outstanding("ANA"), "LUZ": stub.outstanding("LUZ"), "EVA": -1500}
    assert stripe.open_balances() == {f"pay:cus_{name}": Decimal(amount) / 100 for name, amount in balances.items()}
    # the credit is of the day on which it was given, not of that of the reading
    granted = "select issue_date from serve.fct_open_items where customer_id = 'pay:cus_EVA' and open_amount < 0"
    assert stripe.rows(granted) == [(dt.date(2026, 3, 1),)]
    assert balances["ANA"] == 3005 + 3333 + 4000 + 700 + 900 and balances["LUZ"] == 2800
    # what is disputed is contested, not owed
    assert stripe.rows("select count(*) from serve.fct_disputes where resolved_date is null") == [(2,)]

    stub.tick(3600)
    # given back, paid outside of Stripe, the rest by another card, paid after all, and what is never paid
    stub.refund(paid["id"], 2500)
    stub.pay_out_of_band(by_hand)
    stub.pay(in_parts)
    stub.pay(late)
    stub.credit_note(void, 200)
    stub.mark(void, "void", "voided_at")
    stub.mark(written_off, "uncollectible", "marked_uncollectible_at")
    stub.decide(lost, "lost")
    stub.decide(won, "won")
    stub.change("customer", "cus_EVA", "customer.updated", balance=0)
    stripe.sync()
    stripe.publish(dt.date(2026, 6, 30))
    assert stub.outstanding("ANA") == 4000
    # Stripe leaves an invoice paid whose dispute was lost
    assert stripe.open_balances() == {"pay:cus_ANA": Decimal(40), "pay:cus_LUZ": Decimal(28), "pay:cus_EVA": Decimal(8)}
    assert stripe.rows("select count(*) from serve.fct_ledger_entries where entry_type = 'refunded'") == [(1,)]
    assert stripe.rows("select sum(open_amount) from serve.fct_open_items where item_type = 'credit_note'") == [(None,)]
    # no test of dbt has anything to say of what Stripe told: links, uniqueness, versions that overlap, amounts
    assert stripe.rows("select subject, check_name, message from ops.check_results where not passed") == []


def test_what_arrives_changes_or_goes_while_pages_are_read_is_not_missed(stub: StripeStub, stripe: Connected) -> None:
    for _ in range(40):
        stub.invoice("ANA", 1000, status="draft")
    seen = []

    def meddle(request: object) -> None:
        after = getattr(request, "params", {}).get("starting_after", "")
        if after.startswith("in_") and len(seen) < 3:
            seen.append(after)
            stub.invoice("LUZ", 500)
            stub.change("invoice", "in_0039", "invoice.updated", customer_name=f"renamed {len(seen)}")
            # the next page begins after an object that is not there any more
            stub.delete("invoice", after)
            stub.tick(1)

    stub.faults += [meddle] * 60  # type: ignore[list-item]
    report = stripe.sync()["invoice"]
    assert len(seen) == 3 and report.rows_repeated == 0 and report.rows_quarantined == 0
    stub.faults.clear()
    assert counts(stripe.sync()["invoice"]) == (3, 1, 3, 0)
    assert set(stripe.current("invoice")) == set(stub.objects["invoice"])
    assert stripe.current("invoice", "customer_name")["in_0039"] == ("renamed 3",)


def test_a_change_in_the_very_second_of_the_last_reading_is_not_missed(stub: StripeStub, stripe: Connected) -> None:
    stub.invoice("ANA", 1000)
    stripe.source.concurrency = 4
    stripe.sync()
    # the clock there stands still
    stub.pay("in_0000")
    assert counts(stripe.sync()["invoice"]) == (0, 1, 0, 0)
    assert stripe.current("invoice", "status")["in_0000"] == ("paid",)


def test_what_an_event_refers_to_is_read_as_well(stub: StripeStub, stripe: Connected) -> None:
    stub.charge("ANA", 1000)
    stub.charge("ANA", 2000)
    stub.tick(3600)
    stripe.sync()
    stub.tick(3600)
    stub.objects["charge"]["ch_0000"]["amount_refunded"] = 400
    stub.create("refund", "re", "refund.created", amount=400, currency="usd", charge="ch_0000", status="pending")
    found = stripe.sync()
    assert (counts(found["refund"]), counts(found["charge"])) == ((1, 0, 0, 0), (0, 1, 0, 0))
    assert stripe.current("refund", "customer", "charge") == {"re_0000": ("cus_ANA", "ch_0000")}


def test_metadata_are_the_references_of_customers_and_invoices(stub: StripeStub, stripe: Connected) -> None:
    """Of the key that the source names; that of an invoice is its number in the books."""
    stub.invoice("ANA", 1000)
    stub.change("customer", "cus_ANA", "customer.updated", metadata={"erp.code": "C-1", "color": "red"})
    stub.change("invoice", "in_0000", "invoice.updated", metadata={"erp_number": "F001-7"})
    stripe.sync()
    assert set(stripe.current("customer", "customer_reference").values()) == {(None,)}
    stripe.source.connection.update(customer_reference="erp.code", invoice_reference="erp_number")
    stub.tick(3600)
    stripe.sync()
    assert stripe.current("customer", "customer_reference") == {"cus_ANA": ("C-1",), "cus_LUZ": (None,)}
    assert stripe.current("invoice", "invoice_reference") == {"in_0000": ("F001-7",)}


def test_what_was_deleted_there_is_deleted_here(stub: StripeStub, stripe: Connected) -> None:
    stub.customer("EVA")
    stub.invoice("ANA", 1000, status="draft")
    stub.invoice("ANA", 1000, status="draft")
    stripe.sync()
    stub.tick(3600)
    stub.change("customer", "cus_LUZ", "customer.updated", name="Luz S.A.")
    stub.delete("customer", "cus_LUZ")
    # the event of the deletion is not there yet: another one names the object, and it is not found
    stub.change("invoice", "in_0001", "invoice.updated")
    del stub.objects["invoice"]["in_0001"]
    stub.change("customer", "cus_EVA", "customer.updated")
    del stub.objects["customer"]["cus_EVA"]
    found = stripe.sync()
    assert (counts(found["customer"]), counts(found["invoice"])) == ((0, 0, 2, 0), (0, 0, 1, 0))
    assert set(stripe.current("customer")) == {"cus_ANA"} and set(stripe.current("invoice")) == {"in_0000"}


def test_after_a_gap_that_events_do_not_cover_all_is_read_whole(stub: StripeStub, stripe: Connected) -> None:
    for _ in range(3):
        stub.invoice("ANA", 1000, status="draft")
    stripe.sync()
    stub.change("invoice", "in_0000", "invoice.updated", total=700)
    stub.delete("invoice", "in_0001")
    stub.forget_events()
    stub.tick(40 * 86_400)
    stripe.now += dt.timedelta(days=40)
    found = stripe.sync()
    assert counts(found["invoice"]) == (0, 1, 1, 0) and found["invoice"].kind == "full"
    # the gap is behind us: the next reading asks for what changed
    stub.tick(3600)
    stub.mark("in_0002", "void", "voided_at")
    found = stripe.sync()
    assert counts(found["invoice"]) == (0, 1, 0, 0) and found["invoice"].kind == "incremental"


def test_limits_and_failures_are_waited_for_and_a_missing_right_is_told(stub: StripeStub, stripe: Connected) -> None:
    stub.invoice("ANA", 1000)
    stub.fail(Reply(429, b'{"error": {"code": "rate_limit"}}', {"Retry-After": "0"}), Reply(500), Reply(503))
    assert counts(stripe.sync()["invoice"]) == (1, 0, 0, 0)
    stub.forbidden = {"dispute"}
    with pytest.raises(SourceError, match="rak_dispute_read") as raised:
        stripe.sync()
    assert "without:" in str(raised.value) and KEY not in str(raised.value)
    stripe.source.connection["url"] = stub.url.replace("127.0.0.1", "localhost")
    stub.forbidden = set()
    stub.fail(Reply(302, headers={"Location": "https://elsewhere.example.com/v1/events"}))
    with pytest.raises(SourceError, match="elsewhere"):
        stripe.sync()


def test_the_login_is_told_without_the_key(stub: StripeStub) -> None:
    values = {"url": stub.url, "api_key": KEY, "account": "", "customer_reference": "", "invoice_reference": ""}
    with SYSTEM.open(Access("pay", values)) as session:
        assert SYSTEM.check(session) == "logged in with a restricted key"
        assert "stripe-account" not in stub.requests[-1].headers
    wrong = Access("pay", values | {"api_key": "sk_test_1"}, frozenset({"sk_test_1"}))
    with SYSTEM.open(wrong) as session, pytest.raises(SourceError, match="does not accept the login") as raised:
        SYSTEM.check(session)
    assert "sk_test_1" not in str(raised.value)


def test_secrets_and_links_do_not_land(stub: StripeStub, stripe: Connected) -> None:
    stub.invoice("ANA", 1000)
    stub.pay("in_0000")
    stripe.sync()
    landed = str(stripe.rows("select to_jsonb(i) from raw_stripe.payment_intent i union all select to_jsonb(i)"
                             " from raw_stripe.invoice i"))  # fmt: skip
    assert "pi_0000" in landed and "secret" not in landed and "invoice.stripe.com" not in landed
