"""What became of the reminders: sent, delivered, answered, bounced, and what was paid after them.

A payment is credited as `cartera reminders costs` does it: once, to the last contact with its customer in the days
before it, the day itself included. It says what came after a contact, not because of it. A share of those who paid is
one of the contacts whose days are over, a share of the delivered one of those by channels that report it.

Takes an open connection and only reads: that of a `viewer` its own companies, that of a reader or better all of them.
Ghost shoppers are in none of the figures.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.reminders.costs import WENT_OUT
from cartera.reminders.ghosts import PREFIX
from cartera.warehouse.read import CUSTOMERS_KNOWN, Row, rows

By = Literal["policy", "step", "channel"]
BYS: tuple[By, ...] = get_args(By)
KEYS: dict[By, tuple[str, ...]] = {
    "policy": ("policy_name",),
    "step": ("policy_name", "step_name"),
    "channel": ("channel",),
}
STAGES: dict[str, str] = {
    "planned": "true",
    "stopped": "status = 'skipped'",
    "on_its_way": "status in ('planned', 'approved', 'reserved')",
    "failed": "status = 'failed'",
    "went_out": "status = any(%(went_out)s)",
    "delivered": "status in ('delivered', 'answered')",
    "answered": "status = 'answered'",
    "bounced": "status = 'bounced'",
    "unknown": "status = 'unknown'",
    "paid": "amounts is not null",
    "judged": "status = any(%(went_out)s) and is_over",
    "judged_paid": "amounts is not null and is_over",
    "too_early": "status = any(%(went_out)s) and not is_over",
    "reported": "status = any(%(went_out)s) and is_reported",
    "reported_delivered": "status in ('delivered', 'answered') and is_reported",
}
"""Each a count, of the contacts that meet its condition. Who has answered has been reached."""
CONDITIONS = STAGES | {"any": "(status = any(%(went_out)s) or status in ('planned', 'approved', 'reserved'))"}
"""Also `any`: those that went out or will, as a calendar counts them."""


@dataclass(frozen=True)
class Asked:
    """Contacts from a day on, of one company or all; payments within `days` after, up to `as_of`, as known then."""

    from_date: dt.date
    days: int
    as_of: dt.date
    known_at: dt.datetime
    company_id: str | None = None
    country_code: str | None = None
    """Where the customer lives."""


@dataclass(frozen=True)
class Group:
    """Which contacts: None is any."""

    policy_name: str | None = None
    step_name: str | None = None
    channel: str | None = None
    plan_id: int | None = None
    day: dt.date | None = None


ANY = Group()


def funnel(connection: Connection, asked: Asked, by: By) -> list[Row]:
    """The columns KEYS[by], a count per stage, `amounts` paid after by currency as text; steps in their order."""
    keys = SQL(", ").join(map(Identifier, KEYS[by]))
    counts = SQL(", ").join(
        SQL("count(*) filter (where {}) as {}").format(SQL(condition), Identifier(name))
        for name, condition in STAGES.items()
    )
    query = SQL(
        "with {followed},"
        " sums as (select {keys}, code.key as currency_code, sum(code.value::numeric) as amount"
        " from followed cross join lateral jsonb_each_text(amounts) as code where {by_a_plan}"
        " group by {keys}, code.key),"
        " added as (select {keys}, jsonb_object_agg(currency_code, amount::text) as amounts from sums group by {keys}),"
        " counted as (select {keys}, min(offset_days) as offset_days, {counts} from followed"
        " where {by_a_plan} group by {keys})"
        " select counted.*, coalesce(added.amounts, '{{}}') as amounts from counted left join added using ({keys})"
        " order by {order}"
    ).format(
        followed=SQL(_FOLLOWED).format(lives_in=SQL(_LIVES_IN)),
        keys=keys,
        counts=counts,
        by_a_plan=SQL(_BY_A_PLAN),
        order=SQL("policy_name, offset_days, step_name") if by == "step" else keys,
    )
    return rows(connection, query, _bound(asked, ANY))


def contacts(
    connection: Connection, asked: Asked, group: Group = ANY, stage: str = "planned", *, limit: int
) -> list[Row]:
    """The contacts behind a count of `funnel`, the newest first, with what they asked for and what was paid after."""
    query = SQL(
        "with {followed}, cells as (select * from followed where {stage} and {group}"
        " order by went_on desc, contact_id limit %(limit)s)"
        " select contact_id::text as contact_id, policy_name, step_name, channel, language_code, status, reason_code,"
        " went_on, company_id, customer_id, coalesce(customer_name, customer_id) as customer_name,"
        " cells.amounts as paid_amounts, {asked_for} as asked_amounts"
        " from cells {known} order by went_on desc, contact_id"
    ).format(
        followed=SQL(_FOLLOWED).format(lives_in=SQL(_LIVES_IN)),
        stage=SQL(CONDITIONS[stage] if stage == "any" else f"{_BY_A_PLAN} and {STAGES[stage]}"),
        group=_of_group(group),
        asked_for=SQL(_ASKED_FOR),
        known=SQL(CUSTOMERS_KNOWN),
    )
    return rows(connection, query, _bound(asked, group) | {"limit": limit})


def waiting(connection: Connection, group: Group, known_at: dt.datetime, *, limit: int) -> list[Row]:
    """The contacts behind a count of `waiting.steps`: whom they go to, in which language, for what, from when."""
    query = SQL(
        "with cells as (select contact_id, plan_id, policy_name, step_name, channel, language_code, company_id,"
        " customer_id, offset_days, planned_date, send_from, send_until from ops.contacts_in_scope"
        " where status = 'planned' and {group} order by offset_days desc, customer_id limit %(limit)s)"
        " select contact_id::text as contact_id, policy_name, step_name, channel, language_code, company_id,"
        " customer_id, coalesce(customer_name, customer_id) as customer_name, planned_date, send_from, send_until,"
        " {asked_for} as asked_amounts from cells {known} order by offset_days desc, customer_id"
    ).format(group=_of_group(group), asked_for=SQL(_ASKED_FOR), known=SQL(CUSTOMERS_KNOWN))
    return rows(connection, query, {**asdict(group), "known_at": known_at, "limit": limit})


def _of_group(group: Group) -> Composable:
    """Bound by the group's own fields."""
    columns = {"policy_name": "policy_name", "step_name": "step_name", "channel": "channel", "plan_id": "plan_id",
               "day": "went_on"}  # fmt: skip
    given = [
        SQL("{} = {}").format(Identifier(columns[name]), SQL(f"%({name})s"))
        for name, value in asdict(group).items()
        if value is not None
    ]
    return SQL(" and ").join(given) if given else SQL("true")


def _bound(asked: Asked, group: Group) -> dict[str, Any]:
    return {**asdict(asked), **asdict(group), "went_out": list(WENT_OUT), "ghosts": PREFIX}


_ASKED_FOR = """coalesce((
    select jsonb_object_agg(currency_code, amount::text) from (
        select currency_code, sum(coalesce(stated_amount, planned_amount)) as amount
        from ops.contact_items_in_scope as i
        where i.contact_id = cells.contact_id and left_out_reason is null group by currency_code
    ) as sums
), '{}')"""
_LIVES_IN = """(%(country_code)s::text is null or exists (
    select 1 from serve.dim_customers as d
    where d.customer_id = c.customer_id and upper(trim(d.country_code)) = %(country_code)s
        and d.recorded_from <= %(known_at)s and d.recorded_to > %(known_at)s
))"""
_FOLLOWED = """
chosen as (
    select contact_id, plan_id, company_id, customer_id, policy_name, step_name, offset_days, channel, language_code,
        status, reason_code, coalesce(contact_date, planned_date) as went_on
    from ops.contacts_in_scope as c
    where coalesce(contact_date, planned_date) >= %(from_date)s and not starts_with(customer_id, %(ghosts)s)
        and (%(company_id)s::text is null or company_id = %(company_id)s) and {lives_in}
),

cash as (
    select ledger_entry_id, company_id, customer_id, currency_code, -amount as amount, effective_date
    from serve.fct_ledger_entries
    where entry_type = 'received' and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        and effective_date between %(from_date)s and %(as_of)s
),

credited as (
    select distinct on (ledger_entry_id) contact_id, cash.currency_code, cash.amount
    from cash join chosen using (company_id, customer_id)
    where status = any(%(went_out)s) and effective_date between went_on and went_on + %(days)s
    order by ledger_entry_id, went_on desc, contact_id
),

paid_after as (
    select contact_id, jsonb_object_agg(currency_code, amount::text) as amounts
    from (select contact_id, currency_code, sum(amount) as amount from credited group by 1, 2) as sums
    group by contact_id
),

followed as (
    -- mail servers are not asked to say what arrived: the few that do so stand for none of the others
    select chosen.*, paid_after.amounts, went_on + %(days)s <= %(as_of)s as is_over,
        channel <> 'email' and channel in (select channel from chosen where status = 'delivered') as is_reported
    from chosen left join paid_after using (contact_id)
)
"""


_BY_A_PLAN = "plan_id is not null"
"""A call that a person made without being asked is nobody's campaign; but a payment may follow it, and a day has it."""


def by_day(connection: Connection, asked: Asked, until: dt.date) -> list[Row]:
    """day, channel, contacts: how many went out or will on each day up to `until`."""
    query = SQL(
        "select coalesce(contact_date, planned_date) as day, channel, count(*) as contacts"
        " from ops.contacts_in_scope as c"
        " where coalesce(contact_date, planned_date) between %(from_date)s and %(until)s"
        " and not starts_with(customer_id, %(ghosts)s)"
        " and (%(company_id)s::text is null or company_id = %(company_id)s) and {condition} and {lives_in}"
        " group by 1, 2 order by 1, 2"
    ).format(condition=SQL(CONDITIONS["any"]), lives_in=SQL(_LIVES_IN))
    return rows(connection, query, _bound(asked, ANY) | {"until": until})


def countries(connection: Connection, known_at: dt.datetime) -> list[Row]:
    """country_code, customers: where customers live, most first."""
    return rows(
        connection,
        "select upper(trim(country_code)) as country_code, count(*) as customers from serve.dim_customers"
        " where recorded_from <= %(known_at)s and recorded_to > %(known_at)s and trim(country_code) <> ''"
        " group by 1 order by 2 desc, 1",
        {"known_at": known_at},
    )


def skip_days(connection: Connection, limit: int) -> list[dt.date]:
    """Days that were planned for, the newest first."""
    found = rows(
        connection,
        "select distinct as_of_date from ops.contact_plans order by as_of_date desc limit %(limit)s",
        {"limit": limit},
    )
    return [row["as_of_date"] for row in found]


def skip_reasons(connection: Connection, day: dt.date, company_id: str | None = None) -> list[Row]:
    """reason_code, skips, customers: why debts of a day got no message, the most frequent reason first."""
    return rows(
        connection,
        "select reason_code, count(*) as skips, count(distinct customer_id) as customers"
        " from ops.contact_skips_in_scope where as_of_date = %(day)s and not starts_with(customer_id, %(ghosts)s)"
        " and (%(company)s::text is null or company_id = %(company)s)"
        " group by reason_code order by skips desc, reason_code",
        {"day": day, "company": company_id, "ghosts": PREFIX},
    )


def skips(
    connection: Connection,
    day: dt.date,
    reason_code: str,
    known_at: dt.datetime,
    company_id: str | None = None,
    *,
    limit: int,
) -> list[Row]:
    """The rows behind a count of `skip_reasons`."""
    query = SQL(
        "with cells as (select skip_id, policy_name, company_id, customer_id from ops.contact_skips_in_scope"
        " where as_of_date = %(day)s and reason_code = %(reason)s and not starts_with(customer_id, %(ghosts)s)"
        " and (%(company)s::text is null or company_id = %(company)s) order by customer_id, skip_id limit %(limit)s)"
        " select skip_id, policy_name, company_id, customer_id, coalesce(customer_name, customer_id) as customer_name"
        " from cells {known} order by customer_name, skip_id"
    ).format(known=SQL(CUSTOMERS_KNOWN))
    bound = {"day": day, "reason": reason_code, "known_at": known_at, "company": company_id, "limit": limit}
    return rows(connection, query, bound | {"ghosts": PREFIX})
