"""dbt's connections to PostgreSQL, kept open from one node to the next.

dbt closes its connection after each model and each test and opens another for the next one: more than 200 in a build.
Each is a new process of the server, which reads the catalogue anew before it can plan a query over our views, and that
is most of the work where little has changed. dbt has no setting for it (dbt-labs/dbt-adapters keeps a connection for a
thread, and closes it when the node is done).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from psycopg2.extensions import TRANSACTION_STATUS_IDLE


@contextmanager
def kept_open() -> Iterator[None]:
    """While it lasts, what dbt closes is used again by what dbt opens; at its end all are closed.

    A connection is given on as a new one would be: outside a transaction, without temporary tables. One that is broken
    is closed as ever.
    """
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.postgres.connections import PostgresConnectionManager as Manager

    idle: list[Any] = []
    open_new, close = Manager.open, Manager._close_handle

    def open_or_take(connection: Any) -> Any:
        try:
            connection.handle = idle.pop()  # one step, also between dbt's threads
        except IndexError:
            return open_new(connection)
        connection.state = ConnectionState.OPEN
        return connection

    def put_back(connection: Any) -> None:
        handle = connection.handle
        if handle is None or handle.closed or handle.info.transaction_status != TRANSACTION_STATUS_IDLE:
            close(connection)
            return
        with handle, handle.cursor() as cursor:
            cursor.execute("discard temp")
        idle.append(handle)

    try:
        with mock.patch.multiple(Manager, open=staticmethod(open_or_take), _close_handle=staticmethod(put_back)):
            yield
    finally:
        for handle in idle:
            handle.close()
