"""Amounts as people write them: decimal comma or point, thousands separators, signs on either side.

Exact: text becomes a decimal, never a float.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation, localcontext

import pyarrow as pa
import pyarrow.compute as pc

Masks = dict[str, pa.BooleanArray]

MAX_WHOLE_DIGITS = {6: 18, 12: 12}
"""By scale, what numeric(24, scale) holds before the decimal sign."""

_SYMBOLS = r"(?:US\$|R\$|S/\.?|Bs\.?|[$€£¥₡₲])"
_SPACES = "[\u00a0\u202f ]"


def numbers_of(text: pa.Array, kind: pa.DataType, decimal: str, thousands: str | None) -> tuple[pa.Array, Masks]:
    """Decimals of `kind`. Problems: unreadable_amount, too_many_decimals (amounts only; rates are rounded)."""
    if pa.types.is_decimal(text.type):
        values = text
    else:
        quick = _quick(text, kind, decimal, thousands)
        if quick is None:
            return _careful(text, kind, decimal, thousands)
        values = quick
    if too_large(values):
        return _careful(values.cast(pa.string()), kind, ".", None)
    return values, {}


def _quick(text: pa.Array, kind: pa.DataType, decimal: str, thousands: str | None) -> pa.Array | None:
    """The whole column at once when every value is plain digits, else None."""
    if decimal == ",":
        if thousands == "." or pc.any(pc.match_substring(text, ".")).as_py():
            return None
        text = pc.replace_substring(text, ",", ".")
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        return None


def too_large(values: pa.Array) -> bool:
    """Arrow's readers let a digit too many pass."""
    bounds = pc.min_max(values).as_py()
    limit = Decimal(10) ** MAX_WHOLE_DIGITS[values.type.scale]
    return bounds["min"] is not None and (bounds["min"] <= -limit or bounds["max"] >= limit)


def _careful(text: pa.Array, kind: pa.DataType, decimal: str, thousands: str | None) -> tuple[pa.Array, Masks]:
    """Value by value, by pattern: a separator in the wrong place is no amount."""
    clean = _signed(text)
    readable = pc.match_substring_regex(clean, _pattern(decimal, thousands))
    if thousands:
        clean = pc.replace_substring_regex(clean, _SPACES if thousands == " " else re.escape(thousands), "")
    clean = pc.replace_substring(clean, decimal, ".") if decimal != "." else clean
    plain = pc.if_else(readable, clean, pa.scalar(None, pa.string()))
    odd = pc.match_substring_regex(plain, rf"[eE]|\d{{{MAX_WHOLE_DIGITS[kind.scale] + 1},}}|\.\d{{{kind.scale + 1},}}")
    if pc.any(odd).as_py():
        plain, long = _exactly(plain, odd, kind)
    else:
        long = None
    values = plain.cast(kind)
    failed = pc.and_(pc.is_valid(text), pc.is_null(values))
    problems = {} if long is None else {"too_many_decimals": long}
    unreadable = failed if long is None else pc.and_not(failed, long)
    if pc.any(unreadable).as_py():
        problems["unreadable_amount"] = unreadable
    return values, problems


def _signed(text: pa.Array) -> pa.Array:
    """Currency symbols away; (12.50) and 12.50- are negative."""
    text = pc.replace_substring_regex(text, rf"^([+-]?) *{_SYMBOLS}{_SPACES}*", r"\1")
    text = pc.replace_substring_regex(text, rf"{_SPACES}*{_SYMBOLS}$", "")
    text = pc.replace_substring_regex(text, r"^\(([^()-]+)\)$", r"-\1")
    return pc.replace_substring_regex(text, r"^([^+-]+)-$", r"-\1")


def _pattern(decimal: str, thousands: str | None) -> str:
    point = re.escape(decimal)
    whole = r"\d+"
    if thousands:
        separator = _SPACES if thousands == " " else re.escape(thousands)
        whole = rf"(?:\d{{1,3}}(?:{separator}\d{{3}})+|\d+)"
    return rf"^[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d{{1,3}})?$"


def _exactly(plain: pa.Array, odd: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    """Exponents and long fractions, one by one. Rates are rounded, amounts with more decimals refused."""
    written, odd_rows = plain.to_pylist(), odd.to_pylist()
    long = [False] * len(written)
    for row, is_odd in enumerate(odd_rows):
        if is_odd:
            written[row], long[row] = _one_exactly(written[row], kind.scale)
    return pa.array(written, pa.string()), pa.array(long) if any(long) else None


def _one_exactly(text: str, scale: int) -> tuple[str | None, bool]:
    """(plain digits or None, is it refused for its decimals)."""
    with localcontext() as context:
        context.prec = 400
        try:
            value = Decimal(text)
        except InvalidOperation:
            return None, False
        if abs(value) >= Decimal(10) ** MAX_WHOLE_DIGITS[scale]:
            return None, False
        rounded = value.quantize(Decimal(1).scaleb(-scale))
        if rounded != value and scale == 6:
            return None, True
        return f"{rounded:f}", False


def integers_of(text: pa.Array) -> tuple[pa.Array, Masks]:
    """Whole numbers; 30.0 and 30,00 are 30. Problem: unreadable_number."""
    whole = pc.replace_substring_regex(text, r"[.,]0+$", "")
    readable = pc.match_substring_regex(whole, r"^[+-]?\d{1,18}$")
    values = pc.if_else(readable, pc.replace_substring_regex(whole, r"^\+", ""), pa.scalar(None, pa.string())).cast(
        pa.int64()
    )
    failed = pc.and_(pc.is_valid(text), pc.is_null(values))
    return values, {"unreadable_number": failed} if pc.any(failed).as_py() else {}
