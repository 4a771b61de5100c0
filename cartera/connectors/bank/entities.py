"""The raw tables: the files that were read, their statements, and the entries of those."""

from __future__ import annotations

from cartera.connectors.api import Resource, amount, amounts, boolean, date, integer, raw_entity, text, texts

RESOURCES = (
    Resource(
        raw_entity(
            "entries",
            "entry",
            text("statement", required=True),
            text("account", required=True),
            text("kind", required=True, choices=("statement", "notice")),
            boolean("is_booked", required=True),
            boolean("is_reversal", required=True),
            text("side", required=True, choices=("CRDT", "DBIT")),
            amount("amount", required=True, is_signed=False),
            amount("signed_amount", required=True),
            text("currency", required=True),
            date("booking_date", required=True),
            date("value_date"),
            *texts("counterparty_name", "counterparty_account", "text", "reference", "end_to_end_id"),
            *texts("bank_reference", "code", "customer", "refunded_customer", "return_reason"),
            # signed, it would fall with every payment that goes out, and the guard against falls would stop the source
            amount="amount",
        ),
        company="account",
        stays=True,
    ),
    Resource(
        raw_entity(
            "statements",
            "statement",
            text("account", required=True),
            text("number", required=True),
            text("kind", required=True, choices=("statement", "notice")),
            text("currency"),
            date("from_date"),
            date("to_date"),
            *amounts("opening_balance", "closing_balance"),
            integer("entry_count", required=True),
            *amounts("credits", "debits", required=True),
            text("created_at"),
            text("format", required=True),
            text("file", required=True),
            text("digest", required=True),
        ),
        company="account",
        stays=True,
    ),
    Resource(
        raw_entity(
            "files",
            "file",
            text("sha256", required=True),
            text("format"),
            integer("size", required=True),
            integer("statement_count"),
            integer("entry_count"),
            text("same_as"),
            # what the declaration of the CSV was when it was read, where the file may be one
            text("declared"),
            # statements that are counted already, in another format or under another number: which, as what
            text("left_out"),
        ),
        stays=True,
    ),
)
