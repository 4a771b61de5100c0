"""What a form of the desk says before it is recorded: how much it is about, and what is agreed of it already."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.desk_page import ALSO, ME, TODAY, action_id, field_of, publish_today, record
from support.pages import OpenPage, said
from support.serve_fixture import item

from cartera import desk, outgoing
from cartera.desk import day
from dashboards.queries import customer

SOON = TODAY + dt.timedelta(days=5)


def _two_invoices() -> None:
    late = TODAY - dt.timedelta(days=20)
    publish_today([item("1", late, "1000"), item("1b", late, "300"), item("1c", TODAY + dt.timedelta(days=9), "50")])


def _told(app: AppTest) -> str:
    return said(app).replace("\\", "").replace("\xa0", " ")


def _form(open_page: OpenPage, form: str, *items: str, lang: str = "EN") -> AppTest:
    app = open_page("worklist", customer="files:C-1", do=form, lang=lang)
    assert not app.exception
    return field_of(app, "items").set_value(list(items)).run() if items else app


@pytest.mark.parametrize(
    ("form", "until"),
    [("promise", "Until its day"), ("plan", "Until its last part"), ("dispute", "Until it is decided")],
)
def test_a_form_says_how_much_it_is_about(database: str, open_page: OpenPage, form: str, until: str) -> None:
    _two_invoices()
    told = _told(_form(open_page, form))
    assert "No invoice is chosen: this is about everything it owes there" in told
    assert until in told and "off the worklist" in told
    told = _told(_form(open_page, form, "1"))
    assert until in told and "The rest that is late, PEN 300.00, still is" in told
    assert "off the worklist" not in told and "No invoice is chosen" not in told
    told = _told(_form(open_page, form, "1", "1b"))
    assert "are all that is late there" in told and "off the worklist" in told
    told = _told(_form(open_page, form, "1c"))
    assert "The rest that is late, PEN 1,300.00" in told


@pytest.mark.parametrize(("lang", "text"), [("ES", "No eligió facturas"), ("PT", "Nenhuma fatura foi escolhida")])
def test_it_says_so_in_the_language_of_the_page(database: str, open_page: OpenPage, lang: str, text: str) -> None:
    _two_invoices()
    assert text in _told(_form(open_page, "promise", lang=lang))


def _agreed(kind: str, item_ids: tuple[str, ...]) -> Any:
    if kind == "promise":
        return desk.promise(ALSO, action_id(1), "files:C-1", "main", "PEN", Decimal(5), SOON, item_ids=item_ids)
    if kind == "plan":
        parts = [(SOON, Decimal(2)), (SOON + dt.timedelta(days=9), Decimal(3))]
        return desk.plan(ALSO, action_id(1), "files:C-1", "main", "PEN", parts, item_ids=item_ids)
    return desk.dispute(ALSO, action_id(1), "files:C-1", "main", "PEN", reason="wrong price", item_ids=item_ids)


SAYS = {"promise": "promise: PEN 5.00", "plan": "plan: ", "dispute": "wrong price"}


@pytest.mark.parametrize("kind", ["promise", "plan", "dispute"])
@pytest.mark.parametrize("form", ["promise", "plan", "dispute"])
def test_what_is_in_force_on_the_same_debt_is_named(
    database: str, open_page: OpenPage, form: str, kind: str
) -> None:  # fmt: skip
    _two_invoices()
    assert "Already in force" not in _told(_form(open_page, form))
    _agreed(kind, ("1",))
    for items, is_named in (((), True), (("1",), True), (("1", "1b"), True), (("1b",), False)):
        warned = [each.value.replace("\\", "").replace("\xa0", " ") for each in _form(open_page, form, *items).warning]
        found = [text for text in warned if "Already in force on this debt" in text]
        assert len(found) == is_named, items
        if found:
            assert SAYS[kind] in found[0] and "bea" in found[0] and "end the earlier one first" in found[0]


def test_it_is_no_refusal_and_what_has_ended_is_not_in_force(database: str, open_page: OpenPage) -> None:
    _two_invoices()
    made = _agreed("promise", ())
    app = _form(open_page, "promise")
    field_of(app, "amount").set_value("7").run()
    field_of(app, "date").set_value(SOON).run()
    app = record(app)
    assert not app.exception and len(day.customer_file("files:C-1").promises) == 2
    for each in day.customer_file("files:C-1").promises:
        desk.cancel_promise(ME, action_id(int(each.amount)), "files:C-1", each.promise_id, seen=1)
    assert made and "Already in force" not in _told(_form(open_page, "promise"))


@pytest.mark.parametrize(
    ("lang", "told"),
    [("EN", "recorded just now by you"), ("ES", "lo acaba de registrar usted"), ("PT", "você acaba de registrar")],
)
def test_what_was_recorded_a_moment_ago_is_told_from_what_others_agreed(
    database: str, open_page: OpenPage, lang: str, told: str
) -> None:
    """The form is empty again and names it: who reads that must not take it for somebody else's, nor for a second."""
    _two_invoices()
    app = _form(open_page, "promise", lang=lang)
    for amount, others in (("7", 0), ("8", 1)):
        field_of(app, "amount").set_value(amount).run()
        field_of(app, "date").set_value(SOON).run()
        app = record(app)
        # nothing is to be minded but what was there before
        boxes = [each.value for each in (app.warning if others else app.info)]
        (box,) = [each for each in boxes if told in each]
        lines = [line for line in box.replace("\\", "").splitlines() if line.startswith("- ")]
        assert len(lines) == 1 + others
        (mine,) = [line for line in lines if told in line]
        assert f"{amount}.00" in mine or f"{amount},00" in mine
    assert told not in _told(_form(open_page, "promise", lang=lang)), "another session did not record it"


def test_another_company_or_currency_is_another_debt(database: str, open_page: OpenPage) -> None:
    late = TODAY - dt.timedelta(days=20)
    publish_today([item("1", late, "1000"), item("2", late, "70", currency_code="USD")])
    desk.promise(ALSO, action_id(1), "files:C-1", "main", "USD", Decimal(5), SOON)
    app = _form(open_page, "promise")
    assert "Already in force" not in _told(app)
    app = field_of(app, "where").set_value("main/USD").run()
    assert "Already in force on this debt" in _told(app)


def test_what_the_invoices_source_says_is_named_and_not_twice(
    database: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = TODAY - dt.timedelta(days=20)
    contested = item("1", late, "1000", is_disputed=True)
    publish_today([contested, item("1b", late, "300"), item("1c", late, "20")])
    asked = customer.items
    monkeypatch.setattr(
        "dashboards.queries.customer.items",
        lambda *of: [row | ({"promised_date": SOON} if row["item_id"] == "1b" else {}) for row in asked(*of)],
    )
    told = _told(_form(open_page, "promise"))
    assert "1 invoice in dispute, as published" in told and "1 invoice promised, by" in told
    assert "end the earlier one first" not in told, "there is nothing here to be ended"
    assert "Already in force" not in _told(_form(open_page, "promise", "1c"))
    desk.dispute(ME, action_id(3), "files:C-1", "main", "PEN", reason="wrong price", item_ids=["1"])
    told = _told(_form(open_page, "promise"))
    assert "in dispute, as published" not in told and "wrong price" in told


@pytest.mark.parametrize(("lang", "by"), [("EN", "(erased)"), ("ES", "(borrado)"), ("PT", "(apagado)")])
def test_what_an_erased_customer_agreed_is_named_and_ended_as_any_other(
    database: str, open_page: OpenPage, lang: str, by: str
) -> None:
    _two_invoices()
    contested = _agreed("dispute", ())
    outgoing.erase_customer("files:C-1", "privacy officer")
    assert f"wrong price · {by}" in _told(_form(open_page, "promise", lang=lang))
    app = open_page("promises", lang=lang)
    assert list(next(each.value for each in app.dataframe if "reason" in each.value)["acted_by"]) == [by]
    app = open_page("worklist", customer="files:C-1", lang=lang)
    key = f"{contested.dispute_id}/1"
    app.text_input(key=f"words_{key}").set_value("credited").run()
    app = app.button(key=f"end_{key}").click().run()
    assert not app.exception and day.customer_file("files:C-1").disputes[0].resolution == "credited"
