"""Segments that people save for policies: one segment of a scheme, narrowed by company and amount, under a name.

A policy names it in `audience.saved_segments`; what it asked is kept with each plan, so that a change rewrites nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json
from psycopg2.sql import SQL

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.errors import ConfigError, NotAllowed
from cartera.reminders.audience import Audience, Range
from cartera.warehouse.read import rows

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class Saved:
    """What one asks, and which of those of its name it is: one that was deleted and saved anew begins at version 1."""

    audience: Audience
    version: int
    saved_at: dt.datetime


def saved_segments() -> dict[str, Audience]:
    """What each asks, by name. Raises ConfigError when this Cartera can't read one."""
    return {name: each.audience for name, each in saved_versions().items()}


def saved_versions() -> dict[str, Saved]:
    """By name, as `delete_segment` asks for what was seen. Raises ConfigError when this Cartera can't read one."""
    with transaction(Role.campaign) as connection:
        found = rows(connection, "select name, audience, version, saved_at from ops.saved_segments order by name")
    try:
        return {
            row["name"]: Saved(Audience.model_validate(row["audience"]), row["version"], row["saved_at"])
            for row in found
        }
    except ValueError as error:
        raise ConfigError(f"a saved segment can't be read: {error}", "delete it and save it again") from None


def save_segment(
    user: str,
    name: str,
    scheme: str,
    segment: str,
    *,
    company_id: str | None = None,
    currency_code: str | None = None,
    at_least: Decimal | None = None,
    companies: frozenset[str] | None = None,
    replaces: bool = False,
) -> Audience:
    """Save one; with `replaces` a name that is there gets a new meaning. Where `companies` is not None, one of these
    alone, and without a company of all of these.

    Raises ConfigError, NotAllowed.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a policy", "write small letters, digits and _, as slow_in_lima")
    if at_least is not None and (currency_code is None or not at_least.is_finite() or at_least < 0):
        raise ConfigError("a minimum is an amount of 0 or more of one currency", "write it as 1000 or 1000.50")
    amounts = {currency_code: Range(at_least=at_least or Decimal(0))} if currency_code else {}
    named = (company_id,) if company_id else tuple(sorted(companies or ()))
    audience = Audience(companies=named, segments={scheme: (segment,)}, open_amount=amounts)
    if companies is not None and not (named and companies.issuperset(named)):
        raise NotAllowed(f"{name!r} would be of other companies", "choose one of yours")
    with transaction(Role.campaign) as connection:
        saved = rows(
            connection,
            SQL(
                "insert into ops.saved_segments (name, audience, saved_by, saved_at)"
                " values (%(name)s, %(audience)s, %(user)s, %(now)s) on conflict (name) do update"
                " set audience = excluded.audience, saved_by = excluded.saved_by, saved_at = excluded.saved_at,"
                " version = saved_segments.version + 1 where %(replaces)s and {is_mine} returning version"
            ).format(is_mine=_IS_MINE),
            {
                "replaces": replaces,
                "mine": _mine(companies),
                "name": name,
                "audience": Json(audience.model_dump(mode="json", exclude_defaults=True)),
                "user": user,
                "now": utc_now(),
            },
        )
        if not saved:
            _refuse(connection, name, companies)
    return audience


def _refuse(connection: Connection, name: str, companies: frozenset[str] | None) -> None:
    """A policy may name it: what it asks is not changed by accident, nor somebody else's."""
    there = rows(
        connection,
        SQL("select saved_by, {is_mine} as is_mine from ops.saved_segments where name = %(name)s").format(
            is_mine=_IS_MINE
        ),
        {"name": name, "mine": _mine(companies)},
    )
    if there and there[0]["is_mine"]:
        by = there[0]["saved_by"]
        raise ConfigError(f"{name!r} is there already: {by} saved it", "choose another name, or replace it")
    raise NotAllowed(f"{name!r} is a segment of other companies", "choose another name")


def delete_segment(name: str, companies: frozenset[str] | None = None, seen: Saved | None = None) -> None:
    """A policy that still names it is refused from then on, rather than be for everybody. One of these companies.

    `seen`: what whoever deletes it has read of it, by `saved_versions`. Raises ConfigError when it is another by now.
    """
    version, saved_at = (seen.version, seen.saved_at) if seen else (None, None)
    asked = {"name": name, "mine": _mine(companies), "version": version, "saved_at": saved_at}
    with transaction(Role.campaign) as connection:
        deleted = rows(
            connection,
            SQL(
                "delete from ops.saved_segments where name = %(name)s and {is_mine} and (%(version)s::integer is null"
                " or (version = %(version)s and saved_at = %(saved_at)s)) returning name"
            ).format(is_mine=_IS_MINE),
            asked,
        )
        if seen is None or deleted:
            return
        there = rows(
            connection,
            SQL("select saved_by from ops.saved_segments where name = %(name)s and {is_mine}").format(is_mine=_IS_MINE),
            asked,
        )
    if there:
        raise ConfigError(f"{name!r} is another by now: {there[0]['saved_by']} replaced it", "read it before it goes")


_IS_MINE = SQL("(%(mine)s::jsonb is null or saved_segments.audience -> 'companies' <@ %(mine)s::jsonb)")


def _mine(companies: frozenset[str] | None) -> Json | None:
    return None if companies is None else Json(sorted(companies))
