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
    "item_id", "customer_id", "customer_name", "document_number", "due_date", "placed_date", "until_date",
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
    " candidates as (select distinct family_id, item_id from debts where valid_to > due_date"
    " and greatest(valid_from, due_date) + 1 between %(first_day)s and %(last_day)s"
    " and greatest(valid_from, due_date) < %(as_of)s),"
    " stretches as (select debts.*, greatest(valid_from, due_date) + 1 as placeable_date"
    " from candidates join debts using (family_id, item_id) where valid_to > due_date),"
    # once: at its first stretch past due, which may lie before the days asked for
    " placed as (select item_id, min(placeable_date) as placed_date,"
    " least(min(placeable_date) + %(after_days)s::integer, %(as_of)s) as until_date"
    " from stretches group by item_id having min(placeable_date) >= %(first_day)s),"
    " settled as (select item_id, sum(credited_amount) as credited_amount,"
    " sum(written_off_amount) as written_off_amount"
    " from placed join serve.settled_without_cash(%(known_at)s) as settled using (item_id)"
    " where effective_date between placed_date and until_date group by item_id)"
    " select opening.item_id, opening.invoice_id, opening.customer_id, opening.document_number, opening.due_date,"
    " placed_date, until_date, opening.open_amount as placed_amount, opening.open_amount"
    " - coalesce(closing.open_amount, 0) - coalesce(credited_amount, 0) - coalesce(written_off_amount, 0)"
    " as collected_amount, coalesce(credited_amount, 0) as credited_amount,"
    " coalesce(written_off_amount, 0) as written_off_amount, coalesce(closing.open_amount, 0) as open_amount"
    " from placed join stretches as opening using (item_id)"
    " left join stretches as closing on closing.item_id = opening.item_id"
    " and closing.valid_from <= until_date and closing.valid_to > until_date"
    " left join settled on settled.item_id = opening.item_id"
    " where opening.valid_from < placed_date and opening.valid_to >= placed_date"
)


def debts(connection: Connection, asked: Asked, first: Measure, limit: int) -> list[read.Row]:
    """COLUMNS, the largest of `first` first."""
    first_day, last_day = asked.placed_within()
    given = {"first_day": first_day, "last_day": last_day, "after_days": asked.after_days}
    found = PLACED.format(debts=DEBTS)
    return largest(connection, found, COLUMNS, asked.bound() | given, limit, first=first)
