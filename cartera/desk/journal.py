"""The one way in which anything is recorded: one transaction, one customer at a time, one row in the journal.

Who records something about a customer holds that customer's row of `ops.desk_files` until the commit: so versions have
no gaps, and what a function reads it may change. Killed in between, nothing of it is there; sent again with the same
action id, it is done once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json
from pydantic import TypeAdapter

from cartera.clock import utc_now
from cartera.contact_rules.moments import day_in as day_in
from cartera.db import Role, transaction
from cartera.desk import rights
from cartera.desk.model import AGREEMENTS, Action, Actor, Thing
from cartera.errors import ConfigError, Conflict, RecordedAlready
from cartera.reminders.model import Customer
from cartera.warehouse.read import Row, rows


class Recorded(Protocol):
    """What every thing that is recorded says: who recorded this version of it, and when."""

    @property
    def by(self) -> str: ...
    @property
    def at(self) -> dt.datetime: ...


T = TypeVar("T", bound=Recorded)


@dataclass(frozen=True)
class Asked:
    """An action as the form sends it. `values`: all that was filled in; `seen`: the version of the customer's file."""

    actor: Actor
    action_id: str
    kind: str
    customer_id: str
    values: Mapping[str, Any]
    company_id: str | None = None
    seen: int | None = None

    @property
    def thing(self) -> Thing:
        """`cancel_promise` is done to a promise."""
        thing: Thing = self.kind.rpartition("_")[2]  # type: ignore[assignment]
        return thing

    @property
    def digest(self) -> str:
        """Of all that was asked: the same id with something else is not the same action."""
        asked = [self.actor.user, self.kind, self.customer_id, self.company_id, self.seen, dict(self.values)]
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Desk:
    """What an action works with: the connection in its transaction, the moment, the customer and those of its companies
    that the actor has rights in, its own first."""

    connection: Connection
    at: dt.datetime
    customer: Customer
    companies: tuple[str, ...]
    asked: Asked

    @property
    def by(self) -> str:
        return self.asked.actor.user

    @property
    def day(self) -> dt.date:
        """Today where the customer is: a promise for today is made in the evening too."""
        return day_in(self.customer.timezone, self.at)


@dataclass(frozen=True)
class Done(Generic[T]):
    """What became of a thing: `before` None when it is new."""

    thing_id: str
    version: int
    after: T
    before: T | None = None


def act(asked: Asked, answer: type[T], do: Callable[[Desk], Done[T]]) -> T:
    """Do it once. Raises NotAllowed, Conflict, ConfigError, NotPublished, DatabaseError; then nothing was recorded."""
    rights.require(asked.actor, asked.kind)
    _check_id(asked.action_id)
    try:
        return _act(asked, answer, do)
    except UniqueViolation as error:
        if "desk_actions_action_id" not in str(error):
            raise
        # the same id at the same moment for another customer
        raise RecordedAlready(_recorded_at(asked.action_id)) from None


def _act(asked: Asked, answer: type[T], do: Callable[[Desk], Done[T]]) -> T:
    with transaction(Role.desk) as connection:
        if (known := _done_before(connection, asked, answer)) is not None:
            return known
        version = _take_file(connection, asked)
        if (known := _done_before(connection, asked, answer)) is not None:
            # a second click, which waited for the first; the file is left as it was
            connection.rollback()
            return known
        _require_seen_file(connection, asked, version)
        customer, companies = rights.require_customer(connection, asked.actor, asked.customer_id, asked.company_id)
        done = do(Desk(connection, utc_now(), customer, companies, asked))
        _write(connection, asked, done, answer)
        return done.after


def _check_id(action_id: str) -> None:
    try:
        uuid.UUID(action_id)
    except ValueError:
        raise ConfigError(f"{action_id!r} is no action id", "make one with uuid4 when the form opens") from None


def _done_before(connection: Connection, asked: Asked, answer: type[T]) -> T | None:
    """The answer of the first time. Raises RecordedAlready when that was something else."""
    query = "select asked, after, acted_at from ops.desk_actions where action_id = %(id)s::uuid"
    found = rows(connection, query, {"id": asked.action_id})
    if not found:
        return None
    if found[0]["asked"] != asked.digest:
        raise RecordedAlready(found[0]["acted_at"])
    return _adapter(answer).validate_python(found[0]["after"])  # type: ignore[no-any-return]


def _recorded_at(action_id: str) -> dt.datetime:
    with transaction(Role.desk) as connection:
        query = "select acted_at from ops.desk_actions where action_id = %(id)s::uuid"
        at: dt.datetime = rows(connection, query, {"id": action_id})[0]["acted_at"]
    return at


def _take_file(connection: Connection, asked: Asked) -> int:
    """Hold the customer's row; the version of the file before this action."""
    counts = asked.thing in AGREEMENTS
    found = rows(connection, _TAKE, {"id": asked.customer_id, "counts": int(counts)})
    return int(found[0]["version"]) - int(counts)


_TAKE = """
insert into ops.desk_files as f (customer_id, actions, version) values (%(id)s, 1, %(counts)s)
on conflict (customer_id) do update set actions = f.actions + 1, version = f.version + %(counts)s
returning version
"""


def require_seen(desk: Desk, thing_id: str, version: int, seen: int) -> None:
    """Raises Conflict when a thing has another version than the form was drawn with."""
    if version != seen:
        bound = {"thing": desk.asked.thing, "id": thing_id, "seen": seen}
        theirs = [action(row) for row in rows(desk.connection, _ACTIONS + _OF_THING, bound)]
        raise conflict(desk.asked, theirs, version)


def _require_seen_file(connection: Connection, asked: Asked, version: int) -> None:
    if asked.seen is None or asked.seen == version:
        return
    newer = min(max(version - asked.seen, 1), MOST_THEIRS)
    bound = {"customer": asked.customer_id, "things": list(AGREEMENTS), "newer": newer}
    theirs = [action(row) for row in rows(connection, _ACTIONS + _OF_FILE, bound)][::-1]
    shown = [each for each in theirs if asked.actor.companies is None or each.is_of(asked.actor.companies)]
    # neither what was agreed with other companies alone, which is not told either, nor what the same person did, who
    # cancels a promise and writes the next one; unless it is the same again, from another window. What is said of
    # channels is not in the way of what is agreed on debts, nor the other way round
    shown = [each for each in shown if (each.thing == "wish") == (asked.thing == "wish")]
    in_the_way = [each for each in shown if each.by != asked.actor.user or each.kind == asked.kind]
    if in_the_way or not theirs:
        raise conflict(asked, shown, version)


MOST_THEIRS = 100


def conflict(asked: Asked, theirs: Sequence[Action], version: int) -> Conflict:
    """What others did since, oldest first."""
    who = theirs[-1] if theirs else None
    what = f"{who.by} recorded {who.kind} at {who.at:%Y-%m-%d %H:%M} UTC" if who else "somebody changed it"
    problem = f"{asked.customer_id}: {what}, after the form was opened"
    return Conflict(problem, "look at it, then record again", theirs, version)


_ACTIONS = """
select action_no, action_id::text as action_id, kind, customer_id, company_id, thing, thing_id, version,
    acted_by as by, acted_as as role, acted_at as at, before, after
from ops.desk_actions
"""
_OF_THING = "where thing = %(thing)s and thing_id = %(id)s and version > %(seen)s order by action_no"
_OF_FILE = """
where customer_id = %(customer)s and thing = any(%(things)s) order by action_no desc limit %(newer)s
"""


def actions_of(connection: Connection, customer_id: str, limit: int) -> list[Action]:
    """The journal of a customer, newest first."""
    query = _ACTIONS + "where customer_id = %(id)s order by action_no desc limit %(limit)s"
    return [action(row) for row in rows(connection, query, {"id": customer_id, "limit": limit})]


def action(row: Row) -> Action:
    return Action(**row)


def _write(connection: Connection, asked: Asked, done: Done[T], answer: type[T]) -> None:
    adapter = _adapter(answer)
    bound = {
        "action_id": asked.action_id,
        "kind": asked.kind,
        "customer": asked.customer_id,
        # also of what ends an agreement, which names it alone
        "company": asked.company_id or getattr(done.after, "company_id", None),
        "thing": asked.thing,
        "thing_id": done.thing_id,
        "version": done.version,
        "by": asked.actor.user,
        "role": asked.actor.role,
        "at": done.after.at,
        "asked": asked.digest,
        "before": None if done.before is None else Json(adapter.dump_python(done.before, mode="json")),
        "after": Json(adapter.dump_python(done.after, mode="json")),
    }
    rows(connection, _WRITE, bound)


_WRITE = """
insert into ops.desk_actions (
    action_id, kind, customer_id, company_id, thing, thing_id, version, acted_by, acted_as, acted_at, asked, before,
    after
) values (
    %(action_id)s::uuid, %(kind)s, %(customer)s, %(company)s, %(thing)s, %(thing_id)s, %(version)s, %(by)s, %(role)s,
    %(at)s, %(asked)s, %(before)s, %(after)s
) returning action_no
"""


@cache
def _adapter(answer: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(answer)
