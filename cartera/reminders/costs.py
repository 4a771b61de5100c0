"""What contacts cost and what came in after them: `cartera reminders costs`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.db import Role, transaction
from cartera.money import minor_units, plain
from cartera.reminders import ghosts
from cartera.warehouse import read
from cartera.warehouse.read import Row, rows

By = Literal["policy", "channel", "step", "segment"]
WENT_OUT = ("sent", "unknown", "delivered", "bounced", "answered")
"""States in which a provider has had the message, or may have had it, and charges for it."""
_KEYS: dict[By, tuple[str, ...]] = {
    "policy": ("policy_name",),
    "channel": ("channel",),
    "step": ("policy_name", "step_name"),
    "segment": ("scheme", "segment"),
}
DAYS = 14


def columns(by: By) -> tuple[str, ...]:
    return (
        *_KEYS[by], "contacts", "customers", "delivered", "answered", "unpriced", "spend_amount", "currency_code",
        "collected", "collected_amount", "cost_to_collect", "reason",
    )  # fmt: skip


def costs(
    from_date: dt.date | None = None, to_date: dt.date | None = None, by: By = "channel", days: int = DAYS
) -> list[Row]:
    """`columns(by)`: a row per group and currency of the price list, of contacts that went out on these days.

    A payment counts once: with the last contact to its customer in the `days` before, the day itself included.
    `collected` is what came in, by currency. `collected_amount` is all of it in the currency of the spend, each
    payment at the rate of its day; None, as `cost_to_collect`, where `reason` says which rate is missing or that
    nothing came in. Contacts without a recorded price stand in a row without a currency. Ghost shoppers are in none.
    Raises NotPublished.
    """
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        bound = {
            "from": from_date,
            "to": to_date,
            "days": days,
            "as_of": published.as_of_date,
            "known_at": published.known_at,
            "went_out": list(WENT_OUT),
            "ghosts": ghosts.PREFIX,
        }
        contacts = _contacts(connection, published, by)
        keys = SQL(", ").join(map(Identifier, (*_KEYS[by], "currency_code")))
        found = rows(connection, SQL(_SPENT).format(contacts=contacts, keys=keys), bound)
        came_in = rows(connection, SQL(_CAME_IN).format(contacts=contacts, keys=keys), bound)
    return [_row(each, came_in, by) for each in found]


def _contacts(connection: Connection, published: read.Publication, by: By) -> Composable:
    """The contacts that went out; by segment once in each scheme, in the customer's segment as of the publication."""
    if by != "segment":
        return SQL(_WENT_OUT).format(also=SQL(""), members=SQL(""))
    members = read.segments_at(connection, published.as_of_date, published.known_at)
    return SQL(_WENT_OUT).format(
        also=SQL(", scheme, segment"),
        members=SQL("join {} as members using (company_id, customer_id)").format(members),
    )


_WENT_OUT = """
    select contact_id, company_id, customer_id, policy_name, step_name, channel, status, cost_amount,
        cost_currency_code as currency_code, coalesce(contact_date, planned_date) as went_on {also}
    from ops.contacts {members}
    where status = any(%(went_out)s) and not starts_with(customer_id, %(ghosts)s)
        and (%(from)s::date is null or coalesce(contact_date, planned_date) >= %(from)s)
        and (%(to)s::date is null or coalesce(contact_date, planned_date) <= %(to)s)
"""
_SPENT = """
with went_out as ({contacts})
select {keys}, count(*) as contacts, count(distinct customer_id) as customers,
    count(*) filter (where status in ('delivered', 'answered')) as delivered,
    count(*) filter (where status = 'answered') as answered,
    count(*) filter (where cost_amount is null) as unpriced, sum(cost_amount) as spend_amount
from went_out group by {keys} order by {keys}
"""
# a rate says what one unit of the first currency is worth in the second: it is asked for in both directions
_CAME_IN = """
with went_out as ({contacts}),
cash as (
    select ledger_entry_id, company_id, customer_id, currency_code as cash_code, -amount as amount, effective_date
    from serve.fct_ledger_entries
    where entry_type = 'received' and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        and effective_date between (select min(went_on) from went_out)
            and least((select max(went_on) from went_out) + %(days)s, %(as_of)s)
),
touched as (
    -- keys of all schemes of one contact: the last contact is one and the same in each
    select cash.*, {keys}, dense_rank() over (
        partition by ledger_entry_id order by went_on desc, contact_id
    ) as place
    from cash join went_out using (company_id, customer_id)
    where effective_date between went_on and went_on + %(days)s
),
valued as (
    select touched.*, case
        when cash_code = touched.currency_code then touched.amount
        else touched.amount * coalesce(one.rate, 1 / other.rate)
    end as value
    from touched
    left join lateral (
        select rate from serve.fct_fx_rates as fx
        where fx.currency_code = cash_code and fx.company_currency_code = touched.currency_code
            and (fx.company_id is null or fx.company_id = touched.company_id) and rate_date <= effective_date
            and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        order by rate_date desc, fx.company_id nulls last, fx_rate_id limit 1
    ) as one on true
    left join lateral (
        select rate from serve.fct_fx_rates as fx
        where fx.currency_code = touched.currency_code and fx.company_currency_code = cash_code
            and (fx.company_id is null or fx.company_id = touched.company_id) and rate_date <= effective_date
            and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        order by rate_date desc, fx.company_id nulls last, fx_rate_id limit 1
    ) as other on true
    where place = 1
)
select {keys}, cash_code, sum(amount) as amount, sum(value) as value, bool_or(value is null) as is_missing
from valued group by {keys}, cash_code order by {keys}, cash_code
"""


def _row(spent: Row, came_in: list[Row], by: By) -> dict[str, Any]:
    key = (*_KEYS[by], "currency_code")
    mine = [each for each in came_in if all(each[name] == spent[name] for name in key)]
    amount, reason = _valued(mine, spent["currency_code"])
    spend: Decimal | None = spent["spend_amount"]
    ratio = (spend / amount).quantize(RATIO) if spend is not None and amount else None
    return {
        **spent,
        "collected": "; ".join(f"{each['cash_code']} {plain(each['amount'], each['cash_code'])}" for each in mine),
        "collected_amount": amount,
        "cost_to_collect": ratio,
        "reason": reason,
    }


RATIO = Decimal("0.000001")


def _valued(mine: list[Row], currency: str | None) -> tuple[Decimal | None, str | None]:
    if currency is None:
        return None, "no price was recorded"
    missing = [each["cash_code"] for each in mine if each["is_missing"]]
    if missing:
        return None, f"no rate from {', '.join(missing)} to {currency}"
    amount = sum((each["value"] for each in mine), Decimal(0)).quantize(Decimal(1).scaleb(-minor_units(currency)))
    return amount, None if amount else "nothing came in"
