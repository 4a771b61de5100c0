"""OFX: 1 (SGML, whose tags need no end) and 2 (XML), which banks mix. Both are cut at their tags; there is no XML
parser, so no entity and no document type means anything. The period is what was asked for; each entry has an id."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from cartera.connectors.bank.statement import (
    BadStatement,
    Entry,
    Item,
    Statement,
    iso_date,
    reference_or_none,
    signed_amount_of,
)

START = re.compile(rb"OFXHEADER|<OFX>")

LARGEST = 256 << 20
_TOKEN = re.compile(
    r"<(?:!\[CDATA\[(?P<raw>.*?)\]\]>|(?P<end>/?)(?P<tag>[A-Za-z0-9.]+)\s*/?>)|(?P<text>[^<]+)", re.DOTALL
)
_CHARSET = re.compile(rb"CHARSET:\s*([0-9A-Za-z-]+)")
_UTF8 = re.compile(rb"(?i)ENCODING:\s*(UTF-8|UNICODE)|encoding=\"utf-8\"|OFXHEADER=\"200\"")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2}).*", re.DOTALL)
_OPENS = {"STMTRS", "CCSTMTRS"}
_BLOCKS = {"STMTTRN", "LEDGERBAL", "BANKACCTFROM", "CCACCTFROM", "STATUS", "CURRENCY", "ORIGCURRENCY", "PAYEE",
           "BANKACCTTO", "CCACCTTO", "AVAILBAL", "BANKTRANLIST", *_OPENS}  # fmt: skip


def read(path: Path, head: bytes) -> Iterator[Item]:
    """Raises BadStatement."""
    if path.stat().st_size > LARGEST:
        raise BadStatement(f"is larger than {LARGEST >> 20} MB")
    text = _decoded(path.read_bytes(), head)
    if "<!DOCTYPE" in text[:4096].upper():
        raise BadStatement("declares a document type, which no statement needs")
    start = text.find("<OFX>")
    if "</OFX>" not in text[-4096:]:
        raise BadStatement("has no end (</OFX>): it is cut short")
    reader = _Reader()
    for match in _TOKEN.finditer(text, start):
        yield from reader.token(match)
    yield from reader.end()


def _decoded(body: bytes, head: bytes) -> str:
    charset = _CHARSET.search(head)
    encoding = f"cp{charset[1].decode()}" if charset and charset[1].isdigit() else "cp1252"
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        if _UTF8.search(head) and not charset:
            raise BadStatement("says that it is UTF-8 and is not") from None
    try:
        return body.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return body.decode("latin-1")


class _Reader:
    """Values by block and tag; a block ends with its end tag, a value with whatever comes next."""

    def __init__(self) -> None:
        self._blocks: list[tuple[str, dict[str, str]]] = []
        self._tag, self._value = "", ""
        self._statement: Statement | None = None
        self._told = False
        self._met = 0

    def token(self, match: re.Match[str]) -> Iterator[Item]:
        if (raw := match["raw"]) is not None:
            self._value += raw
        elif (text := match["text"]) is not None:
            self._value += html.unescape(text) if "&" in text else text
        elif match["end"]:
            self._note()
            tag = match["tag"].upper()
            if any(name == tag for name, _values in self._blocks):
                while self._blocks:
                    name, values = self._blocks.pop()
                    yield from self._ended(name, values)
                    if name == tag:
                        break
        else:
            self._note()
            self._tag = match["tag"].upper()
            if self._tag in _BLOCKS:
                # the account is known once the list of entries begins
                if self._tag == "BANKTRANLIST":
                    yield from self._opened()
                self._blocks.append((self._tag, {}))
                self._tag = ""

    def _note(self) -> None:
        value = self._value.strip()
        if self._tag and value and self._blocks:
            self._blocks[-1][1].setdefault(self._tag, value)
        self._tag, self._value = "", ""

    def _of_statement(self) -> dict[str, str] | None:
        return next((values for name, values in self._blocks if name in _OPENS), None)

    def _opened(self) -> Iterator[Item]:
        values = self._of_statement()
        if values is None or self._statement is not None:
            return
        account = values.get("account")
        if not account:
            raise BadStatement("a statement names no account")
        self._statement = Statement(
            account, "", values.get("CURDEF"), entries_keyed="account", entries_told=True, is_closed=False
        )
        self._met += 1
        yield self._statement

    def _ended(self, name: str, values: dict[str, str]) -> Iterator[Item]:
        whole = self._of_statement()
        if name == "STATUS" and values.get("SEVERITY", "").upper() == "ERROR":
            raise BadStatement(f"holds no statement: the bank answered {values.get('MESSAGE', values.get('CODE'))!r}")
        if name in ("BANKACCTFROM", "CCACCTFROM") and whole is not None:
            parts = [values.get(part) for part in ("BANKID", "BRANCHID", "ACCTID")]
            whole["account"] = "/".join(part for part in parts if part) if values.get("ACCTID") else ""
        elif name == "STMTTRN":
            if self._statement is None:
                raise BadStatement("an entry stands outside of a statement")
            yield self._entry(values)
        elif name in ("PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY") and self._blocks:
            self._blocks[-1][1].update({f"{name}.{tag}": value for tag, value in values.items()})
        elif name == "BANKTRANLIST" and self._statement is not None:
            self._period(values)
        elif name == "LEDGERBAL" and whole is not None:
            whole.update({f"LEDGERBAL.{tag}": value for tag, value in values.items()})
        elif name in _OPENS:
            yield from self._closed(name, values)

    def _period(self, values: Mapping[str, str]) -> None:
        assert self._statement is not None
        for field, tag in (("from_date", "DTSTART"), ("to_date", "DTEND")):
            setattr(self._statement, field, _date(values[tag], tag) if tag in values else None)

    def _closed(self, name: str, values: dict[str, str]) -> Iterator[Item]:
        self._blocks.append((name, values))
        yield from self._opened()
        self._blocks.pop()
        statement = self._statement
        assert statement is not None
        day = values.get("LEDGERBAL.DTASOF")
        if "LEDGERBAL.BALAMT" in values:
            statement.closing = _amount(values["LEDGERBAL.BALAMT"])
        statement.to_date = statement.to_date or (_date(day, "DTASOF") if day else None)
        statement.number = f"{statement.from_date or ''}/{statement.to_date or ''}"
        statement.is_closed, self._statement = True, None

    def _entry(self, values: Mapping[str, str]) -> Entry:
        assert self._statement is not None
        amount = _amount(values.get("TRNAMT", ""))
        posted = values.get("DTPOSTED")
        if posted is None:
            raise BadStatement("an entry has no date (DTPOSTED)")
        texts = dict.fromkeys(text for tag in ("NAME", "MEMO") if (text := values.get(tag)))
        available = values.get("DTAVAIL") or values.get("VALUEDATE")
        return Entry(
            amount=abs(amount),
            side="DBIT" if amount < 0 else "CRDT",
            booking_date=_date(posted, "DTPOSTED"),
            value_date=_date(available, "DTAVAIL") if available else None,
            currency=values.get("CURRENCY.CURSYM") or self._statement.currency,
            counterparty_name=values.get("PAYEE.NAME") or values.get("NAME"),
            counterparty_account=values.get("BANKACCTTO.ACCTID"),
            text=" ".join(texts) or None,
            end_to_end_id=reference_or_none(values.get("REFNUM") or values.get("CHECKNUM")),
            bank_reference=reference_or_none(values.get("FITID")),
            is_reversal=values.get("CORRECTACTION") is not None,
            code=values.get("TRNTYPE", "").upper() or None,
        )

    def end(self) -> Iterator[Item]:
        if self._statement is not None:
            raise BadStatement("a statement has no end: the file is cut short")
        if not self._met:
            raise BadStatement("holds no statement")
        yield from ()


def _amount(text: str) -> Decimal:
    """Some countries write a comma."""
    return signed_amount_of(text.replace(",", "."), "an amount")


def _date(text: str, what: str) -> dt.date:
    match = _DATE.fullmatch(text)
    if match is None:
        raise BadStatement(f"{what}: {text[:40]!r} is no date")
    return iso_date("-".join(match.groups()), what)
