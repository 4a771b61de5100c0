"""A clock that a test sets, for Cartera and for its database.

Everything of Cartera that has asked for `utc_now` gets another; in the database a schema stands before pg_catalog in
which now() and clock_timestamp() are those of the clock, so that leases, retries and the record follow it too. Time
goes on by itself from where it was set.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.sql import SQL, Identifier

from cartera.clock import utc_now as real_now
from cartera.db import Role, transaction

_SHADOWS = """
create schema fast_clock;
create table fast_clock.shift (by interval not null);
insert into fast_clock.shift values ('0');
create function fast_clock.now() returns timestamptz language sql stable as
    $$ select pg_catalog.now() + by from fast_clock.shift $$;
create function fast_clock.clock_timestamp() returns timestamptz language sql volatile as
    $$ select pg_catalog.clock_timestamp() + by from fast_clock.shift $$;
grant usage on schema fast_clock to public;
grant select on fast_clock.shift to public;
"""


class FastClock:
    """`shift`: how far it is ahead of the real one."""

    shift = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return real_now() + self.shift

    def set(self, moment: dt.datetime) -> None:
        self.shift = moment - real_now()
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute("update fast_clock.shift set by = %s", (self.shift,))


@contextmanager
def fast_clock(database: str) -> Iterator[FastClock]:
    """For connections made from now on to this database, and for modules that are loaded, or will be."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(_SHADOWS)
        path = SQL('alter database {} set search_path = fast_clock, pg_catalog, "$user", public')
        cursor.execute(path.format(Identifier(database)))
    clock = FastClock()
    asked = shift_modules(clock)
    try:
        yield clock
    finally:
        for name in asked:
            sys.modules[name].utc_now = real_now  # type: ignore[attr-defined]


def shift_modules(clock: FastClock) -> list[str]:
    """Let every module of Cartera ask this clock; their names."""
    asked = [name for name, module in sys.modules.items() if name.startswith("cartera.") and hasattr(module, "utc_now")]
    for name in asked:
        sys.modules[name].utc_now = clock.now  # type: ignore[attr-defined]
    return asked
