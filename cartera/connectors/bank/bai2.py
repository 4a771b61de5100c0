"""BAI2, the cash management reports of American and British banks: every control total and count is checked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from cartera.connectors.bank.lines import lines_of
from cartera.connectors.bank.statement import (
    BadStatement,
    Entry,
    Item,
    Side,
    Statement,
    reference_or_none,
    short_date,
)
from cartera.money import minor_units

START = re.compile(rb"01,[^,\n]*,[^,\n]*,[0-9]{6},")

_OPENING, _CLOSING = "010", "015"
_NON_MONETARY = "890"
_NO_NEWS = {"2": "what was reported before is taken back", "4": "it is only a test"}
"""By the status of a group."""
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}")
_SAME_DAY = ("3", "4")
"""Modifiers of the day that say: intraday, what the statement will repeat."""


def read(path: Path, _head: bytes) -> Iterator[Item]:
    """Raises BadStatement."""
    reader = _Reader()
    for record, lines in _records(lines_of(path)):
        yield from reader.record(record, lines)
    if reader.is_open:
        raise BadStatement("has no last record (99): it is cut short")


def _records(lines: Iterator[str]) -> Iterator[tuple[str, int]]:
    """Each record with its continuations (88), and of how many lines it is."""
    record, count = "", 0
    for line in lines:
        text = line.rstrip()
        if not text:
            continue
        if text[:3] == "88,":
            if not record:
                raise BadStatement("begins with a continuation (88)")
            # the slash ends a line; the fields of an account go on, and so does the text of an entry
            mark = "," if record.startswith("03,") else " "
            record = f"{record.removesuffix('/')}{mark}{text[3:]}"
            count += 1
        else:
            if record:
                yield record, count
            record, count = text, 1
    if record:
        yield record, count


class _Reader:
    def __init__(self) -> None:
        self.is_open = False
        self._statement: Statement | None = None
        self._group: list[str] | None = None
        self._sums, self._lines = [Decimal(0)] * 3, [0] * 3
        """Of the file, the group, the account."""
        self._currency = ""
        self._parts = [0, 0]
        """Groups of the file, accounts of the group."""

    def record(self, record: str, lines: int) -> Iterator[Item]:
        kind, _, rest = record.partition(",")
        self._lines = [count + lines for count in self._lines]
        fields = rest.split(",")
        if kind == "01":
            self.is_open, self._lines = True, [lines, 0, 0]
        elif not self.is_open:
            raise BadStatement(f"a record {kind!r} stands outside of the file")
        elif kind == "02":
            self._check_status(rest)
            self._group, self._lines[1], self._sums[1], self._parts[1] = _ended(rest), lines, Decimal(0), 0
            self._parts[0] += 1
        elif kind == "03":
            self._lines[2], self._sums[2] = lines, Decimal(0)
            self._parts[1] += 1
            yield self._opened(_ended(rest))
        elif kind == "16":
            # a text without money
            if rest.startswith(f"{_NON_MONETARY},"):
                self._amount(_at(rest.split(","), 1) or "0")
            else:
                yield self._entry(rest)
        elif kind in ("49", "98", "99"):
            self._end({"49": 2, "98": 1, "99": 0}[kind], [field.rstrip("/") for field in fields])
        else:
            raise BadStatement(f"holds a record of no known kind: {kind[:10]!r}")

    def _check_status(self, rest: str) -> None:
        status = _at(_ended(rest), 2)
        if status in _NO_NEWS:
            raise BadStatement(f"holds a group of status {status}: {_NO_NEWS[status]}")

    def _opened(self, fields: Sequence[str]) -> Statement:
        if self._group is None or self._statement is not None:
            raise BadStatement("an account begins where none may")
        group = [*self._group, *[""] * 8]
        day = short_date(group[3], "the day of a group")
        self._currency = _at(fields, 1) or group[5] or "USD"
        statement = Statement(
            fields[0].strip(), day.isoformat(), self._currency, is_notice=group[6] in _SAME_DAY,
            from_date=day, to_date=day, is_closed=False,
        )  # fmt: skip
        place = 2
        while place < len(fields) and any(fields[place:]):
            code, amount = _at(fields, place), _at(fields, place + 1)
            if not code:  # more commas than needed
                place += 1
                continue
            if amount:
                found = self._amount(amount)
                if code == _OPENING:
                    statement.opening = found
                elif code == _CLOSING:
                    statement.closing = found
            place = _after_funds(fields, place + 3)
        self._statement = statement
        return statement

    def _entry(self, rest: str) -> Entry:
        if self._statement is None:
            raise BadStatement("an entry stands outside of an account")
        fields = rest.split(",")
        code, kind = fields[0], _at(fields, 2)
        place = _after_funds(fields, 2)
        # what follows the two references is text, commas included
        text = ",".join(fields[place + 2 :]).strip().removeprefix("/").removesuffix("/").strip()
        day = self._statement.from_date
        amount = self._amount(_at(fields, 1) or "0")
        side = _side(code)
        if amount < 0:
            side, amount = ("DBIT" if side == "CRDT" else "CRDT"), -amount
        return Entry(
            amount=amount,
            side=side,
            booking_date=day,
            value_date=_value_date(fields, kind) or day,
            currency=self._currency,
            text=text or None,
            bank_reference=reference_or_none(_at(fields, place).removesuffix("/")),
            end_to_end_id=reference_or_none(_at(fields, place + 1).removesuffix("/")),
            code=code,
        )

    def _amount(self, text: str) -> Decimal:
        text = text.removesuffix("/").strip()
        if not _AMOUNT.fullmatch(text):
            raise BadStatement(f"{text[:40]!r} is no amount")
        self._sums[2] += Decimal(text)
        return Decimal(text).scaleb(-minor_units(self._currency))

    def _end(self, level: int, fields: Sequence[str]) -> None:
        name = ("file", "group", "account")[level]
        if level == 2:
            if self._statement is None:
                raise BadStatement("an account ends that has not begun")
            self._statement.is_closed, self._statement = True, None
        elif level == 1 and (self._statement is not None or self._group is None):
            raise BadStatement("a group ends within an account")
        elif level == 0 and self._group is not None:
            raise BadStatement("the file ends within a group")
        self._agree(name, "a control total", fields[0], self._sums[level])
        self._agree(name, "records", fields[-1], Decimal(self._lines[level]))
        if level < 2:
            self._agree(name, ("groups", "accounts")[level], _at(fields, 1), Decimal(self._parts[level]))
        if level:
            self._sums[level - 1] += self._sums[level]
        if level == 1:
            self._group = None
        self.is_open = level != 0

    def _agree(self, name: str, what: str, said: str, found: Decimal) -> None:
        if said and (not _AMOUNT.fullmatch(said) or Decimal(said) != found):
            raise BadStatement(f"the {name} states {what} of {said[:40]} and holds {found}")


def _ended(text: str) -> list[str]:
    return text.removesuffix("/").split(",")


def _at(fields: Sequence[str], place: int) -> str:
    return fields[place].strip() if place < len(fields) else ""


def _after_funds(fields: Sequence[str], place: int) -> int:
    """The place after the type of funds, which says how many more fields tell when the money can be used."""
    kind = _at(fields, place).removesuffix("/")
    if kind == "S":
        return place + 4
    if kind == "V":
        return place + 3
    if kind == "D":
        count = _at(fields, place + 1)
        if not (count.isascii() and count.isdigit()):
            raise BadStatement(f"{count[:40]!r} is no number of days")
        return place + 2 + 2 * int(count)
    if kind in ("", "0", "1", "2", "Z"):
        return place + 1
    raise BadStatement(f"{kind[:40]!r} is no type of funds")


def _value_date(fields: Sequence[str], kind: str) -> dt.date | None:
    return short_date(_at(fields, 3), "a value date") if kind == "V" else None


def _side(code: str) -> Side:
    number = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 0
    if 100 <= number <= 399 or 920 <= number <= 959:
        return "CRDT"
    if 400 <= number <= 699 or 960 <= number <= 999:
        return "DBIT"
    raise BadStatement(f"{code[:10]!r} is the code of neither a credit nor a debit")
