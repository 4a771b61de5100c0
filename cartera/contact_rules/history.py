"""A debtor's earlier contacts from a CSV or JSON file: `at, channel, outcome, direction, debts, place`."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from cartera.contact_rules.model import Channel, Event, Outcome, Place
from cartera.errors import ConfigError
from cartera.yaml_config import guess, small_text

COLUMNS = ("at", "channel", "outcome", "direction", "debts", "place")
MAX_BYTES = 5_000_000
Word = TypeVar("Word", bound=StrEnum)


class _Direction(StrEnum):
    outbound = "outbound"
    inbound = "inbound"


def read_history(path: Path, zone: ZoneInfo) -> tuple[Event, ...]:
    """The events of a file. `zone`: of moments without an offset. Raises ConfigError with the line."""
    return tuple(_event(row, f"{path}:{line}", zone) for line, row in _rows(path))


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    text = small_text(path, MAX_BYTES, "the CSV or JSON history of one customer")
    if path.suffix.lower() == ".json":
        yield from _json_rows(path, text)
        return
    reader = csv.DictReader(text.splitlines())
    missing = {"at", "channel"} - set(reader.fieldnames or ())
    if missing:
        raise ConfigError(f"{path}:1: there is no column {missing.pop()!r}", f"columns are {', '.join(COLUMNS)}")
    for row in reader:
        yield reader.line_num, row


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    mend = f"write a list of objects with {', '.join(COLUMNS)}"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}:{getattr(error, 'lineno', 1)}: not JSON", mend) from None
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise ConfigError(f"{path}:1: not a list of objects", mend)
    yield from ((number, each) for number, each in enumerate(document, start=1))


def _event(row: Mapping[str, Any], where: str, zone: ZoneInfo) -> Event:
    unknown = sorted(str(key) for key in row if key not in COLUMNS)
    if unknown:
        raise ConfigError(f"{where}: {unknown[0]}: there is no such column", guess(unknown[0], COLUMNS))
    debts = row.get("debts") or ()
    names = debts if isinstance(debts, (list, tuple)) else str(debts).split(";")
    return Event(
        at=_moment(row.get("at"), where, zone),
        channel=_word(Channel, row.get("channel"), "channel", where),
        outcome=_word(Outcome, row.get("outcome") or Outcome.sent, "outcome", where),
        debts=frozenset(str(each).strip() for each in names if str(each).strip()),
        is_inbound=_word(_Direction, row.get("direction") or "outbound", "direction", where) is _Direction.inbound,
        place=_word(Place, row.get("place") or "home", "place", where),
    )


def _moment(value: object, where: str, zone: ZoneInfo) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(f"{where}: at: {value!r} is not a moment", "write it as 2026-11-21T10:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _word(words: type[Word], value: object, key: str, where: str) -> Word:
    try:
        return words(str(value).strip())
    except ValueError:
        known = [str(each) for each in words]
        raise ConfigError(f"{where}: {key}: {value!r} is not possible", guess(str(value), known)) from None
