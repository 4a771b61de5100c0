"""What a connector hands over, and what landing says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from cartera.landing.entities import Entity

if TYPE_CHECKING:
    import pyarrow as pa

RawFormat = Literal["csv", "json"]
DeliveryKind = Literal["full", "incremental", "replay"]

NO_CURRENCY = "*"
"""Where amounts are added of records that carry no currency of their own (instalments, allocations)."""


@dataclass(frozen=True)
class Reject:
    """One delivered record that can't be landed. `row_number` counts the file's rows as a person would, from 1.

    `raw_bytes` are the original bytes of the record (csv: in the file's encoding, without the line end);
    `amount` and `currency_code` are what could be read of them, so that cents can be accounted for.
    """

    file_name: str
    row_number: int
    record_key: str | None
    column_name: str | None
    reason_code: str
    message: str
    raw_bytes: bytes
    raw_format: RawFormat
    amount: Decimal | None = None
    currency_code: str | None = None


@dataclass(frozen=True)
class Batch:
    """Some records of one file: every one is either a row or a reject.

    `rows`: first `row_number` int64, then every column of the entity in its order, typed: text string, date
    date32, amount decimal128(24,6), rate decimal128(24,12), integer int64, boolean bool.
    """

    rows: pa.Table
    rejects: list[Reject]
    file_name: str


@dataclass(frozen=True)
class DeliveredFile:
    """`header` is what replay needs to read a record's original bytes again: the header line or a JSON list."""

    name: str
    content_hash: str
    header: str


Repeats = Literal["refuse", "keep_last"]
"""What becomes of a key that comes more than once in a delivery: a mistake of the export that quarantine must show,
or a record that was read again because it changed while its system was being read."""

Originals = Callable[[str, Collection[int]], Mapping[int, tuple[bytes, RawFormat]]]
"""The original bytes of some rows of one file: (file name, row numbers) -> {row number: (bytes, format)}."""


@dataclass(frozen=True)
class Delivery:
    """What one source says of one entity at one moment. `batches` is read once, lazily, in another thread.

    `fingerprint` changes with the content of any file and with the mapping.
    `originals` is asked only for rows that landing itself refuses (keys that repeat); without it such rows
    are kept in quarantine as JSON objects of the conformed columns.

    `gone`: records that the system says it deleted, each with the row number after which it said so; a later
    row of that key lives again. `keys`: all keys that the system has now; what is current here and neither there
    nor in the delivery is gone (a key sweep). `is_watched`: the delivery comes from a system that has its own
    clock and is asked again and again, so the guards of landing/guards.py look at it, and a delivery that brings
    nothing new leaves no load behind. `clock_skew`: so far its dates of change may go back (a local time in autumn).
    """

    source: str
    system: str
    entity: Entity
    kind: DeliveryKind
    fingerprint: str
    files: tuple[DeliveredFile, ...]
    batches: Iterable[Batch]
    max_shrink_pct: Decimal = Decimal(20)
    originals: Originals | None = None
    repeats: Repeats = "refuse"
    gone: Iterable[tuple[int, str]] = ()
    keys: Iterable[str] | None = None
    is_watched: bool = False
    max_fall_pct: Decimal = Decimal(50)
    accepts_older: bool = False
    clock_skew: dt.timedelta = dt.timedelta()


@dataclass(frozen=True)
class LoadReport:
    """rows_in = rows_loaded + rows_quarantined; rows_loaded = rows_new + rows_changed + rows_unchanged.

    `amounts`: by currency ('*' where the entity has none) the sums `in`, `loaded`, `quarantined`.
    `is_unchanged`: it brought nothing new; nothing was done and there is no `load_id`.
    `rows_repeated`: rows left out of all these counts because the same record came again later.
    `unknown_keys`: keys of a sweep that were never delivered.
    """

    load_id: int | None
    source: str
    entity: str
    kind: DeliveryKind
    is_unchanged: bool
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_deleted: int = 0
    rows_repeated: int = 0
    unknown_keys: int = 0
    amounts: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    seconds: float = 0.0
