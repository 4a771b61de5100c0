"""What Stripe's own description of its API shows of each object is typed; amounts are in units of their currency."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cartera.connectors.api import Record, jsons
from cartera.connectors.api.typed import Typer
from cartera.connectors.stripe import SYSTEM
from cartera.connectors.stripe.entities import units


def typed(table: str, record: Record) -> tuple[dict[str, Any], list[str]]:
    """The row, and why it was refused."""
    batch = Typer(SYSTEM.resource(table), lambda theirs: theirs or "acme").batch([1], [jsons.encode(record)], table)
    rows = batch.rows.to_pylist()
    return (rows[0] if rows else {}), [reject.message for reject in batch.rejects]


@pytest.fixture
def shapes(shared_data: Path) -> dict[str, Any]:
    text = (shared_data / "stripe-openapi-fixtures" / "fixtures3.json").read_text()
    found: dict[str, Any] = json.loads(text)["resources"]
    return found


@pytest.mark.parametrize("table", [resource.name for resource in SYSTEM.resources])
def test_each_object_of_the_description_is_typed(table: str, shapes: dict[str, Any]) -> None:
    record = dict(shapes[table])
    if table in ("refund", "dispute"):
        record["charge"] = shapes["charge"] | {"customer": shapes["customer"]["id"]}
    if table == "invoice":
        paid = {
            "status": "paid",
            "currency": "usd",
            "amount_paid": 1000,
            "payment": {"type": "charge", "charge": "ch_1"},
        }
        record["payments"] = {"data": [shapes["invoice_payment"], shapes["invoice_payment"] | paid]}
    row, refused = typed(table, record)
    assert refused == [] and row["id"] == record["id"]
    whole = {name: value for name, value in row.items() if isinstance(value, Decimal) and name in record}
    assert whole and all(value == Decimal(record[name]) / 100 for name, value in whole.items())
    if "customer" in row and table in ("refund", "dispute"):
        assert row["customer"] == shapes["customer"]["id"] and row["charge"] == shapes["charge"]["id"]
    if table == "invoice":
        payment = jsons.decode(row["payments"].encode())[1]
        assert (payment["paid_with"], payment["amount_paid"]) == ("ch_1", 10)
        assert row["amount_paid_through_stripe"] == 10


@pytest.mark.parametrize(
    ("currency", "in_units"),
    [
        ("usd", "123.45"),
        ("PEN", "123.45"),
        ("clp", "12345"),
        ("jpy", "12345"),
        ("pyg", "12345"),
        # two decimals by ISO 4217, none by Stripe
        ("mga", "12345"),
        ("kwd", "12.345"),
        # none by ISO 4217, two by Stripe
        ("isk", "123.45"),
        ("ugx", "123.45"),
        # Stripe rounds their payouts, and writes them with two decimals all the same
        ("huf", "123.45"),
        ("twd", "123.45"),
    ],
)
def test_amounts_are_in_units_of_their_currency(currency: str, in_units: str) -> None:
    found = units(12345, currency)
    assert isinstance(found, Decimal) and str(found) == in_units


def test_an_amount_that_is_no_whole_number_is_refused() -> None:
    record = jsons.parse(b'{"id": "re_1", "created": 1772355600, "currency": "usd", "amount": 12.5}')
    row, refused = typed("refund", record)
    assert row == {} and "12.5 is not in the smallest unit" in refused[0]


def test_a_rate_keeps_its_digits() -> None:
    record = jsons.parse(b'{"id": "txn_1", "created": 1772355600, "currency": "usd", "amount": 1, "fee": 0, "net": 1,'
                         b' "exchange_rate": 0.12345678901234567890}')  # fmt: skip
    row, refused = typed("balance_transaction", record)
    assert refused == [] and '"exchange_rate":0.12345678901234567890' in row["other"]
