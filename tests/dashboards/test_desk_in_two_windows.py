"""One person in two windows, or killed in between: a form that was recorded never locks what is typed in it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest
from support.desk_page import ALSO, ME, TODAY, action_id, field_of, publish_today, record, three_customers
from support.pages import OpenPage, said

from cartera import desk
from cartera.desk import day, drafts

BEFORE = {
    "EN": "This form was recorded already",
    "ES": "Este formulario ya se registró",
    "PT": "Este formulário já foi",
}


def _note_form(open_page: OpenPage, lang: str = "EN") -> AppTest:
    return open_page("worklist", customer="files:C-1", do="note", lang=lang)


def _notes() -> list[str]:
    return [each.text for each in day.customer_file("files:C-1").notes]


def _first_recorded(open_page: OpenPage) -> AppTest:
    """The second window, with the same form, which the first has recorded."""
    publish_today(three_customers())
    first = _note_form(open_page)
    field_of(first, "note").set_value("asks for the invoice").run()
    second = _note_form(open_page)
    assert record(first).success
    return second


@pytest.mark.parametrize("lang", BEFORE)
def test_what_the_second_window_changes_is_told_and_recorded_as_another_one(open_page: OpenPage, lang: str) -> None:
    app = _first_recorded(open_page)
    app = app.segmented_control(key="lang").set_value(lang).run()
    field_of(app, "note").set_value("asks for the contract").run()
    app = record(app)
    assert not app.exception and not app.error and not app.success
    assert BEFORE[lang] in said(app) and "UTC" in said(app)
    assert _notes() == ["asks for the invoice"] and field_of(app, "note").value == "asks for the contract"
    app = record(app)
    assert app.success and BEFORE[lang] not in said(app)
    assert _notes() == ["asks for the contract", "asks for the invoice"]
    assert not drafts.found(ME, "files:C-1", "note") and not field_of(app, "note").value


def test_opened_again_it_is_told_and_can_be_thrown_away(open_page: OpenPage) -> None:
    app = _first_recorded(open_page)
    field_of(app, "note").set_value("asks for the contract").run()
    for _ in range(2):
        app = _note_form(open_page)
    assert field_of(app, "note").value == "asks for the contract", "under an id of its own, also after a reload"
    app = record(app)
    assert app.success and _notes() == ["asks for the contract", "asks for the invoice"]

    app = _first_recorded(open_page)
    field_of(app, "note").set_value("asks for nothing").run()
    app = _note_form(open_page)
    assert BEFORE["EN"] in said(app)
    app = next(button for button in app.button if str(button.key).startswith("drop_")).click().run()
    assert BEFORE["EN"] not in said(app) and not field_of(app, "note").value and not app.exception
    assert not drafts.found(ME, "files:C-1", "note")


def test_killed_before_the_draft_went_the_form_is_empty(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_today(three_customers())
    app = _note_form(open_page)
    field_of(app, "note").set_value("asks for the invoice").run()
    with monkeypatch.context() as killed:
        killed.setattr(drafts, "drop", lambda *_: 1 / 0)
        record(app)
    assert _notes() == ["asks for the invoice"]
    app = _note_form(open_page)
    assert not field_of(app, "note").value and BEFORE["EN"] not in said(app)
    assert not drafts.found(ME, "files:C-1", "note")
    field_of(app, "note").set_value("asks for the contract").run()
    assert record(app).success and len(_notes()) == 2


def test_another_promise_is_no_conflict_with_the_one_that_was_told(open_page: OpenPage) -> None:
    publish_today(three_customers())
    first = open_page("worklist", customer="files:C-1", do="promise")
    field_of(first, "amount").set_value("400").run()
    field_of(first, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    second = open_page("worklist", customer="files:C-1", do="promise")
    record(first)
    desk.dispute(ALSO, action_id(5), "files:C-1", "main", "PEN", reason="wrong price")
    field_of(second, "amount").set_value("300").run()
    app = record(second)
    told = said(app).replace("\\", "").replace("\xa0", " ")
    assert BEFORE["EN"] in told and "promise: PEN 400.00" in told and "wrong price" in told, "drawn anew"
    assert field_of(app, "date").value == TODAY + dt.timedelta(days=2)
    app = record(app)
    assert app.success and not app.exception
    assert {each.amount for each in day.customer_file("files:C-1").promises} == {Decimal(400), Decimal(300)}
