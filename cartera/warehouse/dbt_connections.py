"""dbt's connections to PostgreSQL, kept open from one node to the next. Importing this imports dbt: only where it runs.

dbt closes its connection after each model and each test and opens another for the next one: more than 200 in a build.
Each is a new process of the server, which reads the catalogue anew before it can plan a query over our views, and that
is most of the work where little has changed. dbt has no setting for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.postgres.connections import PostgresConnectionManager
from dbt.adapters.postgres.impl import PostgresAdapter
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


class KeptConnections(PostgresConnectionManager):  # type: ignore[misc]  # dbt has no types
    """Takes a connection that is idle before it opens one, and puts back what dbt closes.

    A connection is given on as a new one would be: outside a transaction, without temporary tables. One that is broken
    is closed as ever.
    """

    idle: ClassVar[list[Any]] = []

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        try:
            connection.handle = cls.idle.pop()  # one step, also between dbt's threads
        except IndexError:
            return super().open(connection)
        connection.state = ConnectionState.OPEN
        return connection

    @classmethod
    def _close_handle(cls, connection: Connection) -> None:
        handle = connection.handle
        if handle is None or handle.closed or handle.info.transaction_status != TRANSACTION_STATUS_IDLE:
            super()._close_handle(connection)
            return
        with handle, handle.cursor() as cursor:
            cursor.execute("discard temp")
        cls.idle.append(handle)


@contextmanager
def kept_open() -> Iterator[None]:
    """For one invocation of dbt; at its end all are closed, and another one opens its own again."""
    PostgresAdapter.ConnectionManager = KeptConnections
    try:
        yield
    finally:
        PostgresAdapter.ConnectionManager = PostgresConnectionManager
        while KeptConnections.idle:
            KeptConnections.idle.pop().close()
