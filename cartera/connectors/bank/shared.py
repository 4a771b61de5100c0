"""Entries that two formats of one account both have: daily statements in one beside a weekly one in the other.

An entry is the same when account, booking date and amount are, and references that both have do not say otherwise.
Where one format has a sum of which the other has the parts, or their references are of another kind, what is left of a
day is the same when it adds up to the same on both sides. What stands stays; of what comes anew only that is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cartera.connectors.bank.repeats import PREFERRED, Statements, day_of, is_same_account
from cartera.errors import UnreadableFile

Lines = Callable[[Sequence[str]], Iterable[Mapping[str, Any]]]
"""The entries of some statements."""


@dataclass(frozen=True)
class Line:
    statement: str
    format: str
    entry: str
    day: dt.date
    signed: Decimal
    marks: frozenset[str]


def left_out(
    source: str, new: Statements, there: Statements, read: Lines, landed: Lines
) -> dict[str, dict[str, Mapping[str, Any]]]:
    """By statement of `new` the keys of its entries that are counted already, with the statement that has them.
    `there`: statements that landed. Raises UnreadableFile where two formats have the same days and do not agree."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for group in _by_account({**there, **new}):
        crossing = [
            key for key, record in group.items()
            if any(record["format"] != other["format"] and _touch(record, other) for other in group.values())
        ]  # fmt: skip
        coming = [key for key in crossing if key in new]
        if not coming:
            continue
        stand = [_line(record, group) for record in landed(crossing) if record["is_booked"]]
        has_landed = {line.statement for line in stand}
        counted = {line.entry for line in stand}
        coming.sort(
            key=lambda key: (
                key not in has_landed,
                group[key]["format"] != PREFERRED,
                day_of(group[key]["from_date"]),
                key,
            )
        )
        for key in coming:
            lines = [_line(record, group) for record in read([key]) if record["is_booked"]]
            mine = [line for line in lines if line.entry not in counted]
            others = [line for line in stand if line.format != group[key]["format"]]
            same = _Days(source, group, key, lines, others).matched(mine)
            found[key] = {entry: group[statement] for entry, statement in same.items()}
            stand += [line for line in mine if line.entry not in same]
    return found


def _by_account(statements: Statements) -> list[dict[str, Mapping[str, Any]]]:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for key, record in statements.items():
        if record["kind"] == "statement" and record["entry_count"] and record["from_date"] and record["to_date"]:
            account = next((known for known in found if is_same_account(known, record["account"])), record["account"])
            found.setdefault(account, {})[key] = record
    return list(found.values())


def _touch(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    begin = max(day_of(one["from_date"]), day_of(other["from_date"]))
    return begin <= min(day_of(one["to_date"]), day_of(other["to_date"]))


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """By more than the day on which the one ends and the other begins: many begin with the day of the last balance."""
    begin = max(day_of(one["from_date"]), day_of(other["from_date"]))
    end = min(day_of(one["to_date"]), day_of(other["to_date"]))
    return begin < end or (begin == end and day_of(one["to_date"]) == day_of(other["to_date"]))


def _line(record: Mapping[str, Any], group: Statements) -> Line:
    said = (record["reference"], record["end_to_end_id"], record["bank_reference"])
    marks = frozenset(re.sub(r"[^0-9A-Z]", "", one.upper()) for one in said if one) - {""}
    statement = record["statement"]
    return Line(
        statement, group[statement]["format"], record["entry"], day_of(record["booking_date"]),
        Decimal(record["signed_amount"]), marks,
    )  # fmt: skip


class _Days:
    """One statement beside those of other formats, day by day."""

    def __init__(self, source: str, group: Statements, key: str, lines: Sequence[Line], others: Sequence[Line]) -> None:
        self.source, self.group, self.key, self.others = source, group, key, others
        self.beside = [one for one in group if group[one]["format"] != group[key]["format"]]
        self.met: set[str] = set()
        """The statements that have entries of this one."""
        self.first: dict[str, dt.date] = {}
        for line in (*lines, *others):
            self.first[line.statement] = min(line.day, self.first.get(line.statement, line.day))

    def matched(self, mine: Sequence[Line]) -> dict[str, str]:
        """Entries of this one that another statement has: its key."""
        same: dict[str, str] = {}
        record = self.group[self.key]
        days = {line.day for line in mine} | {
            line.day for line in self.others
            if day_of(record["from_date"]) <= line.day <= day_of(record["to_date"])
        }  # fmt: skip
        for day in sorted(days):
            rest, others = [one for one in mine if one.day == day], [one for one in self.others if one.day == day]
            for fits in (_agree, _may_be):
                rest, others = _pair(rest, others, fits, same)
            if rest and others and _sums(rest) == _sums(others):
                same |= {line.entry: others[0].statement for line in rest}
                self.met |= {line.statement for line in others}
                continue
            if rest and others:
                self._refuse(day, others[0].statement)
            if others and self._is_whole(self.key, day):
                self._refuse(day, others[0].statement)
            if rest and (other := next((one for one in self.beside if self._is_whole(one, day)), None)):
                self._refuse(day, other)
        self.met |= set(same.values())
        # of the same days, and not one entry is the same: what a day is may differ
        strangers = {line.statement: line.day for line in self.others} if mine else {}
        for key, day in strangers.items():
            if key not in self.met and _overlap(record, self.group[key]):
                self._refuse(day, key)
        return same

    def _is_whole(self, key: str, day: dt.date) -> bool:
        """Whether a statement has all of a day: it goes on after it, and does not only begin with its balance."""
        begin, end = day_of(self.group[key]["from_date"]), day_of(self.group[key]["to_date"])
        return day < end and (begin < day or begin == day == self.first.get(key))

    def _refuse(self, day: dt.date, other_key: str) -> None:
        one, other = self.group[self.key], self.group[other_key]
        raise UnreadableFile(
            f"{self.source}: {one['file']} ({one['format']}) and {other['file']} ({other['format']}) both have entries"
            f" of account {one['account']} of {day}, and these are not the same: they would count twice; nothing was"
            " landed",
            "take the files of one of the formats out of the folder, or leave them out with `pattern`",
        )


def _agree(one: Line, other: Line) -> bool:
    return one.signed == other.signed and bool(one.marks & other.marks)


def _may_be(one: Line, other: Line) -> bool:
    return one.signed == other.signed and not (one.marks and other.marks)


def _pair(
    mine: Sequence[Line], others: Sequence[Line], fits: Callable[[Line, Line], bool], same: dict[str, str]
) -> tuple[list[Line], list[Line]]:
    """What is left of both. Each goes with one of the other at most."""
    left, rest = list(others), []
    for line in mine:
        found = next((other for other in left if fits(line, other)), None)
        if found is None:
            rest.append(line)
        else:
            left.remove(found)
            same[line.entry] = found.statement
    return rest, left


def _sums(lines: Sequence[Line]) -> tuple[Decimal, Decimal]:
    """What came in and what went out."""
    return (
        sum((line.signed for line in lines if line.signed > 0), Decimal(0)),
        sum((line.signed for line in lines if line.signed < 0), Decimal(0)),
    )
