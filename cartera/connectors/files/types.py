"""The Arrow types of the entities' columns."""

from __future__ import annotations

import pyarrow as pa

from cartera.landing.entities import Column, ColumnType

AMOUNT = pa.decimal128(24, 6)
RATE = pa.decimal128(24, 12)
ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "date": pa.date32(),
    "amount": AMOUNT,
    "rate": RATE,
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


def is_currency(column: Column) -> bool:
    return column.name.endswith("currency_code")
