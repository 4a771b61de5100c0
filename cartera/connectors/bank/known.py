"""What has landed of a source: a file that was read is not read again, and a statement that comes again is compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from psycopg2.extras import RealDictCursor
from psycopg2.sql import SQL

from cartera.clock import FOREVER
from cartera.db import Role, transaction

_FILES = SQL("select file, sha256, declared from raw_bank.files where")
_STATEMENTS = SQL("select statement, digest, created_at from raw_bank.statements where record_key = any(%(keys)s) and")
_AROUND = SQL(
    "select statement, account, kind, currency, from_date, to_date, opening_balance, closing_balance, entry_count,"
    " credits, debits, format, file from raw_bank.statements"
    " where to_date >= %(first)s and coalesce(from_date, to_date) <= %(last)s and"
)
_ENTRIES = SQL("select entry from raw_bank.entries where statement = any(%(keys)s) and")
_DETAILS = SQL(
    "select statement, entry, booking_date, signed_amount, is_booked, reference, end_to_end_id, bank_reference"
    " from raw_bank.entries where statement = any(%(keys)s) and"
)
_OWNERS = SQL("select entry, statement from raw_bank.entries where account = any(%(keys)s) and")
_HOLDS = SQL(" source = %(source)s and recorded_to = %(forever)s and not is_deleted")


def files(source: str) -> dict[str, tuple[str, str | None]]:
    """By name: the hash of the content, and of the declaration it was read with."""
    return {row["file"]: (row["sha256"], row["declared"]) for row in _rows(_FILES, "files", source)}


def statements(source: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Those of `keys` that are there."""
    return {row["statement"]: row for row in _rows(_STATEMENTS, "statements", source, keys)}


def around(source: str, records: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The statements of the days of some, and of the day before and after."""
    days = [day for record in records for day in (record["from_date"], record["to_date"]) if day]
    if not days:
        return {}
    first, last = min(days) - dt.timedelta(days=1), max(days) + dt.timedelta(days=1)
    return {row["statement"]: row for row in _rows(_AROUND, "statements", source, first=first, last=last)}


def entries(source: str, statements: Sequence[str]) -> Iterator[str]:
    """The keys of the entries of some statements."""
    return (row["entry"] for row in _rows(_ENTRIES, "entries", source, statements))


def details(source: str, statements: Sequence[str]) -> list[Mapping[str, Any]]:
    """The entries of some statements, as far as they are compared."""
    return _rows(_DETAILS, "entries", source, statements)


def owners(source: str, accounts: Collection[str]) -> dict[str, str]:
    """The statement of each entry of some accounts."""
    return {row["entry"]: row["statement"] for row in _rows(_OWNERS, "entries", source, accounts)}


def _rows(
    statement: SQL, table: str, source: str, keys: Collection[str] = (), **more: object
) -> list[Mapping[str, Any]]:
    """None where nothing was ever landed: the table is made by the first reading."""
    with transaction(Role.loader) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("select 1 where to_regclass(%s) is not null", [f"raw_bank.{table}"])
        if not cursor.fetchall():
            return []
        cursor.execute(statement + _HOLDS, {"source": source, "forever": FOREVER, "keys": list(keys), **more})
        return list(cursor.fetchall())
