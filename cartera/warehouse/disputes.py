"""What is disputed as of a date: by reason and age, down to the invoices; it adds up to the disputed part of aging.

An open item is disputed by a dispute that is open on the date, or because its invoice's own row says so; such a one has
no reason and no day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable

from cartera.warehouse import read

AGES = ("0-7", "8-30", "31-60", "61-90", "90+", "unknown")
"""Days since a dispute was opened."""
COLUMNS = (
    "invoice_id", "dispute_id", "company_id", "customer_id", "customer_name", "collector", "document_number", "reason",
    "opened_date", "days_open", "age", "currency_code", "open_amount", "source",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    as_of: dt.date
    known_at: dt.datetime
    currency_code: str
    company_id: str | None = None


def by_reason(connection: Connection, asked: Asked) -> list[read.Row]:
    """reason (None: not said), age, invoices, open_amount: the reason with most first.

    `invoices`: each with one of its disputes, so that they add up.
    """
    query = SQL(
        "with {disputed} select reason, age, count(*) filter (where is_first) as invoices,"
        " sum(open_amount) as open_amount,"
        " sum(sum(open_amount)) over (partition by reason) as of_reason from disputed"
        " group by reason, age order by of_reason desc, reason, age"
    ).format(disputed=_disputed(connection, asked))
    return read.rows(connection, query, asdict(asked))


def disputes(
    connection: Connection, asked: Asked, *, reason: str | None, age: str | None, limit: int
) -> list[read.Row]:
    """COLUMNS, an invoice each, the largest first; several rows where its instalments are contested each by itself, and
    without `invoice_id` a chargeback that names none. `reason` '' is one that says none; None is not asked."""
    query = SQL(
        "with {disputed}, cells as (select * from disputed"
        " where (%(reason)s::text is null or coalesce(reason, '') = %(reason)s)"
        " and (%(age)s::text is null or age = %(age)s)"
        " order by open_amount desc, document_id, dispute_id limit %(limit)s)"
        " select {columns} from cells {known} order by open_amount desc, document_id, dispute_id"
    ).format(
        disputed=_disputed(connection, asked),
        columns=SQL(", ").join(
            SQL("coalesce(customer_name, customer_id) as customer_name" if name == "customer_name" else name)
            for name in COLUMNS
        ),
        known=SQL(read.CUSTOMERS_KNOWN),
    )
    return read.rows(connection, query, asdict(asked) | {"reason": reason, "age": age, "limit": limit})


def reasons(connection: Connection, limit: int) -> list[str]:
    """Why invoices were contested so far, in the words that were used, the most frequent first."""
    return [row["reason"] for row in read.rows(connection, _REASONS, {"limit": limit})]


_REASONS = """
select trim(reason) as reason from serve.fct_disputes
where trim(reason) <> '' group by trim(reason) order by count(*) desc, trim(reason) limit %(limit)s
"""


def _disputed(connection: Connection, asked: Asked) -> Composable:
    return SQL(_DISPUTED).format(items=read.items_at(connection, asked.as_of, asked.known_at))


# several disputes of one item: the oldest speaks for it, so that no amount counts twice
_DISPUTED = """
owed as materialized (
    select item_id, invoice_id, company_id, customer_id, document_number, currency_code, open_amount
    from {items} as items
    where is_disputed and item_type = 'instalment' and currency_code = %(currency_code)s
        and (%(company_id)s::text is null or company_id = %(company_id)s)
),

claims as (
    select invoice_id, item_id, dispute_id, nullif(trim(reason), '') as reason, opened_date, source
    from serve.fct_disputes
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        and opened_date <= %(as_of)s and (resolved_date is null or resolved_date > %(as_of)s)
),

opened as (
    select distinct on (item_id) item_id, dispute_id, reason, opened_date, source
    from (
        select owed.item_id, claims.dispute_id, claims.reason, claims.opened_date, claims.source
        from owed join claims using (invoice_id)
        where claims.item_id is null
        union all
        select item_id, claims.dispute_id, claims.reason, claims.opened_date, claims.source
        from owed join claims using (item_id)
    ) as found
    order by item_id, opened_date, dispute_id
),

disputed as (
    select coalesce(owed.invoice_id, owed.item_id) as document_id, owed.invoice_id, owed.company_id, owed.customer_id,
        min(owed.document_number) as document_number, owed.currency_code, sum(owed.open_amount) as open_amount,
        opened.dispute_id, opened.reason, opened.opened_date, opened.source,
        %(as_of)s - opened.opened_date as days_open,
        row_number() over (
            partition by coalesce(owed.invoice_id, owed.item_id) order by opened.opened_date, opened.dispute_id
        ) = 1 as is_first,
        case
            when opened.opened_date is null then 'unknown'
            when %(as_of)s - opened.opened_date <= 7 then '0-7'
            when %(as_of)s - opened.opened_date <= 30 then '8-30'
            when %(as_of)s - opened.opened_date <= 60 then '31-60'
            when %(as_of)s - opened.opened_date <= 90 then '61-90'
            else '90+'
        end as age
    from owed left join opened using (item_id)
    group by 1, owed.invoice_id, owed.company_id, owed.customer_id, owed.currency_code, opened.dispute_id,
        opened.reason, opened.opened_date, opened.source
)
"""
