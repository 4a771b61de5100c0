"""Typed reads of what is published: for the command line, the dashboard and the reminders.

Every function takes an open connection (role reader or better) and only reads. Callers that read more
than once do so in ONE transaction and call `publication` first: its lock keeps the publisher waiting
until the transaction ends, so all figures come from one publication (law 5).

Amounts are Decimal in the currency of their row; rows of two currencies are never added (law 9).
Figures as of the published date come from the prebuilt tables, those of any other pair of clocks from
the function `serve.open_items`, which is made from the same SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor
from psycopg2.sql import SQL, Composable, Identifier, Placeholder
from psycopg2.sql import Literal as Text

from cartera.errors import NotPublished
from cartera.warehouse.ages import EDGES, Ages, named
from cartera.warehouse.groups import Group

Row = dict[str, Any]
By = Literal[
    "bucket", "customer", "company", "currency", "country", "collector", "sector", "customer_type", "risk_class",
    "parent", "segment",
]  # fmt: skip
View = Literal["transaction", "company", "as-of-rate"]
ItemType = Literal["instalment", "unapplied_credit"]
Part = Literal[
    "balance", "open_amount", "overdue_amount", "unapplied_amount", "disputed_amount", "promised_amount"
]  # fmt: skip

GATE = "cartera.publishing"
"""The lock that readers share until their transaction ends and that a publisher has to itself."""

BUCKETS = ("not_due", *named(EDGES))
"""Days past due, in order; the same edges as dbt's variable `bucket_edges`."""

AMOUNTS_IN_BUCKETS = SQL(", ").join(
    SQL("coalesce(sum(open_amount) filter (where bucket = {}), 0) as {}").format(Text(name), Identifier(name))
    for name in BUCKETS
)
"""Of cells: an amount per bucket, named as in BUCKETS."""

PARTS: dict[Part, SQL] = {
    "balance": SQL("true"),
    "open_amount": SQL("item_type = 'instalment'"),
    "overdue_amount": SQL("item_type = 'instalment' and days_past_due > 0"),
    "unapplied_amount": SQL("item_type = 'unapplied_credit'"),
    "disputed_amount": SQL("item_type = 'instalment' and is_disputed"),
    "promised_amount": SQL("item_type = 'instalment' and promised_date >= %(as_of)s"),
}
"""Which open items each figure of a customer adds up, and leads to; binds as_of."""

OPEN_ITEM_COLUMNS = (
    "item_id", "item_type", "company_id", "customer_id", "customer_name", "invoice_id", "document_number",
    "issue_date", "due_date", "currency_code", "item_amount", "open_amount", "days_past_due", "bucket",
    "is_disputed", "promised_date",
)  # fmt: skip


CUSTOMERS_KNOWN = """
    left join (
        select distinct on (customer_id) customer_id, name as customer_name, country_code, collector, sector,
            customer_type, risk_class, coalesce(parent_id, customer_id) as parent_id
        from serve.dim_customers
        where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
            and customer_id in (select customer_id from cells)
        order by customer_id, recorded_from desc
    ) as known using (customer_id)"""
"""As they were known then; at most one per customer, so that a name never multiplies an amount.

Who has no parent is one: a group and its head stand in one row.
"""

SEGMENTS_KNOWN = """
    cross join (
        select distinct scheme, scheme_position from serve.dim_segment_rules
        where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
            and (%(scheme)s::text is null or scheme = %(scheme)s)
    ) as schemes
    left join {members} as member using (company_id, customer_id, scheme)
    left join (
        select scheme, segment, min(position) as position from serve.dim_segment_rules
        where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        group by scheme, segment
    ) as positions using (scheme, segment)"""
"""By the rules known then: in every scheme each debt counts once, so that each adds up to what is owed."""

DIMENSIONS: dict[By, tuple[str, ...]] = {
    "bucket": ("bucket",),
    "customer": ("customer_id", "customer_name"),
    "company": (),
    "currency": (),
    "country": ("country_code",),
    "collector": ("collector",),
    "sector": ("sector",),
    "customer_type": ("customer_type",),
    "risk_class": ("risk_class",),
    "parent": ("parent_id",),
    "segment": ("scheme", "segment"),
}
"""The columns that tell the rows of `aging` apart, besides company and currency."""

WITHOUT_CUSTOMERS: tuple[By, ...] = ("bucket", "company", "currency")
"""The dimensions of `aging` that no customer decides."""

MEASURES = {
    "open_items": "count(*)",
    "open_amount": "sum(open_amount)",
    "disputed_amount": "coalesce(sum(open_amount) filter (where is_disputed), 0)",
    "promised_amount": "coalesce(sum(open_amount) filter (where promised_date is not null), 0)",
}
AGING_MEASURES = tuple(MEASURES)


@dataclass(frozen=True)
class Publication:
    """The set that is served. `as_of_date` and `known_at` are its two clocks, all moments are UTC."""

    publication_id: int
    run_id: str
    as_of_date: dt.date
    known_at: dt.datetime
    published_at: dt.datetime


def publication(connection: Connection) -> Publication:
    """The publication being served. Raises NotPublished."""
    # past the gate first: a publisher that waits lets nobody else in, and has its turn once those who read are done
    entered = (
        "select pg_advisory_xact_lock_shared(hashtext(%(gate)s)), to_regclass('serve.publication') is not null as found"
    )
    is_there = rows(connection, entered, {"gate": GATE})[0]["found"]
    found = is_there and rows(
        connection,
        "select publication_id, run_id::text as run_id, as_of_date, known_at, published_at from serve.publication",
    )
    if not found:
        raise NotPublished("Nothing is published yet", "run `cartera run`, or `make demo` for a company to try on")
    return Publication(**found[0])


def open_items(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    company_id: str | None = None,
    customer_id: str | None = None,
    customer_ids: Sequence[str] | None = None,
    invoice_id: str | None = None,
    currency_code: str | None = None,
    bucket: str | None = None,
    item_type: ItemType | None = None,
    part: Part | None = None,
    item_ids: Sequence[str] | None = None,
    expected_until: dt.date | None = None,
    group: Group | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Open items (OPEN_ITEM_COLUMNS), longest past due first; instalments > 0, unapplied credit < 0.

    `expected_until`: those undisputed that fall due, or are promised, after the as-of date and up to that day.
    """
    within, of_group = _within(connection, group)
    filters = {
        "company_id": company_id,
        "customer_id": customer_id,
        "invoice_id": invoice_id,
        "currency_code": currency_code,
        "bucket": bucket,
        "item_type": item_type,
    }
    lists = {"customer_id": customer_ids, "item_id": item_ids}
    named: list[Composable] = [PARTS[part]] if part else []
    named += [
        SQL("{} = any({})").format(Identifier(name), Placeholder(f"{name}s"))
        for name, of in lists.items()
        if of is not None
    ]
    if expected_until is not None:
        named.append(
            SQL("not is_disputed and coalesce(promised_date, due_date) > %(as_of)s")
            + SQL(" and coalesce(promised_date, due_date) <= %(expected_until)s")
        )
    return rows(
        connection,
        SQL("select {columns} from {items} as items where {where} order by due_date, item_id limit %(limit)s").format(
            columns=_identifiers(OPEN_ITEM_COLUMNS),
            items=items_at(connection, as_of, known_at),
            where=SQL(" and ").join([_where(filters), within, *named]),
        ),
        {f"{name}s": list(of or []) for name, of in lists.items()}
        | {"as_of": as_of, "known_at": known_at, "limit": limit, "expected_until": expected_until}
        | filters
        | of_group,
    )


def aging_columns(by: By) -> tuple[str, ...]:
    """The columns of `aging`, in order."""
    group = ("currency_code", "company_id") if by == "currency" else ("company_id", "currency_code")
    return (*group, *DIMENSIONS[by], *AGING_MEASURES)


def aging(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    by: By,
    scheme: str | None = None,
    *,
    in_buckets: bool = False,
    group: Group | None = None,
    customer_id: str | None = None,
    ages: Ages | None = None,
) -> list[Row]:
    """What is owed, never capped: `aging_columns(by)`; company and currency differ in order alone.

    open_items is a count. disputed_amount and promised_amount are the parts of open_amount under a dispute, or
    under a promise not yet due (whole items; one may count in both). What is asked of the customer is as known then,
    None where it was not. By segment every scheme has all of it, or the one of `scheme`. `in_buckets` parts each row
    by `bucket` too; with `group` it is the debt of those customers, with `customer_id` of that one of them.
    `ages`: by other buckets than the prebuilt ones.
    """
    columns = aging_columns(by)
    parted = (*columns[:2], *DIMENSIONS[by], *(["bucket"] if in_buckets else []))
    within, of_group = _within(connection, group)
    is_of_customers = group is not None or customer_id is not None
    query = SQL(
        "with cells as (select * from {cells} as cells where {within} and {of_customer})"
        " select {group}, sum(open_items)::bigint as open_items, sum(open_amount) as open_amount,"
        " sum(disputed_amount) as disputed_amount, sum(promised_amount) as promised_amount"
        " from cells {known} group by {group} order by {first}, {order}"
    ).format(
        cells=aged_at(connection, as_of, known_at, ages)
        if ages
        else cells_at(connection, as_of, known_at, by_customer=is_of_customers or by not in WITHOUT_CUSTOMERS),
        within=within,
        of_customer=SQL("true" if customer_id is None else "customer_id = %(customer_id)s"),
        group=_identifiers(parted),
        known=dimension_known(connection, as_of, known_at, by),
        first=_identifiers(columns[:2]),
        order=dimension_order(by, "sum(open_amount) desc"),
    )
    buckets = list(ages.buckets if ages else BUCKETS)
    bound = {"as_of": as_of, "known_at": known_at, "buckets": buckets, "scheme": scheme}
    return rows(connection, query, bound | of_group | {"customer_id": customer_id})


def dimension_known(connection: Connection, as_of: dt.date, known_at: dt.datetime, by: By) -> Composable:
    """What to join to `cells` for the columns of a dimension; binds the clocks and, by segment, `scheme`."""
    if by == "segment":
        return SQL(SEGMENTS_KNOWN).format(members=segments_at(connection, as_of, known_at))
    return SQL("" if by in WITHOUT_CUSTOMERS else CUSTOMERS_KNOWN)


def dimension_order(by: By, largest_first: str) -> Composable:
    """Of the rows of a company and currency; buckets and segments have an order of their own."""
    if by == "bucket":
        return SQL("array_position(%(buckets)s, bucket)")
    if by == "segment":
        return SQL("min(scheme_position), min(position), segment")
    return SQL("{}, {}").format(SQL(largest_first), _identifiers(DIMENSIONS[by] or aging_columns(by)[:1]))


def customer_aging(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    currency_code: str,
    company_id: str | None = None,
    bucket: str | None = None,
    group: Group | None = None,
    limit: int,
) -> list[Row]:
    """Customers by buckets in one currency, largest debtor first, after one row for all of them.

    customer_id (None: the row for all, exact also when the list is capped), customer_name, customers,
    open_items, open_amount, overdue_amount and one amount per bucket, named as in BUCKETS. With `bucket` only what
    is in it counts, with `group` only its customers.
    """
    filters = {"currency_code": currency_code, "company_id": company_id, "bucket": bucket}
    within, of_group = _within(connection, group)
    return rows(
        connection,
        SQL(
            "with cells as (select customer_id, count(distinct customer_id) as customers,"
            " sum(open_items)::bigint as open_items, sum(open_amount) as open_amount,"
            " coalesce(sum(open_amount) filter (where bucket <> 'not_due'), 0) as overdue_amount, {amounts}"
            " from {cells} as cells where {where} group by grouping sets ((customer_id), ()) having count(*) > 0"
            " order by grouping(customer_id) desc, sum(open_amount) desc, customer_id limit %(limit)s + 1)"
            " select cells.*, coalesce(known.customer_name, customer_id) as customer_name from cells {known}"
            " order by customer_id is not null, open_amount desc, customer_id"
        ).format(
            amounts=AMOUNTS_IN_BUCKETS,
            cells=cells_at(connection, as_of, known_at),
            where=SQL(" and ").join([_where(filters), within]),
            known=SQL(CUSTOMERS_KNOWN),
        ),
        {"as_of": as_of, "known_at": known_at, "limit": limit} | filters | of_group,
    )


def rows(connection: Connection, query: str | Composable, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """The rows of one bound query."""
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, parameters or {})
        return [dict(row) for row in cursor.fetchall()]


def is_published(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> bool:
    served = publication(connection)
    return (served.as_of_date, served.known_at) == (as_of, known_at)


def items_at(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> Composable:
    """The relation of open items (OPEN_ITEM_COLUMNS); its query binds as_of and known_at."""
    prebuilt = is_published(connection, as_of, known_at)
    return SQL("serve.fct_open_items" if prebuilt else "serve.open_items(%(as_of)s, %(known_at)s)")


def cells_at(connection: Connection, as_of: dt.date, known_at: dt.datetime, *, by_customer: bool = True) -> Composable:
    """Instalments by company, currency, customer and bucket: the columns of serve.fct_aging, bound alike.

    With `by_customer` false the customer may be left out, which spares most of the adding up.
    """
    if is_published(connection, as_of, known_at):
        return SQL("serve.fct_aging")
    return cells_on(("company_id", "currency_code", *(["customer_id"] if by_customer else []), "bucket"))


def cells_on(
    keys: tuple[str, ...],
    items: Composable | None = None,
    *,
    with_credit: bool = False,
    measures: Sequence[str] = AGING_MEASURES,
) -> Composable:
    """The debts of any day added up by columns of open items; its query binds as_of and known_at.

    `items` are other open items than those of the day; `with_credit` adds up credit too, of which `bucket` is null.
    Fewer measures take less: what is disputed or promised takes longer to find than all the rest.
    """
    return SQL("(select {keys}, {measures} from {items} where {which} group by {keys})").format(
        keys=_identifiers(keys),
        measures=SQL(", ").join(SQL("{} as {}").format(SQL(MEASURES[name]), Identifier(name)) for name in measures),
        items=items or SQL("serve.open_items(%(as_of)s, %(known_at)s)"),
        # debts have days past due, credit has none; the planner takes `item_type = ...` for a rare find
        which=SQL("true" if with_credit else "days_past_due is not null"),
    )


def aged_at(connection: Connection, as_of: dt.date, known_at: dt.datetime, ages: Ages) -> Composable:
    """As `cells_at`, in the buckets of `ages`."""
    items = SQL(
        "(select company_id, currency_code, customer_id, {bucket} as bucket, open_amount, is_disputed, promised_date,"
        " days_past_due from {items} as items) as items"
    ).format(bucket=ages.bucket(), items=items_at(connection, as_of, known_at))
    return cells_on(("company_id", "currency_code", "customer_id", "bucket"), items)


def segments_at(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, binds: tuple[str, str] = ("as_of", "known_at")
) -> Composable:
    """The relation of company, customer, scheme and segment; its query binds both clocks by these names."""
    if is_published(connection, as_of, known_at):
        return SQL("serve.fct_customer_segments")
    return SQL("serve.customer_segments({}, {})").format(*map(Placeholder, binds))


def _within(connection: Connection, group: Group | None) -> tuple[Composable, dict[str, Any]]:
    if group is None:
        return SQL("true"), {}
    return group.condition(is_published=is_published(connection, group.as_of, group.known_at)), group.bound()


def _where(filters: Mapping[str, Any]) -> Composable:
    given = [SQL("{} = %({})s").format(Identifier(name), SQL(name)) for name, value in filters.items() if value]
    return SQL(" and ").join(given) if given else SQL("true")


def _identifiers(names: tuple[str, ...]) -> Composable:
    return SQL(", ").join(Identifier(name) for name in names)
