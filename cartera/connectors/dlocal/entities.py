"""The lines of the reports, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

from cartera.connectors.api import Record, Resource, raw_entity
from cartera.connectors.api import columns as col
from cartera.connectors.api.values import BadValue

TYPES = ("Payment", "Refund", "Chargeback", "Chargeback Reversal", "Credit Note", "Debit Note",
         "Refund processing fee", "Chargeback processing fee")  # fmt: skip

OPEN = frozenset({"pending", "in process", "waiting details", "authorized", "cancelled", "rejected", "expired"})
"""Of a payment or refund: no money moved, or not yet."""
MOVED = frozenset({"cleared", "completed", "paid", "approved", "verified", "settled", "success", "delivered"})
STATUSES = {"Payment": OPEN | MOVED, "Refund": OPEN | MOVED, "Chargeback": OPEN | MOVED | {"reimbursed"}}

DATES = ("transfer_date", "creation_date", "approved_date")
PAYER = {f"payer_{name}": name for name in ("name", "document", "user_reference", "email")}
"""What the API says of who paid, by its own names."""


def transaction(record: Record) -> Record:
    """Raises BadValue of a status that nobody knows: whether money moved must not be guessed."""
    known, status = STATUSES.get(record.get("type") or ""), str(record.get("status") or "")
    if known and status and status.lower() not in known:
        raise BadValue(
            "unknown_choice", f"status {status[:60]!r} of a {record['type']} is none of {', '.join(sorted(known))}"
        )
    return record


def settlement(record: Record) -> Record:
    """Days are also written with slashes."""
    return {**record, **{name: record[name].replace("/", "-") for name in DATES if record.get(name)}}


RESOURCES = (
    Resource(
        raw_entity(
            "settlements",
            "line",
            col.timestamp("delivered_at", required=True),
            col.text("row_type", required=True),
            *col.texts("file_name", "transfer_id", "dlocal_transaction_id", "transaction_id"),
            *col.texts("local_currency", "settlement_currency"),
            *col.amounts("local_amount", "gross_amount", "fee_amount", "net_amount"),
            *map(col.timestamp, DATES),
            col.rate("fx_rate"),
            changed_at="delivered_at",
        ),
        prepare=settlement,
        only_grows=True,
    ),
    Resource(
        raw_entity(
            "transactions",
            "transaction",
            col.timestamp("delivered_at", required=True),
            col.text("type", required=True, choices=TYPES),
            *col.texts("reference", "currency", "status", required=True),
            *col.texts("file_name", "invoice", "country", "transaction_reference", "transaction_invoice", "user_mail"),
            *col.texts("payment_method", "payment_method_type"),
            *col.texts(*PAYER),
            col.amount("net_amount_local", required=True),
            *col.amounts("amount_usd", "fee", "iof"),
            col.date("creation_date", required=True),
            col.date("settlement_date"),
            amount="net_amount_local",
            changed_at="delivered_at",
        ),
        # a line comes again when its status has changed
        key=("type", "reference"),
        prepare=transaction,
        only_grows=True,
    ),
)
