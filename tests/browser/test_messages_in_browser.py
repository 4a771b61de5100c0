"""The e-mails in a real browser on a phone-sized page, in three languages: nothing is cut, nothing scrolls sideways.

CARTERA_MESSAGE_IMAGES=docs/images keeps the pictures.
"""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from cartera.contact_rules import product_rulebook
from cartera.reminders.disclosures import LegalWording
from cartera.reminders.model import Customer, Item, Line, PlannedContact
from cartera.reminders.policies import find_policy
from cartera.reminders.policy import Creditor, Language, Policy
from cartera.reminders.render import Templates
from cartera.settings import PACKAGE_DIR

PROJECT = PACKAGE_DIR.parent
PHONE = {"width": 390, "height": 844}
AS_OF = dt.date(2026, 6, 30)
CREDITOR = Creditor(
    name="Andes Industrial S.A.C.",
    contact_name="Lucía Ramírez",
    email="cobranzas@andes.example",
    phone="+51 1 555 0100",
    payment={"PEN": "BCP 194-0000000-0-00", "USD": "BCP 194-0000000-1-00"},
    payment_link={"PEN": "https://pay.andes.example/{customer_id}", "USD": "https://pay.andes.example/{customer_id}"},
)
DEBTORS: dict[Language, tuple[str, Customer, str]] = {
    "es": ("overdue", Customer("c1", "Comercial Aurora S.A.C.", country_code="PE"), "first_reminder"),
    "en": ("final_notice", Customer("c2", "Blue Harbor Trading LLC", country_code="US"), "final_notice"),
    "pt": ("upcoming", Customer("c3", "Padaria Três Rios Ltda.", country_code="BR"), "before_due"),
}


def policy() -> Policy:
    return find_policy(PROJECT / "policies").model_copy(update={"creditor": CREDITOR})


def message(language: Language, template: str, step_name: str, customer: Customer, *, long: bool = False) -> str:
    asked = policy()
    step = next(each for each in asked.ladder if each.name == step_name)
    days = step.offset_days

    def line(number: str, currency: str, amount: str, days: int) -> Line:
        due = AS_OF - dt.timedelta(days=days)
        return Line(Item(number, "main", "c", number, due, due, currency, Decimal(amount), Decimal(amount)), step)

    lines = [line("F001-004512", "PEN", "12480.50", days + 3), line("F001-004630", "PEN", "980", days)]
    lines += [line("F002-000087", "USD", "1234567.89" if long else "3150.00", days)]
    credits = {"PEN": Decimal("230.00")}
    contact = PlannedContact("main", "c", step, "x", "pagos@cliente.example", language, tuple(lines), credits)
    root = PROJECT / "templates"
    templates = Templates(root, LegalWording(product_rulebook(), root / "disclosures.yaml"))
    found = templates.render(template, contact, customer, asked, AS_OF, stop=CREDITOR.email, reference="7d41c0a9")
    return found.html  # type: ignore[union-attr]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=PHONE, device_scale_factor=1)  # type: ignore[arg-type]
    yield page
    page.close()


@pytest.mark.parametrize("language", DEBTORS)
def test_a_message_fits_a_phone(phone: Page, language: Language, tmp_path: Path) -> None:
    template, customer, step = DEBTORS[language]
    phone.set_content(message(language, template, step, customer))
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert phone.evaluate(_SMALL) == [], "too small to read"
    folder = Path(os.environ.get("CARTERA_MESSAGE_IMAGES") or tmp_path)
    picture = folder / f"message-{language}.png"
    # few colours are enough, and a small file
    with Image.open(io.BytesIO(phone.screenshot(full_page=True))) as taken:
        taken.convert("RGB").quantize(24).save(picture, optimize=True)
    assert picture.stat().st_size < 60_000


@pytest.mark.parametrize("language", DEBTORS)
@pytest.mark.parametrize("template", ["upcoming", "overdue", "overdue_firm", "final_notice"])
def test_no_long_amount_makes_a_phone_scroll_sideways(phone: Page, template: str, language: Language) -> None:
    _, customer, step = DEBTORS[language]
    phone.set_viewport_size({"width": 320, "height": 640})
    phone.set_content(message(language, template, step, customer, long=True))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320


_SMALL = """
[...document.querySelectorAll('main *')]
    .filter(each => !each.childElementCount && each.textContent.trim())
    .filter(each => parseFloat(getComputedStyle(each).fontSize) < 14)
    .map(each => each.textContent)
"""
