"""What planning reads: the published open items, customers, and what customers have been told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, starmap
from operator import attrgetter
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.landing.own_sources import OWN_SOURCES
from cartera.reminders import ghosts, recorded
from cartera.reminders.model import Consent, Customer, History, Item, Pending, Standing, Status, Tried
from cartera.warehouse import read, read_runs
from cartera.warehouse.read import Publication

TOLD = ("reserved", "sent", "unknown", "delivered", "answered")
"""States in which the customer has the message, or may have it."""


def items_by_customer(
    connection: Connection,
    published: Publication,
    as_of: dt.date,
    customer_ids: Sequence[str] | None = None,
) -> dict[str, dict[str, list[Item]]]:
    """Open items as of a date, known at the publication's moment: customer_id -> company_id -> items.

    With what was recorded at the desk since. Those of a ghost shopper only where it is named.
    """
    query = SQL(_ITEM + _OF_CUSTOMERS).format(items=read.items_at(connection, as_of, published.known_at))
    ids = list(customer_ids) if customer_ids is not None else None
    grouped: dict[str, dict[str, list[Item]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(query, {"as_of": as_of, "known_at": published.known_at, "ids": ids})
        for item in starmap(Item, cursor):
            grouped.setdefault(item.customer_id, {}).setdefault(item.company_id, []).append(item)
    for ghost in ghosts.enrolled(connection, as_of, customer_ids or ()):
        grouped[ghost.customer.customer_id] = {ghost.company_id: list(ghost.items)}
    for customer_id, agreed in recorded.agreements(connection, as_of, customer_ids).items():
        if customer_id in grouped:
            grouped[customer_id] = recorded.laid_over(grouped[customer_id], agreed)
    return grouped


def items_in_stream(
    connection: Connection, published: Publication, as_of: dt.date
) -> Iterator[tuple[str, dict[str, list[Item]]]]:
    """All open items, one customer after the other, each with its items by company: memory for one customer.

    As they are published: the past, too, is read so.
    """
    query = SQL(_ITEM + " order by customer_id").format(items=read.items_at(connection, as_of, published.known_at))
    with connection.cursor() as cursor:
        # all rows will be read: the plan for that, not the one that is quickest to the first
        cursor.execute("set local cursor_tuple_fraction = 1")
    with connection.cursor("open_items") as cursor:
        cursor.itersize = STREAM_ROWS
        cursor.execute(query, {"as_of": as_of, "known_at": published.known_at})
        for customer_id, items in groupby(starmap(Item, cursor), key=attrgetter("customer_id")):
            companies: dict[str, list[Item]] = {}
            for item in items:
                companies.setdefault(item.company_id, []).append(item)
            yield customer_id, companies


STREAM_ROWS = 20_000
# in the order of Item's fields
_ITEM = """
select item_id, company_id, customer_id, coalesce(document_number, invoice_id) as document_number, issue_date,
    coalesce(due_date, issue_date) as due_date, currency_code, item_amount, open_amount,
    coalesce(is_disputed, false) as is_disputed, promised_date, invoice_id
from {items} as items
"""
_OF_CUSTOMERS = " where %(ids)s::text[] is null or customer_id = any(%(ids)s) order by due_date, item_id"


def customers(connection: Connection, known_at: dt.datetime, ids: Sequence[str] | None = None) -> dict[str, Customer]:
    """Customers as they were known at that moment, by id; all when `ids` is None. Ghost shoppers only if named."""
    found = read.rows(
        connection,
        "select customer_id, name, email, language_code, country_code, coalesce(is_active, true) as is_active, source,"
        " phone, timezone, customer_type, risk_class"
        " from serve.dim_customers where recorded_from <= %(known_at)s and recorded_to > %(known_at)s"
        " and (%(ids)s::text[] is null or customer_id = any(%(ids)s))",
        {"known_at": known_at, "ids": list(ids) if ids is not None else None},
    )
    named = ghosts.enrolled(connection, known_at.date(), ids or ())
    return {row["customer_id"]: Customer(**row) for row in found} | {
        ghost.customer.customer_id: ghost.customer for ghost in named
    }


def unknown_customer(customer_id: str) -> Customer:
    """A debtor of whom only invoices tell; the source is the prefix of every id."""
    return Customer(customer_id, source=customer_id.partition(":")[0])


def segments(
    connection: Connection, published: Publication, as_of: dt.date, customer_ids: Sequence[str] | None = None
) -> dict[tuple[str, str], dict[str, str]]:
    """As of the date: (customer_id, company_id) -> scheme -> segment; of all customers or those named."""
    query = SQL(
        "select customer_id, company_id, scheme, segment from {members} as members"
        " where %(ids)s::text[] is null or customer_id = any(%(ids)s)"
    ).format(members=read.segments_at(connection, as_of, published.known_at))
    bound = {"as_of": as_of, "known_at": published.known_at, "ids": list(customer_ids) if customer_ids else None}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in read.rows(connection, query, bound):
        found.setdefault((row["customer_id"], row["company_id"]), {})[row["scheme"]] = row["segment"]
    return found


def standing(connection: Connection, published: Publication) -> Standing:
    """When each source was read last, with news or without, which can't be read now, and what the publication's
    certificate ties."""
    landed = read.rows(
        connection,
        "select source, (max(recorded_at) at time zone 'UTC')::date as landed_on from ("
        " select source, recorded_at from ops.loads union all select source, recorded_at from ops.cursors"
        ") as readings where source <> all(%(own)s) group by source",
        {"own": list(OWN_SOURCES)},
    )
    run = {"run_id": published.run_id}
    certified = read.rows(connection, "select 1 from ops.certificates where run_id = %(run_id)s and is_tied", run)
    tied = read.rows(
        connection,
        "select company_id, currency_code from ops.certificate_lines where run_id = %(run_id)s and is_tied",
        run,
    )
    landed_on = {row["source"]: row["landed_on"] for row in landed}
    if landed_on:
        # what ghost shoppers owe is as new as the newest that was read
        landed_on[ghosts.SOURCE] = max(landed_on.values())
    return Standing(
        landed_on=landed_on,
        tied=frozenset((row["company_id"], row["currency_code"]) for row in tied),
        is_certified=bool(certified),
        stopped=frozenset(row["source"] for row in read_runs.stopped_sources(connection)),
    )


def histories(
    connection: Connection,
    as_of: dt.date,
    *,
    customer_ids: Iterable[str] | None = None,
    except_contacts: Sequence[str] = (),
    before: dt.date | None = None,
    hold_days: Mapping[str, dt.date] | None = None,
) -> dict[str, History]:
    """What customers have been told and what is on its way, by customer_id; customers with neither are absent.

    `except_contacts` are left out: a contact at the moment of sending asks about all the others. `before`: only
    contacts of earlier days, for a look at the past. `hold_days`: as in `wishes`.
    """
    named = list(customer_ids) if customer_ids is not None else None
    bound = {"told": list(TOLD), "ids": named, "self": list(except_contacts), "as_of": as_of, "before": before}
    found: dict[str, dict[str, Any]] = {}
    for row in read.rows(connection, _TOLD_ITEMS, bound):
        history, passage = found.setdefault(row["customer_id"], {}), (row["item_id"], row["due_date"])
        history.setdefault("told", {})[passage] = row["offset_days"]
        history.setdefault("told_on", {})[passage] = row["told_on"]
    for row in read.rows(connection, _CONTACTED, bound):
        found.setdefault(row.pop("customer_id"), {}).update(row, contact_dates=tuple(row["contact_dates"]))
    for row in read.rows(connection, _TRIED, bound):
        tried = found.setdefault(row["customer_id"], {}).setdefault("tried", {})
        key = (row["policy_name"], row["step_name"], row["cycle"])
        tried[key] = (*tried.get(key, ()), Tried(row["channel"], Status(row["status"]), row["went_on"]))
    for row in read.rows(connection, _ANSWERED, bound):
        found.setdefault(row["customer_id"], {})["answered_on"] = row["answered_on"]
    for row in read.rows(connection, _PENDING, bound):
        customer_id, status, ids = row.pop("customer_id"), Status(row.pop("status")), frozenset(row.pop("item_ids"))
        found.setdefault(customer_id, {})["pending"] = Pending(status=status, item_ids=ids, **row)
    for customer_id, values in wishes(connection, as_of, named, hold_days=hold_days).items():
        found.setdefault(customer_id, {}).update(values)
    return {customer_id: History(**values) for customer_id, values in found.items()}


def last_contacts(connection: Connection, customer_ids: Sequence[str]) -> dict[str, dt.date]:
    """The day of the last message to each, or of the last call made; a call that waits for somebody is none."""
    found = read.rows(connection, _LAST_CONTACTS, {"told": list(TOLD), "ids": list(customer_ids)})
    return {row["customer_id"]: row["last_contact"] for row in found}


_LAST_CONTACTS = """
select customer_id, max(coalesce(contact_date, planned_date)) as last_contact from ops.contacts as c
where customer_id = any(%(ids)s) and status = any(%(told)s) and (channel <> 'call' or exists (
    select from ops.call_tasks as t where t.contact_id = c.contact_id and t.done_at is not null
))
group by customer_id
"""


def wishes(
    connection: Connection,
    as_of: dt.date,
    customer_ids: Sequence[str] | None = None,
    known_at: dt.datetime | None = None,
    hold_days: Mapping[str, dt.date] | None = None,
) -> dict[str, dict[str, Any]]:
    """What customers said, what holds them and which of their addresses are bad, as fields of History.

    As it was recorded at `known_at` (None: now); an address that a person has called good since counts as good.
    A hold until `as_of` or later is in force; where one may be contacted now, until its own of `hold_days` or later.
    """
    own_days = hold_days or {}
    bound = {
        "ids": customer_ids, "as_of": as_of, "known_at": known_at,
        "own": list(own_days), "own_days": list(own_days.values()),
    }  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    for row in read.rows(connection, _CONSENTS, bound):
        history = found.setdefault(row.pop("customer_id"), {})
        history["consents"] = (*history.get("consents", ()), Consent(**row))
    for row in read.rows(connection, _HOLDS, bound):
        found.setdefault(row["customer_id"], {})["vulnerable" if row["is_vulnerable"] else "hold_reason"] = row["hold"]
    for row in read.rows(connection, _REPAIRS, bound):
        history = found.setdefault(row["customer_id"], {})
        history["repairs"] = (*history.get("repairs", ()), (row["channel"], row["address"]))
    for row in read.rows(connection, _REFUSED, bound):
        found.setdefault(row["customer_id"], {})["bad_addresses"] = frozenset(row["recipients"])
    return found


# every query takes all customers or those named, and leaves out the contacts named and those of later days
_TOLD_ITEMS = """
select distinct on (customer_id, item_id, i.due_date) customer_id, item_id, i.due_date, i.offset_days,
    coalesce(contact_date, planned_date) as told_on
from ops.contacts join ops.contact_items as i using (contact_id)
where status = any(%(told)s) and i.left_out_reason is null
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
    and (%(before)s::date is null or coalesce(contact_date, planned_date) < %(before)s)
order by customer_id, item_id, i.due_date, i.offset_days desc, told_on desc
"""
_CONTACTED = """
select customer_id, max(coalesce(contact_date, planned_date)) as last_contact_date,
    coalesce(array_agg(coalesce(contact_date, planned_date)) filter (
        where coalesce(contact_date, planned_date) > %(as_of)s - 31
    ), '{}') as contact_dates
from ops.contacts
where status = any(%(told)s)
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
    and (%(before)s::date is null or coalesce(contact_date, planned_date) < %(before)s)
group by customer_id
"""
_ANSWERED = """
select customer_id, max((happened_at at time zone 'UTC')::date) as answered_on
from ops.contact_events join ops.contacts using (contact_id)
where to_status = 'answered'
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
    and (%(before)s::date is null or coalesce(contact_date, planned_date) < %(before)s)
group by customer_id
"""
# what was skipped was nobody's contact; a planned one is told by _PENDING
_TRIED = """
select customer_id, policy_name, step_name, cycle, channel, status, coalesce(contact_date, planned_date) as went_on
from ops.contacts
where is_automatic and status not in ('planned', 'approved', 'skipped')
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
    and (%(before)s::date is null or coalesce(contact_date, planned_date) < %(before)s)
order by went_on, contact_id
"""
_CONSENTS = """
select customer_id, channel, address, kind = 'authorised' as is_authorised
from ops.contact_preferences
where (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and (%(known_at)s::timestamptz is null or at <= %(known_at)s)
order by preference_id
"""
# such an address is written to again only when the source has another, or a person says that it works
_REFUSED = """
select customer_id, array_agg(distinct address) as recipients
from ops.bad_addresses_now
where (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and (%(known_at)s::timestamptz is null or noted_at <= %(known_at)s)
group by customer_id
"""
_PENDING = """
select customer_id, contact_id::text as contact_id, company_id, step_name, cycle, status, channel,
    policy_name, planned_date,
    array(select item_id from ops.contact_items as i where i.contact_id = c.contact_id) as item_ids
from ops.contacts as c
where is_automatic and status in ('planned', 'approved', 'reserved')
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
    and (%(before)s::date is null or coalesce(contact_date, planned_date) < %(before)s)
"""
_REPAIRS = """
select customer_id, channel, address
from (
    select distinct on (customer_id, channel) *
    from ops.contact_repairs
    where (%(ids)s::text[] is null or customer_id = any(%(ids)s))
        and (%(known_at)s::timestamptz is null or repaired_at <= %(known_at)s)
    order by customer_id, channel, repair_no desc
) as last_words
order by customer_id, repair_no desc
"""
_HOLDS = """
select customer_id, kind = 'vulnerable' as is_vulnerable, string_agg(
    kind || ', held by ' || held_by || ' on ' || (held_at at time zone 'UTC')::date
    || case when reason in (kind, '') then '' else ': ' || reason end, '; ' order by hold_id
) as hold
from ops.contact_holds
left join unnest(%(own)s::text[], %(own_days)s::date[]) as own (customer_id, hold_day) using (customer_id)
where (held_until is null or held_until >= coalesce(own.hold_day, %(as_of)s))
    and (released_at is null or released_at > %(known_at)s)
    and (%(known_at)s::timestamptz is null or held_at <= %(known_at)s)
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
group by customer_id, is_vulnerable
"""
