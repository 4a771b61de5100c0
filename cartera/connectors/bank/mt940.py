"""SWIFT MT940 (statement) and MT942 (report within the day), as banks write them: with or without SWIFT's envelope."""

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
    amount_of,
    reference_or_none,
    short_date,
)

START = re.compile(rb"(?:^|\n|\{4:\r?\n?):2[05]:|\{1:F")

_TAG = re.compile(r":([0-9]{2}[A-Z]?):")
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9]+,?[0-9]*)\s*")
_LINE = re.compile(
    r"(?P<value>[0-9]{6})(?P<booked>[0-9]{4}|    )?(?P<mark>R?[CD]|E[CD])(?P<third>[A-Z])?(?P<amount>[0-9]+,?[0-9]*)"
    r"(?P<kind>[A-Z][A-Z0-9]{3})(?P<theirs>.*?)(?://(?P<ours>.*))?"
)
_END = re.compile(r"-(?:\}.*|XXX)?\s*")
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|IBAN|BIC)\+")
_SLASHED = re.compile(r"/(EREF|REMI|BENM|ORDP|NAME|IBAN|TRTP|CNTP|ISDT|USTD)/+")


def read(path: Path, _head: bytes) -> Iterator[Item]:
    """Raises BadStatement."""
    reader = _Reader()
    for tag, lines in _fields(lines_of(path)):
        yield from reader.field(tag, lines)
    yield from reader.end()
    if not reader.statements:
        raise BadStatement("holds no statement")


def _fields(lines: Iterator[str]) -> Iterator[tuple[str, list[str]]]:
    """Tag and lines of each field; the tag "-" ends a message."""
    tag, found = "", [""]
    for line in lines:
        if line.startswith("{"):
            line = line.partition("{4:")[2]
            if not line:
                continue
        match = _TAG.match(line)
        if match or _END.fullmatch(line):
            if tag:
                yield tag, found
            tag, found = (match[1], [line[match.end() :]]) if match else ("-", [])
        else:
            # lines before the first field are the bank's envelope
            found.append(line)
    if tag:
        yield tag, found


class _Reader:
    def __init__(self) -> None:
        self.statements = 0
        self._statement: Statement | None = None
        self._account = self._number = self._when = ""
        self._entry: Entry | None = None
        self._texts: list[str] = []

    def field(self, tag: str, lines: Sequence[str]) -> Iterator[Item]:
        text = lines[0].strip() if lines else ""
        if tag == "86":
            if self._entry is not None:
                self._texts += lines
            return
        yield from self._finish_entry()
        if tag == "20":
            self._begin()
        elif tag == "25":
            self._account = re.sub(r"\s", "", text)
        elif tag in ("28", "28C"):
            self._number = text
        elif tag == "13D":
            self._when = text
            if self._statement is not None and self._statement.is_notice:
                # in its place this comes after the field that began the report
                self._statement.number = f"{text}/{self._number}"
        elif tag in ("60F", "60M"):
            side, day, currency, amount = self._balance(text)
            signed = -amount if side == "D" else amount
            statement = self._open(f"{day.isoformat()}/{self._number}/{signed}", currency, is_notice=False)
            statement.opening, statement.from_date, statement.is_closed = signed, day, False
            # who numbers no statements gives the period that one asks for
            statement.entries_keyed = "statement" if re.search("[1-9]", self._number) else "account"
            yield statement
        elif tag in ("34F",):
            if self._statement is None:
                yield self._open(f"{self._when}/{self._number}", text[:3], is_notice=True)
        elif tag == "61":
            if self._statement is None:
                raise BadStatement("an entry stands before the opening balance")
            self._entry = _entry(lines, self._statement)
        elif tag in ("62F", "62M"):
            side, day, currency, amount = self._balance(text)
            if self._statement is None or currency != self._statement.currency:
                raise BadStatement("a closing balance has no opening balance in its currency")
            self._statement.closing = -amount if side == "D" else amount
            self._statement.to_date, self._statement.is_closed = day, True
            self._statement = None

    def _begin(self) -> None:
        self._check_closed()
        self._statement = None
        self._account = self._number = self._when = ""

    def _check_closed(self) -> None:
        if self._statement is not None and not self._statement.is_closed:
            raise BadStatement(f"statement {self._number} of {self._account} has no closing balance: it is cut short")

    def _open(self, number: str, currency: str, *, is_notice: bool) -> Statement:
        self._check_closed()
        if not self._account:
            raise BadStatement("a statement names no account")
        self.statements += 1
        self._statement = Statement(self._account, number, currency, is_notice)
        return self._statement

    def _balance(self, text: str) -> tuple[str, dt.date, str, Decimal]:
        match = _BALANCE.fullmatch(text)
        if match is None:
            raise BadStatement(f"{text[:40]!r} is no balance")
        return match[1], short_date(match[2], "a balance"), match[3], _amount(match[4])

    def _finish_entry(self) -> Iterator[Item]:
        if self._entry is not None:
            _describe(self._entry, self._texts)
            yield self._entry
        self._entry, self._texts = None, []

    def end(self) -> Iterator[Item]:
        yield from self._finish_entry()
        self._check_closed()


def _amount(text: str) -> Decimal:
    return amount_of(text.replace(",", "."), "an amount")


def _entry(lines: Sequence[str], statement: Statement) -> Entry:
    match = _LINE.fullmatch(lines[0].rstrip())
    if match is None:
        raise BadStatement(f"{lines[0][:40]!r} is no statement line")
    value_date = short_date(match["value"], "a statement line")
    mark = match["mark"]
    # the reversal of a credit takes money away
    side: Side = "CRDT" if mark in ("C", "EC", "RD") else "DBIT"
    entry = Entry(
        amount=_amount(match["amount"]),
        side=side,
        booking_date=_booked(match["booked"], value_date),
        value_date=value_date,
        currency=statement.currency,
        is_reversal=mark in ("RC", "RD"),
        is_booked=mark not in ("EC", "ED"),
        bank_reference=reference_or_none(match["ours"]),
        end_to_end_id=reference_or_none(match["theirs"]),
        code=match["kind"],
    )
    entry.text = " ".join(part for line in lines[1:] if (part := line.strip())) or None
    return entry


def _booked(text: str | None, value_date: dt.date) -> dt.date:
    """The day of booking has no year: that which brings it nearest to the value date."""
    if not text or not text.strip():
        return value_date
    found = []
    for year in (value_date.year - 1, value_date.year, value_date.year + 1):
        try:
            found.append(dt.date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue  # 29 February
    if not found:
        raise BadStatement(f"{text!r} is no day of booking")
    return min(found, key=lambda day: abs(day - value_date))


def _describe(entry: Entry, lines: Sequence[str]) -> None:
    """Who and what for, out of field 86 in the ways of the German, the SEPA and the Dutch banks; else its text."""
    whole = "".join(line.rstrip("\r\n") for line in lines)
    if _SUBFIELD.search(whole):
        _german(entry, whole)
    elif _SLASHED.match(whole.strip()):
        parts = _cut(_SLASHED, whole.strip())
        entry.counterparty_name = parts.get("NAME")
        entry.counterparty_account = parts.get("IBAN")
        entry.end_to_end_id = reference_or_none(parts.get("EREF")) or entry.end_to_end_id
        entry.text = parts.get("REMI") or parts.get("USTD") or whole.strip()
    else:
        text = " ".join(part for line in lines if (part := line.strip()))
        entry.text = text or entry.text


def _german(entry: Entry, whole: str) -> None:
    head, *rest = _SUBFIELD.split(whole)
    fields: dict[str, str] = {}
    for code, text in zip(rest[::2], rest[1::2], strict=True):
        fields.setdefault(code, text)
    entry.code = "-".join(part for part in (entry.code, head.strip()) if part)
    purpose = "".join(fields.get(f"{number}", "") for number in (*range(20, 30), *range(60, 64)))
    parts = _cut(_SEPA, purpose)
    entry.text = parts.get("SVWZ") or purpose.strip() or fields.get("00", "").strip() or entry.text
    entry.end_to_end_id = reference_or_none(parts.get("EREF")) or entry.end_to_end_id
    entry.counterparty_name = (fields.get("32", "") + fields.get("33", "")).strip() or None
    entry.counterparty_account = (fields.get("38") or fields.get("31") or "").strip() or None


def _cut(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """The words of a text that are led by a keyword each; of a keyword that repeats the first that says something."""
    _before, *rest = pattern.split(text)
    found: dict[str, str] = {}
    for word, said in zip(rest[::2], rest[1::2], strict=True):
        if said.strip(" /"):
            found.setdefault(word, said.strip(" /"))
    return found
