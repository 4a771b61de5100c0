"""What belongs to a page of records and is asked for with it.

What a receivable line is matched with is put into it: it then changes with its residual, and a match that is undone
(deleted there without a trace) is gone with the next reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cartera.connectors.api import Record
from cartera.connectors.odoo.entities import RECEIVABLE

if TYPE_CHECKING:
    from cartera.connectors.odoo.client import Odoo

PARTIAL = "debit_move_id credit_move_id debit_currency_id credit_currency_id debit_amount_currency"
PARTIAL += " credit_amount_currency max_date"


def lines(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With the credits matched to each debit, what of a credit went elsewhere, the customer and the kind of journal."""
    ids = [record["id"] for record in records]
    credits, converted = _matches(odoo, ["|", ["debit_move_id", "in", ids], ["credit_move_id", "in", ids]])
    partners = _by_id(odoo, "res.partner", (_id(record["partner_id"]) for record in records), ["commercial_partner_id"])
    return [
        {
            **record,
            "commercial_partner_id": partners.get(_id(record["partner_id"]), {}).get("commercial_partner_id"),
            "journal_type": odoo.journals.get(_id(record["journal_id"])),
            "is_exchange_difference": _is_exchange(odoo, record),
            "converted_amount": converted[record["id"]],
            "matched_credits": credits[record["id"]],
        }
        for record in records
    ]


def moves(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With what of a credit note was used up in another currency, and the receivable lines that it has: one that was
    made anew (set back to draft, changed, posted again) lost the others without a trace."""
    ids = [record["id"] for record in records if record["move_type"] == "out_refund"]
    converted = _matches(odoo, [["credit_move_id.move_id", "in", ids]], by="move_id")[1] if ids else {}
    lines = defaultdict[int, list[int]](list)
    domain = [RECEIVABLE, ["move_id", "in", [record["id"] for record in records]]]
    for line in odoo.search("account.move.line", domain, ["move_id"]):
        lines[_id(line["move_id"])].append(line["id"])
    return [
        {
            **record,
            "converted_amount": converted.get(record["id"], 0),
            "receivable_line_ids": f",{','.join(map(str, lines[record['id']]))},",
        }
        for record in records
    ]


def partners(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With the address for invoices, which a contact may hold: one that changed brings its customer with it."""
    ids = {record["id"] for record in records}
    parents = {_id(record["commercial_partner_id"]) for record in records} - ids
    everyone = [*records, *_by_id(odoo, "res.partner", parents, list(records[0])).values()]
    domain = [["commercial_partner_id", "in", sorted(ids | parents)], ["type", "=", "invoice"], ["active", "=", True]]
    found = odoo.search("res.partner", [*domain, ["email", "!=", False]], ["commercial_partner_id", "email"], "id desc")
    contacts = {_id(contact["commercial_partner_id"]): contact for contact in found}
    return [
        {
            **record,
            "invoice_email": contacts.get(record["id"], {}).get("email"),
            "invoice_contact_id": contacts.get(record["id"], {}).get("id"),
        }
        for record in everyone
    ]


def rates(odoo: Odoo, records: Sequence[Record]) -> Sequence[Record]:
    """With the company's currency; what is of no company Odoo reckons for the user's first."""
    first = next(iter(odoo.context["allowed_company_ids"] or odoo.companies))
    companies = ((record, odoo.companies.get(_id(record["company_id"]) or first, {})) for record in records)
    return [{**record, "company_currency_id": company.get("currency_id")} for record, company in companies]


COMPLETED: dict[str, Callable[[Any, Sequence[Record]], Sequence[Record]]] = {
    "account_move_line": lines,
    "account_move": moves,
    "res_partner": partners,
    "res_currency_rate": rates,
}


def _matches(
    odoo: Odoo, domain: list[Any], by: str = "id"
) -> tuple[dict[int, list[Record]], defaultdict[int, Decimal]]:
    """The credits of each debit line; and what of each credit line (or of its `by`) settled debts in another currency,
    or was lost with its rate."""
    partials = odoo.search("account.partial.reconcile", domain, PARTIAL.split())
    sides = (_id(partial[side]) for partial in partials for side in ("debit_move_id", "credit_move_id"))
    found = _by_id(odoo, "account.move.line", sides, ["move_id", "move_type", "journal_id"])
    credits, converted = defaultdict[int, list[Record]](list), defaultdict[int, Decimal](Decimal)
    for partial in partials:
        debit, credit = (found.get(_id(partial[side])) for side in ("debit_move_id", "credit_move_id"))
        if debit is None or credit is None:
            continue  # of a company that the user may not see
        if partial["debit_currency_id"] != partial["credit_currency_id"] or _is_exchange(odoo, debit):
            converted[_id(credit[by])] += Decimal(partial["credit_amount_currency"])
        credits[debit["id"]].append(
            {
                **{
                    name: partial[name]
                    for name in ("id", "debit_amount_currency", "credit_amount_currency", "max_date")
                },
                "credit_line_id": credit["id"],
                "credit_move_id": _id(credit["move_id"]),
                "credit_move_type": credit["move_type"],
                "currency": partial["credit_currency_id"][1],
                "is_exchange_difference": _is_exchange(odoo, credit),
            }
        )
    return credits, converted


def _by_id(odoo: Odoo, model: str, ids: Iterable[int], fields: list[str]) -> dict[int, Record]:
    wanted = sorted(set(ids) - {0})
    return {record["id"]: record for record in odoo.search(model, [["id", "in", wanted]], fields)} if wanted else {}


def _id(value: Any) -> int:
    """Of [id, name], of an id, or 0 of nothing."""
    return (value[0] if isinstance(value, list) else value) or 0


def _is_exchange(odoo: Odoo, line: Record) -> bool:
    """Only a gain or loss of exchange rates: no money, no claim."""
    return line["move_type"] == "entry" and _id(line["journal_id"]) in odoo.exchange_journals
