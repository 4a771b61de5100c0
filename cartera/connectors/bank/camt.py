"""ISO 20022: camt.053 (statement), camt.052 (report within the day) and camt.054 (notification), all versions.

Read entry by entry, without entities, document types or network. An entry of several transactions becomes one for each
of them where their amounts add up to it; else it stays one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from cartera.connectors.bank.statement import (
    BadStatement,
    Entry,
    Item,
    Side,
    Statement,
    amount_of,
    iso_date,
    reference_or_none,
)

MESSAGE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.05[234]\.001\.[0-9]{2}")
_DOCUMENT_TYPE = "declares a document type, which no statement needs: its entities could name other files"
_TAKEN_BACK = ("UPDD", "PRDD", "RCDD", "RRTN")
"""Subfamilies of the bank transaction code: a direct debit unpaid or reversed, a transfer returned."""
_NOTICE = {"Stmt": False, "Rpt": True, "Ntfctn": True}
"""What an account's part is called in each message, and whether the statement repeats it."""


def read(path: Path, head: bytes) -> Iterator[Item]:
    """Raises BadStatement, also for XML that is broken or cut short."""
    from lxml import etree  # type: ignore[import-untyped]

    found = MESSAGE.search(head)
    assert found is not None  # that is how the file came here
    if b"<!DOCTYPE" in head:
        raise BadStatement(_DOCUMENT_TYPE)
    tags = [f"{{{found[0].decode()}}}{name}" for name in ("MsgPgntn", "Ntry", *_NOTICE)]
    try:
        with path.open("rb") as file:
            events = etree.iterparse(
                file, ("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                remove_comments=True, remove_pis=True,
            )  # fmt: skip
            yield from _items(element for _event, element in events)
    except etree.XMLSyntaxError as error:
        raise BadStatement(f"is no whole XML: {error.msg}") from None


def _items(elements: Iterator[Any]) -> Iterator[Item]:
    statement: Statement | None = None
    page, met = "", 0
    for number, element in enumerate(elements):
        if number == 0 and element.getroottree().docinfo.doctype:
            raise BadStatement(_DOCUMENT_TYPE)
        name = _NAMES[element.tag]
        if name == "MsgPgntn":
            page = _page(_children(element))
        elif name == "Ntry":
            parent = element.getparent()
            if statement is None:
                statement = Statement("", "")
                _complete(statement, parent, page)
                yield statement
            yield from _entries(element, statement)
            parent.remove(element)
        else:
            met += 1
            # a balance that stands after the entries counts too
            whole = statement or Statement("", "")
            _complete(whole, element, page)
            if statement is None:
                yield whole
            statement = None
            element.clear()
    if not met:
        raise BadStatement("holds no statement")


class _Names(dict[str, str]):
    """Tags without their namespace."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition("}")[2]
        return name


_NAMES = _Names()


def _children(element: Any) -> dict[str, Any]:
    """By name; of several with one name the last."""
    return {_NAMES[child.tag]: child for child in element}


def _down(element: Any, *path: str) -> Any:
    if element is None:
        return None
    for name in path:
        for child in element:
            if _NAMES[child.tag] == name:
                element = child
                break
        else:
            return None
    return element


def _text(element: Any, *path: str) -> str | None:
    found = _down(element, *path) if path else element
    text = None if found is None else found.text
    return text.strip() or None if text else None


def _page(parts: dict[str, Any]) -> str:
    """Nothing for a message of one page."""
    number = _text(parts.get("PgNb")) or "1"
    is_last = (_text(parts.get("LastPgInd")) or "true").lower() in ("true", "1", "yes")
    return "" if number == "1" and is_last else f"/{number}"


def _complete(statement: Statement, element: Any, page: str) -> None:
    """What stands beside the entries."""
    balances: list[tuple[str, Decimal]] = []
    days: dict[str, dt.date | None] = {}
    for child in element:
        name = _NAMES[child.tag]
        if name == "Acct":
            account = _text(child, "Id", "IBAN") or _text(child, "Id", "Othr", "Id")
            statement.account = account or ""
            statement.currency = _text(child, "Ccy")
        elif name == "Bal":
            code = _text(child, "Tp", "CdOrPrtry", "Cd") or ""
            balances.append((code, _signed(child, "balance")))
            days.setdefault(code, _date(_down(child, "Dt"), "balance"))
            statement.currency = statement.currency or _currency(child)
        elif name == "FrToDt":
            for field, tag in (("from_date", "Fr"), ("to_date", "To")):
                day = _text(child, f"{tag}DtTm") or _text(child, f"{tag}Dt")
                setattr(statement, field, iso_date(day, name) if day else None)
        elif name == "CreDtTm":
            statement.created_at = _text(child)
        elif name in ("StmtPgntn", "RptPgntn", "NtfctnPgntn"):
            page = _page(_children(child)) or page
    statement.is_notice = _NOTICE[_NAMES[element.tag]]
    opened = next((days[code] for code in ("OPBD", "PRCD", "ITBD") if code in days), None)
    statement.from_date = statement.from_date or opened
    statement.to_date = statement.to_date or days.get("CLBD")
    statement.number = (_text(element, "Id") or "") + page
    if not (statement.account and statement.number):
        raise BadStatement("holds a statement without account or number")
    if opened and not statement.is_notice:
        # some banks begin to count anew each year
        statement.number += f"/{opened.isoformat()}"
    statement.opening = _balance(balances, "OPBD", "PRCD")
    statement.closing = _balance(balances, "CLBD")
    between = [amount for code, amount in balances if code == "ITBD"]
    if statement.opening is None and between:
        statement.opening = between.pop(0)
    if statement.closing is None and between:
        statement.closing = between[-1]


def _currency(element: Any) -> str | None:
    amount = _down(element, "Amt")
    return None if amount is None else amount.get("Ccy")


def _balance(balances: list[tuple[str, Decimal]], *codes: str) -> Decimal | None:
    return next((amount for code in codes for found, amount in balances if found == code), None)


def _signed(element: Any, what: str) -> Decimal:
    amount = amount_of(_text(element, "Amt") or "", what)
    return amount if _side(_text(element, "CdtDbtInd"), what) == "CRDT" else -amount


def _side(text: str | None, what: str) -> Side:
    if text == "CRDT":
        return "CRDT"
    if text == "DBIT":
        return "DBIT"
    raise BadStatement(f"{what}: {text!r} is neither CRDT nor DBIT")


def _entries(element: Any, statement: Statement) -> Iterator[Entry]:
    parts: dict[str, Any] = {}
    details: list[Any] = []
    for child in element:
        name = _NAMES[child.tag]
        if name == "NtryDtls":
            details += [detail for detail in child if _NAMES[detail.tag] == "TxDtls"]
        else:
            parts[name] = child
    what = f"an entry of statement {statement.number}"
    amount = parts.get("Amt")
    status = parts.get("Sts")
    code = _code(parts.get("BkTxCd"))
    whole = Entry(
        amount=amount_of(_text(amount) or "", what),
        side=_side(_text(parts.get("CdtDbtInd")), what),
        booking_date=_date(parts.get("BookgDt"), what),
        value_date=_date(parts.get("ValDt"), what),
        currency=(None if amount is None else amount.get("Ccy")) or statement.currency,
        is_reversal=_text(parts.get("RvslInd")) in ("true", "1") or _takes_back(code),
        is_booked=(_text(status) or _text(status, "Cd")) in ("BOOK", None),
        text=_text(parts.get("AddtlNtryInf")),
        bank_reference=reference_or_none(_text(parts.get("AcctSvcrRef"))) or _text(parts.get("NtryRef")),
        code=code,
    )
    split = [_detailed(whole, detail, what) for detail in details]
    if len(split) > 1 and not all(one.amount for one in split):
        split = []
    if len(split) == 1:
        split[0].amount, split[0].side, split[0].currency = whole.amount, whole.side, whole.currency
    elif sum(one.signed for one in split) != whole.signed or any(one.currency != whole.currency for one in split):
        split = [whole]
    yield from split


def _detailed(whole: Entry, detail: Any, what: str) -> Entry:
    """One transaction of an entry; amount 0 where it states none."""
    parts = _children(detail)
    references = _children(parts["Refs"]) if "Refs" in parts else {}
    amount = parts.get("Amt")
    if amount is None:
        amount = _down(parts.get("AmtDtls"), "TxAmt", "Amt")
    side = _side(_text(parts["CdtDbtInd"]), what) if "CdtDbtInd" in parts else whole.side
    code = _code(parts.get("BkTxCd")) or whole.code
    is_reversal = whole.is_reversal or "RtrInf" in parts or _takes_back(code)
    # the parties of what is taken back are those of the first payment
    from_debtor = (side == "CRDT") != is_reversal
    name, account = _party(parts.get("RltdPties"), "Dbtr" if from_debtor else "Cdtr")
    text, reference = _remittance(parts.get("RmtInf"))
    return Entry(
        amount=Decimal(0) if amount is None else amount_of(_text(amount) or "", what),
        side=side,
        booking_date=whole.booking_date,
        value_date=whole.value_date,
        currency=whole.currency if amount is None else amount.get("Ccy") or whole.currency,
        is_reversal=is_reversal,
        is_booked=whole.is_booked,
        counterparty_name=name,
        counterparty_account=account,
        text=text or _text(parts.get("AddtlTxInf")) or whole.text,
        reference=reference,
        end_to_end_id=reference_or_none(_text(references.get("EndToEndId"))),
        bank_reference=reference_or_none(_text(references.get("AcctSvcrRef"))) or whole.bank_reference,
        code=code,
        return_reason=_text(parts.get("RtrInf"), "Rsn", "Cd") or _text(parts.get("RtrInf"), "Rsn", "Prtry"),
    )


def _party(parties: Any, role: str) -> tuple[str | None, str | None]:
    if parties is None:
        return None, None
    found = _children(parties)
    party, account = found.get(role), found.get(f"{role}Acct")
    name = _text(party, "Nm") or _text(party, "Pty", "Nm") if party is not None else None
    ultimate = found.get(f"Ultmt{role}")
    name = name or _text(ultimate, "Nm") or _text(ultimate, "Pty", "Nm")
    if account is None:
        return name, None
    number = _down(account, "Id")
    return name, _text(number, "IBAN") or _text(number, "Othr", "Id")


def _remittance(information: Any) -> tuple[str | None, str | None]:
    if information is None:
        return None, None
    texts, reference = [], None
    for child in information:
        name = _NAMES[child.tag]
        if name == "Ustrd" and child.text:
            texts.append(child.text.strip())
        elif name == "Strd":
            reference = reference or _text(child, "CdtrRefInf", "Ref")
            texts += [text for part in child if (text := _text(part)) and _NAMES[part.tag] == "AddtlRmtInf"]
    return " ".join(texts) or None, reference


def _code(element: Any) -> str | None:
    """Domain, family and subfamily, e.g. PMNT-RCDT-ESCT; else the bank's own."""
    if element is None:
        return None
    domain = _down(element, "Domn")
    if domain is None:
        return _text(element, "Prtry", "Cd")
    found = [_text(domain, "Cd")]
    family = _down(domain, "Fmly")
    if family is not None:
        found += [_text(family, "Cd"), _text(family, "SubFmlyCd")]
    return "-".join([part for part in found if part]) or None


def _takes_back(code: str | None) -> bool:
    return (code or "").rpartition("-")[2] in _TAKEN_BACK


def _date(element: Any, what: str) -> dt.date | None:
    if element is None:
        return None
    text = _text(element, "Dt") or _text(element, "DtTm")
    return iso_date(text, what) if text else None
