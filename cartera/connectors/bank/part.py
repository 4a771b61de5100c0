"""A statement as it is read: its record, and its entries as lines of a spool."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from cartera.connectors.api import Record, jsons
from cartera.connectors.bank.statement import BadStatement, Entry, Keys, Statement, Sums

DIGEST_VERSION = b"1"
"""Changes with how keys are made: then the entries of a statement that is read again replace those with other keys."""


@dataclass
class Part:
    """A statement as its record, and where its entries are in the spool."""

    record: Record
    start: int
    end: int
    is_period: bool
    """Of whatever period one asked for: other files may hold the same entries."""


class OpenPart:
    """A statement that is being read: its entries go to the spool, their sum is kept."""

    def __init__(self, statement: Statement, spool: Any) -> None:
        self._statement, self._spool = statement, spool
        self._start = spool.tell()
        self._sums, self._keys = Sums(), Keys(statement)
        self._digest = hashlib.sha256(DIGEST_VERSION)

    def add(self, entry: Entry) -> None:
        statement = self._statement
        currency, day = entry.currency or statement.currency, entry.booking_date or entry.value_date
        if currency is None:
            raise BadStatement(f"statement {statement.number} of {statement.account} names no currency")
        self._sums.add(entry)
        line = jsons.encode({
            "entry": self._keys.of(entry), "account": statement.account,
            "kind": "notice" if statement.is_notice else "statement",
            "is_booked": entry.is_booked, "is_reversal": entry.is_reversal, "side": entry.side,
            "amount": entry.amount, "signed_amount": entry.signed, "currency": currency,
            "booking_date": day or statement.to_date or statement.from_date, "value_date": entry.value_date,
            "counterparty_name": entry.counterparty_name, "counterparty_account": entry.counterparty_account,
            "text": entry.text, "reference": entry.reference, "end_to_end_id": entry.end_to_end_id,
            "bank_reference": entry.bank_reference, "code": entry.code, "customer": entry.customer,
            "refunded_customer": entry.refunded_customer, "return_reason": entry.return_reason,
        })  # fmt: skip
        self._digest.update(line)
        self._spool.write(line + b"\n")

    def closed(self, format_name: str, file_name: str) -> Part:
        """Raises BadStatement when it does not add up."""
        statement, sums = self._statement, self._sums
        sums.check(statement)
        record: Record = {
            "statement": statement.key, "account": statement.account, "number": statement.number,
            "kind": "notice" if statement.is_notice else "statement", "currency": statement.currency,
            "from_date": statement.from_date, "to_date": statement.to_date,
            "opening_balance": statement.opening, "closing_balance": statement.closing,
            "entry_count": sums.count, "credits": sums.credits, "debits": sums.debits,
            "created_at": statement.created_at,
        }  # fmt: skip
        self._digest.update(jsons.encode({**record, "created_at": None}))
        record |= {"digest": self._digest.hexdigest(), "format": format_name, "file": file_name}
        return Part(record, self._start, self._spool.tell(), statement.entries_keyed == "account")
