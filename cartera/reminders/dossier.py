"""What the record holds of one customer: messages as they went, wishes, holds, and when it may be contacted next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from cartera.contact_rules.asking import why_not
from cartera.contact_rules.model import Asked
from cartera.contact_rules.moments import day_in
from cartera.db import Role, transaction
from cartera.reminders import ghosts, portfolio
from cartera.reminders.addresses import NEEDS, reach, said_of
from cartera.reminders.lawful import Lawful, lawful, without_history
from cartera.reminders.model import Customer, History
from cartera.reminders.policy import Channel
from cartera.settings import get_settings
from cartera.warehouse import read
from cartera.warehouse.read import Row, rows

SENT_COLUMNS = (
    "contact_id", "channel", "status", "step", "policy", "company_id", "recipient", "language", "contact_date",
    "planned_at", "happened_at", "amounts", "documents",
)  # fmt: skip


@dataclass(frozen=True)
class Next:
    """How a customer can be reached by a channel, and when the rules next allow it.

    `address` None: `why` says why not. `at`: the first allowed moment, UTC; None: none as things stand.
    `refusals`: the rules that say no now, each with its text; `closing`: those that close whole days until `at`,
    each with its days.
    `notes`: what of the customer is not known, and was taken the strict way.
    """

    channel: Channel
    address: str | None
    said: bool | None
    at: dt.datetime | None
    why: str
    refusals: tuple[str, ...] = ()
    closing: tuple[tuple[str, tuple[dt.date, ...]], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_allowed_now(self) -> bool:
        return self.address is not None and not self.refusals


@dataclass(frozen=True)
class Dossier:
    """`events`: changes of the contacts' states. `said`: preferences, the newest first. `holds`: also ended ones."""

    customer: Customer
    ways: tuple[Next, ...]
    contacts: tuple[Row, ...]
    events: tuple[Row, ...]
    said: tuple[Row, ...]
    holds: tuple[Row, ...]


def dossier(customer_id: str, now: dt.datetime, companies: frozenset[str] | None = None) -> Dossier:
    """Everything of the record about a customer; messages of all companies unless some are named.

    Ghost shoppers have none: they are nobody.
    """
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        customer = portfolio.customers(connection, published.known_at, [customer_id]).get(
            customer_id, portfolio.unknown_customer(customer_id)
        )
        bound = {"id": "" if ghosts.is_ghost(customer_id) else customer_id}
        # a hold lasts until its day is over where the customer is, or may be
        rules = without_history(get_settings().policies_dir, now)
        hold_day = rules.hold_day(customer, day_in(customer.timezone, now))
        histories = portfolio.histories(connection, hold_day, customer_ids=[customer_id])
        return Dossier(
            customer,
            ways(connection, customer, histories.get(customer_id, History()), now),
            tuple(row for row in rows(connection, _SENT, bound) if companies is None or row["company_id"] in companies),
            tuple(rows(connection, _EVENTS, bound)),
            tuple(rows(connection, _SAID, bound)),
            tuple(rows(connection, _HOLDS, bound)),
        )


def ways(connection: Connection, customer: Customer, history: History, now: dt.datetime) -> tuple[Next, ...]:
    """By each channel: the address, what was said of it, and the next moment that the rules allow."""
    rules = lawful(
        connection, now.date(), get_settings().policies_dir, customer_ids=[customer.customer_id], moment=now
    )  # fmt: skip
    return tuple(_next(channel, customer, history, rules, now) for channel in NEEDS)


def _next(channel: Channel, customer: Customer, history: History, rules: Lawful, now: dt.datetime) -> Next:
    found = reach(channel, customer, history)
    said = said_of(found, history.consents)
    if found.address is None:
        return Next(channel, None, said, None, found.saw)
    if history.hold_reason is not None:
        return Next(channel, found.address, said, None, history.hold_reason, ("hold",))
    verdict, following, closing = rules.now_and_next(rules.debtor(customer, channel, said), channel, now)
    refusals = tuple(_told(each.rule) for each in verdict.refusals)
    saw, closed = "; ".join(why_not(verdict)), tuple((_told(each.rule), each.days) for each in closing)
    return Next(channel, found.address, said, following, saw, refusals, closed, verdict.notes)


def _told(rule: Asked) -> str:
    return f"{rule.text} [{rule.id}]"


# what was planned and not yet approved is nobody's message; a skip is no contact
_SENT = """
select c.contact_id::text as contact_id, c.channel, c.status, c.step_name as step, c.policy_name as policy,
    c.company_id, c.recipient, c.language_code as language, c.contact_date, p.planned_at,
    (select min(happened_at) from ops.contact_events as e
        where e.contact_id = c.contact_id and to_status in ('sent', 'delivered')) as happened_at,
    coalesce(i.amounts, '{}') as amounts, coalesce(i.documents, '') as documents
from ops.contacts as c
left join ops.contact_plans as p using (plan_id)
left join lateral (
    select jsonb_object_agg(currency_code, amount) as amounts, string_agg(documents, ', ') as documents
    from (
        select currency_code, sum(coalesce(stated_amount, planned_amount))::text as amount,
            string_agg(coalesce(document_number, item_id), ', ' order by due_date, item_id) as documents
        from ops.contact_items where contact_id = c.contact_id and left_out_reason is null
        group by currency_code
    ) as by_currency
) as i on true
where c.customer_id = %(id)s and c.status not in ('planned', 'skipped')
order by coalesce(c.contact_date, c.planned_date) desc, c.contact_id
limit 500
"""
_EVENTS = """
select contact_id::text as contact_id, happened_at, to_status, e.reason_code, channel, step_name as step, recipient,
    coalesce(contact_date, planned_date) as contact_date
from ops.contact_events as e join ops.contacts using (contact_id)
where customer_id = %(id)s and to_status in ('sent', 'unknown', 'failed', 'delivered', 'bounced', 'answered')
order by happened_at desc, event_id desc
limit 1000
"""
_SAID = """
select at as said_at, channel, address, kind = 'authorised' as is_authorised,
    coalesce(evidence ->> 'reason', evidence ->> 'text', '') as reason, by as recorded_by
from ops.contact_preferences where customer_id = %(id)s order by preference_id desc limit 200
"""
_HOLDS = """
select hold_id, kind, reason, held_at, held_by, held_until, released_at, released_by
from ops.contact_holds where customer_id = %(id)s order by held_at desc limit 200
"""
