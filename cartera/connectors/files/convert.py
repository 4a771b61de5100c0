"""Raw columns into typed ones, vectorised. What can't be read becomes null and is named in a mask.

Work goes by distinct value where few are expected (dates, words), by whole column for amounts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cartera.connectors.files.amounts import integers_of, numbers_of, too_large
from cartera.connectors.files.dates import DateReader
from cartera.connectors.files.spec import NULL_WORDS
from cartera.connectors.files.types import AMOUNT, ARROW_TYPES, RATE, is_currency
from cartera.landing.entities import Column
from cartera.money import currencies

Masks = dict[str, pa.BooleanArray]

TRUE_WORDS = frozenset(["true", "t", "yes", "y", "1", "si", "sí", "s", "sim", "verdadero", "verdadeiro"])
FALSE_WORDS = frozenset(["false", "f", "no", "n", "0", "não", "nao", "falso"])


@dataclass(frozen=True)
class Reading:
    """How text is to be read in one file; native values of a Parquet file need none of it."""

    dates: DateReader
    decimal: str = "."
    thousands: str | None = None


@dataclass(frozen=True)
class Typed:
    """`problems`: reason code -> which rows. A negative amount keeps its value, the rest is null there."""

    values: pa.Array
    problems: Masks = field(default_factory=dict)


def convert(column: Column, raw: pa.Array, reading: Reading, meanings: Mapping[str, str]) -> Typed:
    """`raw`: text, a dictionary of text, or native values. `meanings`: their words -> ours."""
    if not is_text(raw.type):
        native = _native(column, raw) if not meanings else None
        if native is not None:
            return native
        raw, reading = native_text(raw), Reading(reading.dates)
    text = _with_meanings(trimmed(raw), meanings) if meanings else trimmed(raw)
    return _from_text(column, text, reading)


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind))


def _native(column: Column, raw: pa.Array) -> Typed | None:
    """Values that already have the type, or None."""
    if pa.types.is_null(raw.type):
        return Typed(pa.nulls(len(raw), ARROW_TYPES[column.type]))
    if column.type == "date" and (pa.types.is_date(raw.type) or pa.types.is_timestamp(raw.type)):
        return Typed(
            pc.floor_temporal(raw, unit="day").cast(pa.date32())
            if pa.types.is_timestamp(raw.type)
            else raw.cast(pa.date32())
        )
    if column.type == "boolean" and pa.types.is_boolean(raw.type):
        return Typed(raw)
    if column.type == "amount" and pa.types.is_decimal(raw.type):
        try:
            amounts = raw.cast(AMOUNT)
            return None if too_large(amounts) else _checked_amount(column, amounts, {})
        except pa.ArrowInvalid:
            return None
    return None


def native_text(raw: pa.Array) -> pa.Array:
    """Numbers, dates and booleans as the text a person would write; 12345.0 is 12345, NaN is nothing."""
    kind = raw.type
    if pa.types.is_floating(kind):
        raw = pc.if_else(pc.is_finite(raw), raw, pa.scalar(None, kind)).cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(raw), raw), pc.less(pc.abs(raw), 2.0**53))
        integers = pc.if_else(whole, raw, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(integers, raw.cast(pa.string()))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pc.strftime(raw, format="%Y-%m-%d") if pa.types.is_date(kind) else raw.cast(pa.string())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_binary(kind):
        return raw.cast(pa.string())
    return raw.cast(pa.string())


def trimmed(raw: pa.Array) -> pa.Array:
    """Without white space at the edges; what is empty then is null."""
    if pa.types.is_dictionary(raw.type):
        words = pc.utf8_trim_whitespace(raw.dictionary)
        words = pc.if_else(pc.equal(pc.binary_length(words), 0), pa.scalar(None, pa.string()), words)
        return pa.DictionaryArray.from_arrays(raw.indices, words)
    if not len(raw) or raw.null_count == len(raw):
        return raw
    has_space, has_empty = _edges(raw)
    text = pc.utf8_trim_whitespace(raw) if has_space else raw
    if has_space or has_empty:
        text = pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)
    return text


def _edges(text: pa.StringArray) -> tuple[bool, bool]:
    """(does any value begin or end with white space, is any empty): far cheaper than to trim all."""
    _validity, offset_buffer, data_buffer = text.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[text.offset : text.offset + len(text) + 1]
    filled = offsets[1:] > offsets[:-1]
    has_empty = int(filled.sum()) < len(text) - text.null_count
    if data_buffer is None or not filled.any():
        return False, has_empty
    data = np.frombuffer(data_buffer, np.uint8)
    first, last = data[offsets[:-1][filled]], data[offsets[1:][filled] - 1]
    # no-break space is C2 A0 in UTF-8; the few letters that share a byte only cost a needless trim
    return bool(((first <= 32) | (last <= 32) | (first == 0xC2) | (last == 0xA0)).any()), has_empty


def _with_meanings(text: pa.Array, meanings: Mapping[str, str]) -> pa.Array:
    exact = {written.strip(): None if meaning in NULL_WORDS else meaning for written, meaning in meanings.items()}
    folded = {written.casefold(): meaning for written, meaning in exact.items()}

    def meaning(word: str) -> str | None:
        return exact[word] if word in exact else folded.get(word.casefold(), word)

    encoded = text if pa.types.is_dictionary(text.type) else text.dictionary_encode()
    words = [None if word is None else meaning(word) for word in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string()))


def _from_text(column: Column, text: pa.Array, reading: Reading) -> Typed:
    if column.type == "amount":
        values, problems = numbers_of(plain(text), AMOUNT, reading.decimal, reading.thousands)
        return _checked_amount(column, values, problems)
    if column.type == "rate":
        values, problems = numbers_of(plain(text), RATE, reading.decimal, reading.thousands)
        return _checked_amount(column, values, problems)
    if column.type == "integer":
        values, problems = integers_of(plain(text))
        return Typed(values, problems)
    if column.type == "date":
        return _by_distinct(text, reading.dates.read, pa.date32(), "unreadable_date")
    if column.type == "boolean":
        return _by_distinct(text, _boolean, pa.bool_(), "unknown_value")
    if column.choices:
        choices = frozenset(column.choices)
        return _by_distinct(
            text, lambda word: word.lower() if word.lower() in choices else None, pa.string(), "unknown_value"
        )
    if is_currency(column):
        return _by_distinct(text, _currency, pa.string(), "unknown_currency")
    return Typed(plain(text))


def plain(text: pa.Array) -> pa.Array:
    return text.dictionary_decode() if pa.types.is_dictionary(text.type) else text


def _by_distinct(text: pa.Array, read: Callable[[str], object], kind: pa.DataType, reason: str) -> Typed:
    encoded = text if pa.types.is_dictionary(text.type) else text.dictionary_encode()
    read_words = [None if word is None else read(word) for word in encoded.dictionary.to_pylist()]
    values = pa.array(read_words, kind).take(encoded.indices)
    words_null = encoded.dictionary.null_count
    if sum(word is None for word in read_words) == words_null:
        return Typed(values)
    return Typed(values, {reason: pc.and_(pc.is_valid(plain(text)), pc.is_null(values))})


@cache
def _boolean(word: str) -> bool | None:
    folded = word.casefold()
    return True if folded in TRUE_WORDS else False if folded in FALSE_WORDS else None


@cache
def _currency(word: str) -> str | None:
    code = word.upper()
    return code if code in currencies() else None


def _checked_amount(column: Column, values: pa.Array, problems: Masks) -> Typed:
    if not column.may_be_negative and len(values):
        least = pc.min(values).as_py()
        if least is not None and least < 0:
            problems = {**problems, "negative_amount": pc.fill_null(pc.less(values, pa.scalar(0, values.type)), False)}
    if not column.may_be_zero:
        is_zero = pc.fill_null(pc.equal(values, pa.scalar(0, values.type)), False)
        problems = {**problems, "zero_amount": is_zero} if pc.any(is_zero).as_py() else problems
    return Typed(values, problems)
