"""What the desk knows and the warehouse does not yet; and what can still be withdrawn or decided there.

On a connection of role reader, desk or campaign.
"""

from __future__ import annotations

import datetime as dt

from psycopg2.extensions import connection as Connection

from cartera.warehouse.read import Row, rows


def since(connection: Connection, moment: dt.datetime, companies: frozenset[str] | None, limit: int) -> list[Row]:
    """What was recorded after a moment about promises, plans and disputes, the newest first.

    kind, customer_id, company_id, currency_code, amount (None: the whole), day (promised for, or opened), acted_by,
    acted_at. `moment`: until which the warehouse knows everything.
    """
    bound = {"moment": moment, "companies": _list(companies), "limit": limit}
    return rows(connection, _SINCE, bound)


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
    connection: Connection, day: dt.date, companies: frozenset[str] | None, limit: int
) -> list[Row]:  # fmt: skip
    """Promises recorded here that can be withdrawn: not of a plan, their day not yet gone; the soonest first."""
    return rows(connection, _TO_COME, {"day": day, "companies": _list(companies), "limit": limit})


_TO_COME = """
select promise_id::text as promise_id, version, customer_id, company_id, currency_code, promised_amount as amount,
    made_date, promised_date, note
from ops.desk_promises
where not is_cancelled and plan_id is null and promised_date >= %(day)s and customer_id not like 'erased:%%'
    and (%(companies)s::text[] is null or company_id = any(%(companies)s))
order by promised_date, promise_id limit %(limit)s
"""


def open_disputes(connection: Connection, companies: frozenset[str] | None, limit: int) -> list[Row]:
    """Disputes recorded here that wait for a decision, the oldest first."""
    return rows(connection, _OPEN, {"companies": _list(companies), "limit": limit})


_OPEN = """
select dispute_id::text as dispute_id, version, customer_id, company_id, currency_code, disputed_amount as amount,
    reason, note, opened_date
from ops.desk_disputes
where resolved_date is null and customer_id not like 'erased:%%'
    and (%(companies)s::text[] is null or company_id = any(%(companies)s))
order by opened_date, dispute_id limit %(limit)s
"""


def _list(companies: frozenset[str] | None) -> list[str] | None:
    return None if companies is None else sorted(companies)
