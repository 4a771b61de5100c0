"""Dates as people write them: the formats named in the mapping, and ISO always."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

FIRST_YEAR, LAST_YEAR = 1900, 2200
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)? ?(?:Z|UTC|[+-]\d{2}:?\d{2})?")
_CLOCK = re.compile(r"[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.? ?[Mm]\.?)?$")
"""A time of day after the date: the date is as written, whatever the time zone."""
MAX_REMEMBERED = 100_000


class DateReader:
    """Reads one text into a date, or None. Remembers what it read: files repeat their dates."""

    def __init__(self, formats: Sequence[str] = ()) -> None:
        self.formats = tuple(formats)
        self._with_clock = any(re.search("%[HIMS]", format) for format in formats)
        self._known: dict[str, dt.date | None] = {}

    def read(self, text: str) -> dt.date | None:
        if text not in self._known:
            if len(self._known) > MAX_REMEMBERED:
                self._known.clear()
            self._known[text] = self._read(text)
        return self._known[text]

    def _read(self, text: str) -> dt.date | None:
        iso = _ISO.fullmatch(text)
        day = _iso(iso[1]) if iso else self._by_format(text)
        return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None

    def _by_format(self, text: str) -> dt.date | None:
        if not self._with_clock:
            text = _CLOCK.sub("", text)
        for format in self.formats:
            try:
                return dt.datetime.strptime(text, format).date()  # noqa: DTZ007 (a date as written has no zone)
            except ValueError:
                continue
        return None


def _iso(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
