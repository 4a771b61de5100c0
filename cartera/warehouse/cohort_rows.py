"""The debts behind a cohort: what each owed when it was placed, and what came of it since.

A debt is placed the day after the first at whose end it was past due; what it owes is read from its balances.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse import metrics, read
from cartera.warehouse.behind import DEBTS, Place, largest

DAY = dt.timedelta(days=1)
Measure = Literal["placed_amount", "collected_amount", "credited_amount", "written_off_amount", "open_amount"]
COLUMNS = (
    "item_id", "invoice_id", "customer_id", "customer_name", "document_number", "due_date", "placed_date", "until_date",
    "placed_amount", "collected_amount", "credited_amount", "written_off_amount", "open_amount", "rows",
    "total_placed_amount", "total_collected_amount", "total_credited_amount", "total_written_off_amount",
    "total_open_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Asked(Place):
    """Those of one cohort, or of the last `months` (None), followed for `after_days` since placement, or to `as_of`."""

    months: int
    cohort_month: dt.date | None
    after_days: int | None = None

    def placed_within(self) -> tuple[dt.date, dt.date]:
        """The first and last day. Of all that are followed for some days, the months that are old enough."""
        if self.cohort_month:
            return self.cohort_month, (self.cohort_month + dt.timedelta(days=31)).replace(day=1) - DAY
        first = metrics.month_ends(self.as_of, self.months + 1)[-1] + DAY
        if self.after_days is None:
            return first, self.as_of
        return first, (self.as_of - dt.timedelta(days=self.after_days) + DAY).replace(day=1) - DAY


PLACED = SQL(
    "with debts as not materialized (select * from serve.fct_item_balances where {debts}),"
    # past due from the greater of both days on; said without it, so that the planner knows how many there are
    " candidates as (select distinct family_id, item_id from debts where valid_to > due_date"
    " and valid_from <= %(last_late)s and due_date <= %(last_late)s"
    " and (valid_from >= %(first_late)s or due_date >= %(first_late)s)),"
    # once: at its first stretch past due, which may lie before the days asked for. Every candidate has stretches: of
    # an inner join on both keys the planner would expect one row, and go on row by row
    " stretches as (select debts.*,"
    " min(greatest(valid_from, due_date) + 1) over (partition by debts.item_id) as placed_date"
    " from candidates left join debts on debts.family_id = candidates.family_id and debts.item_id = candidates.item_id"
    " and valid_to > due_date),"
    " followed as (select *, least(placed_date + %(after_days)s::integer, %(as_of)s) as until_date from stretches),"
    " placed as (select item_id, placed_date, until_date, min(invoice_id) as invoice_id,"
    " min(customer_id) as customer_id, min(document_number) as document_number, min(due_date) as due_date,"
    " sum(open_amount) filter (where valid_from < placed_date and valid_to >= placed_date) as placed_amount,"
    " coalesce(sum(open_amount) filter (where valid_from <= until_date and valid_to > until_date), 0) as open_amount"
    " from followed where placed_date >= %(first_day)s group by item_id, placed_date, until_date),"
    # grouped by all there is of a debt: what was settled is not joined to it once more
    " settled as (select placed.*, coalesce(sum(credited_amount), 0) as credited_amount,"
    " coalesce(sum(written_off_amount), 0) as written_off_amount"
    " from placed left join serve.settled_without_cash(%(known_at)s) as settled"
    " on settled.item_id = placed.item_id and effective_date between placed_date and until_date"
    " group by placed.item_id, placed_date, until_date, invoice_id, customer_id, document_number, due_date,"
    " placed_amount, open_amount)"
    " select *, placed_amount - open_amount - credited_amount - written_off_amount as collected_amount from settled"
)


def debts(connection: Connection, asked: Asked, first: Measure, limit: int) -> list[read.Row]:
    """COLUMNS, the largest of `first` first."""
    first_day, last_day = asked.placed_within()
    given = {
        "first_day": first_day,
        "first_late": first_day - DAY,
        "last_late": min(last_day, asked.as_of) - DAY,
        "after_days": asked.after_days,
    }
    found = PLACED.format(debts=DEBTS)
    return largest(connection, found, COLUMNS, asked.bound() | given, limit, first=first)
