"""What the desk knows and the warehouse does not yet; and what can still be withdrawn or decided there.

On a connection of role reader, desk or campaign.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from psycopg2.extensions import connection as Connection

from cartera.warehouse.customers import containing
from cartera.warehouse.read import Row, rows


def since(connection: Connection, moment: dt.datetime, companies: frozenset[str] | None, limit: int) -> list[Row]:
    """What was recorded after a moment about promises, plans and disputes, the newest first.

    kind, customer_id, customer_name, company_id, currency_code, amount (None: the whole), day (promised for, or
    opened), acted_by, acted_at. `moment`: until which the warehouse knows everything.
    """
    bound = {"moment": moment, "companies": _list(companies), "limit": limit}
    return _named(connection, rows(connection, _SINCE, bound))


_SINCE = """
select a.kind, a.customer_id, coalesce(p.company_id, l.company_id, d.company_id) as company_id,
    coalesce(p.currency_code, l.currency_code, d.currency_code) as currency_code,
    coalesce(p.promised_amount, parts.amount, d.disputed_amount) as amount,
    coalesce(p.promised_date, parts.last_date, d.resolved_date, d.opened_date) as day, a.acted_by, a.acted_at
from ops.desk_actions as a
left join ops.desk_promises as p on a.thing = 'promise' and p.promise_id::text = a.thing_id
left join ops.desk_plans as l on a.thing = 'plan' and l.plan_id::text = a.thing_id
left join lateral (
    select sum(promised_amount) as amount, max(promised_date) as last_date
    from ops.desk_promises where plan_id = l.plan_id
) as parts on true
left join ops.desk_disputes as d on a.thing = 'dispute' and d.dispute_id::text = a.thing_id
where a.acted_at > %(moment)s and a.thing in ('promise', 'plan', 'dispute') and a.after <> '{}'
    and (%(companies)s::text[] is null or coalesce(p.company_id, l.company_id, d.company_id) = any(%(companies)s))
order by a.action_no desc limit %(limit)s
"""


def promises_to_come(
    connection: Connection, day: dt.date, companies: frozenset[str] | None, limit: int, customer: str = ""
) -> list[Row]:
    """Promises recorded here that can be withdrawn: not of a plan, their day not yet gone; the soonest first.

    `customer`: only those of whom the text stands in the name that is shown, or in the id.
    """
    bound = {"day": day, "companies": _list(companies), "limit": limit, "pattern": _pattern(customer)}
    return _named(connection, rows(connection, _CALLED + _TO_COME, bound))


_TO_COME = """
select p.promise_id::text as promise_id, p.version, p.customer_id, p.company_id, p.currency_code,
    p.promised_amount as amount, p.made_date, p.promised_date, p.note, coalesce(a.acted_by, 'erased') as acted_by
from ops.desk_promises as p
left join ops.desk_actions as a on a.thing = 'promise' and a.thing_id = p.promise_id::text and a.version = 1
where not p.is_cancelled and p.plan_id is null and p.promised_date >= %(day)s and p.customer_id not like 'erased:%%'
    and (%(pattern)s::text is null or p.customer_id in (select customer_id from called))
    and (%(companies)s::text[] is null or p.company_id = any(%(companies)s))
order by p.promised_date, p.promise_id limit %(limit)s
"""


def open_disputes(
    connection: Connection, companies: frozenset[str] | None, limit: int, customer: str = ""
) -> list[Row]:
    """Disputes recorded here that wait for a decision, the oldest first. `customer`: as for promises."""
    bound = {"companies": _list(companies), "limit": limit, "pattern": _pattern(customer)}
    return _named(connection, rows(connection, _CALLED + _OPEN, bound))


_OPEN = """
select d.dispute_id::text as dispute_id, d.version, d.customer_id, d.company_id, d.currency_code,
    d.disputed_amount as amount, d.reason, d.note, d.opened_date,
    coalesce(a.acted_by, 'erased') as acted_by
from ops.desk_disputes as d
left join ops.desk_actions as a on a.thing = 'dispute' and a.thing_id = d.dispute_id::text and a.version = 1
where d.resolved_date is null and d.customer_id not like 'erased:%%'
    and (%(pattern)s::text is null or d.customer_id in (select customer_id from called))
    and (%(companies)s::text[] is null or d.company_id = any(%(companies)s))
order by d.opened_date, d.dispute_id limit %(limit)s
"""


def _pattern(customer: str) -> str | None:
    text = " ".join(customer.split())
    return containing(text) if text else None


# only of whom the desk recorded something: a search in everybody's name takes too long to wait for
_CALLED = """
with of_desk as (
    select customer_id from ops.desk_promises where not is_cancelled
    union
    select customer_id from ops.desk_disputes where resolved_date is null
),
named as (
    select distinct on (customer_id) customer_id, name from serve.dim_customers
    where customer_id in (select customer_id from of_desk)
    order by customer_id, recorded_to desc
),
called as (
    select customer_id from of_desk where customer_id ilike %(pattern)s
    union
    select customer_id from named where name ilike %(pattern)s
)
"""


def _named(connection: Connection, found: Sequence[Row]) -> list[Row]:
    """The rows with customer_name: the last that is known; the id of whom only invoices tell."""
    if not found:
        return []
    ids = list({row["customer_id"] for row in found})
    names = {row["customer_id"]: row["name"] for row in rows(connection, _NAMES, {"ids": ids})}
    return [row | {"customer_name": names.get(row["customer_id"]) or row["customer_id"]} for row in found]


_NAMES = """
select distinct on (customer_id) customer_id, name from serve.dim_customers
where customer_id = any(%(ids)s)
order by customer_id, recorded_to desc
"""


def _list(companies: frozenset[str] | None) -> list[str] | None:
    return None if companies is None else sorted(companies)
