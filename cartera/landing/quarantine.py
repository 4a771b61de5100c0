"""Quarantine: bad records with their original bytes and the reason, until they are replayed or superseded."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Composed, Identifier

from cartera.landing.delivery import Delivery, Reject
from cartera.landing.tables import Tables

_COLUMNS = (
    "file_name",
    "row_number",
    "record_key",
    "column_name",
    "reason_code",
    "message",
    "raw_bytes",
    "raw_format",
    "amount",
    "currency_code",
)
"""What a reject brings; the load adds the rest."""


def _sql(template: str) -> Composed:
    return SQL(template).format(columns=SQL(", ").join(map(Identifier, _COLUMNS)))


class Spool(AbstractContextManager["Spool"]):
    """Rejects as COPY lines, in memory up to 8 MB and then on disk: a file may hold nothing but bad rows."""

    def __init__(self) -> None:
        self._lines = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 (closed by __exit__)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lines.close()

    def add(self, rejects: Sequence[Reject]) -> None:
        import pyarrow as pa
        from pyarrow import csv

        if rejects:
            columns = [pa.array(values) for values in zip(*map(_line, rejects), strict=True)]
            table = pa.table(columns, names=_COLUMNS)
            csv.write_csv(table, self._lines, csv.WriteOptions(include_header=False))

    def copy(self, cursor: Cursor) -> None:
        """Into the temporary table `landing_rejects`."""
        cursor.execute(
            _sql(
                "create temporary table landing_rejects on commit drop as"
                " select {columns} from quarantine.records with no data"
            )
        )
        self._lines.seek(0)
        cursor.copy_expert(_sql("copy landing_rejects ({columns}) from stdin with (format csv)"), self._lines)


def _line(reject: Reject) -> tuple[object, ...]:
    return (
        storable(reject.file_name),
        reject.row_number,
        storable(reject.record_key),
        storable(reject.column_name),
        reject.reason_code,
        storable(reject.message),
        "\\x" + reject.raw_bytes.hex(),
        reject.raw_format,
        None if reject.amount is None else f"{reject.amount:f}",
        storable(reject.currency_code),
    )


def storable(text: str | None) -> str | None:
    """Text that PostgreSQL takes: without NUL and lone surrogates. The original stays in `raw_bytes`."""
    if text is None:
        return None
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def keep(cursor: Cursor, delivery: Delivery, load_id: int, recorded_at: dt.datetime) -> int:
    """Move `landing_rejects` into quarantine; their number."""
    cursor.execute(
        _sql(
            "insert into quarantine.records (load_id, source, entity, quarantined_at, {columns})"
            " select %s, %s, %s, %s, {columns} from landing_rejects order by file_name, row_number"
        ),
        [load_id, delivery.source, delivery.entity.name, recorded_at],
    )
    return cursor.rowcount


def supersede(cursor: Cursor, delivery: Delivery, load_id: int, recorded_at: dt.datetime) -> None:
    """Close what earlier loads quarantined and this one settles: all of it, or the keys that landed now.

    A system that is asked again gives a bad record again: only the last time it did stays open.
    """
    statement = (
        "update quarantine.records set status = 'superseded', settled_at = %s, settled_by_load_id = %s"
        " where status = 'open' and source = %s and entity = %s and load_id < %s"
        " and (%s or record_key in (select {key} from landing_stage)"
        " or (%s and record_key in (select record_key from landing_rejects)))"
    )
    is_whole = delivery.kind == "full"
    cursor.execute(
        Tables(delivery.system, delivery.entity).sql(statement),
        [recorded_at, load_id, delivery.source, delivery.entity.name, load_id, is_whole, delivery.is_watched],
    )
