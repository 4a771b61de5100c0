"""Norma 43 (AEB 43) of the Spanish banks: records of 80 characters. The period is the one that was asked for, so two
files may hold the same entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from cartera.connectors.bank.lines import lines_of
from cartera.connectors.bank.statement import (
    BadStatement,
    Entry,
    Item,
    Side,
    Statement,
    minor,
    reference_or_none,
    short_date,
)

START = re.compile(rb"11[0-9]{18}[0-9]{12}[12][0-9]{14}[0-9]{3}[0-9 ]")

CURRENCIES = {"978": "EUR", "840": "USD", "826": "GBP", "756": "CHF", "392": "JPY", "752": "SEK", "208": "DKK",
              "578": "NOK", "985": "PLN", "036": "AUD", "124": "CAD", "484": "MXN", "604": "PEN", "170": "COP",
              "152": "CLP", "032": "ARS", "986": "BRL", "504": "MAD"}  # fmt: skip
"""ISO 4217 numbers that Spanish banks keep accounts in. All amounts have two decimals, whatever the currency."""


def read(path: Path, _head: bytes) -> Iterator[Item]:
    """Raises BadStatement."""
    statement: Statement | None = None
    entry: Entry | None = None
    records, is_ended = 0, False
    for line in lines_of(path):
        if not line.strip("\x1a "):
            continue
        if is_ended:
            raise BadStatement("holds records after its end (88)")
        kind = line[:2]
        if kind in ("11", "22", "33", "88") and entry is not None:
            yield entry
            entry = None
        if kind == "88":
            if _whole(line[20:26]) != records:
                raise BadStatement(f"states {line[20:26]} records and holds {records}")
            is_ended = True
            continue
        records += 1
        if kind == "11":
            if statement is not None:
                raise BadStatement("an account begins before the one before it ends (33)")
            statement = _opened(line)
            yield statement
        elif statement is None:
            raise BadStatement(f"record {records} ({kind}) belongs to no account")
        elif kind == "22":
            entry = _entry(line, statement)
        elif kind in ("23", "24"):
            if entry is None:
                raise BadStatement(f"record {records} ({kind}) belongs to no entry")
            if kind == "23":
                entry.text = " ".join(part for part in (entry.text, line[4:42].strip(), line[42:80].strip()) if part)
        elif kind == "33":
            _close(statement, line)
            statement = None
        else:
            raise BadStatement(f"record {records} is of no known kind: {kind!r}")
    if not is_ended:
        raise BadStatement("has no last record (88): it is cut short")
    if records == 0:
        raise BadStatement("holds no account")


def _opened(line: str) -> Statement:
    first, last = short_date(line[20:26], "period"), short_date(line[26:32], "period")
    opening = _signed(line[32:33], line[33:47])
    return Statement(
        line[2:20], f"{first.isoformat()}/{last.isoformat()}/{opening}", _currency(line[47:50]),
        entries_keyed="account", from_date=first, to_date=last, opening=opening, is_closed=False,
    )  # fmt: skip


def _entry(line: str, statement: Statement) -> Entry:
    side: Side = "CRDT" if _signed(line[27:28], "0" * 13 + "1") > 0 else "DBIT"
    return Entry(
        amount=minor(line[28:42], 2, "an entry"),
        side=side,
        booking_date=short_date(line[10:16], "an entry"),
        value_date=short_date(line[16:22], "an entry"),
        currency=statement.currency,
        code=f"{line[22:24]}-{line[24:27]}",
        bank_reference=None,
        end_to_end_id=reference_or_none(line[52:64]),
        reference=reference_or_none(line[64:80]),
    )


def _close(statement: Statement, line: str) -> None:
    if line[2:20] != statement.account:
        raise BadStatement(f"account {statement.account} ends as {line[2:20]}")
    statement.debits, statement.credits = minor(line[25:39], 2, "the end"), minor(line[44:58], 2, "the end")
    statement.entries = _whole(line[20:25]) + _whole(line[39:44])
    statement.closing, statement.is_closed = _signed(line[58:59], line[59:73]), True


def _signed(side: str, text: str) -> Decimal:
    if side not in ("1", "2"):
        raise BadStatement(f"{side!r} is neither debit (1) nor credit (2)")
    amount = minor(text, 2, "an amount")
    return amount if side == "2" else -amount


def _currency(number: str) -> str:
    if number not in CURRENCIES:
        raise BadStatement(f"{number!r} is the number of no known currency")
    return CURRENCIES[number]


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadStatement(f"{text!r} is no count")
    return int(text)
