"""What a line of a receivable account does not say itself: its document, and what it is reconciled with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cartera.connectors.api import Record

if TYPE_CHECKING:
    from cartera.connectors.tryton.client import Tryton

OTHERS = (
    "debit", "credit", "amount_second_currency", "second_currency.code", "move.company.currency.code", "account",
    "move", "move.date", "maturity_date", "reconciliation",
)  # fmt: skip


def line_amount(line: Record) -> tuple[Decimal, str]:
    """In the currency that the line is kept in; negative what lowers the debt."""
    if line.get("second_currency_code"):
        return line["amount_second_currency"], line["second_currency_code"]
    return line["debit"] - line["credit"], line["move_company_currency_code"]


def with_reconciled(tryton: Tryton, lines: Sequence[Record]) -> Sequence[Record]:
    """Each line with its invoice; one that is reconciled with the currency in which that balances; one that lowers
    the debt with all lines of its reconciliation (a reconciliation is never changed, only made and deleted)."""
    numbers = sorted({line["reconciliation"] for line in lines if line["reconciliation"]})
    others = tryton.read("account.move.line", [["reconciliation", "in", numbers]], OTHERS) if numbers else []
    invoices = _Invoices(tryton, {line["move"] for line in (*lines, *others)})
    groups: dict[Any, list[Record]] = defaultdict(list)
    for other in others:
        groups[other["reconciliation"]].append(other)
    reconciled = {number: _reconciled(group, invoices) for number, group in groups.items()}
    return [_completed(line, reconciled.get(line["reconciliation"], NOT_RECONCILED), invoices) for line in lines]


class _Invoices:
    """The invoices of moves: the one that a move is of, and the one that it cancels. An invoice that was put off or
    passed on has further moves, in the newer versions."""

    def __init__(self, tryton: Tryton, moves: Iterable[int]) -> None:
        wanted = sorted(moves)
        paths = ["move", "cancel_move", *tryton.known("account.invoice", "additional_moves")]
        found = tryton.read(
            "account.invoice",
            [["OR", *([path, "in", wanted] for path in paths)]],
            (*paths, "account", "total_amount"),
        )
        self._of = {
            (move, invoice["account"]): invoice
            for invoice in found
            for move in (*invoice.get("additional_moves", ()), invoice["move"])
        }
        self._cancelled = {(invoice["cancel_move"], invoice["account"]) for invoice in found}

    def of(self, line: Record) -> Record | None:
        return self._of.get((line["move"], line["account"]))

    def is_cancellation(self, line: Record) -> bool:
        return (line["move"], line["account"]) in self._cancelled


NOT_RECONCILED: Record = {"reconciled_currency": None, "is_mixed": False, "reconciled": []}


def _reconciled(group: Sequence[Record], invoices: _Invoices) -> Record:
    balances_in = _balances_in(group)
    return {
        "reconciled_currency": balances_in,
        "is_mixed": balances_in == group[0]["move_company_currency_code"]
        and any(line_amount(line)[1] != balances_in for line in group),
        "reconciled": [_member(line, balances_in, invoices) for line in group],
    }


def _completed(line: Record, reconciled: Record, invoices: _Invoices) -> Record:
    amount, currency = line_amount(line)
    invoice = invoices.of(line)
    return {
        **line,
        **reconciled,
        "reconciled": reconciled["reconciled"] if amount < 0 else [],
        "amount": amount,
        "currency": currency,
        "invoice": invoice["id"] if invoice else None,
        "is_credit_note": _is_credit_note(invoice),
        "is_cancellation": invoices.is_cancellation(line),
    }


def _is_credit_note(invoice: Record | None) -> bool:
    return invoice is not None and invoice["total_amount"] < 0


def _balances_in(group: Sequence[Record]) -> str:
    """A second currency when the lines in it balance: what else is there is a difference of exchange. Else the
    company's, in which all lines together always balance."""
    amounts = [line_amount(line) for line in group]
    company: str = group[0]["move_company_currency_code"]
    second = {currency for _amount, currency in amounts if currency != company}
    if len(second) == 1 and not sum(amount for amount, currency in amounts if currency in second):
        return second.pop()
    return company


def _member(line: Record, balances_in: str, invoices: _Invoices) -> Record:
    own_amount, currency = line_amount(line)
    company_amount = line["debit"] - line["credit"]
    is_company = balances_in == line["move_company_currency_code"]
    amount = company_amount if is_company else own_amount if currency == balances_in else Decimal(0)
    invoice = invoices.of(line)
    return {
        "line": line["id"],
        "invoice": invoice["id"] if invoice and not _is_credit_note(invoice) else None,
        "currency": currency,
        "amount": amount,
        "own_amount": own_amount,
        "move_date": line["move_date"],
        "due_date": line["maturity_date"] or line["move_date"],
    }


def with_lines(tryton: Tryton, invoices: Sequence[Record]) -> Sequence[Record]:
    """Each invoice with its payment lines as objects; one in another currency with what it was booked at."""
    foreign = [one["move"] for one in invoices if one["move"] and one["currency_code"] != one["company_currency_code"]]
    fields = ("move", "account", "debit", "credit")
    booked = tryton.read("account.move.line", [["move", "in", foreign]], fields) if foreign else []
    amounts: dict[Any, Decimal] = defaultdict(Decimal)
    for line in booked:
        amounts[line["move"], line["account"]] += line["debit"] - line["credit"]
    return [
        {
            **one,
            "payment_lines": [{"line": line} for line in one["payment_lines"]],
            "company_amount": amounts.get((one["move"], one["account"])),
        }
        for one in invoices
    ]


def with_invoice(tryton: Tryton, dunnings: Sequence[Record]) -> Sequence[Record]:
    """Each dunning with the invoice of its line."""
    invoices = _Invoices(tryton, {dunning["line_move"] for dunning in dunnings})
    found = [invoices.of({"move": one["line_move"], "account": one["line_account"]}) for one in dunnings]
    return [{**one, "invoice": of["id"] if of else None} for one, of in zip(dunnings, found, strict=True)]


def with_currencies(tryton: Tryton, rates: Sequence[Record]) -> Sequence[Record]:
    """Each rate with those of the companies' currencies on that day: all are to one base that is not named."""
    codes = sorted({company["currency_code"] for company in tryton.read("company.company", [], ("currency.code",))})
    known = tryton.read("currency.currency.rate", [["currency.code", "in", codes]], ("currency.code", "date", "rate"))
    known.sort(key=lambda one: str(one["date"]))

    def on(day: str, code: str) -> Decimal | None:
        found = [one["rate"] for one in known if one["currency_code"] == code and one["date"] <= day]
        return found[-1] if found else None

    return [
        {**one, "company_rates": [
            {"currency": code, "rate": found}
            for code in codes
            if code != one["currency_code"] and (found := on(one["date"], code))
        ]}
        for one in rates
    ]  # fmt: skip
