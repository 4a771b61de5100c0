"""The debts behind the provision matrix: those open, with what is expected to be lost of each, and its history.

Its rates are no rounded figures here but what they divide, so that a sum ends where the matrix does.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable
from psycopg2.sql import Literal as Text

from cartera.warehouse import read
from cartera.warehouse.ages import EDGES
from cartera.warehouse.behind import DEBTS, OF_PLACE, Place, largest

Measure = Literal["unpaid_amount", "entered_amount"]
OPEN = (
    "item_id", "invoice_id", "customer_id", "customer_name", "document_number", "due_date", "days_past_due", "bucket",
    "open_amount", "expected_amount", "rows", "total_open_amount", "total_expected_amount",
)  # fmt: skip
HISTORY = (
    "item_id", "invoice_id", "customer_id", "customer_name", "document_number", "due_date", "entered_date",
    "entered_amount", "unpaid_amount", "rows", "total_entered_amount", "total_unpaid_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """Of a bucket: what entered it and what of that was finally unpaid."""

    bucket: str
    entered_amount: Decimal
    unpaid_amount: Decimal


@dataclass(frozen=True)
class Asked(Place):
    """A segment of a scheme's customers; of all where `scheme` is None."""

    factor: Decimal
    history_days: int
    loss_days: int
    scheme: str | None = None
    segment: str | None = None

    def bound(self) -> read.Row:
        return super().bound() | {
            "factor": self.factor,
            "history_days": self.history_days,
            "loss_days": self.loss_days,
            "scheme": self.scheme,
            "segment": self.segment,
        }


IN_SEGMENT = SQL(
    " left join (select company_id, customer_id, segment from {members} as members where scheme = %(scheme)s"
    ") as member using (company_id, customer_id) where coalesce(segment, 'unassigned') = %(segment)s"
)
OWED = SQL(
    "select debt.*, least(open_amount, open_amount * unpaid_amount * %(factor)s / nullif(entered_amount, 0))"
    " as expected_amount from (select item_id, invoice_id, company_id, customer_id, document_number, due_date,"
    # debts have days past due, credit has none
    " days_past_due, bucket, open_amount from {items} as items where {of_place} and days_past_due is not null) as debt"
    " join unnest(%(buckets)s::text[], %(entered)s::numeric[], %(unpaid)s::numeric[])"
    " as rate (bucket, entered_amount, unpaid_amount) using (bucket){in_segment}"
)
ENTERED = SQL(
    "with due as (select item_id, invoice_id, company_id, customer_id, document_number, issue_date, due_date,"
    " open_amount, valid_from, valid_to, {entered_date} as entered_date, due_date + %(loss_days)s as decided_date"
    " from serve.fct_item_balances as balance where {debts}"
    " and due_date > %(as_of)s - %(loss_days)s - %(history_days)s and due_date <= %(as_of)s - %(loss_days)s),"
    " entered as (select * from due where valid_from <= entered_date and valid_to > entered_date and {is_in_time}),"
    " lost as (select entered.item_id, sum(written_off_amount) as amount"
    " from entered join serve.settled_without_cash(%(known_at)s) as settled using (item_id)"
    " where effective_date > entered_date and effective_date <= decided_date group by entered.item_id)"
    " select entered.item_id, entered.invoice_id, company_id, customer_id, entered.document_number, entered.due_date,"
    " entered.entered_date, entered.open_amount as entered_amount, least(entered.open_amount,"
    " coalesce(late.open_amount, 0) + greatest(coalesce(lost.amount, 0), 0)) as unpaid_amount"
    " from entered left join lost using (item_id)"
    " left join (select item_id, open_amount from due where valid_from <= decided_date and valid_to > decided_date"
    ") as late using (item_id){in_segment}"
)


def open_debts(connection: Connection, asked: Asked, rates: tuple[Rate, ...], limit: int) -> list[read.Row]:
    """OPEN of the debts in the buckets of `rates`; what is expected of one whose bucket has no history is None."""
    found = OWED.format(
        items=read.items_at(connection, asked.as_of, asked.known_at),
        of_place=OF_PLACE,
        in_segment=_in_segment(connection, asked),
    )
    given = {
        "buckets": [rate.bucket for rate in rates],
        "entered": [rate.entered_amount for rate in rates],
        "unpaid": [rate.unpaid_amount for rate in rates],
    }
    return largest(connection, found, OPEN, asked.bound() | given, limit)


def history(connection: Connection, asked: Asked, bucket: str, first: Measure, limit: int) -> list[read.Row]:
    """HISTORY of the debts that entered a bucket, due in the `history_days` up to `loss_days` before the date."""
    number = read.BUCKETS.index(bucket)
    found = ENTERED.format(
        # before it is due it enters on the day of issue, unless it was issued late
        entered_date=SQL("due_date + {}").format(Text((0, *EDGES)[number - 1])) if number else SQL("issue_date"),
        is_in_time=SQL("true" if number else "issue_date <= due_date"),
        debts=DEBTS,
        in_segment=_in_segment(connection, asked),
    )
    return largest(connection, found, HISTORY, asked.bound(), limit, first=first)


def _in_segment(connection: Connection, asked: Asked) -> Composable:
    if asked.scheme is None:
        return SQL("")
    return IN_SEGMENT.format(members=read.segments_at(connection, asked.as_of, asked.known_at))
