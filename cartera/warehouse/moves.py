"""The debts behind a cell of the transition matrix or a roll rate: what each owed at both ends of a period, what moved.

Worked out from the balances at the periods' ends, and for what was settled from the write-offs between them.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composed
from psycopg2.sql import Literal as Text

from cartera.warehouse import read
from cartera.warehouse.ages import EDGES
from cartera.warehouse.behind import DEBTS, Place, largest
from cartera.warehouse.risk import Basis

SETTLED = ("paid", "written_off")
ANY, ON = "any", "on"
"""What a roll rate divides: from or to any state; from a bucket on to a later one, or written off."""

COLUMNS = (
    "item_id", "invoice_id", "customer_id", "customer_name", "document_number", "from_date", "to_date", "from_amount",
    "to_amount", "amount", "rows", "total_amount",
)  # fmt: skip
OF_ROLLED = (*COLUMNS, "written_off_amount", "total_written_off_amount")


@dataclass(frozen=True)
class Asked(Place):
    """A cell: over `periods` of `period_days` that end at `as_of`; states of risk.STATES, or ANY, or to ON."""

    from_state: str
    to_state: str
    basis: Basis
    period_days: int
    periods: int

    @property
    def columns(self) -> tuple[str, ...]:
        return OF_ROLLED if self.to_state == ON else COLUMNS


MOVED = SQL(
    # each debt's stretch of days with one amount, at the ends of the periods that lie in it; put down before it is
    # joined, and joined before a cell is taken from it, for nobody can guess how few they are
    "with ends as materialized (select series.number, item_id, invoice_id, customer_id, document_number, issue_date,"
    " open_amount, {bucket} as bucket"
    " from serve.fct_item_balances as balance cross join generate_series(0, %(periods)s) as series (number)"
    " cross join lateral (select %(as_of)s - series.number * %(period_days)s as point_date) as point"
    " where {debts} and valid_from <= %(as_of)s and valid_to > %(as_of)s - %(periods)s * %(period_days)s"
    " and valid_from <= point_date and valid_to > point_date),"
    " moved as materialized (select coalesce(closing.item_id, opening.item_id) as item_id,"
    " coalesce(closing.invoice_id, opening.invoice_id) as invoice_id,"
    " coalesce(closing.customer_id, opening.customer_id) as customer_id,"
    " coalesce(closing.document_number, opening.document_number) as document_number,"
    " closing.issue_date, opening.bucket as from_bucket, closing.bucket as to_bucket,"
    " %(as_of)s - coalesce(opening.number, closing.number + 1) * %(period_days)s as from_date,"
    " %(as_of)s - coalesce(opening.number - 1, closing.number) * %(period_days)s as to_date,"
    " coalesce(opening.open_amount, 0) as from_amount, coalesce(closing.open_amount, 0) as to_amount"
    " from (select * from ends where number > 0) as opening"
    " full join (select * from ends where number < %(periods)s) as closing"
    " on opening.item_id = closing.item_id and opening.number = closing.number + 1)"
)
IN_CELL = SQL("{moved} select *, {amount} as amount from moved where {which}")
SPLIT = SQL(
    "{moved}, fell as (select * from moved where from_bucket = %(from_state)s and from_amount > to_amount),"
    # what was written off of it in the period, and ever until its end
    " lost as (select fell.item_id, fell.from_date, sum(written_off_amount) as ever_amount,"
    " sum(case when effective_date > fell.from_date then written_off_amount else 0 end) as amount"
    " from fell join serve.settled_without_cash(%(known_at)s) as settled using (item_id)"
    " where effective_date <= fell.to_date group by fell.item_id, fell.from_date),"
    " split as (select fell.*, coalesce(ever_amount, 0) > 0 as is_written_off,"
    " least(greatest(coalesce(lost.amount, 0), 0), from_amount - to_amount) as lost_amount"
    " from fell left join lost using (item_id, from_date))"
)
SETTLED_IN_CELL = SQL(
    "{split} select * from (select *, {amount} as amount from split where {which}) as cell where amount > 0"
)
ROLLED = SQL(
    "{split} select * from (select rolled.*, {amount} as amount from (select moved.*,"
    " coalesce(is_written_off, false) as is_written_off, coalesce(lost_amount, 0) as written_off_amount,"
    " case when to_bucket = any(%(later)s) then least(from_amount, to_amount) else 0 end as carried_amount"
    " from moved left join (select item_id, from_date, is_written_off, lost_amount from split) as settled"
    " using (item_id, from_date) where from_bucket = %(from_state)s) as rolled where {which}) as cell where amount > 0"
)

CARRIED = (
    SQL("from_bucket = %(from_state)s and to_bucket = %(to_state)s"),
    SQL("least(from_amount, to_amount)"),
)
BEGAN = (SQL("from_bucket = %(from_state)s"), SQL("from_amount"))
ENDED = (SQL("to_bucket = %(to_state)s"), SQL("to_amount"))
ROLLED_AS = {
    "amount": (SQL("true"), SQL("carried_amount + written_off_amount")),
    "count": (
        SQL("to_bucket = any(%(later)s) or (to_bucket is null and is_written_off)"),
        SQL("case when to_bucket is null then from_amount else carried_amount end"),
    ),
}
SETTLED_AS = {
    ("paid", "amount"): (SQL("true"), SQL("from_amount - to_amount - lost_amount")),
    ("written_off", "amount"): (SQL("true"), SQL("lost_amount")),
    ("paid", "count"): (SQL("to_bucket is null and not is_written_off"), SQL("from_amount")),
    ("written_off", "count"): (SQL("to_bucket is null and is_written_off"), SQL("from_amount")),
}
ENTERED = SQL("from_bucket is null and to_bucket = %(to_state)s and issue_date {} from_date")
NEW = (ENTERED.format(SQL(">")), SQL("to_amount"))
GREW = SQL("from_bucket is not null and to_bucket = %(to_state)s and to_amount > from_amount")
REOPENED = {
    "amount": (SQL("({} or {})").format(ENTERED.format(SQL("<=")), GREW), SQL("to_amount - from_amount")),
    "count": (ENTERED.format(SQL("<=")), SQL("to_amount")),
}


def debts(connection: Connection, asked: Asked, limit: int) -> list[read.Row]:
    """`asked.columns`: a debt once for each period in which it moved so, the largest first."""
    moved = MOVED.format(bucket=_bucket(), debts=DEBTS)
    which, amount = _cell(asked)
    if asked.to_state == ON or asked.to_state in SETTLED:
        of = ROLLED if asked.to_state == ON else SETTLED_IN_CELL
        found = of.format(split=SPLIT.format(moved=moved), which=which, amount=amount)
    else:
        found = IN_CELL.format(moved=moved, which=which, amount=amount)
    given = {
        "from_state": asked.from_state,
        "to_state": asked.to_state,
        "later": _later(asked.from_state),
        "period_days": asked.period_days,
        "periods": asked.periods,
    }
    return largest(connection, found, asked.columns, asked.bound() | given, limit)


def _later(state: str) -> list[str]:
    """The buckets after one."""
    return list(read.BUCKETS[read.BUCKETS.index(state) + 1 :]) if state in read.BUCKETS else []


def _bucket() -> Composed:
    """Of a debt at an end of a period."""
    names, days = read.BUCKETS, SQL("point.point_date - balance.due_date")
    ends = zip((0, *EDGES), names, strict=False)
    cases = [SQL("when {} <= {} then {}").format(days, Text(end), Text(name)) for end, name in ends]
    return SQL("case {} else {} end").format(SQL(" ").join(cases), Text(names[-1]))


def _cell(asked: Asked) -> tuple[SQL | Composed, SQL]:
    """Which moves are in it, and how much of each."""
    if asked.to_state == ON:
        return ROLLED_AS[asked.basis]
    if ANY in (asked.from_state, asked.to_state):
        return ENDED if asked.from_state == ANY else BEGAN
    if asked.from_state == "new":
        return NEW
    if asked.from_state == "reopened":
        return REOPENED[asked.basis]
    return SETTLED_AS[asked.to_state, asked.basis] if asked.to_state in SETTLED else CARRIED
