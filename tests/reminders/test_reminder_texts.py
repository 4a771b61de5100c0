"""Law 10: customer and document text is data in every message; three languages, four currencies, by locale."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import html
import unicodedata
from decimal import Decimal
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hostile import PAYLOADS

from cartera.reminders.content import Rendered
from cartera.reminders.message import Envelope, compose
from cartera.reminders.model import Customer, Item, Line, PlannedContact
from cartera.reminders.policies import find_policy
from cartera.reminders.policy import Language
from cartera.reminders.render import Templates
from cartera.reminders.text import clean, header
from cartera.settings import PACKAGE_DIR

PROJECT = PACKAGE_DIR.parent
POLICY = find_policy(PROJECT / "policies")
TEMPLATES = Templates(PROJECT / "templates")
AS_OF = dt.date(2026, 6, 30)
NOW = dt.datetime(2026, 6, 30, 15, 0, tzinfo=dt.UTC)
ALLOWED_TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "p", "table", "caption", "thead", "tbody", "tfoot",
    "tr", "th", "td", "address", "a", "br", "strong",
}  # fmt: skip


def contact(language: Language = "es", number: str | None = "F001-1", **columns: object) -> PlannedContact:
    step = POLICY.steps[1]
    due = AS_OF - dt.timedelta(days=10)
    amount = columns.pop("open_amount", Decimal("1234567.5"))
    currency = columns.pop("currency_code", "PEN")
    item = Item("files:1", "main", "c", number, due, due, str(currency), Decimal(str(amount)), Decimal(str(amount)))
    return PlannedContact(
        "main", "c", step, f"{item.item_id}@{due}", "ana@cliente.pe", language, (Line(item, step),), {}
    )


def rendered(planned: PlannedContact, customer: Customer) -> Rendered:
    return TEMPLATES.render("overdue", planned, customer, POLICY, AS_OF, stop="alto@acreedor.pe", reference="abc")


def mail(planned: PlannedContact, customer: Customer) -> EmailMessage:
    envelope = Envelope("abc", "<abc@acreedor.pe>", "yo@acreedor.pe", planned.recipient, POLICY.creditor)
    return compose(rendered(planned, customer), envelope, NOW)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


PLAIN = mail(contact(), Customer("c", "Ana", country_code="PE"))


@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_text_stays_data(text: str) -> None:
    message = mail(contact(number=text), Customer(text, text, country_code="PE"))
    content = message.as_bytes()
    read = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    assert sorted(read.keys()) == sorted(PLAIN.keys())
    assert read["To"] == "ana@cliente.pe" and read["Subject"] == PLAIN["Subject"]
    assert b"\n.\r\n" not in content, "no line that ends the message"
    assert max(len(line) for line in content.split(b"\r\n")) <= 998

    page = _Tags()
    page.feed(_part(read, "html"))
    plain = _Tags()
    plain.feed(_part(PLAIN, "html"))
    assert page.tags == plain.tags and set(page.tags) <= ALLOWED_TAGS
    assert page.links == plain.links

    shown = clean(text)
    words = " ".join(_part(read, "plain").split())
    assert shown in words or len(shown) > 60
    assert html.unescape(shown) == shown or shown in "".join(page.text)
    for part in (_part(read, "plain"), _part(read, "html")):
        bad = {char for char in part if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
        assert bad <= {"\n", "\r"}
        assert len(part) < 10_000
        assert part.count("\n") <= _part(PLAIN, "plain" if part == _part(read, "plain") else "html").count("\n") + 4


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once and len(once) <= 100
    assert "=?" not in header(text)


@pytest.mark.parametrize(
    ("language", "country", "currency", "amount", "date", "greeting"),
    [
        ("es", "PE", "PEN", "PEN 1,234,567.50", "20 jun. 2026", "Estimados señores de Ana:"),
        ("es", "CO", "COP", "COP 1.234.567,50", "20/06/2026", "Estimados señores de Ana:"),
        ("es", None, "USD", "USD 1,234,567.50", "20 jun 2026", "Estimados señores de Ana:"),
        ("es", "CL", "CLP", "CLP 1.234.567,5", "20-06-2026", "Estimados señores de Ana:"),
        ("en", "US", "USD", "USD 1,234,567.50", "Jun 20, 2026", "Dear Ana,"),
        ("en", "ZZ", "PEN", "PEN 1,234,567.50", "Jun 20, 2026", "Dear Ana,"),
        ("pt", "BR", "BRL", "BRL 1.234.567,50", "20 de jun. de 2026", "Prezados senhores de Ana:"),
    ],
)
def test_each_language_writes_money_and_dates_its_own_way(
    language: Language, country: str | None, currency: str, amount: str, date: str, greeting: str
) -> None:
    message = rendered(contact(language, currency_code=currency), Customer("c", "Ana", country_code=country))
    text = message.text.replace("\xa0", " ")
    assert amount in text and date in text and greeting in text
    assert amount in message.html.replace("\xa0", " ") and f'lang="{language}"' in message.html


@pytest.mark.parametrize("language", ["es", "en", "pt"])
@pytest.mark.parametrize("template", sorted({step.template for step in POLICY.steps}))
def test_each_message_says_whom_to_talk_to_how_to_dispute_and_how_to_stop(template: str, language: Language) -> None:
    message = TEMPLATES.render(template, contact(language), Customer("c", None), POLICY, AS_OF, stop="alto@acreedor.pe")
    words = TEMPLATES._words_of(language)
    for part in (" ".join(message.text.split()), html.unescape(message.html)):
        assert POLICY.creditor.email in part and POLICY.creditor.contact_name in part
        assert words.dispute in part and words.stop in part and "alto@acreedor.pe" in part
        assert words.greeting_without_name in part and POLICY.creditor.name in part


@pytest.mark.parametrize(("days", "says"), [(0, "vence hoy"), (1, "1 día de atraso"), (2, "2 días de atraso")])
def test_the_situation_counts_days(days: int, says: str) -> None:
    planned = contact()
    later = planned.lines[0].item.due_date + dt.timedelta(days=days)
    message = TEMPLATES.render("overdue", planned, Customer("c"), POLICY, later, stop="alto@acreedor.pe")
    assert says in message.text
