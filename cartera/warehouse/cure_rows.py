"""The debts behind the cures: what was past due at the start, what came of it, and how who owed it was judged.

A customer is judged as a whole: of one with a write-off most debts may have been paid. So each says what came of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse import read
from cartera.warehouse.behind import DEBTS, KNOWN, OF_PLACE, Place, largest

Outcome = Literal["delinquent", "cured", "redefaulted", "written_off"]
"""Of a customer; delinquent is late still, written_off one of whom anything was."""

COLUMNS = (
    "item_id", "invoice_id", "customer_id", "customer_name", "document_number", "due_date", "days", "amount",
    "collected_amount", "credited_amount", "written_off_amount", "open_amount", "outcome", "rows", "total_amount",
    "total_customers", "total_collected_amount", "total_credited_amount", "total_written_off_amount",
    "total_open_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Asked(Place):
    """Followed for `horizon_days`, then `cure_days` more, which end with `as_of`; with one outcome, or all (None)."""

    horizon_days: int
    cure_days: int
    outcome: Outcome | None


OWED = SQL(
    "with late as (select *, greatest(valid_from, due_date + 1) as late_from from serve.fct_item_balances where {debts}"
    " and valid_to > greatest(valid_from, due_date + 1, %(start)s)),"
    " at_start as (select * from late where late_from <= %(start)s),"
    " losers as (select customer_id from serve.fct_ledger_entries where {of_place} and {known}"
    " and entry_type in ('written_off', 'write_off_reversed')"
    " and effective_date > %(start)s and effective_date <= %(as_of)s group by customer_id having sum(amount) < 0),"
    " owing as (select customer_id from late where late_from <= %(end)s and valid_to > %(end)s),"
    # on any of the days after the end
    " owing_later as (select customer_id from late where late_from <= %(as_of)s and valid_to > %(end)s + 1),"
    " outcomes as (select customer_id, case when customer_id in (select customer_id from losers) then 'written_off'"
    " when customer_id in (select customer_id from owing) then 'delinquent'"
    " when customer_id in (select customer_id from owing_later) then 'redefaulted' else 'cured' end as outcome"
    " from (select distinct customer_id from at_start) as customers),"
    " settled as (select item_id, sum(credited_amount) as credited_amount,"
    " sum(written_off_amount) as written_off_amount"
    " from at_start join serve.settled_without_cash(%(known_at)s) as settled using (item_id)"
    " where effective_date > %(start)s and effective_date <= %(as_of)s group by item_id),"
    " left_open as (select item_id, open_amount from late where valid_from <= %(as_of)s and valid_to > %(as_of)s),"
    " became as (select debt.item_id, debt.invoice_id, customer_id, debt.document_number, debt.due_date,"
    " %(start)s - debt.due_date as days, debt.open_amount as amount, outcome,"
    " coalesce(credited_amount, 0) as credited_amount, coalesce(written_off_amount, 0) as written_off_amount,"
    " coalesce(left_open.open_amount, 0) as open_amount,"
    # each customer counts with one of its debts
    " case when row_number() over (partition by customer_id order by debt.item_id) = 1 then 1 else 0 end as customers"
    " from at_start as debt join outcomes using (customer_id) left join settled using (item_id)"
    " left join left_open using (item_id) where %(outcome)s::text is null or outcome = %(outcome)s)"
    " select *, amount - open_amount - credited_amount - written_off_amount as collected_amount from became"
)


def debts(connection: Connection, asked: Asked, limit: int) -> list[read.Row]:
    """COLUMNS of the debts past due at the start, the largest first; total_customers counts who owed them.

    Each with what of its amount was collected, credited, written off from then to the as-of date, and is open at it.
    """
    end = asked.as_of - dt.timedelta(days=asked.cure_days)
    given = {"start": end - dt.timedelta(days=asked.horizon_days), "end": end, "outcome": asked.outcome}
    found = OWED.format(debts=DEBTS, of_place=OF_PLACE, known=KNOWN)
    return largest(connection, found, COLUMNS, asked.bound() | given, limit)
