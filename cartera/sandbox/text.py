"""Numbers and days as the text that other people's exports hold, a column at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cartera.sandbox.dice import Flags, Ints


def choose(words: Sequence[str], indices: Ints) -> pa.Array:
    """words[i] for each index."""
    return pa.array(list(words), pa.string()).take(pa.array(indices))


def numbered(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """`F001-00000042`: a prefix and the number with leading zeros."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def days(numbers: Ints, first_day: dt.date, pattern: str) -> pa.Array:
    """Days from the first, written by a strftime pattern."""
    if not len(numbers):
        return pa.array([], pa.string())
    low, high = int(numbers.min()), int(numbers.max())
    words = [(first_day + dt.timedelta(days=day)).strftime(pattern) for day in range(low, high + 1)]
    return choose(words, numbers - low)


def dates(numbers: Ints, first_day: dt.date) -> pa.Array:
    """Days from the first as date32."""
    epoch = (first_day - dt.date(1970, 1, 1)).days
    return pa.array((numbers + epoch).astype(np.int32), pa.int32()).cast(pa.date32())


def decimals(hundredths: Ints) -> pa.Array:
    """Hundredths as decimal128(18, 2), exactly: the integer is the unscaled value."""
    halves = np.empty((len(hundredths), 2), dtype="<i8")
    halves[:, 0], halves[:, 1] = hundredths, hundredths >> 63
    buffers = [None, pa.py_buffer(halves.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(hundredths), buffers)


def money(hundredths: Ints, point: str, thousands: str = "") -> pa.Array:
    """`1.234.567,89`. The amounts are not negative."""
    whole, cents = hundredths // 100, hundredths % 100
    fraction = numbered(point, cents, 2)
    return pc.binary_join_element_wise(_grouped(whole, thousands), fraction, "")


def where(is_there: Flags, texts: pa.Array, otherwise: str | pa.Array = "") -> pa.Array:
    """The text, or what the export writes when there is nothing."""
    return pc.if_else(pa.array(is_there), texts, otherwise)


def _grouped(whole: Ints, separator: str) -> pa.Array:
    if not separator or not len(whole) or int(whole.max()) < 1000:
        return pc.cast(pa.array(whole), pa.string())
    head = _grouped(whole // 1000, separator)
    with_head = pc.binary_join_element_wise(head, numbered("", whole % 1000, 3), separator)
    return where(whole >= 1000, with_head, pc.cast(pa.array(whole % 1000), pa.string()))
