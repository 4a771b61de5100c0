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
from cartera.reminders import locale as written
from cartera.reminders import portfolio
from cartera.reminders.context import Facts, line_texts
from cartera.reminders.decide import language_of
from cartera.reminders.model import Customer, Item, PlannedContact
from cartera.reminders.plan import policies_of, templates_of
from cartera.reminders.policy import Language, Policy, Step
from cartera.reminders.text import clean
from cartera.settings import get_settings
from cartera.warehouse import read

HEADINGS = (
    "document", "issued", "due", "days_overdue", "situation", "promised_for", "currency", "original", "balance",
)  # fmt: skip
"""Of Words."""
TOP = 4
"""The row of the headings, below what the sheet is of."""
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
LONGEST_NAME = 31
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
    contact, policy = _contact(of, language)
    return templates_of(get_settings()).statement(contact, of.customer, policy, of.as_of)


def _contact(of: Account, language: Language | None) -> tuple[PlannedContact, Policy]:
    policy = _policy(of)
    contact = PlannedContact(
        of.company_id, of.customer.customer_id, STEP, "", "", language or language_of(of.customer, policy), (), {},
        statement=of.items,
    )  # fmt: skip
    return contact, policy


def _policy(of: Account) -> Policy:
    """Any that names the company as a creditor of its own; else the first: it says who writes, and in what language."""
    policies = tuple(policies_of(get_settings(), None))
    return next((each for each in policies if of.company_id in each.creditors), policies[0])


def statement_xlsx(of: Account, language: Language | None = None) -> bytes:
    """The same as a sheet of dates and numbers, the balance below each currency. No cell is a formula (law 10)."""
    contact, policy = _contact(of, language)
    facts = templates_of(get_settings()).statement_facts(contact, of.customer, policy, of.as_of)
    words, content = facts.words, io.BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as book:
        # the same facts make the same bytes
        book.set_properties(
            {"title": words.statement_title, "created": dt.datetime.combine(of.as_of, dt.time()), "comments": _made(of)}
        )
        sheet = book.add_worksheet(words.file_statement.removesuffix(".pdf")[:LONGEST_NAME])
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})

        def write_amount(row: int, column: int, amount: Decimal, currency: str, *, strong: bool = False) -> None:
            pattern = written.pattern_of(amount, currency)
            sheet.write_number(row, column, amount, book.add_format({"num_format": pattern, "bold": strong}))

        for column, heading in enumerate(HEADINGS):
            sheet.write_string(TOP, column, getattr(words, heading), bold)
        line = TOP + 1
        for currency in sorted({item.currency_code for item in of.items}):
            of_currency = [item for item in of.items if item.currency_code == currency]
            for item in of_currency:
                for column, value in enumerate(_values(item, facts)):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(line, column, value, day)
                    elif isinstance(value, int):
                        sheet.write_number(line, column, value)
                    elif value:
                        sheet.write_string(line, column, value)
                if not item.is_credit:
                    write_amount(line, 7, item.item_amount, currency)
                write_amount(line, 8, item.open_amount, currency)
                line += 1
            sheet.write_string(line, 0, f"{words.net_balance} {currency}", bold)
            sheet.write_string(line, 6, currency, bold)
            write_amount(line, 8, _net(of_currency), currency, strong=True)
            line += 1
        sheet.freeze_panes(TOP + 1, 1)
        sheet.autofit()
        # after the columns have their widths: these lines run over them
        for row, text in enumerate(_head(facts)):
            sheet.write_string(row, 0, text, bold if row == 0 else None)
    return content.getvalue()


def _made(of: Account) -> str:
    """What the file is of, for whoever makes it again."""
    return f"{of.customer.customer_id}, {of.company_id}, as of {of.as_of}, known at {of.known_at.isoformat()}"


def _head(facts: Facts) -> tuple[str, ...]:
    """Who is owed, by whom, as of when."""
    words, customer_id = facts.words, clean(facts.contact.customer_id)
    who = f"{facts.name} ({customer_id})" if facts.name else customer_id
    date = written.date(facts.as_of, facts.locale)
    return (
        f"{facts.creditor.name} · {words.statement_title}",
        f"{words.customer} {who}",
        words.as_of.replace("{date}", date),
    )


def _net(items: Sequence[Item]) -> Decimal:
    return sum((item.open_amount for item in items), Decimal(0))


def _values(item: Item, facts: Facts) -> tuple[str | int | dt.date | None, ...]:
    """Of HEADINGS, up to the currency."""
    shown = line_texts(item, facts)
    if item.is_credit:
        return (shown["number"], item.issue_date, None, None, shown["situation"], None, item.currency_code)
    late = (facts.as_of - item.due_date).days
    return (
        shown["number"],
        item.issue_date,
        item.due_date,
        late if late > 0 else None,
        shown["situation"],
        item.promised_date,
        item.currency_code,
    )
