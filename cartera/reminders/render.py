"""Messages from templates: the debtor's language, money and dates by locale, outside text as data.

A template is `<name>.<language>.j2` and fills the blocks subject, opening and closing; the layouts set
them once as HTML and once as plain text. Words that every message needs are in `words.<language>.yaml`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import jinja2
from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict

from cartera.errors import ConfigError
from cartera.money import minor_units
from cartera.reminders import filters
from cartera.reminders.content import Rendered
from cartera.reminders.model import Customer, Item, Line, PlannedContact
from cartera.reminders.policy import LANGUAGES, Language, Policy, Step
from cartera.reminders.text import MAX_NUMBER, clean, header
from cartera.yaml_config import load_yaml_model

VARIABLES = frozenset(
    {"layout", "words", "language", "greeting", "customer", "creditor", "groups", "as_of", "tone", "stop", "reference"}
)
BLOCKS = ("subject", "opening", "closing")


class Words(BaseModel):
    """What the layouts say, in one language. `{name}` and `{days}` are filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: str
    greeting_without_name: str
    document: str
    due: str
    situation: str
    balance: str
    total: str
    credit: str
    net: str
    pay_to: str
    due_today: str
    due_in_one: str
    due_in_many: str
    overdue_one: str
    overdue_many: str
    as_of: str
    talk: str
    dispute: str
    already_paid: str
    stop: str
    reference: str


class Templates:
    """The e-mail templates of a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._words: dict[Language, Words] = {}
        self._html = _environment(root, is_html=True)
        self._text = _environment(root, is_html=False)

    def check(self, policy: Policy) -> None:
        """Try every template of a policy in every language. Raises ConfigError naming file and line."""
        for name in sorted({step.template for step in policy.steps}):
            for language in LANGUAGES:
                self._check_source(name, language)
                for contact, customer in _samples(policy, language):
                    self.render(name, contact, customer, policy, dt.date(2026, 6, 30), stop="stop@example.com")

    def _check_source(self, name: str, language: Language) -> None:
        path = self.root / f"{name}.{language}.j2"
        try:
            tree = self._html.parse(path.read_text(encoding="utf-8"), name, str(path))
        except OSError:
            known = sorted({found.name.split(".")[0] for found in self.root.glob("*.*.j2")} - {"layout"})
            raise ConfigError(
                f"{path}: there is no such template; templates are: {', '.join(known) or 'none'}",
                f"write it; every template is needed in each of {', '.join(LANGUAGES)}",
            ) from None
        except jinja2.TemplateSyntaxError as error:
            raise ConfigError(f"{path}:{error.lineno}: {error.message}", "correct the template") from None
        unknown = sorted(meta.find_undeclared_variables(tree) - VARIABLES)
        if unknown:
            raise ConfigError(
                f"{path}: unknown variable {', '.join(unknown)}", f"known are: {', '.join(sorted(VARIABLES))}"
            )
        blocks = {block.name for block in tree.find_all(jinja2.nodes.Block)}
        missing = [block for block in BLOCKS if block not in blocks]
        if missing:
            raise ConfigError(f"{path}: block {', '.join(missing)} is missing", "see templates/email/overdue.es.j2")

    def render(
        self,
        template: str,
        contact: PlannedContact,
        customer: Customer,
        policy: Policy,
        as_of: dt.date,
        *,
        stop: str,
        reference: str = "",
    ) -> Rendered:
        """The message of a contact. `stop`: the address to write to for no more messages.

        Raises ConfigError when the template can't be used.
        """
        words = self._words_of(contact.language)
        context = _context(contact, customer, policy, as_of, words) | {"stop": stop, "reference": reference}
        name = f"{template}.{contact.language}.j2"
        try:
            text = self._text.get_template(name)
            subject = text.new_context(context | {"layout": "layout.txt.j2"})
            return Rendered(
                subject=header("".join(text.blocks["subject"](subject))),
                text=text.render(context | {"layout": "layout.txt.j2"}).strip() + "\n",
                html=self._html.get_template(name).render(context | {"layout": "layout.html.j2"}),
            )
        except jinja2.TemplateNotFound as error:
            raise ConfigError(f"{self.root / str(error)}: there is no such template", "write it") from None
        except (jinja2.TemplateError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ConfigError(f"{_place(error) or self.root / name}: {error}", "correct the template") from None

    def _words_of(self, language: Language) -> Words:
        if language not in self._words:
            self._words[language] = load_yaml_model(self.root / f"words.{language}.yaml", Words)
        return self._words[language]


def _environment(root: Path, *, is_html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(root),
        autoescape=is_html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["paragraphs"] = filters.html_paragraphs if is_html else filters.text_paragraphs
    environment.filters["column"] = filters.column
    return environment


def _place(error: BaseException) -> str:
    """The template's file and line in a traceback, as Jinja writes it there."""
    place, step = "", error.__traceback__
    while isinstance(step, TracebackType):
        if step.tb_frame.f_code.co_filename.endswith(".j2"):
            place = f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return place


@cache
def locale_of(language: Language, country_code: str | None) -> Locale:
    """The locale for money and dates: language and country where CLDR knows the pair, else the language."""
    try:
        return Locale.parse(f"{language}_{(country_code or '').strip().upper()}")
    except (UnknownLocaleError, ValueError):
        # Spanish of no known country is that of Latin America
        return Locale.parse("es_419" if language == "es" else language)


def _context(
    contact: PlannedContact, customer: Customer, policy: Policy, as_of: dt.date, words: Words
) -> dict[str, Any]:
    """Everything a template sees: finished text, in the debtor's locale."""
    locale = locale_of(contact.language, customer.country_code)
    name = clean(customer.name)
    creditor = policy.creditor_of(contact.company_id)
    return {
        "words": words.model_dump() | {"as_of": words.as_of.replace("{date}", _date(as_of, locale))},
        "language": contact.language,
        "greeting": words.greeting.replace("{name}", name) if name else words.greeting_without_name,
        "customer": {"name": name or words.greeting_without_name, "customer_id": clean(contact.customer_id)},
        "creditor": creditor.model_dump(),
        "groups": list(_groups(contact, as_of, locale, words, creditor.payment)),
        "as_of": _date(as_of, locale),
        "tone": contact.step.tone,
    }


def _groups(
    contact: PlannedContact, as_of: dt.date, locale: Locale, words: Words, payment: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The lines by currency: amounts of two currencies are never added."""
    for currency in sorted({line.item.currency_code for line in contact.lines}):
        items = [line.item for line in contact.lines if line.item.currency_code == currency]
        total = sum((item.open_amount for item in items), Decimal(0))
        credit = contact.credits.get(currency, Decimal(0))
        yield {
            "currency_code": currency,
            "lines": [_line(item, as_of, locale, words) for item in items],
            "total": _money(total, currency, locale),
            "credit": _money(credit, currency, locale) if credit else "",
            "net": _money(total - credit, currency, locale),
            "payment": payment.get(currency, ""),
        }


def _line(item: Item, as_of: dt.date, locale: Locale, words: Words) -> dict[str, str]:
    return {
        "number": clean(item.document_number or item.item_id, MAX_NUMBER),
        "due": _date(item.due_date, locale),
        "situation": _situation((as_of - item.due_date).days, words),
        "amount": _money(item.open_amount, item.currency_code, locale),
    }


def _situation(days: int, words: Words) -> str:
    if days == 0:
        return words.due_today
    one, many = (words.overdue_one, words.overdue_many) if days > 0 else (words.due_in_one, words.due_in_many)
    return (one if abs(days) == 1 else many).replace("{days}", str(abs(days)))


def _money(amount: Decimal, currency_code: str, locale: Locale) -> str:
    """With the ISO code, as `$` alone is many currencies; and never rounded, as nobody owes the difference."""
    exponent = amount.normalize().as_tuple().exponent
    digits = max(minor_units(currency_code), -exponent if isinstance(exponent, int) else 0)
    pattern = "¤¤\xa0#,##0" + ("." + "0" * digits if digits else "")
    return format_currency(amount, currency_code, pattern, locale, currency_digits=False)


def _date(date: dt.date, locale: Locale) -> str:
    return format_date(date, "medium", locale)


def _samples(policy: Policy, language: Language) -> Iterator[tuple[PlannedContact, Customer]]:
    """One message with much in it and one with little, to try templates on."""
    as_of, step = dt.date(2026, 6, 30), policy.steps[0]

    def line(number: str, days: int, currency: str) -> Line:
        due = as_of - dt.timedelta(days=days)
        return Line(_sample_item(number, due, currency), step)

    lines = (line("1", 30, "PEN"), line("2", 0, "PEN"), line("3", -3, "USD"))
    yield _sample(lines, {"PEN": Decimal(5)}, step, language), Customer("sample", "Sample & Co <x>", country_code="PE")
    yield _sample(lines[:1], {}, step, language), Customer("sample")


def _sample_item(number: str, due: dt.date, currency: str) -> Item:
    return Item(number, "sample", "sample", f"F-{number}", due, due, currency, Decimal(100), Decimal("40.5"))


def _sample(lines: tuple[Line, ...], credits: Mapping[str, Decimal], step: Step, language: Language) -> PlannedContact:
    return PlannedContact("sample", "sample", step, "1@2026-05-31", "sample@example.com", language, lines, credits)
