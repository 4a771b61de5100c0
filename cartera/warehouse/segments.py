"""Who is in which segment: as of any date, as known at any moment; and the memberships kept by month-end.

A scheme parts all customers by one rule set of segments.yaml; every customer is in exactly one of its segments.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.errors import ConfigError, NotPublished
from cartera.warehouse import read
from cartera.warehouse.hashed import hashed

_MEMBERS = SQL(
    " members as (select member.* from {segments} as member"
    " where (%(scheme)s::text is null or member.scheme = %(scheme)s)"
    " and (%(segment)s::text is null or member.segment = %(segment)s)"
    " and (%(company)s::text is null or member.company_id = %(company)s)"
    " and (%(customer)s::text is null or member.customer_id = %(customer)s)),"
    " owed as (select company_id, customer_id, currency_code, sum(open_amount) as open_amount,"
    " coalesce(sum(open_amount) filter (where bucket <> 'not_due'), 0) as overdue_amount, {in_buckets}"
    " from {cells} as cells group by company_id, customer_id, currency_code),"
    " cells as (select members.*, owed.currency_code, owed.open_amount, owed.overdue_amount, {buckets}"
    " from members left join owed using (company_id, customer_id))"
)

_IN_ORDER = SQL(
    " join (select distinct scheme, scheme_position from serve.dim_segment_rules"
    " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s) as schemes using (scheme)"
    " left join (select scheme, segment, min(position) as position from serve.dim_segment_rules"
    " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s group by scheme, segment) as positions"
    " using (scheme, segment)"
)
"""Of schemes and segments, by the rules known then: scheme_position and position."""


def totals(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    scheme: str | None = None,
    *,
    in_buckets: bool = False,
) -> list[read.Row]:
    """company_id, scheme, segment, currency_code, customers, open_amount, overdue_amount: in the order of the rules.

    Customers who owe nothing are counted in a row without currency and amounts; who owes in two currencies, in both.
    `in_buckets` adds a column of open amounts for each of read.BUCKETS.
    """
    query = SQL(
        "with {members}, sums as (select company_id, scheme, segment, currency_code, count(*) as customers,"
        " sum(open_amount) as open_amount, sum(overdue_amount) as overdue_amount{buckets} from cells"
        " group by company_id, scheme, segment, currency_code)"
        " select sums.* from sums {in_order} order by company_id, scheme_position, position, segment, currency_code"
    ).format(
        members=_members(connection, as_of, known_at),
        in_order=_IN_ORDER,
        buckets=SQL("").join(SQL(", sum({name}) as {name}").format(name=Identifier(name)) for name in read.BUCKETS)
        if in_buckets
        else SQL(""),
    )
    with hashed(connection):
        return read.rows(connection, query, _bound(as_of, known_at, scheme))


def members(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    scheme: str | None = None,
    customer_id: str | None = None,
) -> list[read.Row]:
    """company_id, scheme, segment, customer_id, customer_name, currency_code, open_amount, overdue_amount.

    One row per customer and currency owed, one without currency for who owes nothing; the largest first.
    """
    query = SQL(
        "with {members} select company_id, scheme, segment, customer_id, customer_name, currency_code, open_amount,"
        " overdue_amount from cells {in_order} {known}"
        " order by company_id, scheme_position, position, segment, currency_code, open_amount desc, customer_id"
    ).format(members=_members(connection, as_of, known_at), in_order=_IN_ORDER, known=SQL(read.CUSTOMERS_KNOWN))
    return read.rows(connection, query, _bound(as_of, known_at, scheme, customer_id))


def debtors(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    scheme: str,
    segment: str,
    currency_code: str,
    company_id: str | None = None,
    limit: int,
) -> list[read.Row]:
    """Who of one segment owes in one currency, the largest first: company_id, customer_id, customer_name,
    open_amount, overdue_amount."""
    query = SQL(
        "with {members} select company_id, customer_id, coalesce(customer_name, customer_id) as customer_name,"
        " open_amount, overdue_amount from cells {known} where currency_code = %(currency)s"
        " order by open_amount desc, company_id, customer_id limit %(limit)s"
    ).format(members=_members(connection, as_of, known_at), known=SQL(read.CUSTOMERS_KNOWN))
    given = {"segment": segment, "company": company_id, "currency": currency_code, "limit": limit}
    return read.rows(connection, query, _bound(as_of, known_at, scheme) | given)


def measures(connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_id: str) -> list[read.Row]:
    """What decides: company_id, measure, value (Decimal or None), text_value; None where it can't be said."""
    return read.rows(
        connection,
        "select company_id, measure, value, text_value from serve.customer_measures(%(as_of)s, %(known_at)s)"
        " where customer_id = %(customer)s order by company_id, measure",
        _bound(as_of, known_at, customer_id=customer_id),
    )


def measures_of(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_ids: Sequence[str]
) -> list[read.Row]:
    """As `measures`, with customer_id, of some customers; reads theirs alone."""
    return read.rows(
        connection,
        "select company_id, customer_id, measure, value, text_value"
        " from serve.customer_measures_of(%(as_of)s, %(known_at)s, %(ids)s) order by company_id, customer_id, measure",
        {"as_of": as_of, "known_at": known_at, "ids": list(customer_ids)},
    )


def history(connection: Connection, scheme: str | None = None, customer_id: str | None = None) -> list[read.Row]:
    """The memberships kept, each as it was known when its month ended.

    Of one customer its stretches: company_id, scheme, segment, valid_from, valid_to (None: still). Of all, counts:
    month_end, company_id, scheme, segment, customers.
    """
    _check_served(connection)
    if customer_id:
        query = (
            "select company_id, scheme, segment, valid_from, nullif(valid_to, date '9999-12-31') as valid_to"
            " from serve.fct_segment_memberships where customer_id = %(customer)s"
            " and (%(scheme)s::text is null or scheme = %(scheme)s) order by company_id, scheme, valid_from"
        )
    else:
        query = (
            "with kept as (select * from serve.fct_segment_memberships"
            " where %(scheme)s::text is null or scheme = %(scheme)s),"
            " months as (select cast(begins - interval '1 day' as date) as month_end from generate_series("
            "(select min(valid_from) from kept) + interval '1 day', (select known_at from serve.publication),"
            " interval '1 month') as begins)"
            " select month_end, company_id, scheme, segment, count(*) as customers from months join kept"
            " on kept.valid_from <= month_end and kept.valid_to > month_end"
            " group by month_end, company_id, scheme, segment order by month_end, company_id, scheme, segment"
        )
    return read.rows(connection, query, {"scheme": scheme, "customer": customer_id})


def rules(connection: Connection, known_at: dt.datetime, scheme: str | None = None) -> list[read.Row]:
    """The rules known then, one row per condition: scheme, description, position, segment, conditions, measure,
    at_least_amount, below_amount, accepted_values (list or None). Raises ConfigError for an unknown scheme."""
    _check_served(connection)
    found = read.rows(
        connection,
        "select scheme, description, position, segment, conditions, measure, at_least_amount, below_amount,"
        " array_agg(value order by value) filter (where value is not null) as accepted_values"
        " from serve.dim_segment_rules where recorded_from <= %(known_at)s and recorded_to > %(known_at)s"
        " group by scheme, description, scheme_position, position, segment, conditions, measure, at_least_amount,"
        " below_amount order by scheme_position, position, measure",
        {"known_at": known_at},
    )
    schemes = list(dict.fromkeys(row["scheme"] for row in found))
    if not found:
        raise ConfigError(
            f"no segment rules were known at {known_at:%Y-%m-%d %H:%M:%S} UTC{_first_known(connection)}",
            "ask for a later moment with --known-at",
        )
    if scheme is not None and scheme not in schemes:
        close = difflib.get_close_matches(scheme, schemes, n=1)
        raise ConfigError(
            f"there is no scheme {scheme!r}" + (f"; did you mean {close[0]}?" if close else ""),
            f"known are: {', '.join(schemes)}",
        )
    return [row for row in found if scheme in (None, row["scheme"])]


def check_customer(connection: Connection, customer_id: str) -> None:
    """Raises ConfigError when nobody was ever known by this id."""
    found = read.rows(
        connection,
        "select exists (select from serve.dim_customers where customer_id = %(customer)s) as answer",
        {"customer": customer_id},
    )
    if not found[0]["answer"]:
        raise ConfigError(
            f"there is no customer {customer_id!r}",
            "write its id with the source before it, as `cartera aging --by customer` shows it",
        )


def _members(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> Composable:
    return _MEMBERS.format(
        segments=read.segments_at(connection, as_of, known_at),
        cells=read.cells_at(connection, as_of, known_at),
        in_buckets=read.AMOUNTS_IN_BUCKETS,
        buckets=SQL(", ").join(map(Identifier, read.BUCKETS)),
    )


def _bound(
    as_of: dt.date, known_at: dt.datetime, scheme: str | None = None, customer_id: str | None = None
) -> dict[str, object]:
    given: dict[str, object] = {"as_of": as_of, "known_at": known_at, "scheme": scheme, "customer": customer_id}
    return given | {"segment": None, "company": None}


def _check_served(connection: Connection) -> None:
    answer = read.rows(connection, "select to_regclass('serve.fct_segment_memberships') is not null as answer")
    if not answer[0]["answer"]:
        raise NotPublished("What is published was built before there were segments", "run `cartera run`")


def _first_known(connection: Connection) -> str:
    first = read.rows(connection, "select min(recorded_from) as moment from serve.dim_segment_rules")[0]["moment"]
    return f"; the first were recorded at {first:%Y-%m-%d %H:%M:%S} UTC" if first else ""
