"""The happy path against localstripe, a Stripe of someone else's making: customers, invoices, payments, refunds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.localstripe import KEY, LocalStripe, localstripe

from cartera.clock import utc_now

GOOD, DECLINED = "4242424242424242", "4000000000000341"
NOT_THERE = ["dispute", "credit_note"]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[LocalStripe]:
    with localstripe(tmp_path) as made:
        yield made


@pytest.fixture
def stripe(there: LocalStripe, database: str, tmp_path: Path) -> Iterator[Connected]:
    with connected(tmp_path, "stripe", {"url": there.url}, {"api_key": KEY}, name="pay", without=NOT_THERE) as made:
        made.now = utc_now()
        yield made


def customer(there: LocalStripe, name: str) -> str:
    made = there.ask("POST", "customers", name=name, email=f"{name.lower()}@example.com")
    return str(made["id"])


def invoice(there: LocalStripe, owner: str, amount: int, card: str) -> str:
    """Of a subscription: paid by the card, or open where it is declined."""
    take(there, owner, card)
    plan = there.ask("POST", "plans", amount=str(amount), currency="usd", interval="month", **{"product[name]": "Svc"})
    made = there.ask("POST", "subscriptions", customer=owner, **{"items[0][plan]": plan["id"]})
    return str(made["latest_invoice"])


def take(there: LocalStripe, owner: str, card: str) -> None:
    """The customer pays with this card from now on."""
    made = there.ask("POST", "payment_methods", type="card", **{"card[number]": card, "card[exp_month]": "12",
                     "card[exp_year]": "2040", "card[cvc]": "123"})  # fmt: skip
    there.ask("POST", f"payment_methods/{made['id']}/attach", customer=owner)
    there.ask("POST", f"customers/{owner}", **{"invoice_settings[default_payment_method]": made["id"]})


def remaining(there: LocalStripe, owner: str) -> Decimal:
    """What localstripe says: it has `amount_due` and `amount_paid`."""
    found = there.ask("GET", f"invoices?customer={owner}&limit=100")["data"]
    return sum(
        (Decimal(one["amount_due"] - one["amount_paid"]) / 100 for one in found if one["status"] == "open"), Decimal(0)
    )


def test_its_customers_invoices_payments_and_refunds_are_read_and_tie(there: LocalStripe, stripe: Connected) -> None:
    ana, luz, eva = (customer(there, name) for name in ("ANA", "LUZ", "EVA"))
    paid = invoice(there, ana, 9900, GOOD)
    still_open = invoice(there, ana, 5005, DECLINED)
    later = invoice(there, luz, 3333, DECLINED)
    first = stripe.sync()
    assert {name: report.rows_new for name, report in first.items()} == {
        "balance_transaction": 1, "payout": 0, "refund": 0, "charge": 3, "payment_intent": 3, "invoice": 3,
        "customer": 3,
    }  # fmt: skip
    assert {report.rows_quarantined for report in first.values()} == {0}
    assert stripe.current("invoice", "status", "amount_remaining") == {
        paid: ("paid", Decimal(0)),
        still_open: ("open", Decimal("50.05")),
        later: ("open", Decimal("33.33")),
    }

    take(there, luz, GOOD)
    there.ask("POST", f"invoices/{later}/pay")
    charge = there.ask("GET", f"invoices/{paid}")["charge"]
    there.ask("POST", "refunds", charge=charge["id"], amount="1000")
    there.ask("POST", f"customers/{ana}", name="Ana S.A.")
    there.ask("DELETE", f"customers/{eva}")
    invoice(there, luz, 700, DECLINED)
    found = stripe.sync()
    assert {report.kind for name, report in found.items() if name not in ("payout", "refund")} == {"incremental"}
    assert stripe.current("customer", "name") == {ana: ("Ana S.A.",), luz: ("LUZ",)}
    assert stripe.current("invoice", "status")[later] == ("paid",)
    stripe.publish(utc_now().date())
    assert remaining(there, ana) == Decimal("50.05") and remaining(there, luz) == Decimal(7)
    assert stripe.open_balances() == {f"pay:{ana}": Decimal("50.05"), f"pay:{luz}": Decimal(7)}
    assert stripe.rows("select sum(amount) from serve.fct_ledger_entries where entry_type = 'refunded'") == [(10,)]
