"""One read transaction for one rendering of a page, of the companies that the reader may see. No Streamlit here."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from psycopg2 import Error as PostgresError
from psycopg2.errors import QueryCanceled
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from cartera import sign_in
from cartera.db import Role
from cartera.desk import Actor
from cartera.errors import CarteraError, NotPublished
from cartera.settings import get_settings
from cartera.warehouse import read, scope

ROLE = Role.reader
"""Of who may see all companies; `Role.viewer` is that of all others."""

STATEMENT_TIMEOUT = "20s"

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


class NotSignedInError(CarteraError):
    """Sign-in is required, and it is not known who asks: nothing is read."""


@dataclass(frozen=True)
class Clocks:
    """As of which day, known at which moment (UTC)."""

    as_of: dt.date
    known_at: dt.datetime


@dataclass(frozen=True)
class Reading:
    """An open transaction and the publication it holds fast; `published` is None before the first one.

    `companies` is None where all of them may be seen.
    """

    connection: Connection
    published: read.Publication | None
    companies: frozenset[str] | None = None

    @property
    def publication(self) -> read.Publication:
        """Raises NotPublished."""
        if self.published is None:
            raise NotPublished("Nothing is published yet", "run `cartera run` or `make demo`")
        return self.published

    @property
    def clocks(self) -> Clocks:
        return Clocks(self.publication.as_of_date, self.publication.known_at)

    def cache_key(self) -> tuple[str, ...]:
        """What a cached answer depends on besides its parameters: who asks, of which companies and which publication.

        The run's id is random, so that a database made anew never meets the answers of the old one.
        """
        published = self.published
        publication = f"{published.publication_id}:{published.run_id}" if published else ""
        if self.companies is None:
            return (ROLE.value, publication)
        return (Role.viewer.value, publication, *sorted(self.companies))


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Within it `reading` reads what this person may see."""
    before = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(before)


def known_actor() -> Actor | None:
    """Who asks, where that was found out already."""
    return _acting.get()


def actor() -> Actor:
    """Who asks; whoever is at this machine where there is no sign-in. Raises NotSignedInError."""
    found = known_actor()
    if found is not None:
        return found
    if sign_in.is_required(get_settings()):
        raise NotSignedInError("nobody is signed in", "sign in")
    return Actor.local()


_read_at = float("-inf")
_behind: tuple[Connection, threading.Event] | None = None


def seconds_since_read() -> float:
    """Since somebody's page, or a file of one, was last begun."""
    return time.monotonic() - _read_at


@contextmanager
def reading() -> Iterator[Reading]:
    """A read-only transaction that has read `serve.publication` first (law 5).

    Raises DatabaseError, NotSignedInError.
    """
    global _read_at
    _read_at = time.monotonic()
    _cut_off_what_is_behind()
    companies = actor().companies
    with scope.reading(companies, statement_timeout=STATEMENT_TIMEOUT) as connection:
        try:
            published = read.publication(connection)
        except NotPublished:
            published = None
        yield Reading(connection, published, companies)


@contextmanager
def giving_way(reading: Reading) -> Iterator[threading.Event]:
    """Within it whoever begins to read cuts off what this transaction asks: then the event is set. One at a time."""
    global _behind
    cut_off = threading.Event()
    _behind = (reading.connection, cut_off)
    try:
        yield cut_off
    finally:
        _behind = None


def _cut_off_what_is_behind() -> None:
    if _behind is not None:
        connection, cut_off = _behind
        cut_off.set()
        with suppress(PostgresError):  # it has just ended by itself
            connection.cancel()


@contextmanager
def in_time(reading: Reading, seconds: float) -> Iterator[None]:
    """Within it a statement may take so long; after QueryCanceled the transaction goes on, with its own time again."""
    with reading.connection.cursor() as cursor:
        cursor.execute("savepoint in_time")
        cursor.execute("select set_config('statement_timeout', %s, true)", (f"{max(1, round(seconds * 1000))}ms",))
        try:
            yield
        finally:
            # which the time that is left may cut off too, and the transaction would stay broken
            while not _is_back(cursor):
                pass


def _is_back(cursor: Cursor) -> bool:
    try:
        cursor.execute("rollback to savepoint in_time")
    except QueryCanceled:
        return False
    return True
