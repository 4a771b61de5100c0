"""One value of JSON as one of our types; None for nothing. Raises BadValue with a reason code and what was seen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from cartera.connectors.api import jsons
from cartera.landing.entities import Column, ColumnType

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

WHOLE_DIGITS = {6: 18, 12: 12}
"""By scale, what numeric(24, scale) holds before the decimal point."""

NO_DATES = ("0000-00-00", "0000-00-00 00:00:00")

_MILLISECONDS = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/")
"""A moment as .NET writes it, with the offset of the place where it was that day."""


class BadValue(ValueError):
    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def text_of(value: Any) -> str | None:
    if isinstance(value, str):
        if value == "":
            return None
        if "\0" in value or not _is_unicode(value):
            raise BadValue("bad_text", "holds characters that are no text")
        return value
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise BadValue("wrong_type", f"{_shown(value)} is no text")


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def date_of(value: Any) -> dt.date | None:
    if value is None or value == "" or value in NO_DATES:
        return None
    if isinstance(value, str) and not value.startswith("/Date("):
        try:
            return dt.date.fromisoformat(value[:10])
        except ValueError:
            raise BadValue("unreadable_date", f"{_shown(value)} is no date") from None
    moment = moment_of(value)
    try:
        return (moment + _offset(value)).date() if moment else None
    except OverflowError:
        raise BadValue("unreadable_date", f"{_shown(value)} is no date") from None


def _offset(value: Any) -> dt.timedelta:
    written = _MILLISECONDS.fullmatch(value) if isinstance(value, str) else None
    if not written or not written[2]:
        return dt.timedelta()
    sign, hours, minutes = written[2][0], int(written[2][1:3]), int(written[2][3:])
    return dt.timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)


def moment_of(value: Any) -> dt.datetime | None:
    """ISO, without a zone taken for UTC, .NET's /Date(milliseconds)/, or seconds since 1970."""
    if value is None or value == "" or value in NO_DATES:
        return None
    try:
        if isinstance(value, str):
            if written := _MILLISECONDS.fullmatch(value):
                return EPOCH + dt.timedelta(milliseconds=int(written[1]))
            moment = dt.datetime.fromisoformat(value)
            return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return EPOCH + dt.timedelta(microseconds=int(value * 1_000_000))
    except (ValueError, ArithmeticError):
        pass
    raise BadValue("unreadable_date", f"{_shown(value)} is no moment")


def decimal_of(value: Any, scale: int) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() >= WHOLE_DIGITS[scale]:
            raise InvalidOperation
    except InvalidOperation:
        raise BadValue("unreadable_amount", f"{_shown(value)} is no number that fits") from None
    return round(number, scale)


def integer_of(value: Any) -> int | None:
    if value is None or value == "":
        return None
    number = decimal_of(value, 6)
    if number is None or number != int(number) or not -(2**63) <= number < 2**63:
        raise BadValue("unreadable_number", f"{_shown(value)} is no whole number")
    return int(number)


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def boolean_of(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if value == "":
        return None
    word = str(value).lower()
    if word not in _BOOLEANS:
        raise BadValue("unreadable_boolean", f"{_shown(value)} is neither true nor false")
    return _BOOLEANS[word]


def json_of(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return jsons.encode(_bounded(value)).decode()
    except (jsons.BadJson, RecursionError):
        raise BadValue("bad_text", "holds characters that are no text") from None


def _bounded(value: Any) -> Any:
    """A number that PostgreSQL's JSON can't hold becomes text."""
    if isinstance(value, dict):
        return {name: _bounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_bounded(inner) for inner in value]
    if isinstance(value, Decimal) and abs(value.adjusted()) > 1000:
        return str(value)
    return value


OF: dict[ColumnType, Callable[[Any], Any]] = {
    "text": text_of,
    "date": date_of,
    "timestamp": moment_of,
    "amount": lambda value: decimal_of(value, 6),
    "rate": lambda value: decimal_of(value, 12),
    "integer": integer_of,
    "boolean": boolean_of,
    "json": json_of,
}


def items_of(column: Column, value: Any) -> str | None:
    """A list of objects as JSON, the declared fields as their types are written: dates ISO, amounts plain numbers."""
    if value is None or value == "":
        return None
    if not isinstance(value, list):
        raise BadValue("wrong_type", f"{_shown(value)} is no list")
    return json_of([_item(column, item) for item in value])


def _item(column: Column, item: Any) -> Any:
    if not isinstance(item, dict):
        raise BadValue("wrong_type", f"holds {_shown(item)}, which is no object")
    typed = dict(item)
    for field in column.items:
        try:
            value = OF[field.type](item.get(field.name))
        except BadValue as error:
            raise BadValue(error.reason_code, f"{field.name}: {error}") from None
        if value is None and field.required:
            raise BadValue("missing_value", f"{field.name} is empty")
        typed[field.name] = value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else value
    return typed
