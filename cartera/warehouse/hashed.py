"""Questions that add up what they read in tables of hashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import connection as Connection

from cartera.warehouse import read


@contextmanager
def hashed(connection: Connection) -> Iterator[None]:
    """Within it nothing is sorted that need not be.

    Reading costs the planner so much that it takes sorting a million rows for nothing beside it: twice the time of cure
    rates at ten million invoices.
    """
    read.rows(connection, "select set_config('enable_sort', 'off', true)")
    yield
    # what fails takes the setting along with its transaction
    read.rows(connection, "select set_config('enable_sort', 'on', true)")
