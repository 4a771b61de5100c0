"""How customers moved between the segments of a scheme from one date to another.

`kept` compares the memberships kept by month-end, each as it was known, and by the rules of, when its month ended.
`known` judges both dates by one moment's knowledge and rules.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Placeholder

from cartera.warehouse import read
from cartera.warehouse.hashed import hashed

Basis = Literal["kept", "known"]


@dataclass(frozen=True)
class Compared:
    """Two dates of one scheme, or of each if it is None. `known_at` is the moment of whose knowledge both are, when
    `basis` is known."""

    scheme: str | None
    first: dt.date
    second: dt.date
    basis: Basis
    known_at: dt.datetime
    company_id: str | None = None


_MOVED = SQL(
    "with earlier as ({first}), later as ({second}), moved as (select scheme, company_id, customer_id,"
    " earlier.segment as from_segment, later.segment as to_segment"
    " from earlier full join later using (scheme, company_id, customer_id)"
    " where %(company)s::text is null or company_id = %(company)s)"
)


def month_ends(connection: Connection) -> list[dt.date]:
    """The month-ends whose memberships are kept, the oldest first."""
    found = read.rows(
        connection,
        "select cast(begins - interval '1 day' as date) as month_end from generate_series("
        "(select min(valid_from) from serve.fct_segment_memberships) + interval '1 day',"
        " (select known_at from serve.publication), interval '1 month') as begins order by month_end",
    )
    return [row["month_end"] for row in found]


def moves(connection: Connection, compared: Compared) -> list[read.Row]:
    """scheme, from_segment, to_segment, customers; None where a customer was not there on that date."""
    query = SQL(
        "{moved} select scheme, from_segment, to_segment, count(*) as customers from moved"
        " group by scheme, from_segment, to_segment"
    ).format(moved=_moved(connection, compared))
    with hashed(connection):
        return read.rows(connection, query, _bound(compared))


def movers(
    connection: Connection,
    compared: Compared,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    from_segment: str | None,
    to_segment: str | None,
    currency_code: str,
    limit: int,
) -> list[read.Row]:
    """Who makes up one figure of `moves`, with what they owe in a currency as of a date; the largest first.

    company_id, customer_id, customer_name, open_amount (zero for who owes nothing in it).
    """
    query = SQL(
        "{moved}, cells as (select company_id, customer_id from moved"
        " where from_segment is not distinct from %(from_segment)s"
        " and to_segment is not distinct from %(to_segment)s),"
        " owed as (select company_id, customer_id, sum(open_amount) as open_amount from {cells} as items"
        " where currency_code = %(currency)s group by company_id, customer_id)"
        " select company_id, customer_id, coalesce(known.customer_name, customer_id) as customer_name,"
        " coalesce(owed.open_amount, 0) as open_amount"
        " from cells left join owed using (company_id, customer_id) {known}"
        " order by coalesce(owed.open_amount, 0) desc, company_id, customer_id limit %(limit)s"
    ).format(
        moved=_moved(connection, compared),
        cells=read.cells_at(connection, as_of, known_at),
        known=SQL(read.CUSTOMERS_KNOWN),
    )
    given = {
        "as_of": as_of, "known_at": known_at, "from_segment": from_segment, "to_segment": to_segment,
        "currency": currency_code, "limit": limit,
    }  # fmt: skip
    return read.rows(connection, query, _bound(compared) | given)


def _moved(connection: Connection, compared: Compared) -> Composable:
    first, second = (_members(connection, compared, date) for date in ("first", "second"))
    return _MOVED.format(first=first, second=second)


def _members(connection: Connection, compared: Compared, date: str) -> Composable:
    """The segments on one of the two dates."""
    members: Composable = SQL("serve.fct_segment_memberships")
    holds: Composable = SQL("valid_from <= {date} and valid_to > {date}").format(date=Placeholder(date))
    if compared.basis == "known":
        day = compared.first if date == "first" else compared.second
        members, holds = read.segments_at(connection, day, compared.known_at, (date, "moment")), SQL("true")
    return SQL(
        "select scheme, company_id, customer_id, segment from {members}"
        " where (%(scheme)s::text is null or scheme = %(scheme)s) and {holds}"
    ).format(members=members, holds=holds)


def _bound(compared: Compared) -> read.Row:
    return {
        "scheme": compared.scheme, "first": compared.first, "second": compared.second, "moment": compared.known_at,
        "company": compared.company_id,
    }  # fmt: skip
