"""A batch as PostgreSQL's COPY wants it: CSV with the record's hash in front.

The hash is of a canonical text that depends on nothing but the record's own values: not on its row, its
file, the batch it came in, or the server. Changing it makes a new version of every record; a test pins it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from cartera.landing.delivery import NO_CURRENCY
from cartera.landing.entities import ColumnType, Entity

if TYPE_CHECKING:
    import pyarrow as pa

# two bytes that no UTF-8 text can hold: values need no escaping and an empty text is not a null
_SEPARATOR, _NULL = b"\xfe", b"\xff"
_LOWEST_MARK = 0xFE


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """The Arrow type of a conformed column, as Batch.rows must have it."""
    import pyarrow as pa

    types: dict[ColumnType, pa.DataType] = {
        "text": pa.string(),
        "date": pa.date32(),
        "amount": pa.decimal128(24, 6),
        "rate": pa.decimal128(24, 12),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", "UTC"),
        "json": pa.string(),
    }
    return types[column_type]


def schema(entity: Entity) -> pa.Schema:
    """The schema of Batch.rows: `row_number`, then the entity's columns."""
    import pyarrow as pa

    fields = [(column.name, arrow_type(column.type)) for column in entity.columns]
    return pa.schema([("row_number", pa.int64()), *fields])


def record_hashes(entity: Entity, rows: pa.Table) -> list[str]:
    """128 bits of BLAKE2b over each record's values in the entity's order, as 32 hexadecimal digits.

    Nulls at the end are left out, so that columns added later at the end of an entity change no old hash.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values = [_canonical(rows.column(column.name)) for column in entity.columns]
    joined = pc.binary_join_element_wise(
        *values, pa.scalar(_SEPARATOR), null_handling="replace", null_replacement=_NULL
    )
    blake, trimmed = hashlib.blake2b, _trimmer(len(values))
    return [
        blake(text if text[-1] < _LOWEST_MARK else trimmed(text), digest_size=16).hexdigest()
        for text in joined.to_pylist()
    ]


def _trimmer(columns: int) -> Callable[[bytes], bytes]:
    """Takes the nulls off the end of a canonical text."""
    trailing_nulls = frozenset((_SEPARATOR + _NULL) * count for count in range(columns))

    def trimmed(text: bytes) -> bytes:
        stripped = text.rstrip(_SEPARATOR + _NULL)
        if text[len(stripped) :] in trailing_nulls:
            return stripped
        # an empty text among the nulls, which is not one: only the nulls after it go
        while text.endswith(_SEPARATOR + _NULL):
            text = text[:-2]
        return text

    return trimmed


def _canonical(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    return column.cast(pa.string()).cast(pa.binary())


def encode(entity: Entity, rows: pa.Table, batch_number: int) -> bytes:
    """CSV lines: batch_number, record_hash, row_number, then the entity's columns. Nulls are empty, texts quoted."""
    import pyarrow as pa
    from pyarrow import csv

    numbers = pa.repeat(pa.scalar(batch_number, pa.int32()), rows.num_rows)
    hashes = pa.array(record_hashes(entity, rows), pa.string())
    table = pa.table([numbers, hashes, *rows.columns], names=["batch_number", "record_hash", *rows.column_names])
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def amounts(entity: Entity, rows: pa.Table) -> dict[str, Decimal]:
    """The sum of the entity's amount by currency ('*' where it has none); nothing where it has no amount."""
    import pyarrow.compute as pc

    if entity.amount is None or rows.num_rows == 0:
        return {}
    if not entity.has_currency:
        return {NO_CURRENCY: pc.sum(rows.column(entity.amount)).as_py() or Decimal(0)}
    sums = rows.select([entity.currency, entity.amount]).group_by(entity.currency).aggregate([(entity.amount, "sum")])
    pairs = zip(sums.column(entity.currency).to_pylist(), sums.column(f"{entity.amount}_sum").to_pylist(), strict=True)
    return {NO_CURRENCY if currency is None else currency: amount or Decimal(0) for currency, amount in pairs}
