"""What waits for approval: which contacts, as somebody looks at them, and what has happened to them since.

Takes an open connection and only reads: that of a `viewer` its own companies, that of a reader or better all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from psycopg2.extensions import connection as Connection

from cartera.reminders.ghosts import PREFIX
from cartera.warehouse.read import Row, rows

SAMPLES = 60
OTHERS = 4


@dataclass(frozen=True)
class Seen:
    """What waited when somebody looked, in one plan or in all, of these companies or of all: how many, and a digest of
    which.

    `event_id`: the last thing that had happened to any contact by then. Two looks at the same contacts are equal.
    """

    plan_id: int | None
    companies: frozenset[str] | None
    contacts: int
    digest: str
    event_id: int = field(compare=False)


def look(connection: Connection, plan_id: int | None = None, companies: frozenset[str] | None = None) -> Seen:
    bound = {"plan_id": plan_id, "companies": None if companies is None else sorted(companies)}
    return Seen(plan_id, companies, **rows(connection, _LOOK, bound)[0])


_LOOK = """
select count(*) as contacts, coalesce(sum(hashtextextended(contact_id::text, 0)::numeric), 0)::text as digest,
    (select coalesce(max(event_id), 0) from ops.contact_events_in_scope) as event_id
from ops.contacts_in_scope where status = 'planned' and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
    and (%(companies)s::text[] is null or company_id = any(%(companies)s))
"""


ORDER = "offset_days desc, customer_id, contact_id"
"""Of approval: the sharpest steps first."""
NAMED = 5
"""Customers that `first` names of each step."""


def first(connection: Connection, seen: Seen, limit: int) -> list[Row]:
    """What an approval of at most `limit` takes, in its order: policy_name, step_name, channel, contacts, customer_ids
    (the first NAMED)."""
    bound = {"plan_id": seen.plan_id, "companies": None if seen.companies is None else sorted(seen.companies)}
    return rows(connection, _FIRST, bound | {"limit": limit, "named": NAMED})


_FIRST = f"""
select policy_name, step_name, channel, count(*) as contacts,
    (array_agg(customer_id order by place))[:%(named)s] as customer_ids
from (
    select policy_name, step_name, channel, customer_id, row_number() over (order by {ORDER}) as place
    from ops.contacts_in_scope
    where status = 'planned' and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
        and (%(companies)s::text[] is null or company_id = any(%(companies)s))
) as waiting
where place <= %(limit)s
group by policy_name, step_name, channel order by min(place)
"""  # noqa: S608 the order is ours


def last_event(connection: Connection) -> int:
    """The last thing that has happened to any contact; 0 where nothing has."""
    found = rows(connection, "select coalesce(max(event_id), 0) as event_id from ops.contact_events_in_scope")
    return int(found[0]["event_id"])


def plans(connection: Connection) -> list[Row]:
    """Plans of which something waits, the newest first: how many contacts, and for how many ghost shoppers of them."""
    return rows(connection, _PLANS, {"ghosts": PREFIX})


_PLANS = """
select p.plan_id, p.policy_name, p.as_of_date, p.planned_at, p.planned_by, count(*) as contacts,
    count(*) filter (where starts_with(c.customer_id, %(ghosts)s)) as ghosts
from ops.contacts_in_scope as c join ops.contact_plans as p using (plan_id)
where c.status = 'planned'
group by p.plan_id, p.policy_name, p.as_of_date, p.planned_at, p.planned_by
order by p.plan_id desc
"""


def steps(connection: Connection, plan_id: int | None = None) -> list[Row]:
    """By policy, step and channel, the sharpest step first: contacts, customers, and `amounts` by currency as text."""
    return rows(connection, _STEPS, {"plan_id": plan_id})


_STEPS = """
with waiting as (
    select contact_id, policy_name, step_name, offset_days, channel, customer_id
    from ops.contacts_in_scope where status = 'planned' and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
),

owed as (
    select policy_name, step_name, channel, currency_code, sum(planned_amount) as amount
    from waiting join ops.contact_items_in_scope using (contact_id)
    group by policy_name, step_name, channel, currency_code
),

amounts as (
    select policy_name, step_name, channel, jsonb_object_agg(currency_code, amount::text) as amounts
    from owed group by policy_name, step_name, channel
)

select policy_name, step_name, channel, count(*) as contacts, count(distinct customer_id) as customers, amounts
from waiting left join amounts using (policy_name, step_name, channel)
group by policy_name, step_name, channel, amounts
order by max(offset_days) desc, policy_name, step_name, channel
"""


def samples(connection: Connection, plan_id: int | None = None) -> list[Row]:
    """One contact for each text that waits (policy, step, channel, language): that which asks for most items.

    `others`: those that follow, for where nothing of it would go out any more.
    """
    return rows(connection, _SAMPLES, {"plan_id": plan_id, "limit": SAMPLES, "others": OTHERS})


# `others` are looked for of the samples alone, not of every contact that waits
_SAMPLES = """
select found.*, array(
    select o.contact_id::text from ops.contacts_in_scope as o
    where o.status = 'planned' and (%(plan_id)s::bigint is null or o.plan_id = %(plan_id)s)
        and o.policy_name = found.policy_name and o.step_name = found.step_name and o.channel = found.channel
        and o.language_code = found.language_code and o.contact_id::text <> found.contact_id
    order by o.contact_id limit %(others)s
) as others
from (
    select distinct on (c.policy_name, c.step_name, c.channel, c.language_code)
        c.contact_id::text as contact_id, c.policy_name, c.step_name, c.offset_days, c.channel, c.language_code,
        c.customer_id, i.items
    from ops.contacts_in_scope as c
    cross join lateral (select count(*) as items from ops.contact_items_in_scope where contact_id = c.contact_id) as i
    where c.status = 'planned' and (%(plan_id)s::bigint is null or c.plan_id = %(plan_id)s)
    order by c.policy_name, c.step_name, c.channel, c.language_code, i.items desc, c.contact_id
) as found
order by offset_days desc, policy_name, step_name, channel, language_code
limit %(limit)s
"""


def since(connection: Connection, seen: Seen) -> list[Row]:
    """What happened to what waits or waited since it was looked at: to_status, reason_code, actor, contacts, at."""
    return rows(connection, _SINCE, {"plan_id": seen.plan_id, "event_id": seen.event_id})


_SINCE = """
select e.to_status, e.reason_code, e.actor, count(*) as contacts, max(e.happened_at) as at
from ops.contact_events_in_scope as e join ops.contacts_in_scope as c using (contact_id)
where e.event_id > %(event_id)s and (e.from_status = 'planned' or e.to_status = 'planned')
    and (%(plan_id)s::bigint is null or c.plan_id = %(plan_id)s)
group by e.to_status, e.reason_code, e.actor
order by at desc
"""
