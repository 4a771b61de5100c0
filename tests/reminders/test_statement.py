"""A statement of account says the same of each document, whichever file it is."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
import yaml
from python_calamine import load_workbook

from cartera.reminders import locale as written
from cartera.reminders.locale import locale_of
from cartera.reminders.model import Customer, Item
from cartera.reminders.pdf import text_of
from cartera.reminders.policy import Language
from cartera.reminders.statement import Account, statement_pdf, statement_xlsx
from cartera.settings import get_settings

AS_OF = dt.date(2026, 6, 30)
KNOWN_AT = dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC)
LATE, SOON = AS_OF - dt.timedelta(days=40), AS_OF + dt.timedelta(days=5)


def _item(number: str, amount: int = 100, **values: object) -> Item:
    item = Item(number, "main", "c", number, LATE, LATE, "PEN", Decimal(amount), Decimal(amount))
    return item._replace(**values)  # type: ignore[arg-type]


ITEMS = (
    _item("LATE"),
    _item("CONTESTED", is_disputed=True),
    _item("PROMISED", promised_date=SOON),
    _item("BOTH", is_disputed=True, promised_date=SOON),
    _item("CREDIT", -30),
)


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_the_pdf_says_of_each_document_what_the_workbook_says(language: Language) -> None:
    """The PDF goes to the debtor: what it contests is not called overdue there, and its promise is not left out."""
    of = Account(Customer("c", "Ana", country_code="PE"), "main", AS_OF, KNOWN_AT, ITEMS)
    rows = load_workbook(io.BytesIO(statement_xlsx(of, language))).get_sheet_by_index(0).to_python()
    stated = {row[0]: (row[4], row[5]) for row in rows[5:]}
    words = yaml.safe_load((get_settings().project_dir / f"templates/words.{language}.yaml").read_text("utf-8"))
    late, promised = words["overdue_many"].replace("{days}", "40"), words["promised_for"]
    assert {number: stated[number] for number in ("LATE", "CONTESTED", "PROMISED", "BOTH", "CREDIT")} == {
        "LATE": (late, ""),
        "CONTESTED": (words["disputed"], ""),
        "PROMISED": (late, SOON),
        "BOTH": (words["disputed"], SOON),
        "CREDIT": (words["credit_row"], ""),
    }
    told = " ".join(text_of(statement_pdf(of, language)).split())
    assert told.count(words["disputed"]) == 2 and told.count(late) == 2 and told.count(words["credit_row"]) == 1
    day = written.date(SOON, locale_of(language, "PE"))
    assert told.count(f"{promised} {day}".replace("\xa0", " ")) == 2
