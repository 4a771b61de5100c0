"""The debts behind the cures: what was past due at the start, and what came of the customers who owed it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse import read
from cartera.warehouse.behind import DEBTS, KNOWN, OF_PLACE, Place, largest

Outcome = Literal["delinquent", "cured", "redefaulted", "written_off"]
"""Of a customer; delinquent is late still."""

COLUMNS = (
    "item_id", "customer_id", "customer_name", "document_number", "due_date", "days", "amount", "outcome", "rows",
    "total_amount", "total_customers",
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
    " from (select distinct customer_id from at_start) as customers)"
    " select item_id, invoice_id, customer_id, document_number, due_date, %(start)s - due_date as days,"
    " open_amount as amount, outcome,"
    # each customer counts with one of its debts
    " case when row_number() over (partition by customer_id order by item_id) = 1 then 1 else 0 end as customers"
    " from at_start join outcomes using (customer_id) where %(outcome)s::text is null or outcome = %(outcome)s"
)


def debts(connection: Connection, asked: Asked, limit: int) -> list[read.Row]:
    """COLUMNS of the debts past due at the start, the largest first; total_customers counts who owed them."""
    end = asked.as_of - dt.timedelta(days=asked.cure_days)
    given = {"start": end - dt.timedelta(days=asked.horizon_days), "end": end, "outcome": asked.outcome}
    found = OWED.format(debts=DEBTS, of_place=OF_PLACE, known=KNOWN)
    return largest(connection, found, COLUMNS, asked.bound() | given, limit)
