"""The only place that reads the wall clock. Rules and models take dates as inputs."""

from __future__ import annotations

import calendar
import datetime as dt

from cartera.errors import ConfigError

FOREVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
"""`recorded_to` of a version that still holds: a plain far date, so that every engine can compare it."""


def utc_now() -> dt.datetime:
    """The current moment in UTC, with microseconds."""
    return dt.datetime.now(dt.UTC)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier: of a month's last day the last day, of a day that month has not its last."""
    year, month = divmod(12 * day.year + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_month_end = day.day == calendar.monthrange(day.year, day.month)[1]
    return dt.date(year, month + 1, last if is_month_end else min(day.day, last))


YEARS = range(1900, 9999)
"""Those that can be asked of: at FOREVER itself no version holds any more, and nothing would be owed."""


def parse_date(text: str) -> dt.date:
    """An ISO date. Raises ConfigError."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not a date", "write it as YYYY-MM-DD, e.g. 2026-06-30") from None
    _ask_year(text, day)
    return day


def parse_moment(text: str) -> dt.datetime:
    """An ISO moment in UTC; a bare date means the end of that day. Raises ConfigError.

    "Known at 1 July" is all that was known when 1 July ended, hence the last microsecond.
    """
    try:
        if len(text) == 10:
            moment = dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max, tzinfo=dt.UTC)
        else:
            moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not a moment", "write it as 2026-07-01 or 2026-07-01T15:30:00+00:00") from None
    _ask_year(text, moment)
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _ask_year(text: str, day: dt.date) -> None:
    if day.year not in YEARS:
        raise ConfigError(f"{text!r} is too far away", f"give a year from {YEARS[0]} to {YEARS[-1]}")
