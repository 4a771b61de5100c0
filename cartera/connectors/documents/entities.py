"""What the files hold, in one shape for all formats: documents, whom they were sent to, and what each file was."""

from __future__ import annotations

from typing import Any

from cartera.connectors.api import Record, Resource, amount, boolean, date, integer, rate, raw_entity, text, texts
from cartera.connectors.api import json as json_column
from cartera.connectors.api.values import BadValue


def whole(record: Record) -> Record:
    """Raises BadValue, with what is wrong, of a file that could not be read: it becomes a reject."""
    if record.get("problem"):
        raise BadValue("unreadable_file", f"{record['file_name']} {record['problem']}")
    return record


def resource(name: str, key: str, *columns: Any, **more: Any) -> Resource:
    return Resource(raw_entity(name, key, *columns, **more), company="issuer", prepare=whole)


RESOURCES = (
    resource(
        "document",
        "document_key",
        text("kind", required=True, choices=("invoice", "credit_note", "payment")),
        *texts("issuer", "customer_key", "number", "currency", required=True),
        *texts(
            "customer_name",
            "customer_tax_id",
            "customer_email",
            "format",
            "file_name",
            "home_currency",
            "corrected_key",
        ),
        date("issue_date", required=True),
        date("due_date"),
        rate("exchange_rate"),
        amount("total_amount", required=True, is_signed=False),
        boolean("is_paid_at_once"),
        json_column(
            "instalments", text("row", required=True), date("due_date", required=True), amount("amount", required=True)
        ),
        # of a payment: what it paid of which document, in that one's currency
        json_column(
            "settled", *texts("row", "document_key", "currency", required=True), amount("amount", required=True)
        ),
        amount("rest_amount"),
        # what it took the place of, and what took its place: that counts instead
        json_column("replaces", text("document_key", required=True)),
        text("replaced_by"),
        amount="total_amount",
    ),
    resource(
        "customer",
        "customer_key",
        *texts("issuer", "name", required=True),
        *texts("tax_id", "email", "country_code"),
    ),
    resource(
        "file",
        "file_name",
        text("outcome", required=True, choices=("issued", "received", "other", "broken")),
        *texts("sha256", "format", "issuer"),
        integer("documents"),
    ),
)
