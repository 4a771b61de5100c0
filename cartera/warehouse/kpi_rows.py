"""The rows behind a KPI: the debts, movements and payments that the sums in its numerator and denominator add up.

Each in the currency of its document, and in that of the view with the rate between them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable

from cartera.warehouse import in_view, read
from cartera.warehouse.behind import KNOWN, OF_PLACE, Place, largest

COLUMNS = (
    "item_id", "invoice_id", "company_id", "customer_id", "customer_name", "document_number", "date", "days",
    "document_amount", "document_currency_code", "rate", "amount", "rows", "total_amount", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Asked(Place):
    """The window are the `window_days` that end with `as_of`; `currency_code` is that of the view.

    `days`: what moved in these, the first and the last, and not in the window.
    """

    window_days: int
    view: read.View = "transaction"
    days: tuple[dt.date, dt.date] | None = None

    @property
    def is_valued(self) -> bool:
        return self.view != "transaction"

    @property
    def moved_within(self) -> tuple[dt.date, dt.date]:
        """The first and the last day."""
        return self.days or (self.as_of - dt.timedelta(days=self.window_days - 1), self.as_of)


@dataclass(frozen=True)
class Part:
    """One sum: `amount` over the rows of `rows` for which `which` holds; `days` is what an amount is weighed by, or how
    late it is. `is_opening`: as of the day before the window. `unit`: of the sum."""

    rows: SQL
    which: str
    amount: str
    date: str
    days: str = "null::integer"
    unit: Literal["money", "money_days", "count"] = "money"
    is_opening: bool = False

    @property
    def is_money(self) -> bool:
        return self.unit == "money"


FOUND = SQL(
    "item_id, invoice_id, customer_id, company_id, currency_code, document_fx_rate, {date} as date, {days} as days,"
    " {amount} as amount"
)
OPEN = SQL(
    "select {found}, document_number, issue_date as document_date from {items} as item where {of_place} and {which}"
)
MOVED = SQL(
    "select {found}, null::text as document_number, document_date from serve.fct_ledger_entries as entry"
    " where {of_place} and {which} and effective_date >= %(first)s and effective_date <= %(last)s and {known}"
)
PAID = SQL(
    "select {found}, document_number, issue_date as document_date from serve.fct_item_balances as balance"
    " where {of_place} and item_type = 'instalment' and item_amount > 0 and open_amount <= 0 and {which}"
    " and settled_date >= %(first)s and settled_date <= %(as_of)s"
    " and valid_from <= %(as_of)s and valid_to > %(as_of)s and {known}"
)
AS_IT_IS = SQL(
    "select amounts.*, amount as document_amount, currency_code as document_currency_code, 1::numeric as rate,"
    " null::text as reason from ({amounts}) as amounts"
)
VALUED = SQL(
    "with amounts as ({amounts}), {in_view}"
    " select item_id, invoice_id, company_id, customer_id, document_number, date, days, amount as document_amount,"
    " currency_code as document_currency_code, rate, {value} as amount, {reason} as reason"
    " from valued where view_currency_code = %(currency)s"
)

_DEBT, _LATE = read.PARTS["open_amount"].string, read.PARTS["overdue_amount"].string
_DISPUTED, _CREDIT = read.PARTS["disputed_amount"].string, read.PARTS["unapplied_amount"].string
_PAID_WHOLE = "is_paid and not is_written_off"
_AGE, _TO_PAY, _LATE_BY = "%(as_of)s::date - issue_date", "settled_date - issue_date", "settled_date - due_date"


def _moved(entry_type: str, amount: str) -> Part:
    return Part(MOVED, f"entry_type = '{entry_type}'", amount, "effective_date")


PARTS = {
    "ar_amount": Part(OPEN, _DEBT, "open_amount", "due_date", "days_past_due"),
    "opening_ar_amount": Part(OPEN, _DEBT, "open_amount", "due_date", "days_past_due", is_opening=True),
    "past_due_amount": Part(OPEN, _LATE, "open_amount", "due_date", "days_past_due"),
    "disputed_amount": Part(OPEN, _DISPUTED, "open_amount", "due_date", "days_past_due"),
    "unapplied_amount": Part(OPEN, _CREDIT, "-open_amount", "issue_date"),
    "amount_days_since_issue": Part(OPEN, _DEBT, f"open_amount * ({_AGE})", "issue_date", _AGE, unit="money_days"),
    "amount_days_past_due": Part(
        OPEN, _LATE, "open_amount * days_past_due", "due_date", "days_past_due", unit="money_days"
    ),
    "open_items": Part(OPEN, _DEBT, "1::numeric", "due_date", "days_past_due", unit="count"),
    "disputed_items": Part(OPEN, _DISPUTED, "1::numeric", "due_date", "days_past_due", unit="count"),
    "invoiced_amount": _moved("invoiced", "amount"),
    "credit_noted_amount": _moved("credit_noted", "-amount"),
    "counted_sales_amount": Part(MOVED, "entry_type in ('invoiced', 'credit_noted')", "amount", "effective_date"),
    "received_amount": _moved("received", "-amount"),
    "written_off_amount": _moved("written_off", "-amount"),
    "write_off_reversed_amount": _moved("write_off_reversed", "amount"),
    "paid_amount": Part(PAID, _PAID_WHOLE, "item_amount", "settled_date", _LATE_BY),
    "amount_days_to_pay": Part(
        PAID, _PAID_WHOLE, f"item_amount * ({_TO_PAY})", "settled_date", _TO_PAY, unit="money_days"
    ),
    "amount_days_late": Part(
        PAID, _PAID_WHOLE, f"item_amount * ({_LATE_BY})", "settled_date", _LATE_BY, unit="money_days"
    ),
    "paid_items": Part(PAID, _PAID_WHOLE, "1::numeric", "settled_date", _TO_PAY, unit="count"),
    "days_to_pay": Part(PAID, _PAID_WHOLE, f"({_TO_PAY})::numeric", "settled_date", _TO_PAY, unit="count"),
}
"""By the names of the measures in dbt_project/macros/kpis; the sales that were counted back are those of `days`."""


def rows(connection: Connection, asked: Asked, part: str, limit: int) -> list[read.Row]:
    """COLUMNS of one of PARTS, the largest first.

    `rate` is 1 where amounts are not valued. Where a rate is missing, `reason` names the first, beside every row: the
    amount is then None, and total_amount is of the others.
    """
    return largest(connection, _rows(connection, asked, PARTS[part]), COLUMNS, _bound(asked, PARTS[part]), limit)


def by_day(connection: Connection, asked: Asked, part: str) -> Iterator[tuple[dt.date, Decimal | None]]:
    """What the rows add up to on each date that has any, the latest first; None where a rate is missing."""
    query = SQL(
        "select date, case when count(amount) = count(*) then sum(amount) end as amount from ({found}) as found"
        " group by date order by date desc"
    ).format(found=_rows(connection, asked, PARTS[part]))
    for row in read.rows(connection, query, _bound(asked, PARTS[part])):
        yield row["date"], row["amount"]


def _day(asked: Asked, part: Part) -> dt.date:
    return asked.as_of - dt.timedelta(days=asked.window_days) if part.is_opening else asked.as_of


def _bound(asked: Asked, part: Part) -> read.Row:
    first, last = asked.moved_within
    bound = {**asked.bound(), "as_of": _day(asked, part), "first": first, "last": last}
    # what was open before the window too has the rates of the as-of date
    return bound | in_view.bound(asked.view, asked.as_of) if asked.is_valued else bound


def _rows(connection: Connection, asked: Asked, part: Part) -> Composable:
    found = part.rows.format(
        found=FOUND.format(date=SQL(part.date), days=SQL(part.days), amount=SQL(part.amount)),
        which=SQL(part.which),
        items=read.items_at(connection, _day(asked, part), asked.known_at),
        # of a company whose currency is not known, the view has each currency by itself
        of_place=SQL("company_id = %(company)s") if asked.is_valued else OF_PLACE,
        known=KNOWN,
    )
    if not asked.is_valued:
        return AS_IT_IS.format(amounts=found)
    value, reason = "amount * rate", "min(missing_rate) over ()"
    if part.unit == "count":  # needs no rate, and stands without
        value, reason = "amount", "null::text"
    return VALUED.format(amounts=found, in_view=in_view.IN_VIEW, value=SQL(value), reason=SQL(reason))
