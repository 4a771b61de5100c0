"""Reading, deciding and storing at once: the server works while Python does. What is seen is still of one moment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TypeVar

from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from cartera.db import Role, connect

T = TypeVar("T")


@contextmanager
def at_the_same_moment(connection: Connection, role: Role) -> Iterator[Connection]:
    """A second connection that sees what the first one's transaction (repeatable read) saw when it began."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_export_snapshot()")
        ((snapshot,),) = cursor.fetchall()
    reader = connect(role, application_name="cartera read")
    try:
        reader.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ
        with reader.cursor() as cursor:
            cursor.execute("set transaction snapshot %s", (snapshot,))
        yield reader
    finally:
        reader.close()


def one_behind(made: Generator[T, None, None], do: Callable[[T], None]) -> None:
    """`do` with each, one after the other, in a thread beside the one that makes the next: two at most are held.

    Raises what `do` raises; then nothing more is made.
    """
    with closing(made), ThreadPoolExecutor(1, "one_behind") as thread:
        doing: Future[None] | None = None
        for each in made:
            if doing:
                doing.result()
            doing = thread.submit(do, each)
        if doing:
            doing.result()
