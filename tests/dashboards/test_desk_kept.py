"""A form that was kept says in the morning what it said in the evening: of the same invoices, currency and amount."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.desk_page import ME, TODAY, action_id, field_of, publish_today, record
from support.pages import OpenPage, said
from support.serve_fixture import Item, item

from cartera.desk import day, drafts
from dashboards.i18n import LOCALES, Words

LATE, SOON = TODAY - dt.timedelta(days=20), TODAY + dt.timedelta(days=5)
NOT_OPEN = {"EN": "Kept, and not open any more", "ES": "ya no está abierto", "PT": "não está mais em aberto"}
NOT_OWED = {"EN": "nothing is owed there", "ES": "ya no debe nada", "PT": "não deve mais nada"}
FORMS = ("promise", "plan", "dispute")


def _invoices(*ids: str) -> list[Item]:
    return [item(id, LATE, "1000") for id in ids]


def _form(open_page: OpenPage, form: str = "promise", lang: str = "EN") -> AppTest:
    app = open_page("worklist", customer="files:C-1", do=form, lang=lang)
    assert not app.exception
    return app


def _evening(open_page: OpenPage, form: str, *items: str) -> None:
    """What is typed of invoices 1, 1b and 1c, and not recorded."""
    publish_today(_invoices("1", "1b", "1c"))
    app = _form(open_page, form)
    typed: dict[str, Any] = {"items": list(items), "amount": "400"}
    for field, value in (typed | ({"reason": "price"} if form == "dispute" else {"date": SOON})).items():
        app = field_of(app, field).set_value(value).run()


def _agreed() -> list[tuple[str, ...]]:
    """The invoices of each promise, plan and dispute."""
    filed = day.customer_file("files:C-1")
    promises = [each for each in filed.promises if not each.plan_id]
    return [each.item_ids for kind in (promises, filed.plans, filed.disputes) for each in kind]


def _anew(app: AppTest) -> Any:
    return next(button for button in app.button if str(button.key).startswith("anew_"))


@pytest.mark.parametrize("form", FORMS)
def test_of_an_invoice_that_was_paid_it_is_refused_until_others_are_chosen(open_page: OpenPage, form: str) -> None:
    _evening(open_page, form, "1")
    publish_today(_invoices("1b", "1c"))
    for _ in range(2):
        app = _form(open_page, form)
        assert f"{NOT_OPEN['EN']}: F001-1." in said(app).replace("\\", "")
        assert "this is about everything" not in said(app) and _anew(app).label == "Everything it owes there"
        app = record(field_of(app, "note").set_value("by phone").run())
        assert "is not open any more, it may have been paid" in app.error[0].value and not _agreed()
    app = field_of(app, "items").set_value(["1c"]).run()
    assert NOT_OPEN["EN"] not in said(app)
    assert record(app).success and _agreed() == [("1c",)]


@pytest.mark.parametrize("form", FORMS)
def test_or_until_it_is_said_to_be_about_everything(open_page: OpenPage, form: str) -> None:
    _evening(open_page, form, "1")
    publish_today(_invoices("1b"))
    app = _anew(_form(open_page, form)).click().run()
    assert NOT_OPEN["EN"] not in said(app) and "this is about everything" in said(app)
    app = _form(open_page, form)
    assert NOT_OPEN["EN"] not in said(app), "also after a reload"
    assert record(app).success and _agreed() == [()]


def test_of_several_of_which_one_was_paid_the_others_are_not_meant_by_themselves(open_page: OpenPage) -> None:
    _evening(open_page, "promise", "1", "1c")
    publish_today(_invoices("1b", "1c"))
    app = _form(open_page)
    assert field_of(app, "items").value == ["1c"] and f"{NOT_OPEN['EN']}: F001-1." in said(app).replace("\\", "")
    app = record(app)
    assert len(app.error) == 1 and not _agreed()
    button = _anew(app)
    assert button.label == "Only the invoices still chosen"
    assert record(button.click().run()).success and _agreed() == [("1c",)]


def test_it_is_so_in_a_page_that_stayed_open_and_ends_when_it_is_open_again(open_page: OpenPage) -> None:
    publish_today(_invoices("1", "1b"))
    app = field_of(_form(open_page), "items").set_value(["1"]).run()
    publish_today(_invoices("1b"))
    app = app.run()
    assert f"{NOT_OPEN['EN']}: F001-1." in said(app).replace("\\", "")
    publish_today(_invoices("1", "1b"))
    app = app.run()
    assert NOT_OPEN["EN"] not in said(app) and field_of(app, "items").value == ["1"]


@pytest.mark.parametrize("lang", NOT_OPEN)
def test_a_draft_without_names_and_a_place_that_is_gone_are_told_in_the_language_of_the_page(
    open_page: OpenPage, lang: str
) -> None:
    publish_today(_invoices("1b"))
    kept = {"items": "1\x1f1b", "where": "main/USD", "amount": "500", "date": SOON.isoformat()}
    drafts.keep(ME, "files:C-1", "promise", drafts.Draft(action_id(1), 0, {}), kept)
    told = said(_form(open_page, lang=lang)).replace("\\", "")
    assert f"{NOT_OPEN[lang]}: 1." in told and NOT_OWED[lang] in told and "main · USD" in told


@pytest.mark.parametrize("form", FORMS)
def test_of_a_currency_that_was_paid_it_is_not_of_another_one(open_page: OpenPage, form: str) -> None:
    dollars = item("2", LATE, "900", currency_code="USD")
    publish_today([*_invoices("1"), dollars])
    app = field_of(_form(open_page, form), "where").set_value("main/USD").run()
    field_of(app, "amount").set_value("500").run()
    if form == "dispute":
        field_of(app, "reason").set_value("price").run()
    else:
        field_of(app, "date").set_value(SOON).run()
    publish_today(_invoices("1"))
    for _ in range(2):
        app = _form(open_page, form)
        assert field_of(app, "where").value is None and NOT_OWED["EN"] in said(app)
        app = record(field_of(app, "note").set_value("by phone").run())
        assert "No company and currency is chosen" in app.error[0].value and not _agreed()
    app = field_of(app, "where").set_value("main/PEN").run()
    assert NOT_OWED["EN"] not in said(app)
    assert record(app).success and len(_agreed()) == 1


def test_a_form_in_which_nothing_was_typed_begins_where_something_is_owed(open_page: OpenPage) -> None:
    publish_today([*_invoices("1"), item("2", LATE, "900", currency_code="USD")])
    app = open_page("worklist", customer="files:C-1", do="promise", currency="USD")
    assert field_of(app, "where").value == "main/USD"
    publish_today(_invoices("1"))
    app = app.run()
    assert field_of(app, "where").value == "main/PEN" and NOT_OWED["EN"] not in said(app)


def _in(app: AppTest, language: str) -> AppTest:
    return app.segmented_control(key="lang").set_value(language).run()


def _dinars(open_page: OpenPage) -> AppTest:
    """A form in which 1,234 is typed in English, where three decimals are an amount too."""
    publish_today([item("1", LATE, "5000", currency_code="KWD")])
    app = field_of(_form(open_page), "amount").set_value("1,234").run()
    return field_of(app, "date").set_value(SOON).run()


def test_an_amount_is_the_same_in_another_language(open_page: OpenPage) -> None:
    app = _dinars(open_page)
    for language, shown in (("PT", "1.234"), ("ES", "1,234"), ("PT", "1.234")):
        app = _in(app, language)
        assert field_of(app, "amount").value == shown
    assert record(app).success
    assert [each.amount for each in day.customer_file("files:C-1").promises] == [Decimal(1234)]


def test_also_in_a_page_that_is_opened_in_another_language(open_page: OpenPage) -> None:
    _dinars(open_page)
    app = _form(open_page, lang="PT")
    assert field_of(app, "amount").value == "1.234"
    app = field_of(app, "note").set_value("por cheque").run()
    app = _form(open_page, lang="EN")
    assert field_of(app, "amount").value == "1,234", "kept in the language it was kept in last"
    field_of(app, "amount").set_value("1,234.5").run()
    app = _form(open_page, lang="PT")
    assert field_of(app, "amount").value == "1.234,5"
    assert record(app).success
    assert [each.amount for each in day.customer_file("files:C-1").promises] == [Decimal("1234.5")]


def test_what_is_no_amount_stays_as_it_was_typed(open_page: OpenPage) -> None:
    app = field_of(_dinars(open_page), "amount").set_value("1,0").run()
    assert field_of(_in(app, "PT"), "amount").value == "1,0"


@pytest.mark.parametrize("language", LOCALES)
def test_an_amount_as_it_is_typed_is_read_back(language: str) -> None:
    words = Words(language)
    for text in ("0", "0.5", "7.00", "999.999", "1234", "1234.5", "1234.567", "1234567.001", "-1234.5"):
        assert words.read_amount(words.typed(Decimal(text)), 3) == Decimal(text)
    assert words.typed(Decimal("7.00")).endswith("00") and words.typed(Decimal(7)) == "7"
