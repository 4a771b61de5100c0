"""A statement of account: all that is open between a customer and a company, credit too; PDF or workbook."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import xlsxwriter

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import portfolio
from cartera.reminders.decide import language_of
from cartera.reminders.model import Customer, Item, PlannedContact
from cartera.reminders.plan import policies_of, templates_of
from cartera.reminders.policy import Language, Policy, Step
from cartera.settings import get_settings
from cartera.warehouse import read

HEADINGS = (
    "Document", "Issued", "Due", "Days past due", "Disputed", "Promised for", "Currency", "Original", "Balance",
)  # fmt: skip
STEP = Step(name="statement", offset_days=0, template="statement", channels=("email",), attach=("statement",))


@dataclass(frozen=True)
class Account:
    """What a statement is of. `items` are open as of the date, known at the moment; oldest due first."""

    customer: Customer
    company_id: str
    as_of: dt.date
    known_at: dt.datetime
    items: tuple[Item, ...]


def account(
    customer_id: str, company_id: str, as_of: dt.date | None = None, known_at: dt.datetime | None = None
) -> Account:
    """As published unless asked otherwise. Raises ConfigError where nothing is open between the two."""
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        day, moment = as_of or published.as_of_date, known_at or published.known_at
        found = read.open_items(connection, day, moment, company_id=company_id, customer_id=customer_id)
        customer = portfolio.customers(connection, moment, [customer_id]).get(
            customer_id, portfolio.unknown_customer(customer_id)
        )
    if not found:
        raise ConfigError(
            f"nothing is open between {customer_id!r} and company {company_id!r} on {day}",
            "see `cartera aging --by customer`",
        )
    return Account(customer, company_id, day, moment, tuple(_item(row) for row in found))


def _item(row: read.Row) -> Item:
    return Item(
        row["item_id"],
        row["company_id"],
        row["customer_id"],
        row["document_number"] or row["invoice_id"],
        row["issue_date"],
        row["due_date"] or row["issue_date"],
        row["currency_code"],
        row["item_amount"],
        row["open_amount"],
        bool(row["is_disputed"]),
        row["promised_date"],
    )


def statement_pdf(of: Account, language: Language | None = None) -> bytes:
    """In the customer's language unless one is named. The same facts make the same bytes."""
    settings = get_settings()
    policy = _policy(of)
    contact = PlannedContact(
        of.company_id, of.customer.customer_id, STEP, "", "", language or language_of(of.customer, policy), (), {},
        statement=of.items,
    )  # fmt: skip
    return templates_of(settings).statement(contact, of.customer, policy, of.as_of)


def _policy(of: Account) -> Policy:
    """Any that names the company as a creditor of its own; else the first: it says who writes, and in what language."""
    policies = tuple(policies_of(get_settings(), None))
    return next((each for each in policies if of.company_id in each.creditors), policies[0])


def statement_xlsx(of: Account) -> bytes:
    """Two sheets: the items with the balance of each currency, and what they are of. No cell is a formula (law 10)."""
    content = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(content, options) as book:
        # the same facts make the same bytes
        book.set_properties({"created": dt.datetime.combine(of.as_of, dt.time())})
        sheet, notes = book.add_worksheet("statement"), book.add_worksheet("about")
        bold = book.add_format({"bold": True})
        amount, total = (book.add_format({"num_format": "#,##0.00", "bold": strong}) for strong in (False, True))
        for column, heading in enumerate(HEADINGS):
            sheet.write_string(0, column, heading, bold)
        line = 1
        for currency in sorted({item.currency_code for item in of.items}):
            of_currency = [item for item in of.items if item.currency_code == currency]
            for item in of_currency:
                for column, text in enumerate(_texts(item, of.as_of)):
                    sheet.write_string(line, column, text)
                sheet.write_number(line, 7, item.item_amount, amount)
                sheet.write_number(line, 8, item.open_amount, amount)
                line += 1
            sheet.write_string(line, 0, f"Balance {currency}", bold)
            sheet.write_string(line, 6, currency, bold)
            sheet.write_number(line, 8, _net(of_currency), total)
            line += 1
        for row, (name, text) in enumerate(_about(of)):
            notes.write_string(row, 0, name, bold)
            notes.write_string(row, 1, text)
        sheet.freeze_panes(1, 1)
        sheet.autofit()
        notes.autofit()
    return content.getvalue()


def _net(items: Sequence[Item]) -> Decimal:
    return sum((item.open_amount for item in items), Decimal(0))


def _texts(item: Item, as_of: dt.date) -> tuple[str, ...]:
    issued = item.issue_date.isoformat() if item.issue_date else ""
    if item.is_credit:
        return (item.document_number or item.item_id, issued, "", "", "", "", item.currency_code)
    late, promised = max((as_of - item.due_date).days, 0), item.promised_date
    return (
        item.document_number or item.item_id,
        issued,
        item.due_date.isoformat(),
        str(late) if late else "",
        "yes" if item.is_disputed else "",
        promised.isoformat() if promised else "",
        item.currency_code,
    )


def _about(of: Account) -> tuple[tuple[str, str], ...]:
    return (
        ("customer_id", of.customer.customer_id),
        ("customer", of.customer.name or ""),
        ("company_id", of.company_id),
        ("as_of", of.as_of.isoformat()),
        ("known_at", of.known_at.isoformat()),
        ("items", str(len(of.items))),
        ("balance", "open instalments less credit that no invoice has used yet; currencies are never added"),
    )
