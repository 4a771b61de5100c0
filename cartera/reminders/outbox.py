"""The outbox in the database: contacts are reserved, marked as handed over before they are, and given back.

Every function changes `ops.contacts` for one sender and leaves the commit to its caller.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.reminders import ledger
from cartera.reminders.as_sent import AsSent
from cartera.reminders.channels.base import Channel
from cartera.reminders.ledger import Move
from cartera.reminders.model import Status
from cartera.reminders.prices import Cost
from cartera.warehouse.read import Row, rows

MAX_ATTEMPTS = 5
CLOCK_SET_BACK = dt.timedelta(days=1)
"""Nothing waits longer than this for its lease or its next try: what seems to was written by a clock since set back."""


def reserve(
    connection: Connection,
    number: int,
    channels: Mapping[str, Channel],
    *,
    plan_id: int | None,
    lease: dt.timedelta,
    limit: int,
    tried: Sequence[str],
    with_unknown: bool = True,
) -> list[Row]:
    """Take the next contacts for ourselves; other senders pass over them. At most one of each customer.

    Approved ones; and unknown ones of a channel that surely still keeps their key: handed over again under the same
    key they arrive once. Those to real people only within their send windows: before it a contact waits, after it too,
    until the next plan has asked again. `tried`: those that this sender has had already.
    """
    taken = rows(
        connection,
        _RESERVE,
        {
            "number": number,
            "lease": lease,
            "plan_id": plan_id,
            "limit": limit,
            "tried": list(tried),
            "channels": list(channels),
            "keyed": list(channels),
            "keeps": [_trusted(channel) if with_unknown else None for channel in channels.values()],
            "max_attempts": MAX_ATTEMPTS,
            "set_back": CLOCK_SET_BACK,
            "real": [channel for channel, each in channels.items() if each.is_real],
            "moment": utc_now(),
        },
    )
    moves = [(row["was"], Move(row["contact_id"], Status.reserved)) for row in taken]
    ledger.events(connection, moves, name(number))
    return taken


def _trusted(channel: Channel) -> dt.timedelta | None:
    """How long after the first hand-over a key is used again: half of what the provider promises. The other half
    is for clocks that differ."""
    kept = channel.promises.idempotency
    return kept / 2 if kept else None


_RESERVE = """
with keeps as (
    select * from unnest(%(keyed)s::text[], %(keeps)s::interval[]) as keeps (channel, kept)
), candidates as (
    select contact_id, customer_id, status, planned_date
    from ops.contacts
    where status = 'approved' and channel = any(%(channels)s)
        and (retry_at is null or retry_at <= now() or retry_at > now() + %(set_back)s)
        and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
        and contact_id <> all(%(tried)s::uuid[])
        and (
            channel <> all(%(real)s::text[])
            or coalesce(send_from <= %(moment)s, true) and coalesce(send_until > %(moment)s, true)
        )
    order by planned_date, contact_id limit %(limit)s
    for update skip locked
), again as (
    -- no clock, set forward or back, makes a key seem younger than it is: it is older than nothing, and the record,
    -- which only grows, ends before now
    select c.contact_id, c.customer_id, c.status, c.planned_date
    from ops.contacts as c join keeps using (channel)
    where c.status = 'unknown' and keeps.kept is not null
        and c.handed_at between now() - keeps.kept and now()
        and (select happened_at from ops.contact_events order by event_id desc limit 1) < now() + interval '1 minute'
        and not exists (
            select 1 from ops.contacts as other
            where other.customer_id = c.customer_id and other.status in ('planned', 'approved', 'reserved')
        )
        and (retry_at is null or retry_at <= now()) and attempts < %(max_attempts)s
        and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
        and contact_id <> all(%(tried)s::uuid[])
    order by c.planned_date, c.contact_id limit %(limit)s
    for update of c skip locked
), chosen as (
    select distinct on (customer_id) contact_id, status as was
    from (select * from candidates union all select * from again) as both_kinds
    order by customer_id, planned_date, contact_id
)
update ops.contacts as c set status = 'reserved', reserved_by = %(number)s, lease_until = now() + %(lease)s,
    retry_at = null, reason_code = null
from chosen
where c.contact_id = chosen.contact_id
returning c.contact_id::text as contact_id, plan_id, channel, step_name, template, company_id, customer_id,
    planned_date, message_id, attempts, recipient, was
"""


def outside_windows(connection: Connection, channels: Mapping[str, Channel], plan_id: int | None) -> int:
    """How many approved contacts to real people wait for their send window, or for a plan to give them another."""
    found = rows(
        connection,
        "select count(*) as waiting from ops.contacts where status = 'approved' and channel = any(%(real)s)"
        " and (send_from > %(moment)s or send_until <= %(moment)s)"
        " and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)",
        {
            "real": [channel for channel, each in channels.items() if each.is_real],
            "moment": utc_now(),
            "plan_id": plan_id,
        },
    )
    return int(found[0]["waiting"])


def begin(
    connection: Connection,
    number: int,
    contacts: Sequence[Row],
    lease: dt.timedelta,
    costs: Mapping[str, Cost] | None = None,
    words: Mapping[str, AsSent] | None = None,
) -> set[str]:
    """Mark ours as handed over, which they are about to be; the ids of those that are still ours.

    Committed before the first of them is: whatever happens from then on, they may have been delivered. `costs`: what
    each comes to, kept with it; of one that is not named, what was kept before. `words`: what each says, kept too.
    """
    ids = [contact["contact_id"] for contact in contacts]
    known = [(costs or {}).get(contact_id) for contact_id in ids]
    said = [(words or {}).get(contact_id) for contact_id in ids]
    found = rows(
        connection,
        _BEGIN,
        {
            "ids": ids,
            "costs": [each.amount if each else None for each in known],
            "currencies": [each.currency_code if each else None for each in known],
            "hashes": [each.template_hash if each else None for each in said],
            "words": [each.written() if each else None for each in said],
            "number": number,
            "lease": lease,
        },
    )
    return {row["contact_id"] for row in found}


# one statement, so that the words are there whenever the mark is, at the price of one journey
_BEGIN = """
with ours as (
    update ops.contacts as c set handed_at = coalesce(handed_at, now()), lease_until = now() + %(lease)s,
        cost_amount = coalesce(given.cost_amount, c.cost_amount),
        cost_currency_code = coalesce(given.cost_currency_code, c.cost_currency_code)
    from unnest(
        %(ids)s::uuid[], %(costs)s::numeric[], %(currencies)s::text[], %(hashes)s::text[], %(words)s::text[]
    ) as given (contact_id, cost_amount, cost_currency_code, template_hash, words)
    where c.contact_id = given.contact_id and status = 'reserved' and reserved_by = %(number)s
    returning c.contact_id, given.template_hash, given.words
), kept as (
    insert into ops.contact_messages (contact_id, template_hash, words)
    select contact_id, template_hash, words::jsonb from ours where words is not null
)
select contact_id::text as contact_id from ours
"""


def back(contact: Row, why: str) -> Move:
    """One of ours that was not handed over this time goes back to where it came from."""
    return Move(contact["contact_id"], Status(contact["was"]), detail={"stopped": why})


def name(number: int) -> str:
    return f"sender {number:x}"
