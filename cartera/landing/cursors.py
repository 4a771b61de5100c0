"""How far each entity of a system was read: `ops.cursors`, written in the transaction that lands what was read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json


def read(connection: Connection, source: str) -> dict[str, dict[str, Any]]:
    """The cursors of a source by entity, as they were written."""
    with connection.cursor() as cursor:
        cursor.execute("select entity, cursor from ops.cursors where source = %s", [source])
        return dict(cursor.fetchall())


def write(connection: Connection, source: str, cursors: Mapping[str, Mapping[str, Any]], now: dt.datetime) -> None:
    """The caller commits, together with what was landed."""
    with connection.cursor() as cursor:
        for entity, value in cursors.items():
            cursor.execute(
                "insert into ops.cursors (source, entity, cursor, recorded_at) values (%s, %s, %s, %s)"
                " on conflict (source, entity) do update set cursor = excluded.cursor,"
                " recorded_at = excluded.recorded_at",
                [source, entity, Json(value), now],
            )
