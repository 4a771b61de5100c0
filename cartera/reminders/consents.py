"""What customers say about how they may be reached: kept for good, the last word counts (`ops.contact_preferences`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import portfolio
from cartera.reminders.addresses import NEEDS, reach, require_usable, said_of
from cartera.reminders.model import Customer, History
from cartera.reminders.policy import Channel
from cartera.warehouse import read
from cartera.warehouse.read import Row, rows

AUTHORISED, OPT_OUT = "authorised", "opt_out"
LIST_COLUMNS = ("channel", "address", "usable", "why_not", "consent", "language", "timezone")


def say(
    customer_id: str,
    channel: Channel | None,
    address: str | None,
    *,
    is_authorised: bool,
    reason: str,
    recorded_by: str,
) -> str:
    """Record that a customer opted out, or authorised: a channel or all, one address or any. The address as stored.

    Raises ConfigError when the address can't be one of that channel.
    """
    if address is not None and channel is None:
        raise ConfigError("an address is one of a channel", "add --channel")
    said = {"reason": reason}
    with transaction(Role.campaign) as connection:
        customer = _customer(connection, customer_id)
        stored = require_usable(channel, address, customer.country_code) if channel and address else None
        add(connection, customer_id, channel, stored, is_authorised=is_authorised, by=recorded_by, evidence=said)
    return stored or ""


def add(
    connection: Connection,
    customer_id: str,
    channel: Channel | None,
    address: str | None,
    *,
    is_authorised: bool,
    by: str,
    evidence: Mapping[str, Any],
    at: dt.datetime | None = None,
) -> None:
    """What a customer said, as it is kept. `at` None: now."""
    bound = {
        "customer": customer_id, "channel": channel, "address": address,
        "kind": AUTHORISED if is_authorised else OPT_OUT, "by": by, "evidence": Json(dict(evidence)), "at": at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ADD, bound)


_ADD = """
insert into ops.contact_preferences (customer_id, channel, address, kind, at, by, evidence)
values (%(customer)s, %(channel)s, %(address)s, %(kind)s, coalesce(%(at)s, now()), %(by)s, %(evidence)s)
"""


def authorise_all(customer_ids: Sequence[str], channel: Channel, *, reason: str, recorded_by: str) -> int:
    """Record that customers authorised a channel, but for those who said something of it before; of how many."""
    bound = {
        "ids": list(customer_ids), "channel": channel, "kind": AUTHORISED, "by": recorded_by,
        "evidence": Json({"reason": reason}),
    }  # fmt: skip
    with transaction(Role.campaign) as connection:
        return len(rows(connection, _AUTHORISE, bound))


_AUTHORISE = """
insert into ops.contact_preferences (customer_id, channel, kind, by, evidence)
select id, %(channel)s, %(kind)s, %(by)s, %(evidence)s
from unnest(%(ids)s::text[]) as id
where not exists (
    select 1 from ops.contact_preferences as p
    where p.customer_id = id and (p.channel is null or p.channel = %(channel)s)
)
returning customer_id
"""


def _customer(connection: Connection, customer_id: str) -> Customer:
    published = read.publication(connection)
    found = portfolio.customers(connection, published.known_at, [customer_id]).get(customer_id)
    if found or portfolio.items_by_customer(connection, published, published.as_of_date, [customer_id]):
        return found or portfolio.unknown_customer(customer_id)
    raise ConfigError(f"there is no customer {customer_id!r}", "see `cartera aging --by customer`")


def list_channels(customer_id: str) -> tuple[list[Row], list[Row]]:
    """How a customer can be reached by each channel (LIST_COLUMNS), and all that was ever said, newest first."""
    with transaction(Role.campaign) as connection:
        customer = _customer(connection, customer_id)
        published = read.publication(connection)
        histories = portfolio.histories(connection, published.as_of_date, customer_ids=[customer_id])
        said = rows(connection, _SAID, {"id": customer_id})
    history = histories.get(customer_id, History())
    return [_channel_row(channel, customer, history) for channel in NEEDS], said


def _channel_row(channel: Channel, customer: Customer, history: History) -> Row:
    found = reach(channel, customer, history)
    said = said_of(found, history.consents)
    return {
        "channel": channel,
        "address": found.address,
        "usable": "yes" if found.address is not None else "no",
        "why_not": "" if found.address else found.saw,
        "consent": {True: "authorised", False: "opted out", None: "nothing said"}[said],
        "language": customer.language_code,
        "timezone": customer.timezone,
    }


_SAID = """
select at as said_at, coalesce(channel, 'all') as channel, address,
    case kind when 'authorised' then 'authorised' else 'opted out' end as said,
    coalesce(evidence ->> 'reason', evidence ->> 'text', '') as reason, by as recorded_by
from ops.contact_preferences where customer_id = %(id)s order by preference_id desc
"""
