"""One invoice: the document as delivered, its instalments and chargebacks, what moved them, and the payments that did.

All as of a date, known at a moment; callers read in one transaction (see `read`).
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from cartera.warehouse import read

DOCUMENT_COLUMNS = (
    "invoice_id", "document_number", "document_type", "status", "currency_code", "total_amount", "issue_date",
    "due_date", "source", "recorded_from", "record_key", "document_url", "file_name", "file_row",
)  # fmt: skip
INSTALMENT_COLUMNS = (
    "item_id", "item_type", "document_id", "document_number", "due_date", "item_amount", "open_amount",
    "days_past_due",
)  # fmt: skip
MOVEMENT_COLUMNS = (
    "effective_date", "recorded_at", "entry_type", "amount", "due_date", "settlement_id", "settlement_number",
    "invoice_number",
)  # fmt: skip
SETTLEMENT_COLUMNS = (
    "item_id", "item_type", "document_id", "document_number", "issue_date", "currency_code", "item_amount", "source",
    "recorded_from",
)  # fmt: skip


def document(connection: Connection, known_at: dt.datetime, invoice_id: str) -> read.Row | None:
    """DOCUMENT_COLUMNS of the version known then; None where none was."""
    bound = {"known_at": known_at, "invoice": invoice_id, "parts": _parts(invoice_id)}
    found = read.rows(connection, _DOCUMENT, bound)
    return found[0] if found else None


# what landed is found by source and key: an invoice's id is made of both, and no index knows it
_DOCUMENT = """
select invoice_id, document_number, document_type, status, currency_code, total_amount, issue_date, due_date, source,
    recorded_from, record_key, document_url, file_name, file_row
from serve.fct_invoices
where source = any(array(select source from serve.dim_items where invoice_id = %(invoice)s))
    and record_key = any(%(parts)s) and invoice_id = %(invoice)s
    and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
"""


def _parts(invoice_id: str) -> list[str]:
    """All that stands between two marks of an id, among it the key of its record."""
    edges = [(match.start(), match.end()) for match in re.finditer("[:/]", invoice_id)]
    starts, ends = [0, *(end for _, end in edges)], [*(start for start, _ in edges), len(invoice_id)]
    return [invoice_id[start:end] for start in starts for end in ends if start < end]


def delivered_files(connection: Connection, source: str, recorded_at: dt.datetime, entity: str) -> list[str]:
    """The paths of the files that a source delivered when this version landed; for who reads of all companies."""
    query = (
        "select file ->> 'name' as name from ops.loads cross join jsonb_array_elements(files) as file"
        " where source = %(source)s and entity = %(entity)s and recorded_at = %(at)s and file ->> 'name' <> ''"
        " order by name"
    )
    found = read.rows(connection, query, {"source": source, "entity": entity, "at": recorded_at})
    return [row["name"] for row in found]


def instalments(connection: Connection, as_of: dt.date, known_at: dt.datetime, invoice_id: str) -> list[read.Row]:
    """INSTALMENT_COLUMNS of every instalment by due date, also of those that are paid; then of the chargebacks that are
    debts of their own under the invoice."""
    # among open items a chargeback is a debt as any other
    open_items = read.open_items(connection, as_of, known_at, invoice_id=invoice_id, item_type="instalment")
    still_open = {row["item_id"]: row for row in open_items}
    found = read.rows(connection, _INSTALMENTS, {"as_of": as_of, "known_at": known_at, "invoice": invoice_id})
    for row in found:
        item = still_open.get(row["item_id"])
        row["open_amount"] = item["open_amount"] if item else row["item_amount"] * 0
        row["days_past_due"] = item["days_past_due"] if item else None
    return found


_INSTALMENTS = """
select item_id, item_type, document_id, document_number, due_date, item_amount from serve.dim_items
where invoice_id = %(invoice)s
    -- an instalment is of its invoice also before its day, a chargeback is not there before it was made
    and (item_type = 'instalment' or item_type = 'chargeback' and issue_date <= %(as_of)s)
    and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
order by item_type = 'chargeback', due_date, item_id
"""


def open_of(connection: Connection, as_of: dt.date, known_at: dt.datetime, item_id: str) -> Decimal:
    """What is open of one item."""
    found = read.open_items(connection, as_of, known_at, item_ids=[item_id])
    return sum((row["open_amount"] for row in found), Decimal(0))


def movements(connection: Connection, as_of: dt.date, known_at: dt.datetime, *family_ids: str) -> list[read.Row]:
    """MOVEMENT_COLUMNS of `invoice:<invoice_id>`, or of a payment, credit note or chargeback, the first one first.

    The amounts add up to what is open of it, below zero for what of a payment is not applied. Of several: of all of
    them, as of an invoice and the chargebacks under it.
    """
    return read.rows(connection, _MOVEMENTS, {"as_of": as_of, "known_at": known_at, "families": list(family_ids)})


_MOVEMENTS = """
with entries as (
    select effective_date, recorded_from as recorded_at, entry_type, amount, item_id, invoice_id, settlement_id
    from serve.fct_ledger_entries
    where family_id = any(%(families)s) and effective_date <= %(as_of)s
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
)
select entries.effective_date, entries.recorded_at, entries.entry_type, entries.amount, item.due_date,
    entries.settlement_id, settlement.document_number as settlement_number, invoice.document_number as invoice_number
from entries
left join serve.dim_items as item
    on item.item_id = entries.item_id and item.recorded_from <= %(known_at)s and item.recorded_to > %(known_at)s
left join serve.dim_items as settlement
    on settlement.item_id = entries.settlement_id
        and settlement.recorded_from <= %(known_at)s and settlement.recorded_to > %(known_at)s
left join lateral (
    select document_number from serve.dim_items
    where invoice_id = entries.invoice_id and item_type = 'instalment'
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
    limit 1
) as invoice on true
order by entries.effective_date, entries.entry_type in ('applied', 'credited'), entries.recorded_at, entries.amount
"""


def settlement(connection: Connection, known_at: dt.datetime, item_id: str) -> read.Row | None:
    """SETTLEMENT_COLUMNS of a payment, credit note, refund or chargeback as known then; None where none was."""
    found = read.rows(connection, _SETTLEMENT, {"known_at": known_at, "item": item_id})
    return found[0] if found else None


_SETTLEMENT = """
select item_id, item_type, document_id, document_number, issue_date, currency_code, item_amount, source, recorded_from
from serve.dim_items
where item_id = %(item)s and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
"""
