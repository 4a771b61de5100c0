"""On which days a company is closed: public holidays from the library `holidays`, weekends, and days of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ONE_DAY = dt.timedelta(days=1)
LONGEST_CLOSURE_DAYS = 366


@dataclass(frozen=True)
class ClosedDay:
    """A closed day with the nearest open ones on both sides."""

    closed_date: dt.date
    name: str
    next_business_date: dt.date
    previous_business_date: dt.date


@dataclass(frozen=True)
class Calendar:
    """`country`: ISO 3166, with a subdivision after a dash; None: only weekend and own days.

    `weekend`: Monday is 0; None: that of the country (none without one).
    """

    country: str | None = None
    weekend: frozenset[int] | None = None
    closed: frozenset[dt.date] = frozenset()
    opened: frozenset[dt.date] = frozenset()
    _reasons: dict[dt.date, str | None] = field(default_factory=dict, compare=False, repr=False)

    def closed_days(self, first_year: int, last_year: int) -> Iterator[ClosedDay]:
        """Every closed day of these years. Raises ValueError when one has no open day within a year."""
        day, end = dt.date(first_year, 1, 1), dt.date(last_year, 12, 31)
        while day <= end:
            reason = self.why_closed(day)
            if reason is not None:
                yield ClosedDay(day, reason, self._open_day(day, ONE_DAY), self._open_day(day, -ONE_DAY))
            day += ONE_DAY

    def why_closed(self, day: dt.date) -> str | None:
        """The holiday's name, 'closed' (own day) or 'weekend'; None when it is open."""
        if day not in self._reasons:
            self._reasons[day] = self._reason(day)
        return self._reasons[day]

    def _reason(self, day: dt.date) -> str | None:
        if day in self.opened:
            return None
        names, weekend, workdays = _country_year(self.country, day.year) if self.country else _NOTHING
        if day in names:
            return names[day]
        if day in self.closed:
            return "closed"
        if self.weekend is not None:
            return "weekend" if day.weekday() in self.weekend else None
        return "weekend" if day.weekday() in weekend and day not in workdays else None

    def _open_day(self, day: dt.date, step: dt.timedelta) -> dt.date:
        found = day + step
        while self.why_closed(found) is not None:
            found += step
            if abs((found - day).days) > LONGEST_CLOSURE_DAYS:
                raise ValueError(f"no open day within a year of {day}")
        return found


CountryYear = tuple[dict[dt.date, str], frozenset[int], frozenset[dt.date]]
"""Holidays by day, weekdays of the weekend, weekend days on which people work."""

_NOTHING: CountryYear = ({}, frozenset(), frozenset())


@cache
def _country_year(country: str, year: int) -> CountryYear:
    import holidays

    code, _, subdivision = country.partition("-")
    # named in the country's own language: without it the library follows the machine's settings
    language = holidays.country_holidays(code).default_language
    found = holidays.country_holidays(code, subdiv=subdivision or None, years=year, expand=False, language=language)
    return dict(found.items()), frozenset(found.weekend), frozenset(found.weekend_workdays)


@cache
def supported_calendars() -> dict[str, Sequence[str]]:
    """Countries with their subdivisions."""
    import holidays

    return dict(holidays.list_supported_countries())
