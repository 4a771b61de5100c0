"""The objects that are read, with the columns the staging models use; all other fields land in `other` as they came.

The amounts of columns are in units of their currency, those in `other` in the smallest unit, as Stripe gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from cartera.connectors.api import Record, Resource, amount, amounts, raw_entity, text, texts, timestamp
from cartera.connectors.api import json as json_column
from cartera.connectors.api.system import dig
from cartera.landing.entities import Column

NO_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Stripe's own list, not ISO 4217's: MGA has none; ISK and UGX have two that are always 00; and HUF and TWD have two
also in payouts, where they are always 00."""

IGNORED = frozenset({
    "object", "client_secret", "hosted_invoice_url", "invoice_pdf", "pdf", "receipt_url", "webhooks_delivered_at",
    "next_invoice_sequence", "evidence", "evidence_details", "balance_transactions", "status_transitions", "status",
})  # fmt: skip
"""What is written anew for each answer, stands in columns, or (the status of a balance transaction) just passes."""

READ_AT = "created"
"""An object has no date of change. While it is read this field says as of when it was; `CREATED` has the true one."""
CREATED = "cartera_created"

Flatten = Callable[[Record], None]


def units(value: Any, currency: str) -> Any:
    """An amount in units; what is no whole number of the smallest unit is left for typing to refuse."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value if value is None else f"{value} is not in the smallest unit"
    code = currency.upper()
    return Decimal(value).scaleb(-(0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2))


def prepared(in_units: tuple[str, ...], flatten: Flatten, record: Record) -> Record:
    """As the table has it. Raises AttributeError, TypeError: another shape."""
    made = dict(record)
    made[READ_AT] = made.pop(CREATED, record.get(READ_AT))
    for name in in_units:
        if name in made:
            made[name] = units(made[name], made.get("currency") or "")
    flatten(made)
    return made


def id_of(value: Any) -> Any:
    """Of an object that may stand there whole."""
    return value["id"] if isinstance(value, dict) else value


def plain(_record: Record) -> None:
    pass


def customer(record: Record) -> None:
    locales, tax_ids = record.pop("preferred_locales", None), dig(record.pop("tax_ids", None), "data")
    record["language"] = locales[0] if locales else None
    record["tax_id"] = tax_ids[0]["value"] if tax_ids else None
    record["country"] = dig(record, "address.country")


def invoice(record: Record) -> None:
    for name in ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at"):
        record[name] = dig(record, f"status_transitions.{name}")
    record["payments"] = [payment_of(item) for item in dig(record.get("payments"), "data") or ()]
    paid = [payment for payment in record["payments"] if payment["status"] == "paid"]
    record["amount_paid_through_stripe"] = Decimal(0)
    for payment in sorted(paid, key=lambda payment: (payment["paid_at"] or 0, payment["id"])):
        payment["amount_paid_before"] = record["amount_paid_through_stripe"]
        record["amount_paid_through_stripe"] += payment["amount_paid"]


def payment_of(item: Record) -> Record:
    """`paid_with`: the id of the payment intent, charge or payment record."""
    payment = item["payment"]
    return {
        "id": item["id"],
        "status": item["status"],
        "amount_paid": units(item["amount_paid"], item["currency"]),
        "paid_with": id_of(payment.get(payment["type"])),
        "paid_at": dig(item, "status_transitions.paid_at") or item.get("created"),
    }


def of_charge(record: Record) -> None:
    """The charge stands there whole: the customer is only in it."""
    charge = record.get("charge")
    if isinstance(charge, dict):
        record["customer"], record["charge"] = id_of(charge.get("customer")), charge["id"]


def dispute(record: Record) -> None:
    """When the bank took the money, and when it came again."""
    of_charge(record)
    moved = record.get("balance_transactions") or ()
    record["withdrawn_at"] = next((entry["created"] for entry in moved if entry["amount"] < 0), None)
    record["reinstated_at"] = next((entry["created"] for entry in moved if entry["amount"] > 0), None)


def resource(name: str, *columns: Column, expand: str = "", flatten: Flatten = plain) -> Resource:
    """`expand`: what the answer shall hold whole. The first column is the amount that law 1 adds up."""
    # a customer has no currency until it is invoiced, and no balance either
    declared = (text("currency", required=name != "customer"), timestamp(READ_AT, required=True), *columns)
    in_units = tuple(column.name for column in declared if column.type == "amount")
    return Resource(
        raw_entity(name, "id", *declared, amount=columns[0].name, changed_at=READ_AT),
        path=f"v1/{name}s",
        params={"expand[0]": expand} if expand else {},
        prepare=partial(prepared, in_units, flatten),
        ignored=IGNORED,
    )


RESOURCES = (
    # what refers to others comes first
    resource(
        "balance_transaction",
        *amounts("amount", "fee", "net", required=True),
        timestamp("available_on"),
        *texts("type", "reporting_category"),
    ),
    resource(
        "payout",
        amount("amount", required=True),
        timestamp("arrival_date"),
        *texts("status", "balance_transaction"),
    ),
    resource(
        "dispute",
        amount("amount", required=True, is_signed=False),
        text("status", required=True),
        *texts("charge", "payment_intent", "customer", "reason"),
        timestamp("withdrawn_at"),
        timestamp("reinstated_at"),
        expand="charge",
        flatten=dispute,
    ),
    resource(
        "refund",
        amount("amount", required=True, is_signed=False),
        *texts("status", "charge", "payment_intent", "customer", "reason"),
        expand="charge",
        flatten=of_charge,
    ),
    resource(
        "credit_note",
        *amounts("amount", required=True),
        *amounts("pre_payment_amount", "post_payment_amount"),
        *texts("customer", "invoice", "status", "type", required=True),
        *texts("number", "reason"),
        timestamp("effective_at"),
    ),
    resource(
        "charge",
        amount("amount", required=True, is_signed=False),
        *amounts("amount_captured", "amount_refunded"),
        *texts("status", "customer", "payment_intent", "balance_transaction", "failure_code"),
    ),
    resource(
        "payment_intent",
        amount("amount", required=True, is_signed=False),
        amount("amount_received"),
        *texts("status", "customer", "latest_charge"),
    ),
    resource(
        "invoice",
        *amounts("total", "amount_due", "amount_paid", "amount_remaining", required=True),
        *amounts("pre_payment_credit_notes_amount", "starting_balance"),
        text("customer", required=True),
        text("status", required=True, choices=("draft", "open", "paid", "void", "uncollectible")),
        *texts("number", "collection_method", "customer_name", "customer_email"),
        *(timestamp(f"{name}_at") for name in ("effective", "finalized", "marked_uncollectible", "paid", "voided")),
        timestamp("due_date"),
        amount("amount_paid_through_stripe"),
        json_column(
            "payments",
            *texts("id", "status", required=True),
            *amounts("amount_paid", "amount_paid_before"),
            text("paid_with"),
            timestamp("paid_at"),
        ),
        text("invoice_reference"),
        expand="payments",
        flatten=invoice,
    ),
    resource(
        "customer",
        amount("balance"),
        *texts("name", "email", "phone", "language", "country", "tax_id"),
        timestamp("balance_at"),
        text("customer_reference"),
        expand="tax_ids",
        flatten=customer,
    ),
)
