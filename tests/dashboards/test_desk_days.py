"""What is typed in a form of the desk stays in it, in another language and when its day has passed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.desk_page import ME, TODAY, action_id, field_of, publish_today, record, three_customers
from support.pages import OpenPage, said

from cartera.desk import day, drafts

LATER, PAST = TODAY + dt.timedelta(days=6), TODAY - dt.timedelta(days=2)
TYPED: dict[str, dict[str, Any]] = {
    "promise": {"amount": "400", "date": LATER, "items": ["1"], "note": "by cheque"},
    "plan": {"amount": "400", "date": LATER, "parts": "4", "every": "14", "items": ["1"], "note": "by cheque"},
    "dispute": {"items": ["1"], "reason": "price", "amount": "40", "note": "by mail"},
    "hold": {"kind": "attorney", "until": LATER, "note": "her lawyer"},
    "call": {"outcome": "no_answer", "note": "at noon"},
    "wish": {"said": "authorised", "channel": "sms", "statement": "yes, there"},
    "contact": {"channel": "sms", "address": "987 654 321"},
}
PASSED = {"EN": "has passed", "ES": "ya pasó", "PT": "já passou"}


def _in(app: AppTest, language: str) -> AppTest:
    return app.segmented_control(key="lang").set_value(language).run()


def _same(draft: drafts.Draft, last: str) -> dict[str, str]:
    return {**draft.fields, last: "", "amount_in": ""}


@pytest.mark.parametrize("form", TYPED)
def test_what_is_typed_stays_when_the_language_is_switched(open_page: OpenPage, form: str) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do=form)
    for field, value in TYPED[form].items():
        field_of(app, field).set_value(value).run()
    kept = drafts.found(ME, "files:C-1", form)
    for language in ("PT", "EN", "ES"):
        app = _in(app, language)
        assert {field: field_of(app, field).value for field in TYPED[form]} == TYPED[form], language
    last = list(TYPED[form])[-1]
    field_of(app, last).set_value("987 654 322" if last == "address" else LATER if last == "until" else "else").run()
    again = drafts.found(ME, "files:C-1", form)
    # an amount stands beside the language that it is written in
    assert kept and again and _same(again, last) == _same(kept, last)


def test_a_hold_until_a_day_is_recorded_so_after_a_switch(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="hold")
    field_of(app, "until").set_value(LATER).run()
    assert record(_in(app, "ES")).success
    assert [each.until for each in day.customer_file("files:C-1").holds] == [LATER]


def _kept(form: str, **fields: str) -> None:
    drafts.keep(ME, "files:C-1", form, drafts.Draft(action_id(1), 0, {}), fields)


@pytest.mark.parametrize("lang", PASSED)
def test_a_hold_whose_day_has_passed_is_refused_until_another_is_chosen(open_page: OpenPage, lang: str) -> None:
    publish_today(three_customers())
    _kept("hold", until=PAST.isoformat(), note="her lawyer")
    app = open_page("worklist", customer="files:C-1", do="hold", lang=lang)
    assert PASSED[lang] in said(app) and field_of(app, "until").value is None
    app = field_of(app, "note").set_value("his lawyer").run()
    app = record(app)
    assert len(app.error) == 1 and not day.customer_file("files:C-1").holds and not app.exception
    app = open_page("worklist", customer="files:C-1", do="hold", lang=lang)
    assert PASSED[lang] in said(app), "also after a reload"
    app = field_of(app, "until").set_value(LATER).run()
    assert PASSED[lang] not in said(app)
    assert record(app).success
    assert [(each.until, each.note) for each in day.customer_file("files:C-1").holds] == [(LATER, "his lawyer")]


def test_or_until_it_is_left_empty_on_purpose(open_page: OpenPage) -> None:
    publish_today(three_customers())
    _kept("hold", until=PAST.isoformat())
    app = open_page("worklist", customer="files:C-1", do="hold")
    app = next(button for button in app.button if str(button.key).startswith("no_day_")).click().run()
    assert PASSED["EN"] not in said(app)
    assert PASSED["EN"] not in said(open_page("worklist", customer="files:C-1", do="hold")), "also after a reload"
    assert record(app).success
    assert [each.until for each in day.customer_file("files:C-1").holds] == [None]


@pytest.mark.parametrize("form", ["promise", "plan"])
def test_a_promise_and_a_plan_need_another_day(open_page: OpenPage, form: str) -> None:
    publish_today(three_customers())
    _kept(form, date=PAST.isoformat(), amount="400")
    app = open_page("worklist", customer="files:C-1", do=form)
    assert PASSED["EN"] in said(app) and not [each for each in app.button if str(each.key).startswith("no_day_")]
    app = record(app)
    assert len(app.error) == 1 and not day.customer_file("files:C-1").promises and not app.exception
    assert record(field_of(app, "date").set_value(LATER).run()).success
    assert day.customer_file("files:C-1").promises
