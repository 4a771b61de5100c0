"""What is open on a day as a whole: by company and currency, by bucket, and the credit beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse import read

BY_BUCKET = ("company_id", "currency_code", "bucket", "open_items", "open_amount")
OVERDUE = ("overdue_items", "overdue_amount")


def totals(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> list[read.Row]:
    """As `totals_of` everything that is open, with disputed_amount."""
    return totals_of(read.aging(connection, as_of, known_at, by="bucket"), (*BY_BUCKET[3:], "disputed_amount"))


def totals_of(by_bucket: Sequence[read.Row], measures: Sequence[str] = BY_BUCKET[3:]) -> list[read.Row]:
    """One row per company_id and currency_code: the measures, overdue_items, overdue_amount; `by_bucket` are rows of
    `aging` by bucket."""
    found: dict[tuple[str, str], read.Row] = {}
    nothing = {name: Decimal(0) if name.endswith("_amount") else 0 for name in (*measures, *OVERDUE)}
    for row in by_bucket:
        key = (row["company_id"], row["currency_code"])
        sums = found.setdefault(key, {"company_id": key[0], "currency_code": key[1]} | nothing)
        for name in measures:
            sums[name] += row[name]
        if row["bucket"] != "not_due":
            sums["overdue_items"] += row["open_items"]
            sums["overdue_amount"] += row["open_amount"]
    return [sums for _key, sums in sorted(found.items())]


def unapplied(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> list[read.Row]:
    """Credit not yet applied per company_id and currency_code: open_items (count), open_amount (< 0)."""
    return read.rows(
        connection,
        SQL(
            "select company_id, currency_code, count(*) as open_items, sum(open_amount) as open_amount"
            " from {items} as items where item_type = 'unapplied_credit'"
            " group by company_id, currency_code order by company_id, currency_code"
        ).format(items=read.items_at(connection, as_of, known_at)),
        {"as_of": as_of, "known_at": known_at},
    )


def first_day(connection: Connection, known_at: dt.datetime, company_id: str | None = None) -> dt.date | None:
    """The day of the first movement known then: before it nothing is known, which is not the same as nothing owed."""
    query = (
        "select min(effective_date) as day from serve.fct_daily_flows where recorded_at <= %(known_at)s"
        " and (%(company)s::text is null or company_id = %(company)s)"
    )
    found: dt.date | None = read.rows(connection, query, {"known_at": known_at, "company": company_id})[0]["day"]
    return found


def aging_and_credit(
    connection: Connection, as_of: dt.date, known_at: dt.datetime
) -> tuple[list[read.Row], list[read.Row]]:
    """By bucket (BY_BUCKET), in the order of `read.aging`; and `unapplied`: of a day that is not the published one in
    one look at its open items."""
    if read.is_published(connection, as_of, known_at):
        debts = read.aging(connection, as_of, known_at, by="bucket")
        return [{name: row[name] for name in BY_BUCKET} for row in debts], unapplied(connection, as_of, known_at)
    query = SQL("select * from {cells} as cells order by company_id, currency_code, {order}").format(
        cells=read.cells_on(BY_BUCKET[:3], with_credit=True, measures=BY_BUCKET[3:]),
        order=read.dimension_order("bucket", ""),
    )
    bound = {"as_of": as_of, "known_at": known_at, "buckets": list(read.BUCKETS)}
    found = read.rows(connection, query, bound)
    # credit is in no bucket
    credit = ("company_id", "currency_code", "open_items", "open_amount")
    return (
        [row for row in found if row["bucket"] is not None],
        [{name: row[name] for name in credit} for row in found if row["bucket"] is None],
    )
