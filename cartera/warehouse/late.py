"""Who is late in one currency, with what the warehouse knows of each: what a worklist is ranked from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse import promises, read, segments

LATE_COLUMNS = (
    "company_id", "customer_id", "customer_name", "collector", "currency_code", "overdue_amount", "asked_amount",
    "late_items", "oldest_days", "age_share", "promised_today", "why", "broken_on", "usual_days_late",
)  # fmt: skip


def late(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    *,
    currency_code: str,
    company_id: str | None = None,
    collector: str | None = None,
    shares: Sequence[tuple[int, Decimal]],
    after_that: Decimal,
    limit: int,
) -> list[read.Row]:
    """LATE_COLUMNS, one row per company and customer: `limit` with most to ask for, and as many with nothing.

    `asked_amount`: what is late and neither disputed nor promised for a later day, less unapplied credit.
    `why`: None where there is something to ask for, else what most of the late amount is: disputed, promised (for a
    later day) or covered (by credit); facts of habit and of broken promises are then None.
    `age_share`: of each amount the share that a call brings in at its age, weighed by amount: by `shares` (below so
    many days past due, share), in order, and `after_that`. `broken_on`: as `promises.broken` judges.
    """
    bound = {
        "as_of": as_of, "known_at": known_at, "currency": currency_code, "company": company_id,
        "collector": collector, "limit": limit, "edges": [days for days, _ in shares],
        "shares": [*(share for _, share in shares), after_that],
    }  # fmt: skip
    found = read.rows(connection, SQL(_LATE).format(items=read.items_at(connection, as_of, known_at)), bound)
    ids = sorted({row["customer_id"] for row in found if row["why"] is None})
    usual = usual_days_late(connection, as_of, known_at, ids)
    broken = promises.broken(connection, as_of, known_at, ids)
    for row in found:
        row["usual_days_late"] = usual.get((row["company_id"], row["customer_id"]))
        row["broken_on"] = promises.last_broken(broken, row["customer_id"], row["company_id"], [currency_code])
    return found


def totals(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    currency_code: str,
    company_id: str | None,
    collector: str | None,
) -> read.Row:
    """customers, overdue_amount: all who are late in the currency, before anything is left out."""
    query = SQL(
        "select count(distinct (company_id, customer_id)) as customers,"
        " coalesce(sum(open_amount), 0) as overdue_amount from {cells} as cells"
        " where currency_code = %(currency)s and bucket <> 'not_due'"
        " and (%(company)s::text is null or company_id = %(company)s)"
        " and (%(collector)s::text is null or customer_id in ("
        "select customer_id from serve.dim_customers where recorded_from <= %(known_at)s"
        " and recorded_to > %(known_at)s and collector = %(collector)s))"
    ).format(cells=read.cells_at(connection, as_of, known_at))
    bound = {
        "as_of": as_of, "known_at": known_at, "currency": currency_code, "company": company_id, "collector": collector,
    }  # fmt: skip
    return read.rows(connection, query, bound)[0]


_LATE = """
with items as (
    select * from {items} as items
    where currency_code = %(currency)s and (%(company)s::text is null or company_id = %(company)s)
),
owed as (
    select company_id, customer_id, max(customer_name) as customer_name,
        sum(open_amount) filter (where days_past_due > 0) as overdue_amount,
        coalesce(sum(open_amount) filter (
            where item_type = 'unapplied_credit' or days_past_due > 0 and not is_disputed
                and (promised_date is null or promised_date <= %(as_of)s)
        ), 0) as asked_amount,
        count(*) filter (where days_past_due > 0) as late_items,
        coalesce(sum(open_amount) filter (where days_past_due > 0 and is_disputed), 0) as disputed_amount,
        coalesce(sum(open_amount) filter (
            where days_past_due > 0 and not is_disputed and promised_date > %(as_of)s
        ), 0) as promised_amount,
        max(days_past_due) filter (
            where not is_disputed and (promised_date is null or promised_date <= %(as_of)s)
        ) as oldest_days,
        sum(open_amount * (%(shares)s::numeric[])[width_bucket(days_past_due, %(edges)s::int[]) + 1]) filter (
            where days_past_due > 0 and not is_disputed and (promised_date is null or promised_date <= %(as_of)s)
        ) / nullif(sum(open_amount) filter (
            where days_past_due > 0 and not is_disputed and (promised_date is null or promised_date <= %(as_of)s)
        ), 0) as age_share,
        coalesce(bool_or(promised_date = %(as_of)s), false) as promised_today
    from items group by company_id, customer_id
),
known as (
    select distinct on (customer_id) customer_id, name, collector from serve.dim_customers
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        and customer_id in (select customer_id from owed where overdue_amount > 0)
    order by customer_id, recorded_from desc
),
judged as (
    select owed.*, known.collector,
        case
            when asked_amount > 0 then null
            when overdue_amount - disputed_amount - promised_amount > greatest(disputed_amount, promised_amount)
                then 'covered'
            when promised_amount > disputed_amount then 'promised'
            else 'disputed'
        end as why
    from owed left join known using (customer_id)
    where overdue_amount > 0 and (%(collector)s::text is null or known.collector = %(collector)s)
),
ranked as (
    (select * from judged where why is null
    order by asked_amount desc, customer_id, company_id limit %(limit)s)
    union all
    (select * from judged where why is not null
    order by overdue_amount desc, customer_id, company_id limit %(limit)s)
)
select ranked.company_id, ranked.customer_id, coalesce(ranked.customer_name, ranked.customer_id) as customer_name,
    ranked.collector, %(currency)s as currency_code, ranked.overdue_amount, ranked.asked_amount, ranked.late_items,
    ranked.oldest_days, ranked.age_share, ranked.promised_today, ranked.why
from ranked
order by ranked.asked_amount desc, ranked.customer_id, ranked.company_id
"""


def usual_days_late(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, ids: Sequence[str]
) -> dict[tuple[str, str], Decimal]:
    """By company and customer: how many days late it paid in the year before, weighed by amount; who paid nothing is
    absent."""
    if not ids:
        return {}
    return {
        (row["company_id"], row["customer_id"]): row["value"]
        for row in segments.measures_of(connection, as_of, known_at, list(ids))
        if row["measure"] == "weighted_days_late" and row["value"] is not None
    }
