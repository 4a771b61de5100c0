"""What is asked of the sandbox company, and its calendar: which invoice is issued on which day.

Days are integers counted from `Plan.first_day`; NEVER lies beyond every calendar.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cartera.errors import ConfigError
from cartera.sandbox.dice import Dice, Flags, Ints

NEVER = 1_000_000

# thousandths by month: a year-end peak, a holiday dip, a mid-year peak
_SEASON = (0, 880, 850, 980, 1000, 1000, 1060, 1150, 1000, 980, 1020, 1150, 1350)
_WEEKDAY = (1000, 1050, 1050, 1000, 1000, 250, 0)


@dataclass(frozen=True)
class Period:
    """Half a month: what is generated, and what statement payers pay, at once. `last_day` may lie after `until`."""

    number: int
    last_day: int
    first_invoice: int
    end_invoice: int


@dataclass(frozen=True)
class Plan:
    """`invoices` are issued over `months` up to `planned_until`; the rate stays the same when `until` moves on."""

    seed: int
    until: dt.date
    planned_until: dt.date
    customers: int = 800
    invoices: int = 20_000
    months: int = 24

    def __post_init__(self) -> None:
        for name, least, most in (("customers", 1, 900_000), ("invoices", 1, 100_000_000), ("months", 1, 240)):
            if not least <= getattr(self, name) <= most:
                raise ConfigError(f"sandbox: {name} is {getattr(self, name)}", f"ask for {least} to {most}")
        if self.until < self.first_day:
            problem = f"sandbox: {self.until} lies before the company's first day, {self.first_day}"
            raise ConfigError(problem, "ask for a later day")

    @cached_property
    def dice(self) -> Dice:
        return Dice(self.seed)

    @cached_property
    def first_day(self) -> dt.date:
        """`months` before the planned end, plus a day: the whole window is `months` long."""
        months = self.planned_until.year * 12 + self.planned_until.month - 1 - self.months
        year, month = divmod(months, 12)
        day = min(self.planned_until.day, calendar.monthrange(year, month + 1)[1])
        return dt.date(year, month + 1, day) + dt.timedelta(days=1)

    @property
    def until_day(self) -> int:
        return (self.until - self.first_day).days

    def periods(self) -> Iterator[Period]:
        """The half-months up to `until`, with the invoices issued in each."""
        start = number = 0
        while start <= self.until_day:
            last = self._period_end(start)
            shown = min(last, self.until_day)
            yield Period(number, last, int(self._issued_before[start]), int(self._issued_before[shown + 1]))
            start, number = last + 1, number + 1

    def issue_days(self, invoice_numbers: Ints) -> Ints:
        """The day on which each invoice (counted from 0) is issued."""
        return np.searchsorted(self._issued_before, invoice_numbers, side="right").astype(np.int64) - 1

    def business_day(self, days: Ints) -> Ints:
        """The same day, or the Monday after a weekend."""
        weekday = (days + self.first_day.weekday()) % 7
        return np.asarray(days + np.asarray((0, 0, 0, 0, 0, 2, 1))[weekday])

    def happened(self, days: Ints) -> Flags:
        return np.asarray(days <= self.until_day)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2, default=dt.date.isoformat) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The plan of a company made before. Raises ConfigError."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            for name in ("until", "planned_until"):
                fields[name] = dt.date.fromisoformat(fields[name])
            return cls(**fields)
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigError(f"{path} does not describe a sandbox company", "make one: cartera sandbox make") from None

    def _period_end(self, start: int) -> int:
        day = self.first_day + dt.timedelta(days=start)
        last = 15 if day.day <= 15 else calendar.monthrange(day.year, day.month)[1]
        return start + last - day.day

    @cached_property
    def _issued_before(self) -> Ints:
        """Invoices issued before day d, for d = 0 .. until_day + 1."""
        planned_days = (self.planned_until - self.first_day).days + 1
        weights = [self._weight(day) for day in range(max(planned_days, self.until_day + 1))]
        cumulative = np.concatenate([[0], np.cumsum(weights, dtype=np.int64)])
        issued = self.invoices * cumulative // max(int(cumulative[planned_days]), 1)
        return issued[: self.until_day + 2]

    def _weight(self, day: int) -> int:
        date = self.first_day + dt.timedelta(days=day)
        is_month_end = date.day > calendar.monthrange(date.year, date.month)[1] - 3
        growth = 1000 + day // 3
        return _WEEKDAY[date.weekday()] * _SEASON[date.month] * growth * (16 if is_month_end else 10) // 10_000_000
