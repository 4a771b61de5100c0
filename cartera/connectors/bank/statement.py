"""What every format becomes: statements and their entries, and the sums that must agree before any of it is believed.

A reader yields a Statement, then its entries, then the next Statement. It completes a statement (closing balance,
totals) at the latest before it yields the next one or ends.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

Side = Literal["CRDT", "DBIT"]
"""Money that came in, money that went out."""

Keyed = Literal["statement", "account"]


class BadStatement(ValueError):
    """The file is not what its format says, is cut short, or does not add up. What is wrong, in a sentence."""


@dataclass(slots=True)
class Statement:
    """`number`: what the bank tells it by from the account's other statements. `is_notice`: a report within the day or
    an advice, which the statement repeats. `entries_keyed`: by "account" where the bank gives whatever period one asks
    for, so that two files may hold the same entry.

    `credits`, `debits`, `entries`: the totals that the file states, where it does.
    """

    account: str
    number: str
    currency: str | None = None
    is_notice: bool = False
    entries_keyed: Keyed = "statement"
    entries_told: bool = False
    """The bank gives each entry of the account a reference of its own (OFX)."""
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    credits: Decimal | None = None
    debits: Decimal | None = None
    entries: int | None = None
    created_at: str | None = None
    is_closed: bool = True
    """Its end was seen: only where the format marks it."""

    @property
    def key(self) -> str:
        # some banks number the reports of a day like its statement, which they must not replace
        return f"{self.account}:{self.number}{':notice' if self.is_notice else ''}"


@dataclass(slots=True)
class Entry:
    """`amount` is never negative: `side` says which way it went. `is_reversal`: it takes another entry back."""

    amount: Decimal
    side: Side
    booking_date: dt.date | None
    value_date: dt.date | None = None
    currency: str | None = None
    is_reversal: bool = False
    is_booked: bool = True
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    text: str | None = None
    """Remittance information, as people read it."""
    reference: str | None = None
    """The structured reference of the creditor: what the payer was asked to quote."""
    end_to_end_id: str | None = None
    bank_reference: str | None = None
    code: str | None = None
    """The bank's code of the kind of transaction."""
    customer: str | None = None
    """The code of a customer; only a declared CSV says it."""
    refunded_customer: str | None = None
    """To whom a debit gave money back; only a declared CSV says it."""
    return_reason: str | None = None
    """Why a payment was returned, in the code of the bank."""

    @property
    def signed(self) -> Decimal:
        return self.amount if self.side == "CRDT" else -self.amount


Item = Statement | Entry
Reading = Iterator[Item]


class Sums:
    """What the entries of one statement add up to."""

    def __init__(self) -> None:
        self.count, self.credits, self.debits = 0, Decimal(0), Decimal(0)

    def add(self, entry: Entry) -> None:
        if not entry.is_booked:
            return
        self.count += 1
        if entry.side == "CRDT":
            self.credits += entry.amount
        else:
            self.debits += entry.amount

    def check(self, statement: Statement) -> None:
        """Raises BadStatement."""
        name = f"statement {statement.number} of {statement.account}"
        if not statement.is_closed:
            raise BadStatement(f"{name} has no end: the file is cut short")
        for what, said, found in (
            ("credits", statement.credits, self.credits),
            ("debits", statement.debits, self.debits),
        ):
            if said is not None and said != found:
                raise BadStatement(f"{name} states {what} of {said}, its entries give {found}")
        opening, closing = statement.opening, statement.closing
        if statement.is_notice:
            return  # its balances are of some moment of the day
        if opening is not None and closing is not None and opening + self.credits - self.debits != closing:
            raise BadStatement(
                f"{name} does not add up: it opens with {opening}, in its entries ({self.count:,}) moved"
                f" {self.credits - self.debits}, and it closes with {closing}"
            )


_NO_REFERENCE = re.compile(r"(?i)\s*(nonref|notprovided|none|0*)\s*")


def reference_or_none(text: str | None) -> str | None:
    """A reference without the words and noughts that stand for none."""
    return None if text is None or _NO_REFERENCE.fullmatch(text) else text.strip()


class Keys:
    """Keys of entries that stay the same when the entry is read again, and differ for entries that are alike.

    Where periods may overlap, an entry is told by its day, by the balance with which that day began, by what it says,
    and by its number among its likes of the day. Two files that share a whole day give it the same keys; of two that
    follow each other within a day, the second begins with another balance.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._met: dict[bytes, int] = {}
        self._balance, self._day, self._began = statement.opening, "", ""

    def of(self, entry: Entry) -> str:
        name = entry.bank_reference or _digest(entry)
        if self._statement.entries_keyed == "statement":
            name = f"{self._statement.key}:{name}"
        else:
            name = f"{self._statement.account}:{self._day_of(entry)}:{name}"
        # a short digest instead of the name: a statement may have a million entries
        short = hashlib.blake2b(name.encode(), digest_size=8).digest()
        number = self._met[short] = self._met.get(short, 0) + 1
        return f"{name}:{number}"

    def _day_of(self, entry: Entry) -> str:
        if self._statement.entries_told:
            return "id"
        day = str(entry.booking_date or "")
        if day != self._day:
            self._day = day
            self._began = "" if self._balance is None else f"{self._balance}"
        if self._balance is not None and entry.is_booked:
            self._balance += entry.signed
        return f"{day}:{self._began}"


def _digest(entry: Entry) -> str:
    said = (
        entry.booking_date, entry.value_date, entry.signed.normalize(), entry.currency, entry.counterparty_name,
        entry.counterparty_account, entry.text, entry.reference, entry.end_to_end_id, entry.code,
    )  # fmt: skip
    return hashlib.blake2b("\0".join(map(str, said)).encode(), digest_size=8).hexdigest()


_PLAIN = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,12})?|\.[0-9]{1,12}")


def amount_of(text: str, what: str) -> Decimal:
    """A number without sign, with a point. Raises BadStatement."""
    if not _PLAIN.fullmatch(text):
        raise BadStatement(f"{what}: {text[:40]!r} is no amount")
    return Decimal(text)


def signed_amount_of(text: str, what: str) -> Decimal:
    body = text[1:] if text[:1] in ("+", "-") else text
    found = amount_of(body, what)
    return -found if text.startswith("-") else found


def minor(text: str, digits: int, what: str) -> Decimal:
    """A whole number of the currency's smallest unit. Raises BadStatement."""
    if not text.isascii() or not text.isdigit():
        raise BadStatement(f"{what}: {text[:40]!r} is no amount")
    try:
        return Decimal(text).scaleb(-digits)
    except InvalidOperation:
        raise BadStatement(f"{what}: {text[:40]!r} is no amount") from None


def short_date(text: str, what: str) -> dt.date:
    """yymmdd of this century, or of the last from 80 on. Raises BadStatement."""
    try:
        if len(text) != 6 or not text.isascii() or not text.isdigit():
            raise ValueError
        year = int(text[:2])
        return dt.date(1900 + year if year >= 80 else 2000 + year, int(text[2:4]), int(text[4:]))
    except ValueError:
        raise BadStatement(f"{what}: {text[:40]!r} is no date") from None


def iso_date(text: str, what: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise BadStatement(f"{what}: {text[:40]!r} is no date") from None
