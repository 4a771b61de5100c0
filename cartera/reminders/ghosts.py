"""Ghost shoppers: debtors that do not exist, enrolled to live through a policy at an address of the company's.

They stand in `ops` alone: the warehouse never sees them, so they are in no KPI. Planning adds them after the real
customers; from there on they go the same way: the same decisions, approval, outbox and channels.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from cartera.reminders.model import Customer, Item
from cartera.warehouse.read import Row, rows

SOURCE = "ghost-shopper"
PREFIX = f"{SOURCE}:"
"""Of every id of theirs, as a source's name is of the ids of real customers."""


@dataclass(frozen=True)
class Ghost:
    customer: Customer
    policy_name: str
    company_id: str
    enrolled_on: dt.date
    items: tuple[Item, ...]


def is_ghost(customer_id: str) -> bool:
    return customer_id.startswith(PREFIX)


def enrolled(connection: Connection, as_of: dt.date, customer_ids: Iterable[str] | None = None) -> list[Ghost]:
    """The ghosts that are not removed, all or those among the ids, with what they owe as of a date."""
    named = None if customer_ids is None else [each for each in customer_ids if is_ghost(each)]
    if named == []:
        return []
    bound = {"ids": named, "as_of": as_of}
    owed: dict[str, list[Item]] = {}
    for row in rows(connection, _ITEMS, bound):
        owed.setdefault(row["customer_id"], []).append(Item(**row))
    return [_ghost(row, owed.get(row["customer_id"], ())) for row in rows(connection, _GHOSTS, bound)]


def _ghost(row: Row, items: Sequence[Item]) -> Ghost:
    customer = Customer(
        customer_id=row["customer_id"],
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        language_code=row["language_code"],
        country_code=row["country_code"],
        source=SOURCE,
    )
    return Ghost(customer, row["policy_name"], row["company_id"], row["enrolled_on"], tuple(items))


_GHOSTS = """
select customer_id, policy_name, company_id, name, email, phone, language_code, country_code, enrolled_on
from ops.ghost_shoppers
where removed_at is null and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
order by customer_id
"""
_ITEMS = """
select i.item_id, g.company_id, g.customer_id, i.document_number, i.issue_date, i.due_date, i.currency_code,
    i.item_amount, i.item_amount as open_amount
from ops.ghost_items as i join ops.ghost_shoppers as g using (customer_id)
where g.removed_at is null and i.issue_date <= %(as_of)s
    and (%(ids)s::text[] is null or g.customer_id = any(%(ids)s))
order by i.due_date, i.item_id
"""
