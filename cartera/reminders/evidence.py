"""What became of the messages that customers were sent, as it was known at a moment: what `adapt` learns from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from psycopg2.extensions import connection as Connection

from cartera.reminders.lawful import went_at
from cartera.reminders.model import History, Sent
from cartera.warehouse import read
from cartera.warehouse.read import Publication

LOOK_BACK_DAYS = 365
PAYS_WITHIN_DAYS = 7
WENT_OUT = ("sent", "delivered", "bounced", "answered")
"""Of what is unknown, or was never handed over, nothing is learned."""


def evidence(
    connection: Connection,
    published: Publication,
    as_of: dt.date,
    *,
    customer_ids: Iterable[str] | None = None,
    except_contacts: Sequence[str] = (),
    before: dt.date | None = None,
    known_at: dt.datetime | None = None,
) -> dict[str, tuple[Sent, ...]]:
    """By customer_id, oldest first: contacts of days before `as_of` (and `before`), with answers and payments that were
    known at `known_at`; None: all that is known now."""
    found: dict[str, list[Sent]] = {}
    bound = {
        "went_out": list(WENT_OUT),
        "ids": list(customer_ids) if customer_ids is not None else None,
        "self": list(except_contacts),
        "since": as_of - dt.timedelta(days=LOOK_BACK_DAYS),
        "until": min(as_of, before or as_of),
        "as_of": as_of,
        "within": PAYS_WITHIN_DAYS,
        "happened_until": known_at,
        "known_at": min(published.known_at, known_at or published.known_at),
    }
    for row in read.rows(connection, _SENT, bound):
        worked = (row["answered_at"] is not None or row["is_paid"]) and not row["is_bounced"]
        sent = Sent(row["channel"], went_at(row), worked, row["answered_at"])
        found.setdefault(row["customer_id"], []).append(sent)
    return {customer_id: tuple(each) for customer_id, each in found.items()}


def with_evidence(histories: Mapping[str, History], found: Mapping[str, tuple[Sent, ...]]) -> dict[str, History]:
    return {
        customer_id: replace(history, evidence=found[customer_id]) if customer_id in found else history
        for customer_id, history in histories.items()
    }


# a payment counts for the last message before it, the day of the message included
_SENT = """
with went as (
    select contact_id, customer_id, company_id, channel, handed_at, send_from,
        coalesce(contact_date, planned_date) as went_on,
        lead(coalesce(contact_date, planned_date)) over (
            partition by customer_id order by coalesce(contact_date, planned_date), contact_id
        ) as next_on
    from ops.contacts
    where status = any(%(went_out)s)
        and coalesce(contact_date, planned_date) >= %(since)s
        and coalesce(contact_date, planned_date) < %(until)s
        and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
        and contact_id <> all(%(self)s::uuid[])
), said as (
    select e.contact_id, min(e.happened_at) filter (where e.to_status = 'answered') as answered_at,
        bool_or(e.to_status = 'bounced') as is_bounced
    from ops.contact_events as e join went using (contact_id)
    where e.to_status in ('answered', 'bounced')
        and (%(happened_until)s::timestamptz is null or e.happened_at <= %(happened_until)s)
    group by e.contact_id
), paid as (
    select distinct went.contact_id
    from went
    join serve.fct_ledger_entries as e
        on e.customer_id = went.customer_id and e.company_id = went.company_id and e.entry_type = 'received'
        and e.effective_date >= went.went_on and e.effective_date <= went.went_on + %(within)s
        and (went.next_on is null or e.effective_date < went.next_on)
        and e.effective_date <= %(as_of)s and e.recorded_from <= %(known_at)s and e.recorded_to > %(known_at)s
)
select went.customer_id, went.channel, went.handed_at, went.send_from, went.went_on, said.answered_at,
    coalesce(said.is_bounced, false) as is_bounced, paid.contact_id is not null as is_paid
from went
left join said using (contact_id)
left join paid using (contact_id)
order by went.customer_id, went.went_on, went.contact_id
"""
