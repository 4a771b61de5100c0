"""Rows that a connector took for good and landing refuses: they go to quarantine like any bad row.

Either PostgreSQL can't hold them, or their key repeats within the delivery.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cartera.landing.delivery import Batch, Delivery, RawFormat, Reject

if TYPE_CHECKING:
    import pyarrow as pa

MAX_KEY_BYTES = 1000
"""An index entry holds 2,704 bytes: source, key and moment must fit, whatever their compression."""

_NUL_IN_JSON = "\\u0000"


@dataclass(frozen=True)
class Refusal:
    """One refused row; `record` holds its conformed values, kept when its original bytes are not to be had."""

    row_number: int
    column_name: str
    reason_code: str
    message: str
    record: Mapping[str, Any]


def rejects_of(delivery: Delivery, file_name: str, refusals: Collection[Refusal]) -> list[Reject]:
    """The refused rows of one file, with their original bytes as the connector finds them again."""
    if not refusals:
        return []
    numbers = {refusal.row_number for refusal in refusals}
    originals = delivery.originals(file_name, numbers) if delivery.originals else {}
    return [_reject(delivery, file_name, refusal, originals) for refusal in refusals]


def _reject(
    delivery: Delivery, file_name: str, refusal: Refusal, originals: Mapping[int, tuple[bytes, RawFormat]]
) -> Reject:
    entity, record = delivery.entity, refusal.record
    raw_bytes, raw_format = originals.get(refusal.row_number) or (_as_json(record), "json")
    return Reject(
        file_name=file_name,
        row_number=refusal.row_number,
        record_key=record[entity.key],
        column_name=refusal.column_name,
        reason_code=refusal.reason_code,
        message=refusal.message,
        raw_bytes=raw_bytes,
        raw_format=raw_format,
        amount=record[entity.amount] if entity.amount else None,
        currency_code=record.get(entity.currency),
    )


def _as_json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, default=_jsonable, ensure_ascii=False).encode()


def _jsonable(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def split_unstorable(delivery: Delivery, batch: Batch) -> tuple[pa.Table, list[Reject]]:
    """The rows PostgreSQL can hold, and the others as rejects: NUL characters, missing or endless keys."""
    import pyarrow.compute as pc

    mask = _unstorable(delivery, batch.rows)
    if mask is None:
        return batch.rows, []
    refusals = [_unstorable_refusal(delivery, record) for record in batch.rows.filter(mask).to_pylist()]
    return batch.rows.filter(pc.invert(mask)), rejects_of(delivery, batch.file_name, refusals)


def _unstorable(delivery: Delivery, rows: pa.Table) -> pa.ChunkedArray | None:
    """Which rows can't be stored; None, quickly, when all can."""
    import pyarrow.compute as pc

    masks = [pc.fill_null(pc.greater(pc.binary_length(rows.column(delivery.entity.key)), MAX_KEY_BYTES), False)]
    for column in delivery.entity.columns:
        values = rows.column(column.name)
        if column.required and values.null_count:
            masks.append(pc.is_null(values))
        if column.type == "text":
            masks.append(pc.fill_null(pc.match_substring(values, "\0"), False))
        if column.type == "json":
            masks.append(pc.fill_null(pc.match_substring(values, _NUL_IN_JSON), False))
    found = [mask for mask in masks if pc.any(mask).as_py()]
    if not found:
        return None
    union = found[0]
    for mask in found[1:]:
        union = pc.or_(union, mask)
    return union


def _unstorable_refusal(delivery: Delivery, record: Mapping[str, Any]) -> Refusal:
    entity, number = delivery.entity, record["row_number"]
    for column in entity.columns:
        value = record[column.name]
        if value is None and column.required:
            return Refusal(number, column.name, "missing_value", f"{column.name} is empty", record)
        if isinstance(value, str) and ("\0" in value or (column.type == "json" and _NUL_IN_JSON in value)):
            return Refusal(number, column.name, "bad_text", f"{column.name} holds a NUL character", record)
    message = f"{entity.key} is longer than {MAX_KEY_BYTES} bytes"
    return Refusal(number, entity.key, "key_too_long", message, record)
