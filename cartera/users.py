"""Who may sign in to the dashboard, as what, and of which companies: rows that are only added to, the newest holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.desk.model import Role as Person
from cartera.errors import ConfigError
from cartera.warehouse.read import Row, rows

ROLES = get_args(Person)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class User:
    """A person. `companies` is None for all of them."""

    email: str
    role: Person
    companies: frozenset[str] | None


def add(email: str, role: str, companies: Sequence[str], changed_by: str) -> User:
    """Let a person in, or change what they may; no company named means all. Raises ConfigError."""
    address = plain(email)
    if role not in ROLES:
        raise ConfigError(f"{role!r} is no role", f"one of {', '.join(ROLES)}")
    named = sorted(set(companies))
    with transaction(Role.admin) as connection:
        _must_be_known(connection, named)
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.user_versions (email, role, companies, changed_by) values (%s, %s, %s, %s)",
                (address, role, named or None, changed_by),
            )
    return User(address, cast(Person, role), frozenset(named) if named else None)


def remove(email: str, changed_by: str) -> None:
    """Let a person in no more: the next page that they open shows nothing. Raises ConfigError."""
    address = plain(email)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.user_versions (email, role, companies, is_removed, changed_by)"
            " select email, role, companies, true, %s from ops.users where email = %s",
            (changed_by, address),
        )
        if cursor.rowcount == 0:
            raise ConfigError(f"nobody is called {address}", "`cartera users list` has everybody")


def everybody() -> list[Row]:
    """email, role, companies (None: all), changed_at, changed_by; by address."""
    with transaction(Role.reader) as connection:
        return rows(connection, "select * from ops.users order by email")


def find(email: str) -> User | None:
    """The person of an address as their provider writes it, or None."""
    with transaction(Role.reader) as connection:
        found = rows(connection, "select * from ops.users where email = lower(%(email)s)", {"email": email.strip()})
    if not found:
        return None
    companies = found[0]["companies"]
    return User(found[0]["email"], found[0]["role"], None if companies is None else frozenset(companies))


def plain(email: str) -> str:
    """An address as it is kept. Raises ConfigError."""
    address = email.strip().lower()
    if not ADDRESS.fullmatch(address):
        raise ConfigError(f"{email!r} is no e-mail address", "write the one that the person signs in with")
    return address


def _must_be_known(connection: Connection, companies: Sequence[str]) -> None:
    """A company with a slip of the pen in it would show its people nothing, and nobody why."""
    if not companies or not rows(connection, "select 1 where to_regclass('serve.dim_companies') is not null"):
        return
    known = {row["company_id"] for row in rows(connection, "select distinct company_id from serve.dim_companies")}
    strangers = [company for company in companies if company not in known]
    if known and strangers:
        raise ConfigError(f"no company is called {', '.join(strangers)}", f"known are {', '.join(sorted(known))}")
