"""Which statements are one and the same: some banks number each download, and some accounts come in two formats."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from cartera.connectors.api import Record

MOVED = ("kind", "currency", "opening_balance", "closing_balance", "credits", "debits")
COUNTED = ("account", "from_date", "to_date", "entry_count")
PREFERRED = "camt"
"""Of two formats that come together the one that says most."""
LEAST_DIGITS = 6

Statements = Mapping[str, Mapping[str, Any]]


def same_as(new: Mapping[str, Record], there: Statements) -> dict[str, Mapping[str, Any]]:
    """The new statements that another one repeats, and that other one: what has landed, else the preferred format."""
    kept: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for record in there.values():
        kept.setdefault(_moved(record), []).append(record)
    found = {}
    for key, record in sorted(new.items(), key=lambda item: item[1]["format"] != PREFERRED):
        likes = kept.setdefault(_moved(record), [])
        same = next((other for other in likes if _is_same(record, other)), None)
        if same is None:
            likes.append(record)
        else:
            found[key] = same
    return found


def _moved(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(record[name] for name in MOVED)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Of two that moved the balance from here to there alike."""
    if None in _moved(one) or one["kind"] != "statement":
        return False
    has_moved = one["opening_balance"] != one["closing_balance"]
    if one["format"] == other["format"]:
        # a balance that did not move is no mark: on each day what came in was swept
        told = [one[name] for name in COUNTED]
        return has_moved and None not in told and told == [other[name] for name in COUNTED]
    if one["to_date"] is None or other["to_date"] is None:
        return False
    # formats differ in when a day ends, and one counts the parts of an entry
    apart = abs(day_of(one["to_date"]) - day_of(other["to_date"])).days
    return apart <= int(has_moved) and is_same_account(one["account"], other["account"])


def is_same_account(one: str, other: str) -> bool:
    """An IBAN ends with the number of the account, which older formats write alone or after the bank's, and leave out
    the noughts before it."""
    shorter, longer = sorted((_plain(one), _plain(other)), key=len)
    if shorter == longer:
        return True
    number = re.split(r"[/ ]", one if _plain(one) == shorter else other)[-1].lstrip("0")
    digits = re.sub(r"[A-Z]+$", "", _plain(number))
    return digits.isdigit() and len(digits) >= LEAST_DIGITS and longer.endswith(digits)


def _plain(account: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", account.upper())


def day_of(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
