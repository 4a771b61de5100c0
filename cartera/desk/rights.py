"""Who may record what: by role, and by the companies that a customer owes."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection

from cartera.db import Role as DbRole
from cartera.db import transaction
from cartera.desk.model import Actor, HoldKind, Role
from cartera.errors import ConfigError, NotAllowed
from cartera.reminders import portfolio
from cartera.reminders.model import Customer
from cartera.warehouse import read

RECORDERS: frozenset[Role] = frozenset({"collector", "manager", "administrator"})
DECIDERS: frozenset[Role] = frozenset({"manager", "administrator"})
FREE_HOLDS = frozenset({"dispute", "other"})
"""Holds that a collector may release; the others rest on the law, or on a person's state."""


def may(actor: Actor, kind: str) -> bool:
    """Whether the actor's role lets them do an action by its name, e.g. `promise`. A page hides what may not."""
    if kind == "note":
        return True
    return actor.role in (DECIDERS if kind == "release legal hold" else RECORDERS)


def may_release(actor: Actor, hold: HoldKind) -> bool:
    """One that rests on the law or on a person's state is released by a manager."""
    return may(actor, "release_hold" if hold in FREE_HOLDS else "release legal hold")


def require(actor: Actor, kind: str) -> None:
    """Raises NotAllowed."""
    if not may(actor, kind):
        raise NotAllowed(f"{actor.user} is {actor.role} and may not record a {kind}", "ask a collector or a manager")


def sees(actor: Actor, customer_id: str) -> bool:
    """Whether it is of a company of theirs, in a transaction of its own."""
    if actor.companies is None:
        return True
    with transaction(DbRole.desk) as connection:
        return not actor.companies.isdisjoint(_companies(connection, customer_id))


def require_customer(
    connection: Connection, actor: Actor, customer_id: str, company_id: str | None
) -> tuple[Customer, tuple[str, ...]]:
    """The customer as published, and those of its companies that the actor has rights in, its own first.

    Raises ConfigError when there is none, NotAllowed outside the actor's companies.
    """
    published = read.publication(connection)
    found = portfolio.customers(connection, published.known_at, [customer_id]).get(customer_id)
    owed = _companies(connection, customer_id)
    if not found and not owed:
        raise ConfigError(f"there is no customer {customer_id!r}", "see `cartera aging --by customer`")
    if company_id is not None:
        require_company(actor, company_id)
    if actor.companies is not None and actor.companies.isdisjoint(owed):
        raise NotAllowed(f"{customer_id!r} is of no company of {actor.user}", "ask an administrator")
    if company_id is not None and company_id not in owed:
        raise ConfigError(f"{customer_id!r} has nothing with the company {company_id!r}", f"one of {', '.join(owed)}")
    mine = tuple(company for company in owed if actor.companies is None or company in actor.companies)
    return found or portfolio.unknown_customer(customer_id), mine


def require_company(actor: Actor, company_id: str) -> None:
    """Raises NotAllowed."""
    if actor.companies is not None and company_id not in actor.companies:
        raise NotAllowed(f"{actor.user} has no rights in the company {company_id!r}", "ask an administrator")


def _companies(connection: Connection, customer_id: str) -> tuple[str, ...]:
    """To whom it belongs, and then whom else it owes something."""
    found = read.rows(
        connection,
        "select company_id, min(place) as place from ("
        " select company_id, 1 as place from serve.dim_customers where customer_id = %(id)s"
        " union all select company_id, 2 from serve.fct_open_items where customer_id = %(id)s"
        " union all select company_id, 3 from ops.ghost_shoppers where customer_id = %(id)s"
        ") as companies group by company_id order by place, company_id",
        {"id": customer_id},
    )
    return tuple(row["company_id"] for row in found)
