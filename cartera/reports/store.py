"""Reports that people save: one's own, shared or not. Each function is a transaction of its own.

Who sees some companies alone sees of the shared ones those that name no other: a filter's values are figures too.

A change names the version it was made from; where somebody was quicker it is refused, and nothing is overwritten.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2.errors
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.errors import CarteraError, ConfigError
from cartera.reports.document import Document, parse
from cartera.reports.ready_made import READY
from cartera.warehouse.read import Row, rows

MOST_NAME = 100
COLUMNS = "report_id::text as report_id, owner, name, is_shared, document, version, changed_at"
OF_NOBODY = frozenset({
    "currency_code", "bucket", "country_code", "sector", "customer_type", "risk_class", "item_type", "scheme",
    "segment", "kpi", "unit", "issue_month", "received_month", "promise_state", "is_disputed", "is_open",
})  # fmt: skip
"""Columns whose values tell of no company: a filter on any other, as a customer's name, tells of its owner's."""


class ChangedMeanwhile(CarteraError):
    """What was to be changed is no longer what was seen."""

    def __init__(self, name: str, changed_at: dt.datetime | None) -> None:
        when = f"changed at {changed_at:%Y-%m-%d %H:%M:%S} UTC" if changed_at else "deleted"
        super().__init__(
            f"{name} was {when}, after you had opened it", "open it again, or save yours under another name"
        )


@dataclass(frozen=True)
class Saved:
    """A report of somebody. A ready-made one has its name as id, no owner and version 0."""

    report_id: str
    owner: str | None
    name: str
    is_shared: bool
    document: Document
    version: int
    changed_at: dt.datetime | None = None


@dataclass(frozen=True)
class Broken:
    """A saved one that asks for what is no more, as a column that is gone; `why` says what. It can be deleted."""

    report_id: str
    owner: str
    name: str
    is_shared: bool
    version: int
    why: str


def listed(user: str) -> list[Saved | Broken]:
    """The ready-made ones, one's own, and those that others share, of the companies that the user may see."""
    with transaction(Role.campaign) as connection:
        people = {
            row["email"]: row["companies"] for row in rows(connection, "select email, companies from ops.users")
        }  # fmt: skip
        found = rows(
            connection,
            f"select {COLUMNS} from ops.reports where deleted_at is null and (owner = %(user)s or is_shared)"  # noqa: S608 a constant
            " order by owner <> %(user)s, lower(name), report_id",
            {"user": user},
        )
    seen = [
        each
        for each in map(_read, found)
        if each.owner == user or _may_see(_companies(user, people), each, _companies_of_owner(each.owner or "", people))
    ]
    return [*(ready(name) for name in READY), *seen]


def _companies(user: str, people: Mapping[str, Sequence[str] | None]) -> frozenset[str] | None:
    """None: all. Who signs in has an address; other names are of people at this machine."""
    if "@" not in user:
        return None
    companies = people.get(user, ())
    return None if companies is None else frozenset(companies)


def _companies_of_owner(owner: str, people: Mapping[str, Sequence[str] | None]) -> frozenset[str] | None:
    """Of somebody who was removed nobody can tell what a filter names: it may be of any company."""
    return None if owner not in people else _companies(owner, people)


def _may_see(mine: frozenset[str] | None, each: Saved | Broken, owners: frozenset[str] | None) -> bool:
    """Whether somebody of these companies (None: all) may see what a report of such an owner names."""
    if mine is None:
        return True
    if isinstance(each, Broken):
        # what it names can't be told
        return False
    named: set[str] = set()
    for filter in (filter for part in each.document.parts for filter in part.filters if filter.among):
        if filter.column == "company_id":
            named.update(filter.among)
        elif filter.column not in OF_NOBODY:
            if owners is None:
                return False
            named |= owners
    return named <= mine | {""}


def ready(name: str) -> Saved:
    return Saved(name, None, name, True, READY[name], 0)


def find(user: str, report: str) -> Saved:
    """By id, or by name: a ready-made one, one's own, or a shared one.

    Raises ConfigError when there is none, or it is broken.
    """
    if report in READY:
        return ready(report)
    own = listed(user)
    found = next((each for each in own if each.report_id == report), None)
    found = found or next((each for each in own if each.name == report), None)
    if found is None:
        raise ConfigError(f"there is no report {report!r} that {user} may see", "see `cartera reports list`")
    if isinstance(found, Broken):
        raise ConfigError(f"{found.name}: {found.why}", "build it anew, and delete this one on the page Reports")
    return found


def save(user: str, name: str, document: Document, *, report_id: str | None = None, is_shared: bool = False) -> Saved:
    """Save a new one. The same `report_id` twice saves once. Raises ConfigError when the name is taken."""
    name = _checked_name(name)
    try:
        with transaction(Role.campaign) as connection:
            rows(
                connection,
                "insert into ops.reports (report_id, owner, name, is_shared, document, changed_at)"
                " values (%(id)s, %(user)s, %(name)s, %(shared)s, %(document)s, %(now)s)"
                " on conflict (report_id) do nothing returning version",
                {
                    "id": (report_id := report_id or str(uuid.uuid4())),
                    "user": user,
                    "name": name,
                    "shared": is_shared,
                    "document": _json(document),
                    "now": utc_now(),
                },
            )
    except psycopg2.errors.UniqueViolation:
        raise ConfigError(f"you have a report called {name!r}", "choose another name, or change that one") from None
    return find(user, report_id)


def change(
    user: str,
    report_id: str,
    seen: int,
    *,
    name: str | None = None,
    document: Document | None = None,
    is_shared: bool | None = None,
) -> Saved:
    """Change one's own report as seen in a version. Raises ChangedMeanwhile, ConfigError."""
    new_name = _checked_name(name) if name is not None else None
    try:
        with transaction(Role.campaign) as connection:
            current = _locked(connection, user, report_id, seen)
            rows(
                connection,
                "update ops.reports set name = coalesce(%(name)s, name), document = coalesce(%(document)s, document),"
                " is_shared = coalesce(%(shared)s, is_shared), version = version + 1, changed_at = %(now)s"
                " where report_id = %(id)s returning version",
                {
                    "id": current["report_id"],
                    "name": new_name,
                    "document": _json(document) if document else None,
                    "shared": is_shared,
                    "now": utc_now(),
                },
            )
    except psycopg2.errors.UniqueViolation:
        raise ConfigError(f"you have a report called {name!r}", "choose another name") from None
    return find(user, report_id)


def delete(user: str, report_id: str, seen: int) -> None:
    """Delete one's own report; what is scheduled of it ends. Raises ChangedMeanwhile, ConfigError."""
    with transaction(Role.campaign) as connection:
        _locked(connection, user, report_id, seen)
        for statement in (
            "update ops.reports set deleted_at = %(now)s, version = version + 1 where report_id = %(id)s::uuid"
            " returning version",
            "update ops.report_schedules set ended_at = %(now)s, version = version + 1"
            " where report = %(id)s and ended_at is null returning version",
        ):
            rows(connection, statement, {"id": report_id, "now": utc_now()})


def _locked(connection: Connection, user: str, report_id: str, seen: int) -> Row:
    found = rows(
        connection,
        f"select {COLUMNS}, deleted_at from ops.reports where report_id = %(id)s::uuid for update",  # noqa: S608 a constant
        {"id": checked_id(report_id)},
    )
    if not found or found[0]["owner"] != user:
        raise ConfigError(f"{user} has no report {report_id}", "a report is changed by its owner alone; save a copy")
    if found[0]["deleted_at"] or found[0]["version"] != seen:
        raise ChangedMeanwhile(found[0]["name"], None if found[0]["deleted_at"] else found[0]["changed_at"])
    return found[0]


def checked_id(text: str) -> str:
    """Raises ConfigError when it is no id."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ConfigError(f"{text!r} is no id of a saved one", "see `cartera reports list`") from None


def _checked_name(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > MOST_NAME or not plain.isprintable():
        raise ConfigError("the name is empty, too long or not printable", f"write 1 to {MOST_NAME} letters")
    if plain in READY:
        raise ConfigError(f"{plain!r} is the name of a ready-made report", "choose another name")
    return plain


def _json(document: Document) -> Json:
    return Json(document.model_dump(mode="json", exclude_defaults=True))


def _read(row: Mapping[str, Any]) -> Saved | Broken:
    """One that can't be read any more stops nobody from reading the others."""
    try:
        return Saved(**{**row, "document": parse(row["document"])})
    except ConfigError as error:
        kept = ("report_id", "owner", "name", "is_shared", "version")
        return Broken(**{name: row[name] for name in kept}, why=error.problem)
