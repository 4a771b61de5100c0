"""What the first page says beside the balance: how DSO and collection went, what is expected, what wants attention.

All of one currency, of one company or all; the KPIs by the formulas of metrics/catalogue.yaml.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse.read import Row, items_at, rows

FLOWS = ("invoiced", "credit_noted", "received")
OF_ASKED = SQL("currency_code = %(currency)s and (%(company)s::text is null or company_id = %(company)s)")


@dataclass(frozen=True)
class Asked:
    """The publication's two clocks, one currency, one company or all (None)."""

    as_of: dt.date
    known_at: dt.datetime
    currency_code: str
    company_id: str | None

    def bound(self) -> Row:
        return {
            "as_of": self.as_of,
            "known_at": self.known_at,
            "currency": self.currency_code,
            "company": self.company_id,
        }


@dataclass(frozen=True)
class Point:
    """The figures of one day; a ratio is None where there is nothing to divide by."""

    as_of_date: dt.date
    open_amount: Decimal
    overdue_amount: Decimal
    unapplied_amount: Decimal
    dso: Decimal | None
    best_possible_dso: Decimal | None
    cei: Decimal | None

    @property
    def overdue_share(self) -> Decimal | None:
        return self.overdue_amount / self.open_amount if self.open_amount else None


def flows(connection: Connection, asked: Asked, since: dt.date) -> list[Row]:
    """effective_date, entry_type (FLOWS), amount as in the ledger, from `since` to the as-of date."""
    query = SQL(
        "select effective_date, entry_type, sum(amount) as amount from serve.fct_daily_flows"
        " where {of_asked} and recorded_at <= %(known_at)s and entry_type = any(%(types)s)"
        " and effective_date between %(since)s and %(as_of)s group by effective_date, entry_type"
    ).format(of_asked=OF_ASKED)
    return rows(connection, query, asked.bound() | {"since": since, "types": list(FLOWS)})


def trend_days(asked: Asked, window_days: int, steps: int) -> list[dt.date]:
    """The as-of date first and days a third of the window apart before it: `steps`, and those that a window of the last
    of them needs, for a window's begin is one of them."""
    return [asked.as_of - dt.timedelta(days=window_days // 3) * number for number in range(steps + 4)]


def trend(
    connection: Connection, asked: Asked, open_on: Mapping[dt.date, tuple[Decimal, Decimal, Decimal]]
) -> list[Point]:
    """The as-of date last; `open_on`: open, overdue and unapplied on each of the `trend_days`, all known at the same
    moment."""
    days = list(open_on)
    moved = flows(connection, asked, days[-1])
    points = []
    for day, opening in zip(days, days[3:], strict=False):  # the last ones only open a window
        owed, late, unapplied = open_on[day]
        sales = sum(
            (
                row["amount"]
                for row in moved
                if row["entry_type"] != "received" and opening < row["effective_date"] <= day
            ),
            Decimal(0),
        )
        window = (day - opening).days
        base = open_on[opening][0] + sales
        points.append(
            Point(
                day,
                owed,
                late,
                unapplied,
                dso=owed * window / sales if sales > 0 else None,
                best_possible_dso=(owed - late) * window / sales if sales > 0 else None,
                cei=(base - owed) * 100 / (base - owed + late) if base - owed + late > 0 else None,
            )
        )
    return points[::-1]


def collected_by_month(connection: Connection, asked: Asked, months: int) -> list[tuple[dt.date, Decimal]]:
    """The first day of each of the last `months` months and what was received in it; the last one is not over."""
    first = asked.as_of.replace(day=1)
    starts = [first]
    while len(starts) < months:
        starts.append((starts[-1] - dt.timedelta(days=1)).replace(day=1))
    sums = dict.fromkeys(starts[::-1], Decimal(0))
    for row in flows(connection, asked, starts[-1]):
        if row["entry_type"] == "received":
            sums[row["effective_date"].replace(day=1)] -= row["amount"]
    return list(sums.items())


def collected_by_same_day(connection: Connection, asked: Asked) -> tuple[dt.date, Decimal]:
    """The day of last month that this month has come to, its last one where it has none, and what was received by then
    in that month."""
    last = asked.as_of.replace(day=1) - dt.timedelta(days=1)
    day = last.replace(day=min(asked.as_of.day, last.day))
    received = [
        -row["amount"]
        for row in flows(connection, asked, last.replace(day=1))
        if row["entry_type"] == "received" and row["effective_date"] <= day
    ]
    return day, sum(received, Decimal(0))


def expected(connection: Connection, asked: Asked, days: int) -> list[Row]:
    """Per day: expected_date, open_items, open_amount of what falls due, or is promised, in the next days.

    What is disputed is not expected. A promise moves the day.
    """
    query = SQL(
        "select coalesce(promised_date, due_date) as expected_date, count(*) as open_items,"
        " sum(open_amount) as open_amount from {items} as items"
        " where {of_asked} and item_type = 'instalment' and not is_disputed"
        " and coalesce(promised_date, due_date) > %(as_of)s and coalesce(promised_date, due_date) <= %(until)s"
        " group by 1 order by 1"
    ).format(items=items_at(connection, asked.as_of, asked.known_at), of_asked=OF_ASKED)
    return rows(connection, query, asked.bound() | {"until": asked.as_of + dt.timedelta(days=days)})


def new_disputes(connection: Connection, asked: Asked, since: dt.date) -> list[str]:
    """The open items that have been disputed since that day, or their invoice has, and are."""
    # by item throughout: a join by one key or the other would be neither hashed nor found by index
    query = SQL(
        "with moved as materialized (select invoice_id, item_id from serve.fct_disputes"
        " where opened_date > %(since)s and opened_date <= %(as_of)s"
        " and coalesce(resolved_date > %(as_of)s, true)"
        " and recorded_from <= %(known_at)s and recorded_to > %(known_at)s)"
        " select item_id from {items} as items where {of_asked} and item_type = 'instalment' and item_id in ("
        "select item_id from moved where item_id is not null"
        " union all select item.item_id from moved join serve.dim_items as item using (invoice_id)"
        " where moved.item_id is null) order by item_id"
    ).format(items=items_at(connection, asked.as_of, asked.known_at), of_asked=OF_ASKED)
    return [row["item_id"] for row in rows(connection, query, asked.bound() | {"since": since})]


def owed_on(connection: Connection, asked: Asked, item_ids: Sequence[str]) -> tuple[Decimal, int]:
    """What is open of these instalments, and on how many of them."""
    query = SQL(
        "select coalesce(sum(open_amount), 0) as open_amount, count(*) as open_items from {items} as items"
        " where {of_asked} and item_type = 'instalment' and item_id = any(%(ids)s)"
    ).format(items=items_at(connection, asked.as_of, asked.known_at), of_asked=OF_ASKED)
    found = rows(connection, query, asked.bound() | {"ids": list(item_ids)})[0]
    return found["open_amount"], found["open_items"]
