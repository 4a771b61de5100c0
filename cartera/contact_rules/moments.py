"""Days and hours of a time zone, daylight saving included; and holidays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = dt.timedelta(seconds=1)


def first_instant(day: dt.date, minute: int, zone: ZoneInfo, after: dt.datetime | None = None) -> dt.datetime:
    """The first moment (UTC), later than `after`, at which clocks there show that day and minute or later.

    A time that a clock change leaves out is reached when clocks jump over it; one that comes twice is found twice.
    """
    wanted = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    early, late = (wanted.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if early > late:
        # left out: clocks jump between the two moments
        return _jump(wanted, late, early, zone)
    return late if after is not None and early <= after else early


def _jump(wanted: dt.datetime, low: dt.datetime, high: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    while high - low > SECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < wanted:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def day_in(timezone: str | None, at: dt.datetime) -> dt.date:
    """The day that a moment is of where a customer is; in UTC where that is not known."""
    return at.astimezone(zone_named(timezone or "") or dt.UTC).date()


def change_of(day: dt.date, zone: ZoneInfo) -> dt.datetime | None:
    """When clocks are set in the course of that day; None on all others."""
    low, high = first_instant(day, 0, zone), first_instant(day + dt.timedelta(days=1), 0, zone)
    before, after = low.astimezone(zone).utcoffset(), high.astimezone(zone).utcoffset()
    if before == after:
        return None
    while high - low > SECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


@lru_cache(maxsize=4096)
def holidays_of(country: str, subdivision: str | None, year: int) -> Mapping[dt.date, str]:
    """Public holidays by the `holidays` library; none where it knows no such country."""
    import holidays

    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError:
        return {}


@lru_cache(maxsize=512)
def has_calendar(country: str) -> bool:
    import holidays

    return country in holidays.list_supported_countries()


@lru_cache(maxsize=512)
def zones_of_country(country: str) -> tuple[str, ...]:
    """Every time zone of a country (CLDR)."""
    from babel.core import get_global

    return tuple(sorted(zone for zone, owner in get_global("zone_territories").items() if owner == country))


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None
