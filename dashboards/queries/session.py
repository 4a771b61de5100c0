"""One read transaction for one rendering of a page. No Streamlit here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import NotPublished
from cartera.warehouse import read

ROLE = Role.reader
STATEMENT_TIMEOUT = "20s"
LOCK_TIMEOUT = "5s"


@dataclass(frozen=True)
class Clocks:
    """As of which day, known at which moment (UTC)."""

    as_of: dt.date
    known_at: dt.datetime


@dataclass(frozen=True)
class Reading:
    """An open transaction and the publication it holds fast; `published` is None before the first one."""

    connection: Connection
    published: read.Publication | None

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
        """What a cached answer depends on besides its parameters: who asks, and of which publication.

        The run's id is random, so that a database made anew never meets the answers of the old one.
        """
        published = self.published
        return (ROLE.value, f"{published.publication_id}:{published.run_id}" if published else "")


@contextmanager
def reading() -> Iterator[Reading]:
    """A read-only transaction that has read `serve.publication` first (law 5). Raises DatabaseError."""
    with transaction(ROLE) as connection:
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute("select set_config('statement_timeout', %s, true)", (STATEMENT_TIMEOUT,))
            cursor.execute("select set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
        try:
            published = read.publication(connection)
        except NotPublished:
            published = None
        yield Reading(connection, published)
