"""What has landed of a source: a file that was read is not read again, and a statement that comes again is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg2.extras import RealDictCursor

from cartera.clock import FOREVER
from cartera.db import Role, transaction

_HOLDS = "source = %(source)s and recorded_to = %(forever)s and not is_deleted"


def files(source: str) -> dict[str, str]:
    """Name and hash of the content."""
    return {
        row["file"]: row["sha256"]
        for row in _rows("files", f"select file, sha256 from raw_bank.files where {_HOLDS}", source)
    }


def statements(source: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Those of `keys` that are there."""
    statement = (
        f"select statement, digest, created_at from raw_bank.statements where {_HOLDS} and record_key = any(%(keys)s)"
    )
    return {row["statement"]: row for row in _rows("statements", statement, source, keys)}


def entries(source: str, statements: Sequence[str]) -> Iterator[str]:
    """The keys of the entries of some statements."""
    statement = f"select entry from raw_bank.entries where {_HOLDS} and statement = any(%(keys)s)"
    return (row["entry"] for row in _rows("entries", statement, source, statements))


def _rows(table: str, statement: str, source: str, keys: Sequence[str] = ()) -> list[Mapping[str, Any]]:
    """None where nothing was ever landed: the table is made by the first reading."""
    with transaction(Role.loader) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("select 1 where to_regclass(%s) is not null", [f"raw_bank.{table}"])
        if not cursor.fetchall():
            return []
        cursor.execute(statement, {"source": source, "forever": FOREVER, "keys": list(keys)})
        return list(cursor.fetchall())
