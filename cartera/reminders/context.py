"""What a template sees: finished text in the debtor's locale. Outside text is made safe to show here, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from babel.core import Locale

from cartera.reminders import locale as written
from cartera.reminders.charges import ChargeLine, charge_lines
from cartera.reminders.locale import locale_of
from cartera.reminders.model import Customer, Item, PlannedContact
from cartera.reminders.policy import Creditor, Policy
from cartera.reminders.text import MAX_NUMBER, clean
from cartera.reminders.words import Words

VARIABLES = frozenset(
    {"layout", "words", "language", "greeting", "customer", "creditor", "groups", "as_of", "tone", "stop", "reference",
     "documents", "totals", "pay", "disclosures"}
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """All that a message is made of. `stop`: where to write for no more; `disclosures`: what the law makes it say."""

    contact: PlannedContact
    customer: Customer
    policy: Policy
    as_of: dt.date
    words: Words
    stop: str
    reference: str = ""
    disclosures: tuple[str, ...] = ()

    @property
    def locale(self) -> Locale:
        return locale_of(self.contact.language, self.customer.country_code)

    @property
    def creditor(self) -> Creditor:
        return self.policy.creditor_of(self.contact.company_id)

    @property
    def name(self) -> str:
        return clean(self.customer.name)


def context(facts: Facts) -> dict[str, Any]:
    """The variables of a template (VARIABLES but `layout`)."""
    contact, words, creditor = facts.contact, facts.words, facts.creditor
    groups = list(_groups(facts))
    date = written.date(facts.as_of, facts.locale)
    return {
        "words": words.model_dump() | {"as_of": words.as_of.replace("{date}", date)},
        "language": contact.language,
        "greeting": greeting(facts),
        "customer": {
            "name": facts.name or words.greeting_without_name,
            "customer_id": clean(contact.customer_id),
            "phone": contact.recipient if contact.channel == "call" else "",
        },
        "creditor": creditor.model_dump(),
        "groups": groups,
        "as_of": date,
        "tone": contact.step.tone,
        "stop": facts.stop,
        "reference": facts.reference,
        "documents": counted(len(contact.lines), words),
        "totals": f" {words.and_} ".join(group["net"] for group in groups),
        "pay": "; ".join(filter(None, (group["pay_link"] or group["payment"] for group in groups))),
        "disclosures": facts.disclosures,
    }


def greeting(facts: Facts) -> str:
    words = facts.words
    return words.greeting.replace("{name}", facts.name) if facts.name else words.greeting_without_name


def counted(count: int, words: Words) -> str:
    return words.one_document if count == 1 else words.many_documents.replace("{count}", str(count))


def _groups(facts: Facts) -> Iterator[dict[str, Any]]:
    """The lines by currency: amounts of two currencies are never added."""
    contact, creditor, locale = facts.contact, facts.creditor, facts.locale
    for currency in sorted({line.item.currency_code for line in contact.lines}):
        items = [line.item for line in contact.lines if line.item.currency_code == currency]
        total = sum((item.open_amount for item in items), Decimal(0))
        credit = contact.credits.get(currency, Decimal(0))
        link = creditor.payment_link.get(currency, "")
        yield {
            "currency_code": currency,
            "lines": [line_texts(item, facts) for item in items],
            "total": written.money(total, currency, locale),
            "credit": written.money(credit, currency, locale) if credit else "",
            "net": written.money(total - credit, currency, locale),
            "payment": creditor.payment.get(currency, ""),
            "pay_link": link.replace("{customer_id}", quote(contact.customer_id, safe="", errors="replace")),
            "charges": [_charge_text(each, facts) for each in _charges(items, currency, facts)],
        }


def line_texts(item: Item, facts: Facts) -> dict[str, str]:
    return {
        "number": clean(item.document_number or item.item_id, MAX_NUMBER),
        "due": written.date(item.due_date, facts.locale),
        "situation": _situation(item, facts),
        "amount": written.money(item.open_amount, item.currency_code, facts.locale),
    }


def _situation(item: Item, facts: Facts) -> str:
    """What every file and message says of an item: of what is contested not that it is late."""
    words, days = facts.words, (facts.as_of - item.due_date).days
    if item.is_credit:
        return words.credit_row
    if item.is_disputed:
        return words.disputed
    if days == 0:
        return words.due_today
    one, many = (words.overdue_one, words.overdue_many) if days > 0 else (words.due_in_one, words.due_in_many)
    return (one if abs(days) == 1 else many).replace("{days}", str(abs(days)))


def _charges(items: Sequence[Item], currency: str, facts: Facts) -> list[ChargeLine]:
    customer = facts.customer
    allowed = [
        charge
        for charge in facts.policy.charges
        if charge.applies(facts.contact.company_id, customer.country_code, customer.customer_type)
    ]
    overdue = [(item.open_amount, (facts.as_of - item.due_date).days) for item in items]
    return charge_lines(allowed, overdue, currency)


def _charge_text(line: ChargeLine, facts: Facts) -> str:
    charge, locale = line.charge, facts.locale
    filled = {"{amount}": written.money(line.amount, line.currency_code, locale), "{law}": charge.law}
    if charge.kind == "interest":
        assert charge.annual_rate_percent is not None
        text = facts.words.interest
        filled |= {
            "{rate}": written.number(charge.annual_rate_percent, locale),
            "{days_in_year}": str(charge.days_in_year),
        }
    else:
        text = facts.words.fee
        each = written.money(charge.amount[line.currency_code], line.currency_code, locale)
        filled |= {"{count}": str(len(line.parts)), "{each}": each}
    for place, value in filled.items():
        text = text.replace(place, value)
    return text
