"""The debts behind a cell of the transition matrix: what each owed at both ends of a period, and what of it moved so.

Worked out from the balances at the periods' ends, not from what `risk.transitions` adds up: the one proves the other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composed
from psycopg2.sql import Literal as Text

from cartera.warehouse import read
from cartera.warehouse.ages import EDGES
from cartera.warehouse.risk import Basis

SETTLED = ("paid", "written_off")
COLUMNS = (
    "item_id", "invoice_id", "customer_id", "customer_name", "document_number", "from_date", "to_date", "from_amount",
    "to_amount", "amount", "moves", "moved_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A cell: of one company and currency, over `periods` of `period_days` that end at `as_of`; states of risk.STATES.

    `to_state` is a bucket, or "settled": paid or written off, which the balances alone do not tell apart.
    """

    as_of: dt.date
    known_at: dt.datetime
    company_id: str
    currency_code: str
    from_state: str
    to_state: str
    basis: Basis
    period_days: int
    periods: int


ENDS = SQL(
    # each debt's stretch of days with one amount, at the ends of the periods that lie in it; put down before it is
    # joined, for nobody can guess how few they are
    "with ends as materialized (select series.number, balance.item_id, balance.invoice_id, balance.customer_id,"
    " balance.document_number, balance.issue_date, balance.open_amount, {bucket} as bucket"
    " from serve.fct_item_balances as balance cross join generate_series(0, %(periods)s) as series (number)"
    " cross join lateral (select %(as_of)s - series.number * %(period_days)s as point_date) as point"
    " where balance.item_type in ('instalment', 'chargeback') and balance.open_amount > 0"
    " and balance.company_id = %(company)s and balance.currency_code = %(currency)s"
    " and balance.recorded_from <= %(known_at)s and balance.recorded_to > %(known_at)s"
    " and balance.valid_from <= %(as_of)s and balance.valid_to > %(as_of)s - %(periods)s * %(period_days)s"
    " and balance.valid_from <= point.point_date and balance.valid_to > point.point_date),"
    " moved as (select coalesce(closing.item_id, opening.item_id) as item_id,"
    " coalesce(closing.invoice_id, opening.invoice_id) as invoice_id,"
    " coalesce(closing.customer_id, opening.customer_id) as customer_id,"
    " coalesce(closing.document_number, opening.document_number) as document_number,"
    " closing.issue_date, opening.bucket as from_bucket, closing.bucket as to_bucket,"
    " %(as_of)s - coalesce(opening.number, closing.number + 1) * %(period_days)s as from_date,"
    " %(as_of)s - coalesce(opening.number - 1, closing.number) * %(period_days)s as to_date,"
    " coalesce(opening.open_amount, 0) as from_amount, coalesce(closing.open_amount, 0) as to_amount"
    " from (select * from ends where number > 0) as opening"
    " full join (select * from ends where number < %(periods)s) as closing"
    " on opening.item_id = closing.item_id and opening.number = closing.number + 1),"
    " listed as (select *, {amount} as amount, count(*) over () as moves, sum({amount}) over () as moved_amount"
    " from moved where {which} order by amount desc, item_id, to_date limit %(limit)s)"
    " select listed.*, customer.name as customer_name from listed left join"
    " (select distinct on (customer_id) customer_id, name from serve.dim_customers"
    " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s order by customer_id, recorded_from desc"
    ") as customer using (customer_id) order by listed.amount desc, listed.item_id, listed.to_date"
)

CARRIED = (
    SQL("from_bucket = %(from_state)s and to_bucket = %(to_state)s"),
    SQL("least(from_amount, to_amount)"),
)
PAID_OFF = {
    "amount": (SQL("from_bucket = %(from_state)s and from_amount > to_amount"), SQL("from_amount - to_amount")),
    "count": (SQL("from_bucket = %(from_state)s and to_bucket is null"), SQL("from_amount")),
}
ENTERED = SQL("from_bucket is null and to_bucket = %(to_state)s and issue_date {} from_date")
NEW = (ENTERED.format(SQL(">")), SQL("to_amount"))
GREW = SQL("from_bucket is not null and to_bucket = %(to_state)s and to_amount > from_amount")
REOPENED = {
    "amount": (SQL("({} or {})").format(ENTERED.format(SQL("<=")), GREW), SQL("to_amount - from_amount")),
    "count": (ENTERED.format(SQL("<=")), SQL("to_amount")),
}


def debts(connection: Connection, asked: Asked, limit: int) -> list[read.Row]:
    """COLUMNS: a debt once for each period in which it moved so, the largest first.

    `moves` and `moved_amount` count and add up all of them, whatever the limit.
    """
    which, amount = _cell(asked)
    query = ENDS.format(bucket=_bucket(), which=which, amount=amount)
    given = {
        "as_of": asked.as_of,
        "known_at": asked.known_at,
        "company": asked.company_id,
        "currency": asked.currency_code,
        "from_state": asked.from_state,
        "to_state": asked.to_state,
        "period_days": asked.period_days,
        "periods": asked.periods,
        "limit": limit,
    }
    return read.rows(connection, query, given)


def _bucket() -> Composed:
    """Of a debt at an end of a period."""
    names, days = read.BUCKETS, SQL("point.point_date - balance.due_date")
    ends = zip((0, *EDGES), names, strict=False)
    cases = [SQL("when {} <= {} then {}").format(days, Text(end), Text(name)) for end, name in ends]
    return SQL("case {} else {} end").format(SQL(" ").join(cases), Text(names[-1]))


def _cell(asked: Asked) -> tuple[SQL | Composed, SQL]:
    """Which moves are in it, and how much of each."""
    if asked.from_state == "new":
        return NEW
    if asked.from_state == "reopened":
        return REOPENED[asked.basis]
    return PAID_OFF[asked.basis] if asked.to_state == "settled" else CARRIED
