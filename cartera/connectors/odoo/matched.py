"""What a receivable line or a document is matched with, put into it: it then changes with its residual, and a match
that is undone (deleted there without a trace) is gone with the next reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cartera.connectors.api import Record

if TYPE_CHECKING:
    from cartera.connectors.odoo.client import Odoo

PARTIAL = "debit_move_id credit_move_id debit_currency_id credit_currency_id debit_amount_currency"
PARTIAL += " credit_amount_currency max_date"


def lines(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With the credits matched to each debit, what of a credit went elsewhere, the customer and the kind of journal."""
    ids = [record["id"] for record in records]
    partials = _partials(odoo, ["|", ["debit_move_id", "in", ids], ["credit_move_id", "in", ids]])
    others = _by_id(odoo, "account.move.line", _sides(partials), ["move_id", "move_type", "journal_id"])
    partners = _by_id(odoo, "res.partner", (_id(record["partner_id"]) for record in records), ["commercial_partner_id"])
    return [
        {
            **record,
            "commercial_partner_id": partners.get(_id(record["partner_id"]), {}).get("commercial_partner_id", False),
            "journal_type": odoo.journals.get(_id(record["journal_id"])),
            "is_exchange_difference": _is_exchange(odoo, record),
            "converted_amount": _converted(odoo, partials, others, {record["id"]}),
            "matched_credits": [
                _credit(odoo, partial, others[_id(partial["credit_move_id"])])
                for partial in partials
                if _id(partial["debit_move_id"]) == record["id"] and _id(partial["credit_move_id"]) in others
            ],
        }
        for record in records
    ]


def moves(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With what of a credit note was used up in another currency."""
    ids = [record["id"] for record in records if record["move_type"] == "out_refund"]
    partials = _partials(odoo, [["credit_move_id.move_id", "in", ids]]) if ids else []
    others = _by_id(odoo, "account.move.line", _sides(partials), ["move_id", "move_type", "journal_id"])
    of_move = {record["id"]: set[int]() for record in records}
    for id, line in others.items():
        of_move.setdefault(line["move_id"][0], set()).add(id)
    return [
        {**record, "converted_amount": _converted(odoo, partials, others, of_move[record["id"]])} for record in records
    ]


def partners(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With the address for invoices, which a contact may hold: one that changed brings its customer with it."""
    ids = {record["id"] for record in records}
    parents = {_id(record["commercial_partner_id"]) for record in records} - ids
    everyone = [*records, *_by_id(odoo, "res.partner", parents, list(records[0])).values()]
    domain = [["commercial_partner_id", "in", sorted(ids | parents)], ["type", "=", "invoice"], ["active", "=", True]]
    found = odoo.search("res.partner", [*domain, ["email", "!=", False]], ["commercial_partner_id", "email"], "id desc")
    emails = {_id(contact["commercial_partner_id"]): contact["email"] for contact in found}
    return [{**record, "invoice_email": emails.get(record["id"])} for record in everyone]


def rates(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With the company's currency; what is of no company Odoo reckons for the user's first."""
    first = next(iter(odoo.context["allowed_company_ids"]), 0)
    return [
        {**record, "company_currency_id": odoo.companies.get(_id(record["company_id"]) or first, {}).get("currency_id")}
        for record in records
    ]


COMPLETED: dict[str, Callable[[Any, Sequence[Record]], Sequence[Record]]] = {
    "account_move_line": lines,
    "account_move": moves,
    "res_partner": partners,
    "res_currency_rate": rates,
}


def _partials(odoo: Odoo, domain: list[Any]) -> list[Record]:
    return odoo.search("account.partial.reconcile", domain, PARTIAL.split())


def _sides(partials: Iterable[Record]) -> Iterable[int]:
    return (_id(partial[side]) for partial in partials for side in ("debit_move_id", "credit_move_id"))


def _by_id(odoo: Odoo, model: str, ids: Iterable[int], fields: list[str]) -> dict[int, Record]:
    wanted = sorted({id for id in ids if id})
    return {record["id"]: record for record in odoo.search(model, [["id", "in", wanted]], fields)} if wanted else {}


def _id(pair: Any) -> int:
    return pair[0] if pair else 0


def _is_exchange(odoo: Odoo, line: Record) -> bool:
    """Only a gain or loss of exchange rates: no money, no claim."""
    journals = {_id(company["currency_exchange_journal_id"]) for company in odoo.companies.values()}
    return line["move_type"] == "entry" and _id(line["journal_id"]) in journals - {0}


def _converted(odoo: Odoo, partials: list[Record], lines: dict[int, Record], credits: set[int]) -> Decimal:
    """What of some credit lines settled debts in another currency, or was lost with its rate."""
    total = Decimal(0)
    for partial in partials:
        debit = lines.get(_id(partial["debit_move_id"]))
        is_other = partial["debit_currency_id"] != partial["credit_currency_id"]
        if _id(partial["credit_move_id"]) in credits and debit and (is_other or _is_exchange(odoo, debit)):
            total += Decimal(partial["credit_amount_currency"])
    return total


def _credit(odoo: Odoo, partial: Record, credit: Record) -> Record:
    return {
        "id": partial["id"],
        "credit_line_id": _id(partial["credit_move_id"]),
        "credit_move_id": _id(credit["move_id"]),
        "credit_move_type": credit["move_type"],
        "currency": partial["credit_currency_id"][1],
        "debit_amount_currency": partial["debit_amount_currency"],
        "credit_amount_currency": partial["credit_amount_currency"],
        "max_date": partial["max_date"],
        "is_exchange_difference": _is_exchange(odoo, credit),
    }
