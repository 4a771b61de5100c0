"""Date formats and number separators, told from the values themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cartera.connectors.files.dates import DateReader

_FAMILIES: tuple[tuple[str, ...], ...] = (
    # formats of one family read the same texts; the first is taken in doubt, unless months come first
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d-%m-%Y", "%m-%d-%Y"),
    ("%d.%m.%Y", "%m.%d.%Y"),
    ("%d/%m/%y", "%m/%d/%y"),
    ("%d-%m-%y", "%m-%d-%y"),
    ("%d.%m.%y", "%m.%d.%y"),
    ("%Y/%m/%d",),
    ("%Y.%m.%d",),
    ("%Y%m%d",),
    ("%d-%b-%Y",),
    ("%d %b %Y",),
    ("%d/%b/%Y",),
    ("%d-%b-%y",),
    ("%b %d, %Y",),
    ("%d %B %Y",),
    ("%B %d, %Y",),
)
MIN_SHARE = 0.05
"""A format that reads fewer of the values is not worth naming: those values are mistakes."""


@dataclass(frozen=True)
class DateGuess:
    """`formats` beside ISO. `is_ambiguous`: no value tells days from months. `share`: of the values it reads."""

    formats: tuple[str, ...]
    is_ambiguous: bool
    share: float


@dataclass(frozen=True)
class NumberGuess:
    decimal: str
    thousands: str | None
    is_ambiguous: bool


def guess_dates(values: Iterable[str], *, month_first: bool = False) -> DateGuess:
    """The formats that read most of the values; `month_first` decides where the values do not."""
    left = {value.strip() for value in values if value and value.strip()}
    total = len(left)
    left -= _readable(left, ())
    formats: list[str] = []
    is_ambiguous = False
    while left and total:
        format, read, doubtful = _best(left, month_first)
        if format is None or len(read) < MIN_SHARE * total:
            break
        formats.append(format)
        is_ambiguous |= doubtful
        left -= read
        # what only the other order of the same family reads stays unread: it is a mistake, not a second format
    return DateGuess(tuple(formats), is_ambiguous, 1 - len(left) / total if total else 0.0)


def _best(left: set[str], month_first: bool) -> tuple[str | None, set[str], bool]:
    best: tuple[str | None, set[str], bool] = (None, set(), False)
    for family in _FAMILIES:
        order = family[::-1] if month_first else family
        reads = [_readable(left, (format,)) for format in order]
        place = max(range(len(order)), key=lambda index: len(reads[index]))
        doubtful = len(order) == 2 and bool(reads[0]) and reads[0] == reads[1] and not _same_days(reads[0])
        if len(reads[place]) > len(best[1]):
            covered = set().union(*reads)
            best = (order[place], covered if len(order) == 2 else reads[place], doubtful)
    return best


def _readable(values: Collection[str], formats: tuple[str, ...]) -> set[str]:
    reader = DateReader(formats)
    return {value for value in values if reader.read(value) is not None}


def _same_days(values: Collection[str]) -> bool:
    """05/05/2026 reads the same either way."""
    pairs = [re.findall(r"\d+", value)[:2] for value in values]
    return all(len(pair) == 2 and int(pair[0]) == int(pair[1]) for pair in pairs)


def guess_numbers(values: Iterable[str]) -> NumberGuess:
    """Decimal and thousands separators: by values that have both, by repeats, by digits after the last one."""
    numbers = {re.sub(r"[^\d.,'\s\u00a0\u202f]", "", value).strip() for value in values if value}
    numbers = {number for number in numbers if re.search(r"\d", number)}
    spaced = any(re.search(r"\d[\s\u00a0\u202f]\d{3}", number) for number in numbers)
    quoted = any(re.search(r"\d'\d{3}", number) for number in numbers)
    grouping = " " if spaced else "'" if quoted else None
    marks = [re.sub(r"[^.,]", "", number) for number in numbers]
    for comma, point in ((",", "."), (".", ",")):
        if any(comma in mark and mark.endswith(point) for mark in marks):
            return NumberGuess(point, comma, False)
        if any(mark.count(comma) > 1 for mark in marks):
            return NumberGuess(point, comma, False)
    for mark, other in ((",", "."), (".", ",")):
        marked = [number for number in numbers if mark in number]
        if (
            marked
            and grouping is None
            and all(re.fullmatch(rf"[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}", number) for number in marked)
        ):
            return NumberGuess(other, mark, True)
        if marked:
            return NumberGuess(mark, grouping, False)
    return NumberGuess(".", grouping, False)
