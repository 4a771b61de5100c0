"""What planning reads: the published open items, customers, and what customers have been told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.reminders.model import Customer, History, Item, Pending, Standing, Status
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
    """Open items as of a date, known at the publication's moment: customer_id -> company_id -> items."""
    found = read.open_items(connection, as_of, published.known_at, customer_ids=customer_ids)
    grouped: dict[str, dict[str, list[Item]]] = {}
    for row in found:
        item = _item(row)
        grouped.setdefault(item.customer_id, {}).setdefault(item.company_id, []).append(item)
    return grouped


def _item(row: dict[str, Any]) -> Item:
    issued = row["issue_date"]
    return Item(
        item_id=row["item_id"],
        company_id=row["company_id"],
        customer_id=row["customer_id"],
        document_number=row["document_number"] or row["invoice_id"],
        issue_date=issued,
        due_date=row["due_date"] or issued,
        currency_code=row["currency_code"],
        item_amount=row["item_amount"],
        open_amount=row["open_amount"],
        is_disputed=bool(row["is_disputed"]),
        promised_date=row["promised_date"],
    )


def customers(connection: Connection, known_at: dt.datetime, ids: Sequence[str] | None = None) -> dict[str, Customer]:
    """Customers as they were known at that moment, by id; all when `ids` is None."""
    found = read.rows(
        connection,
        "select customer_id, name, email, language_code, country_code, coalesce(is_active, true) as is_active, source"
        " from serve.dim_customers where recorded_from <= %(known_at)s and recorded_to > %(known_at)s"
        " and (%(ids)s::text[] is null or customer_id = any(%(ids)s))",
        {"known_at": known_at, "ids": list(ids) if ids is not None else None},
    )
    return {row["customer_id"]: Customer(**row) for row in found}


def unknown_customer(customer_id: str) -> Customer:
    """A debtor of whom only invoices tell; the source is the prefix of every id."""
    return Customer(customer_id, source=customer_id.partition(":")[0])


def standing(connection: Connection, published: Publication) -> Standing:
    """When each source was read last, with news or without, which can't be read now, and what the publication's
    certificate ties."""
    landed = read.rows(
        connection,
        "select source, (max(recorded_at) at time zone 'UTC')::date as landed_on from ("
        " select source, recorded_at from ops.loads union all select source, recorded_at from ops.cursors"
        ") as readings group by source",
    )
    run = {"run_id": published.run_id}
    certified = read.rows(connection, "select 1 from ops.certificates where run_id = %(run_id)s and is_tied", run)
    tied = read.rows(
        connection,
        "select company_id, currency_code from ops.certificate_lines where run_id = %(run_id)s and is_tied",
        run,
    )
    return Standing(
        landed_on={row["source"]: row["landed_on"] for row in landed},
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
) -> dict[str, History]:
    """What customers have been told and what is on its way, by customer_id; customers with neither are absent.

    `except_contacts` are left out: a contact at the moment of sending asks about all the others.
    """
    named = list(customer_ids) if customer_ids is not None else None
    bound = {"told": list(TOLD), "ids": named, "self": list(except_contacts), "as_of": as_of}
    found: dict[str, dict[str, Any]] = {}
    for row in read.rows(connection, _TOLD_ITEMS, bound):
        told = found.setdefault(row["customer_id"], {}).setdefault("told", {})
        told[(row["item_id"], row["due_date"])] = row["offset_days"]
    for row in read.rows(connection, _CONTACTED, bound):
        found.setdefault(row["customer_id"], {})["last_contact_date"] = row["last_contact_date"]
    for row in read.rows(connection, _REFUSED, bound):
        found.setdefault(row["customer_id"], {})["bad_addresses"] = frozenset(row["recipients"])
    for row in read.rows(connection, _HOLDS, bound):
        found.setdefault(row["customer_id"], {})["hold_reason"] = row["reason"]
    for row in read.rows(connection, _PENDING, bound):
        customer_id, status, ids = row.pop("customer_id"), Status(row.pop("status")), frozenset(row.pop("item_ids"))
        found.setdefault(customer_id, {})["pending"] = Pending(status=status, item_ids=ids, **row)
    return {customer_id: History(**values) for customer_id, values in found.items()}


# every query takes all customers or those named, and leaves out the contacts named
_TOLD_ITEMS = """
select customer_id, item_id, i.due_date, max(i.offset_days) as offset_days
from ops.contacts join ops.contact_items as i using (contact_id)
where status = any(%(told)s) and i.left_out_reason is null
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
group by customer_id, item_id, i.due_date
"""
_CONTACTED = """
select customer_id, max(coalesce(contact_date, planned_date)) as last_contact_date
from ops.contacts
where status = any(%(told)s)
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
group by customer_id
"""
# such an address is written to again only when the source has another, or a person says that it works
_REFUSED = """
select customer_id, array_agg(distinct address) as recipients
from ops.bad_addresses_now
where %(ids)s::text[] is null or customer_id = any(%(ids)s)
group by customer_id
"""
_PENDING = """
select customer_id, contact_id::text as contact_id, company_id, step_name, cycle, status,
    planned_date, array(select item_id from ops.contact_items as i where i.contact_id = c.contact_id) as item_ids
from ops.contacts as c
where is_automatic and status in ('planned', 'approved', 'reserved')
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and contact_id <> all(%(self)s::uuid[])
"""
_HOLDS = """
select customer_id, reason
from ops.contact_holds
where released_at is null and (held_until is null or held_until >= %(as_of)s)
    and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
"""
