"""What is recorded at the worklist: nothing lost, nothing done twice, conflicts told, agreements ended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.desk_page import ALSO, ME, TODAY, action_id, field_of, publish_today, record, table_with, three_customers
from support.pages import OpenPage, said
from support.serve_fixture import item
from support.serve_promises import disputed

from cartera import desk
from cartera.desk import Actor, day, drafts
from cartera.warehouse import variables
from dashboards.components import desk_agreements, desk_forms
from dashboards.components.view import View
from dashboards.i18n import Words


def test_a_promise_is_recorded_once_and_leaves_the_list(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="promise")
    field_of(app, "amount").set_value("1,000.00").run()
    field_of(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
    app = record(app)
    assert not app.exception and "Recorded: PEN" in "".join(each.value for each in app.success).replace("\\", "")
    filed = day.customer_file("files:C-1")
    assert [(each.amount, each.promised_date) for each in filed.promises] == [
        (Decimal("1000.00"), TODAY + dt.timedelta(days=3))
    ]
    assert "Left in peace: promised" in said(app), "it stays open until the collector goes on"
    assert "of 1 customer, is not asked" in said(app)
    app = next(button for button in app.button if button.key == "next_task").click().run()
    assert "Bodega Norte" in said(app)


def test_what_is_typed_is_there_in_another_session(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="note")
    field_of(app, "note").set_value("asks for the invoice again").run()
    again = open_page("worklist", customer="files:C-1", do="note")
    assert field_of(again, "note").value == "asks for the invoice again"
    again = record(again)
    assert day.customer_file("files:C-1").notes[0].text == "asks for the invoice again"
    assert field_of(open_page("worklist", customer="files:C-1", do="note"), "note").value in ("", None)
    # the first window still shows it: recording it there again is the same thing
    app = record(app)
    assert len(day.customer_file("files:C-1").notes) == 1 and not app.exception


def test_wrong_amounts_are_refused_in_words(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="promise")
    field_of(app, "amount").set_value("1,0").run()
    field_of(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
    app = record(app)
    assert "is not an amount" in app.error[0].value and not app.exception
    assert "'1,0' is not an amount: write it" in app.error[0].value.replace("\\", ""), "one sentence"
    assert field_of(app, "amount").value == "1,0", "what was typed is still there"
    app = app.segmented_control(key="lang").set_value("ES").run()
    assert "'1,0' no es un monto" in app.error[0].value.replace("\\", ""), "as the page is now"
    app.segmented_control(key="lang").set_value("EN").run()
    # who writes 25.000 may mean twenty-five thousand: no currency here has a third decimal
    for amount in ("9" * 30, "NaN", "Infinity", "25.000"):
        app = open_page("worklist", customer="files:C-1", do="plan")
        field_of(app, "amount").set_value(amount).run()
        field_of(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
        app = record(app)
        assert "is not an amount" in "".join(each.value for each in app.error) and not app.exception, amount


def test_what_can_not_be_kept_is_told_with_a_reference(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="note")
    monkeypatch.setattr("cartera.desk.drafts.keep", lambda *_: 1 / 0)
    app = field_of(app, "note").set_value("a note").run()
    assert not app.exception and "Reference" in app.error[0].value


def _overtaken(open_page: OpenPage) -> AppTest:
    """A promise of 400 recorded after somebody else had recorded one of 600."""
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="promise")
    field_of(app, "amount").set_value("400").run()
    field_of(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    desk.promise(ALSO, action_id(5), "files:C-1", "main", "PEN", Decimal(600), TODAY + dt.timedelta(days=9), seen=0)
    return record(app)


def test_a_conflict_shows_both_and_either_way_out(open_page: OpenPage) -> None:
    app = _overtaken(open_page)
    told = said(app).replace("\\", "")
    assert "Somebody else recorded" in told and "bea" in told
    assert not [button for button in app.button if str(button.key).startswith("record_")], "two ways out, and no third"
    assert "promise: PEN 600.00" in told.replace("\xa0", " "), "all of the page is as it is"
    assert "Amount: 400" in told and "Amount: PEN 600.00" in told, "each in the reader's words"
    for days in (2, 9):
        assert f"Day: {Words('EN').date(TODAY + dt.timedelta(days=days))}" in told
    assert len(day.customer_file("files:C-1").promises) == 1, "nothing was written over"
    app = next(button for button in app.button if str(button.key).startswith("again_")).click().run()
    amounts = {each.amount for each in day.customer_file("files:C-1").promises}
    assert amounts == {Decimal(600), Decimal(400)} and not app.exception


def test_what_a_third_one_did_meanwhile_is_shown_before_it_is_recorded_over(open_page: OpenPage) -> None:
    app = _overtaken(open_page)
    desk.hold(Actor.local("carla"), action_id(7), "files:C-1", "attorney")
    app = next(button for button in app.button if str(button.key).startswith("again_")).click().run()
    assert "carla" in said(app) and len(day.customer_file("files:C-1").promises) == 1
    app = next(button for button in app.button if str(button.key).startswith("again_")).click().run()
    assert len(day.customer_file("files:C-1").promises) == 2 and not app.exception


def test_what_is_agreed_is_ended_with_a_click_once_and_says_how(open_page: OpenPage) -> None:
    publish_today(three_customers())
    desk.dispute(ME, action_id(6), "files:C-1", "main", "PEN", reason="wrong price", seen=0)
    app = open_page("worklist", customer="files:C-1")
    assert "wrong price" in said(app) and "Left in peace: disputed" in said(app)
    next(each for each in app.text_input if str(each.key).startswith("words_")).set_value("credited").run()
    app = open_page("worklist", customer="files:C-1")
    assert [each.value for each in app.text_input if str(each.key).startswith("words_")] == ["credited"], "a reload"
    app = next(button for button in app.button if str(button.key).startswith("end_")).click().run()
    closed = day.customer_file("files:C-1").disputes[0]
    assert closed.resolution == "credited" and closed.resolved_date == TODAY and not app.exception
    assert "Recorded: Dispute closed." in [each.value for each in app.success]
    assert drafts.found(ME, "files:C-1", f"end {closed.dispute_id}/1") is None
    assert "chance of" in said(app), "it is on the list again"


def test_who_is_too_late_to_end_it_is_told_who_was_first_in_the_language_of_the_page(open_page: OpenPage) -> None:
    publish_today(three_customers())
    promised = desk.promise(
        ME, action_id(6), "files:C-1", "main", "PEN", Decimal(5), TODAY + dt.timedelta(days=3), seen=0
    )
    held = desk.hold(ME, action_id(7), "files:C-1", "other")
    app = open_page("worklist", customer="files:C-1")
    app = next(each for each in app.text_input if each.key == f"words_{promised.promise_id}/1").set_value("less").run()
    desk.cancel_promise(ALSO, action_id(8), "files:C-1", promised.promise_id, seen=1, note="by another promise")
    next(button for button in app.button if button.key == f"end_{promised.promise_id}/1").click()
    app.segmented_control(key="lang").set_value("ES")
    app = app.run()
    [told] = [each.value.replace("\\", "") for each in app.warning if "bea" in each.value]
    assert told.startswith("Alguien fue primero: bea") and "Promesa anulada" in told and not app.exception
    assert told.endswith("Usted había escrito: less"), "nothing typed is lost"
    desk.release_hold(ALSO, action_id(9), "files:C-1", held.hold_id, seen=1)
    app = next(each for each in app.text_input if str(each.key).startswith("words_hold-")).set_value("was wrong").run()
    told = [each.value.replace("\\", "") for each in app.warning if "bea" in each.value][-1]
    assert "Espera liberada" in told and "was wrong" in told, "without a click"
    assert not [button for button in app.button if str(button.key).startswith("end_")]


@pytest.mark.parametrize(("role", "ends"), [("analyst", 0), ("collector", 3), ("manager", 4)])
def test_only_what_one_may_end_has_a_button(database: str, role: Any, ends: int) -> None:
    publish_today(three_customers())
    later = TODAY + dt.timedelta(days=9)
    desk.promise(
        ME, action_id(4), "files:C-1", "main", "PEN", Decimal(7), later, item_ids=["1"], note="by cheque", seen=0
    )
    desk.dispute(ME, action_id(5), "files:C-1", "main", "PEN", reason="wrong price", seen=1)
    desk.hold(ME, action_id(6), "files:C-1", "other")
    desk.hold(ME, action_id(7), "files:C-1", "attorney")
    view, filed = View(None, Words("EN"), is_dark=False), day.customer_file("files:C-1")  # type: ignore[arg-type]
    lines = list(desk_agreements._lines(view, Actor("x", role), filed, TODAY))
    assert lines[0].text.endswith("· 1 invoice · by cheque")
    assert len(lines) == 4 and sum(line.end is not None for line in lines) == ends


def test_a_promise_is_listed_until_it_is_judged(database: str) -> None:
    """With a button until its day is over, without one in the days of grace; then it is kept or broken, not open."""
    publish_today(three_customers())
    last = TODAY + dt.timedelta(days=3)
    desk.promise(ME, action_id(4), "files:C-1", "main", "PEN", Decimal(7), last, seen=0)
    view, filed = View(None, Words("EN"), is_dark=False), day.customer_file("files:C-1")  # type: ignore[arg-type]
    grace = variables.number("promise_grace_days")
    assert grace > 0
    listed = {
        after: [line.end is not None for line in desk_agreements._lines(view, ME, filed, last + dt.timedelta(after))]
        for after in (0, 1, grace, grace + 1, 400)
    }
    assert listed == {0: [True], 1: [False], grace: [False], grace + 1: [], 400: []}


def test_what_one_did_oneself_is_not_in_the_way_of_what_one_types(open_page: OpenPage) -> None:
    publish_today(three_customers())
    first = desk.promise(ME, action_id(1), "files:C-1", "main", "PEN", Decimal(9), TODAY + dt.timedelta(days=9), seen=0)
    app = open_page("worklist", customer="files:C-1", do="promise")
    field_of(app, "amount").set_value("400").run()
    field_of(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    app = next(button for button in app.button if button.key == f"end_{first.promise_id}/1").click().run()
    app = record(app)
    assert not app.exception and "Recorded: PEN" in "".join(each.value for each in app.success).replace("\\", "")
    assert [each.is_cancelled for each in day.customer_file("files:C-1").promises] == [False, True]


def test_who_comes_back_to_a_customer_has_seen_what_others_did_meanwhile(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="promise")
    app = next(button for button in app.button if button.key == "next_task").click().run()
    desk.promise(ALSO, action_id(5), "files:C-1", "main", "PEN", Decimal(600), TODAY + dt.timedelta(days=9), seen=0)
    app.query_params["customer"] = "files:C-1"
    app = app.run()
    field_of(app, "amount").set_value("400").run()
    field_of(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    app = record(app)
    assert "Somebody else recorded" not in said(app) and len(day.customer_file("files:C-1").promises) == 2


def test_a_plan_is_on_the_same_day_of_each_month(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1", do="plan")
    field_of(app, "amount").set_value("1,000").run()
    first = dt.date(TODAY.year + 1, 1, 31)
    field_of(app, "date").set_value(first).run()
    app = record(app)
    [plan] = day.customer_file("files:C-1").plans
    assert [(each.promised_date.month, each.promised_date.day) for each in plan.parts][::2] == [(1, 31), (3, 31)]
    assert [each.amount for each in plan.parts] == [Decimal("333.33"), Decimal("333.33"), Decimal("333.34")]
    assert not app.exception


@pytest.mark.parametrize(
    ("first", "days"),
    [
        ((6, 30), [(6, 30), (7, 30), (8, 30)]),
        ((1, 31), [(1, 31), (2, 28), (3, 31)]),
        ((2, 28), [(2, 28), (3, 28), (4, 28)]),
        ((11, 30), [(11, 30), (12, 30), (1, 30)]),
    ],
)
def test_each_part_is_on_the_day_of_the_first_also_where_a_month_ends_on_it(
    first: tuple[int, int], days: list[tuple[int, int]]
) -> None:
    found = [desk_forms._later(dt.date(2026, *first), desk_forms.MONTH, number) for number in range(3)]
    assert [(day.month, day.day) for day in found] == days
    assert found[-1].year == 2027 if first[0] == 11 else found[-1].year == 2026


def test_a_call_leads_to_what_it_was_about(open_page: OpenPage) -> None:
    publish_today(three_customers())
    app = open_page("worklist", customer="files:C-1")
    field_of(app, "outcome").set_value("right_party_promise").run()
    app = record(app)
    assert not app.exception, app.exception
    assert app.query_params["do"] in ("promise", ["promise"])
    assert day.customer_file("files:C-1").calls[0].outcome == "right_party_promise"


def test_who_stands_first_stays_open_when_a_call_moves_it_down(open_page: OpenPage) -> None:
    """Else the promise that follows the call would be recorded of somebody else."""
    publish_today(three_customers())
    app = open_page("worklist")
    field_of(app, "outcome").set_value("right_party_promise").run()
    app = record(app).run()
    assert list(table_with(app, "expected_amount")["customer_name"]) == ["Bodega Norte", "Comercial Andina SAC"]
    assert "Recorded: call" in "".join(each.value for each in app.success)
    field_of(app, "amount").set_value("1,000.00").run()
    field_of(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
    app = record(app)
    assert not app.exception and len(day.customer_file("files:C-1").promises) == 1
    assert not day.customer_file("files:C-2").promises


def test_another_list_begins_with_its_own_first(open_page: OpenPage) -> None:
    dollars = [item("7", TODAY - dt.timedelta(days=9), "80", customer_id="files:C-2", customer_name="Bodega Norte",
                    currency_code="USD")]  # fmt: skip
    publish_today([*three_customers(), *dollars])
    app = open_page("worklist")
    assert "Open now: [Comercial Andina SAC]" in said(app)
    app = app.segmented_control(key="currency").set_value("USD").run()
    assert "Open now: [Bodega Norte]" in said(app) and not app.exception
    told = said(open_page("worklist", currency="USD", customer="files:C-1")).replace("\\", "").replace("\xa0", " ")
    assert "Nothing is late in USD" in told and "Late elsewhere: main PEN 1,000.00." in told


def test_a_reload_leads_back_to_what_was_being_typed(open_page: OpenPage) -> None:
    publish_today([*three_customers(), item("1b", TODAY + dt.timedelta(days=5), "70")])
    app = open_page("worklist", do="note")
    field_of(app, "note").set_value("asks for the invoice").run()
    assert app.query_params["customer"] in ("files:C-1", ["files:C-1"])
    app = open_page("worklist", customer="files:C-1", do="plan")
    assert "Late: PEN 1,000.00 · open: PEN 1,070.00" in said(app).replace("\\", "").replace("\xa0", " ")
    field_of(app, "items").set_value(["1b"]).run()
    again = said(open_page("worklist", customer="files:C-1", do="plan")).replace("\\", "").replace("\xa0", " ")
    assert "Late: PEN 0.00 · open: PEN 70.00" in again, "of the invoices that are chosen"


def test_others_are_seen(open_page: OpenPage) -> None:
    publish_today(three_customers())
    bea = open_page("worklist", customer="files:C-1", **{"as": "bea"})
    del bea.query_params["as"]
    field_of(bea, "note").set_value("as bea").run()
    assert bea.query_params["as"] in ("bea", ["bea"]), "a link to another page has lost the name"
    assert drafts.found(ALSO, "files:C-1", "call") and not drafts.found(ME, "files:C-1", "call")
    assert "bea" in said(open_page("worklist", customer="files:C-1"))
    assert "bea" not in said(open_page("worklist", customer="files:C-2"))


def test_a_reason_that_was_given_before_is_a_click(open_page: OpenPage) -> None:
    publish_today(three_customers())
    for number, reason in enumerate(("Precio", "Flete", "Flete ", "not delivered", "x" * 61)):
        disputed("1", opened=0, reason=reason, dispute_id=str(number))
    app = open_page("worklist", customer="files:C-1", do="dispute")
    offered = next(each for each in app.button_group if "suggested_" in str(each.key))
    assert offered.options[:4] == ["Flete", "Precio", "not delivered", "Wrong price"], "the most frequent first"
    assert len(offered.options) == 8 and "Not delivered" not in offered.options, "one of each, whatever its case"
    app = offered.set_value("Flete").run()
    assert field_of(app, "reason").value == "Flete"
    draft = drafts.found(ME, "files:C-1", "dispute")
    assert draft is not None and draft.fields["reason"] == "Flete", "kept as if it were typed"
    app = field_of(app, "reason").set_value("Flete doble").run()
    assert not next(each for each in app.button_group if "suggested_" in str(each.key)).value
    record(app)
    assert [each.reason for each in day.customer_file("files:C-1").disputes] == ["Flete doble"]
