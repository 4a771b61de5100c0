"""The rows behind a KPI: the debts, movements and payments that the sums in its numerator and denominator add up.

In transaction currency, where rows add up as they are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composed

from cartera.warehouse import read
from cartera.warehouse.behind import KNOWN, OF_PLACE, Place, largest

COLUMNS = ("customer_id", "customer_name", "document_number", "date", "days", "amount", "rows", "total_amount")


@dataclass(frozen=True)
class Asked(Place):
    """The window are the `window_days` that end with `as_of`."""

    window_days: int


@dataclass(frozen=True)
class Part:
    """One sum: `amount` over the rows of `rows` for which `which` holds; `days` is what an amount is weighed by, or how
    late it is. `is_money`: else the sum counts rows, or is money or debts times days. `is_opening`: as of the day
    before the window."""

    rows: SQL
    which: str
    amount: str
    date: str
    days: str = "null::integer"
    is_money: bool = True
    is_opening: bool = False


OPEN = SQL(
    "select item_id, invoice_id, customer_id, document_number, {date} as date, {days} as days, {amount} as amount"
    " from {items} as item where {of_place} and {which}"
)
MOVED = SQL(
    "select item_id, invoice_id, customer_id, null::text as document_number, {date} as date, {days} as days,"
    " {amount} as amount from serve.fct_ledger_entries as entry"
    " where {of_place} and {which} and effective_date > %(since)s and effective_date <= %(as_of)s and {known}"
)
PAID = SQL(
    "select item_id, invoice_id, customer_id, document_number, {date} as date, {days} as days, {amount} as amount"
    " from serve.fct_item_balances as balance where {of_place}"
    " and item_type = 'instalment' and item_amount > 0 and open_amount <= 0 and {which}"
    " and settled_date > %(since)s and settled_date <= %(as_of)s"
    " and valid_from <= %(as_of)s and valid_to > %(as_of)s and {known}"
)

_DEBT, _LATE, _DISPUTED = (
    "item_type = 'instalment'",
    "item_type = 'instalment' and days_past_due > 0",
    "item_type = 'instalment' and is_disputed",
)
_PAID_WHOLE = "is_paid and not is_written_off"
_AGE, _TO_PAY, _LATE_BY = "%(as_of)s::date - issue_date", "settled_date - issue_date", "settled_date - due_date"


def _moved(entry_type: str, amount: str, *, is_money: bool = True) -> Part:
    return Part(MOVED, f"entry_type = '{entry_type}'", amount, "effective_date", is_money=is_money)


PARTS = {
    "ar_amount": Part(OPEN, _DEBT, "open_amount", "due_date", "days_past_due"),
    "opening_ar_amount": Part(OPEN, _DEBT, "open_amount", "due_date", "days_past_due", is_opening=True),
    "past_due_amount": Part(OPEN, _LATE, "open_amount", "due_date", "days_past_due"),
    "disputed_amount": Part(OPEN, _DISPUTED, "open_amount", "due_date", "days_past_due"),
    "unapplied_amount": Part(OPEN, "item_type = 'unapplied_credit'", "-open_amount", "issue_date"),
    "amount_days_since_issue": Part(OPEN, _DEBT, f"open_amount * ({_AGE})", "issue_date", _AGE, is_money=False),
    "amount_days_past_due": Part(
        OPEN, _LATE, "open_amount * days_past_due", "due_date", "days_past_due", is_money=False
    ),
    "open_items": Part(OPEN, _DEBT, "1::numeric", "due_date", "days_past_due", is_money=False),
    "disputed_items": Part(OPEN, _DISPUTED, "1::numeric", "due_date", "days_past_due", is_money=False),
    "invoiced_amount": _moved("invoiced", "amount"),
    "credit_noted_amount": _moved("credit_noted", "-amount"),
    "received_amount": _moved("received", "-amount"),
    "written_off_amount": _moved("written_off", "-amount"),
    "write_off_reversed_amount": _moved("write_off_reversed", "amount"),
    "paid_amount": Part(PAID, _PAID_WHOLE, "item_amount", "settled_date", _LATE_BY),
    "amount_days_to_pay": Part(
        PAID, _PAID_WHOLE, f"item_amount * ({_TO_PAY})", "settled_date", _TO_PAY, is_money=False
    ),
    "amount_days_late": Part(
        PAID, _PAID_WHOLE, f"item_amount * ({_LATE_BY})", "settled_date", _LATE_BY, is_money=False
    ),
    "paid_items": Part(PAID, _PAID_WHOLE, "1::numeric", "settled_date", _TO_PAY, is_money=False),
    "days_to_pay": Part(PAID, _PAID_WHOLE, f"({_TO_PAY})::numeric", "settled_date", _TO_PAY, is_money=False),
}
"""By the names of the measures in dbt_project/macros/kpis."""


def rows(connection: Connection, asked: Asked, part: str, limit: int) -> list[read.Row]:
    """COLUMNS of one of PARTS, the largest first."""
    since = asked.as_of - dt.timedelta(days=asked.window_days)
    day = since if PARTS[part].is_opening else asked.as_of
    found = _rows(connection, PARTS[part], day, asked.known_at)
    return largest(connection, found, COLUMNS, {**asked.bound(), "as_of": day, "since": since}, limit)


def _rows(connection: Connection, part: Part, day: dt.date, known_at: dt.datetime) -> Composed:
    return part.rows.format(
        date=SQL(part.date),
        days=SQL(part.days),
        amount=SQL(part.amount),
        which=SQL(part.which),
        items=read.items_at(connection, day, known_at),
        of_place=OF_PLACE,
        known=KNOWN,
    )
