"""The worklist: ranked by expected value with the reason, recorded on, nothing lost, nothing done twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support import serve_customers
from support.campaign_fixture import reachable
from support.pages import OpenPage, said
from support.serve_fixture import Item, item, publish_items, sample_items
from support.serve_promises import disputed

from cartera import desk, viewed
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor, day, drafts
from dashboards.components import desk_agreements
from dashboards.components.view import View
from dashboards.i18n import Words, rules
from dashboards.queries import customer, worklist
from dashboards.queries.session import Clocks, reading

TODAY = utc_now().date()
NOW = dt.datetime.combine(TODAY, dt.time(0, 1), dt.UTC)
ME, ALSO = Actor.local(), Actor.local("bea")


def _items() -> list[Item]:
    """C-1 owes most, C-2 half of it, C-3 is not late."""
    return [
        item("1", TODAY - dt.timedelta(days=20), "1000"),
        item("2", TODAY - dt.timedelta(days=20), "500", customer_id="files:C-2", customer_name="Bodega Norte"),
        item("3", TODAY + dt.timedelta(days=20), "900", customer_id="files:C-3", customer_name="Casa Sur"),
    ]


def _publish(items: list[Item]) -> None:
    publish_items(items, as_of=TODAY, known_at=NOW)


def _day(currency: str = "PEN") -> worklist.Day:
    with reading() as opened:
        return worklist.day(opened, worklist.Asked(opened.clocks, currency, None, None))


def _names(found: worklist.Day) -> list[str]:
    return [task.late["customer_name"] for task in found.tasks]


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def _record(app: AppTest) -> AppTest:
    return next(button for button in app.button if str(button.key).startswith("record_")).click().run()


def _field(app: AppTest, name: str) -> Any:
    kinds = (app.text_input, app.selectbox, app.date_input, app.multiselect)
    return next(
        each for kind in kinds for each in kind if str(each.key).endswith(f"_{name}") and "desk_" in str(each.key)
    )


def test_most_worth_first_with_its_reason(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist")
    assert not app.exception and not app.error, said(app)
    shown = _table(app, "expected_amount")
    assert list(shown["customer_name"]) == ["Comercial Andina SAC", "Bodega Norte"]
    assert list(shown["expected_amount"]) == [Decimal("800.00"), Decimal("400.00")]
    assert "late for up to 20 days" in shown["why"].iloc[0]
    assert [each["subject"] for each in viewed.listed()] == ["files:C-1"], "a look at a customer is written down"
    told = said(app).replace("\\", "")
    assert "1,000.00" in told and "80.0%" in told and "800.00" in told
    assert "Open now: [Comercial Andina SAC](#open-customer)" in told


def test_the_list_and_who_is_left_in_peace_are_all_that_is_late(database: str) -> None:
    publish_items(sample_items(TODAY), as_of=TODAY, known_at=NOW)
    with reading() as opened:
        asked = worklist.Asked(opened.clocks, "PEN", None, None)
        whole = worklist.totals(opened, asked.clocks, "PEN", None, None)
        late = worklist.late(opened, asked)
        found = worklist.day(opened, asked)
    assert len(found.tasks) + len(found.left) == len(late) == whole["customers"]
    assert sum((row["overdue_amount"] for row in late), Decimal(0)) == whole["overdue_amount"]
    for task in found.tasks:
        chance = Decimal(1)
        for reason in task.worth.reasons:
            chance *= reason.factor
        assert task.worth.expected == task.asked * min(chance, Decimal("0.95")), task
    ranks = [task.worth.expected for task in found.tasks]
    assert ranks == sorted(ranks, reverse=True)


def _left_in_peace() -> None:
    """One of each reason beside C-1: C-4 is disputed, C-5 promised for later, C-6 covered by credit, C-7 held."""
    ago = TODAY - dt.timedelta(days=20)
    others = [
        item("4", ago, "400", customer_id="files:C-4", customer_name="Disputa SA", is_disputed=True),
        item("5", ago, "300", customer_id="files:C-5", customer_name="Promesa SA"),
        item("6", ago, "200", customer_id="files:C-6", customer_name="Crédito SA"),
        item("6c", ago, "-200", customer_id="files:C-6", customer_name="Crédito SA", item_type="unapplied_credit"),
        item("7", ago, "100", customer_id="files:C-7", customer_name="Espera SA"),
        # part disputed, part promised, the rest covered: the most of it is the reason
        item("8", ago, "10", customer_id="files:C-8", customer_name="Mixta SA", is_disputed=True),
        item("8p", ago, "30", customer_id="files:C-8", customer_name="Mixta SA"),
        item("8r", ago, "20", customer_id="files:C-8", customer_name="Mixta SA"),
        item("8c", ago, "-20", customer_id="files:C-8", customer_name="Mixta SA", item_type="unapplied_credit"),
    ]
    _publish([*_items(), *others])
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.fct_open_items set promised_date = %s where item_id in ('5', '8p')",
            (TODAY + dt.timedelta(days=5),),
        )
    reachable()
    desk.hold(ME, _id(9), "files:C-7", "other")


def test_who_is_left_in_peace_is_counted_by_reason_and_named(open_page: OpenPage) -> None:
    _left_in_peace()
    app = open_page("worklist")
    assert not app.exception and not app.error, said(app)
    assert "PEN 1,500.00 of the PEN 2,560.00" in said(app).replace("\\", "").replace("\xa0", " ")
    assert "PEN 1,060.00, of 5 customers" in said(app).replace("\\", "").replace("\xa0", " ")
    [expander] = [each for each in app.expander if "Left in peace" in each.label]
    assert expander.label == "Left in peace: covered by credit: 1 · disputed: 1 · on hold: 1 · promised: 2"
    [sums] = [each.value for each in app.table if "Customers" in each.value]
    assert dict(zip(sums["Why"], sums["Overdue"], strict=True)) == {
        "covered by credit": Decimal(200), "disputed": Decimal(400), "on hold": Decimal(100), "promised": Decimal(360),
    }  # fmt: skip
    [frame] = [each for each in app.dataframe if "reason" in each.value]
    assert list(frame.value["customer_name"]) == ["Disputa SA", "Promesa SA", "Crédito SA", "Espera SA", "Mixta SA"]
    key = frame.proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(2, "reason")]}}
    app = app.run()
    assert "customer=files%3AC-6" in {each.proto.query_string for each in app.get("page_link")}


def test_a_collector_is_told_of_those_of_hers(open_page: OpenPage) -> None:
    _left_in_peace()
    app = open_page("worklist", collector="Bruno")
    [expander] = [each for each in app.expander if "Left in peace" in each.label]
    assert expander.label == "Left in peace: covered by credit: 1 · on hold: 1 · promised: 1"
    told = said(app).replace("\\", "").replace("\xa0", " ")
    assert "owe PEN 0.00 of the PEN 600.00 that is late. The other PEN 600.00, of 3 customers" in told


def test_beyond_those_that_are_ranked_is_said_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _left_in_peace()
    monkeypatch.setattr(worklist, "RANKED", 1)
    with reading() as opened:
        asked = worklist.Asked(opened.clocks, "PEN", None, None)
        found, whole = worklist.day(opened, asked), worklist.totals(opened, asked.clocks, "PEN", None, None)
    by_reason = worklist.left_by_reason(worklist.left(Words("EN"), found), whole, found)
    assert by_reason == [("disputed", 1, Decimal(400)), ("unranked", 5, Decimal(1160))]


def test_each_fact_moves_the_rank(database: str) -> None:
    paid = item("9", TODAY - dt.timedelta(days=90), "70", customer_id="files:C-2", customer_name="Bodega Norte",
                settled_date=TODAY - dt.timedelta(days=20))  # fmt: skip
    _publish([*_items(), paid])
    serve_customers.promise(
        "files:C-1", TODAY - dt.timedelta(days=3), made_date=TODAY - dt.timedelta(days=12), known_at=NOW
    )
    first, second = _day().tasks
    assert [reason.name for reason in first.worth.reasons] == ["age", "broken_promise"]
    assert first.worth.chance == Decimal("0.95"), "capped: 0.80 x 1.3"
    assert [reason.name for reason in second.worth.reasons] == ["age", "within_habit"], "it always pays 70 days late"
    assert second.worth.expected == Decimal(500) * Decimal("0.80") * Decimal("0.4")


@pytest.mark.parametrize(
    ("days_late", "said_so"),
    [
        (80, ("usually 80 days late", "suele pagar 80 días tarde", "costuma pagar 80 dias depois")),
        (1, ("usually 1 day late", "suele pagar 1 día tarde", "costuma pagar 1 dia depois")),
        (0, ("usually on time", "suele pagar en su día", "costuma pagar no dia")),
        (-2, ("usually 2 days early", "suele pagar 2 días antes", "costuma pagar 2 dias antes")),
    ],
)
def test_how_a_customer_usually_pays_is_said_as_it_is(
    database: str, days_late: int, said_so: tuple[str, ...]
) -> None:  # fmt: skip
    due = TODAY - dt.timedelta(days=90)
    paid = item("9", due, "70", customer_id="files:C-2", customer_name="Bodega Norte",
                settled_date=due + dt.timedelta(days=days_late))  # fmt: skip
    _publish([_items()[1], paid])
    [task] = _day().tasks
    for language, text in zip(("EN", "ES", "PT"), said_so, strict=True):
        assert worklist.reason_text(Words(language), task.worth.reasons[-1]) == text


def test_what_was_recorded_counts_at_once(database: str) -> None:
    _publish(_items())
    tomorrow = TODAY + dt.timedelta(days=1)
    desk.promise(ME, _id(1), "files:C-1", "main", "PEN", Decimal(1000), tomorrow, seen=0)
    desk.hold(ME, _id(2), "files:C-2", "other")
    found = _day()
    assert found.tasks == () and {left.why for left in found.left} == {"promised", "on_hold"}
    [held] = {way.why for way in customer.dossier("files:C-2").ways if way.refusals == ("hold",)}
    told = rules.saw(Words("ES"), held)
    assert told.startswith("otro, ") and told.endswith(Words("ES").date(utc_now().date())), "of one without a note too"


def test_a_call_to_nobody_and_a_call_to_somebody_change_the_chance(database: str) -> None:
    _publish(_items())
    desk.record_call(ME, _id(3), "files:C-1", outcome="right_party_refusal", is_right_party=True)
    found = _day()
    assert _names(found) == ["Bodega Norte", "Comercial Andina SAC"]
    assert found.tasks[1].worth.reasons[-1].name == "contacted_lately"


def test_a_promise_is_recorded_once_and_leaves_the_list(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="promise")
    _field(app, "amount").set_value("1,000.00").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
    app = _record(app)
    assert not app.exception and "Recorded: PEN" in "".join(each.value for each in app.success).replace("\\", "")
    filed = day.customer_file("files:C-1")
    assert [(each.amount, each.promised_date) for each in filed.promises] == [
        (Decimal("1000.00"), TODAY + dt.timedelta(days=3))
    ]
    assert "Left in peace: promised" in said(app), "it stays open until the collector goes on"
    app = next(button for button in app.button if button.key == "next_task").click().run()
    assert "Bodega Norte" in said(app)


def test_what_is_typed_is_there_in_another_session(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="note")
    _field(app, "note").set_value("asks for the invoice again").run()
    again = open_page("worklist", customer="files:C-1", do="note")
    assert _field(again, "note").value == "asks for the invoice again"
    again = _record(again)
    assert day.customer_file("files:C-1").notes[0].text == "asks for the invoice again"
    assert _field(open_page("worklist", customer="files:C-1", do="note"), "note").value in ("", None)
    # the first window still shows it: recording it there again is the same thing
    app = _record(app)
    assert len(day.customer_file("files:C-1").notes) == 1 and not app.exception


def test_wrong_amounts_are_refused_in_words(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="promise")
    _field(app, "amount").set_value("1,0").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
    app = _record(app)
    assert "is not an amount" in app.error[0].value and not app.exception
    assert "'1,0' is not an amount: write it" in app.error[0].value.replace("\\", ""), "one sentence"
    assert _field(app, "amount").value == "1,0", "what was typed is still there"
    app = app.segmented_control(key="lang").set_value("ES").run()
    assert "'1,0' no es un monto" in app.error[0].value.replace("\\", ""), "as the page is now"
    app.segmented_control(key="lang").set_value("EN").run()
    for amount in ("9" * 30, "NaN", "Infinity"):
        app = open_page("worklist", customer="files:C-1", do="plan")
        _field(app, "amount").set_value(amount).run()
        _field(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
        app = _record(app)
        assert "is not an amount" in "".join(each.value for each in app.error) and not app.exception, amount


def test_what_can_not_be_kept_is_told_with_a_reference(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="note")
    monkeypatch.setattr("cartera.desk.drafts.keep", lambda *_: 1 / 0)
    app = _field(app, "note").set_value("a note").run()
    assert not app.exception and "Reference" in app.error[0].value


def test_a_conflict_shows_both_and_either_way_out(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="promise")
    _field(app, "amount").set_value("400").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    desk.promise(ALSO, _id(5), "files:C-1", "main", "PEN", Decimal(600), TODAY + dt.timedelta(days=9), seen=0)
    app = _record(app)
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
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="promise")
    _field(app, "amount").set_value("400").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    desk.promise(ALSO, _id(5), "files:C-1", "main", "PEN", Decimal(600), TODAY + dt.timedelta(days=9), seen=0)
    app = _record(app)
    desk.hold(Actor.local("carla"), _id(7), "files:C-1", "attorney")
    app = next(button for button in app.button if str(button.key).startswith("again_")).click().run()
    assert "carla" in said(app) and len(day.customer_file("files:C-1").promises) == 1
    app = next(button for button in app.button if str(button.key).startswith("again_")).click().run()
    assert len(day.customer_file("files:C-1").promises) == 2 and not app.exception


def test_what_is_agreed_is_ended_with_a_click_once_and_says_how(open_page: OpenPage) -> None:
    _publish(_items())
    desk.dispute(ME, _id(6), "files:C-1", "main", "PEN", reason="wrong price", seen=0)
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
    _publish(_items())
    promised = desk.promise(ME, _id(6), "files:C-1", "main", "PEN", Decimal(5), TODAY + dt.timedelta(days=3), seen=0)
    held = desk.hold(ME, _id(7), "files:C-1", "other")
    app = open_page("worklist", customer="files:C-1")
    app = next(each for each in app.text_input if each.key == f"words_{promised.promise_id}/1").set_value("less").run()
    desk.cancel_promise(ALSO, _id(8), "files:C-1", promised.promise_id, seen=1, note="by another promise")
    next(button for button in app.button if button.key == f"end_{promised.promise_id}/1").click()
    app.segmented_control(key="lang").set_value("ES")
    app = app.run()
    [told] = [each.value.replace("\\", "") for each in app.warning if "bea" in each.value]
    assert told.startswith("Alguien fue primero: bea") and "Promesa anulada" in told and not app.exception
    assert told.endswith("Usted había escrito: less"), "nothing typed is lost"
    desk.release_hold(ALSO, _id(9), "files:C-1", held.hold_id, seen=1)
    app = next(each for each in app.text_input if str(each.key).startswith("words_hold-")).set_value("was wrong").run()
    told = [each.value.replace("\\", "") for each in app.warning if "bea" in each.value][-1]
    assert "Espera liberada" in told and "was wrong" in told, "without a click"
    assert not [button for button in app.button if str(button.key).startswith("end_")]


@pytest.mark.parametrize(("role", "ends"), [("analyst", 0), ("collector", 3), ("manager", 4)])
def test_only_what_one_may_end_has_a_button(database: str, role: Any, ends: int) -> None:
    _publish(_items())
    later = TODAY + dt.timedelta(days=9)
    desk.promise(ME, _id(4), "files:C-1", "main", "PEN", Decimal(7), later, item_ids=["1"], note="by cheque", seen=0)
    desk.dispute(ME, _id(5), "files:C-1", "main", "PEN", reason="wrong price", seen=1)
    desk.hold(ME, _id(6), "files:C-1", "other")
    desk.hold(ME, _id(7), "files:C-1", "attorney")
    view, filed = View(None, Words("EN"), is_dark=False), day.customer_file("files:C-1")  # type: ignore[arg-type]
    lines = list(desk_agreements._lines(view, Actor("x", role), filed, TODAY))
    assert lines[0].text.endswith("· 1 invoice · by cheque")
    assert len(lines) == 4 and sum(line.end is not None for line in lines) == ends


def test_what_one_did_oneself_is_not_in_the_way_of_what_one_types(open_page: OpenPage) -> None:
    _publish(_items())
    first = desk.promise(ME, _id(1), "files:C-1", "main", "PEN", Decimal(9), TODAY + dt.timedelta(days=9), seen=0)
    app = open_page("worklist", customer="files:C-1", do="promise")
    _field(app, "amount").set_value("400").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    app = next(button for button in app.button if button.key == f"end_{first.promise_id}/1").click().run()
    app = _record(app)
    assert not app.exception and "Recorded: PEN" in "".join(each.value for each in app.success).replace("\\", "")
    assert [each.is_cancelled for each in day.customer_file("files:C-1").promises] == [False, True]


def test_who_comes_back_to_a_customer_has_seen_what_others_did_meanwhile(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="promise")
    app = next(button for button in app.button if button.key == "next_task").click().run()
    desk.promise(ALSO, _id(5), "files:C-1", "main", "PEN", Decimal(600), TODAY + dt.timedelta(days=9), seen=0)
    app.query_params["customer"] = "files:C-1"
    app = app.run()
    _field(app, "amount").set_value("400").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=2)).run()
    app = _record(app)
    assert "Somebody else recorded" not in said(app) and len(day.customer_file("files:C-1").promises) == 2


def test_a_plan_is_on_the_same_day_of_each_month(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1", do="plan")
    _field(app, "amount").set_value("1,000").run()
    first = dt.date(TODAY.year + 1, 1, 31)
    _field(app, "date").set_value(first).run()
    app = _record(app)
    [plan] = day.customer_file("files:C-1").plans
    assert [(each.promised_date.month, each.promised_date.day) for each in plan.parts][::2] == [(1, 31), (3, 31)]
    assert [each.amount for each in plan.parts] == [Decimal("333.33"), Decimal("333.33"), Decimal("333.34")]
    assert not app.exception


def test_a_call_leads_to_what_it_was_about(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:C-1")
    _field(app, "outcome").set_value("right_party_promise").run()
    app = _record(app)
    assert not app.exception, app.exception
    assert app.query_params["do"] in ("promise", ["promise"])
    assert day.customer_file("files:C-1").calls[0].outcome == "right_party_promise"


def test_who_stands_first_stays_open_when_a_call_moves_it_down(open_page: OpenPage) -> None:
    """Else the promise that follows the call would be recorded of somebody else."""
    _publish(_items())
    app = open_page("worklist")
    _field(app, "outcome").set_value("right_party_promise").run()
    app = _record(app).run()
    assert list(_table(app, "expected_amount")["customer_name"]) == ["Bodega Norte", "Comercial Andina SAC"]
    assert "Recorded: call" in "".join(each.value for each in app.success)
    _field(app, "amount").set_value("1,000.00").run()
    _field(app, "date").set_value(TODAY + dt.timedelta(days=3)).run()
    app = _record(app)
    assert not app.exception and len(day.customer_file("files:C-1").promises) == 1
    assert not day.customer_file("files:C-2").promises


def test_another_list_begins_with_its_own_first(open_page: OpenPage) -> None:
    dollars = [item("7", TODAY - dt.timedelta(days=9), "80", customer_id="files:C-2", customer_name="Bodega Norte",
                    currency_code="USD")]  # fmt: skip
    _publish([*_items(), *dollars])
    app = open_page("worklist")
    assert "Open now: [Comercial Andina SAC]" in said(app)
    app = app.segmented_control(key="currency").set_value("USD").run()
    assert "Open now: [Bodega Norte]" in said(app) and not app.exception
    told = said(open_page("worklist", currency="USD", customer="files:C-1")).replace("\\", "").replace("\xa0", " ")
    assert "Nothing is late in USD" in told and "Late elsewhere: main PEN 1,000.00." in told


def test_a_reload_leads_back_to_what_was_being_typed(open_page: OpenPage) -> None:
    _publish([*_items(), item("1b", TODAY + dt.timedelta(days=5), "70")])
    app = open_page("worklist", do="note")
    _field(app, "note").set_value("asks for the invoice").run()
    assert app.query_params["customer"] in ("files:C-1", ["files:C-1"])
    app = open_page("worklist", customer="files:C-1", do="plan")
    assert "Late: PEN 1,000.00 · open: PEN 1,070.00" in said(app).replace("\\", "").replace("\xa0", " ")
    _field(app, "items").set_value(["1b"]).run()
    again = said(open_page("worklist", customer="files:C-1", do="plan")).replace("\\", "").replace("\xa0", " ")
    assert "Late: PEN 0.00 · open: PEN 70.00" in again, "of the invoices that are chosen"


def test_others_are_seen(open_page: OpenPage) -> None:
    _publish(_items())
    bea = open_page("worklist", customer="files:C-1", **{"as": "bea"})
    del bea.query_params["as"]
    _field(bea, "note").set_value("as bea").run()
    assert bea.query_params["as"] in ("bea", ["bea"]), "a link to another page has lost the name"
    assert drafts.found(ALSO, "files:C-1", "call") and not drafts.found(ME, "files:C-1", "call")
    assert "bea" in said(open_page("worklist", customer="files:C-1"))
    assert "bea" not in said(open_page("worklist", customer="files:C-2"))


def test_one_row_and_none(open_page: OpenPage) -> None:
    _publish(_items()[:1])
    app = open_page("worklist")
    assert len(_table(app, "expected_amount")) == 1
    assert "all that is late" in said(app) and "of 0 customers" not in said(app)
    _publish(_items()[2:])
    assert "Nobody is to be acted on" in said(open_page("worklist"))


def test_strangers_in_the_url_get_the_default(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", customer="files:nobody", at="moon", do="moon", collector="moon")
    assert not app.exception and not app.error and "Comercial Andina" in said(app)


def test_a_failing_query_shows_no_figure(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(_items())
    monkeypatch.setattr("cartera.warehouse.late.late", lambda *_, **__: 1 / 0)
    app = open_page("worklist")
    assert "could not be read" in app.error[0].value and not app.dataframe and not app.exception


def test_the_file_has_everybody_and_adds_up(database: str) -> None:
    _publish(_items())
    asked = worklist.Asked(Clocks(TODAY, NOW), "PEN", None, None)
    text = worklist.day_csv(Words("EN"), asked).decode("utf-8-sig")
    assert len(text.splitlines()) == 4 and "1200.00" in text.splitlines()[-1]


@pytest.mark.parametrize(("currency", "unit"), [("PEN", "0.01"), ("CLP", "1"), ("KWD", "0.001")])
def test_the_file_has_money_to_its_unit_and_totals_of_it(database: str, currency: str, unit: str) -> None:
    """Of several ages the share is a quotient, so that what is expected has digits without end."""
    ages, customers = (20, 45, 100), ("files:C-1", "files:C-2")
    _publish(
        [
            item(f"{customer}{days}", TODAY - dt.timedelta(days=days), str(1000 + days), customer_id=customer,
                 customer_name=customer, currency_code=currency)
            for customer in customers for days in ages[: 2 + customers.index(customer)]
        ]
    )  # fmt: skip
    asked = worklist.Asked(Clocks(TODAY, NOW), currency, None, None)
    text = worklist.day_csv(Words("EN"), asked).decode("utf-8-sig")
    *rows, total = csv.DictReader(io.StringIO(text))
    assert len(rows) == 2
    assert all(Decimal(0) < Decimal(row["Chance"]) <= 1 for row in rows), "a number, as any file has it"
    for heading in ("May be asked for", "Expected value", "Overdue"):
        amounts = [Decimal(row[heading]) for row in rows]
        assert Decimal(total[heading]) == sum(amounts), heading
        assert {amount.as_tuple().exponent for amount in amounts} == {Decimal(unit).as_tuple().exponent}, heading
    tasks = _day(currency).tasks
    above = worklist.added(tasks, currency)
    assert above == (Decimal(total["May be asked for"]), Decimal(total["Expected value"])), "the line above the list"
    listed = worklist.listed(Words("EN"), tasks, currency)
    assert list(listed["expected_amount"]) == [Decimal(row["Expected value"]) for row in rows]
    expected = {task.key[0]: task.worth.expected for task in tasks}
    for row in rows:
        exact = expected[row["Customer id"]]
        assert exact != Decimal(row["Expected value"]), "else nothing was rounded"
        assert abs(exact - Decimal(row["Expected value"])) <= Decimal(unit) / 2


def _id(number: int) -> str:
    return f"6f2f6ab0-0000-4000-8000-{number:012}"


def test_a_reason_that_was_given_before_is_a_click(open_page: OpenPage) -> None:
    _publish(_items())
    for number, reason in enumerate(("Precio", "Flete", "Flete ", "not delivered", "x" * 61)):
        disputed("1", opened=0, reason=reason, dispute_id=str(number))
    app = open_page("worklist", customer="files:C-1", do="dispute")
    offered = next(each for each in app.button_group if "suggested_" in str(each.key))
    assert offered.options[:4] == ["Flete", "Precio", "not delivered", "Wrong price"], "the most frequent first"
    assert len(offered.options) == 8 and "Not delivered" not in offered.options, "one of each, whatever its case"
    app = offered.set_value("Flete").run()
    assert _field(app, "reason").value == "Flete"
    draft = drafts.found(ME, "files:C-1", "dispute")
    assert draft is not None and draft.fields["reason"] == "Flete", "kept as if it were typed"
    app = _field(app, "reason").set_value("Flete doble").run()
    assert not next(each for each in app.button_group if "suggested_" in str(each.key)).value
    _record(app)
    assert [each.reason for each in day.customer_file("files:C-1").disputes] == ["Flete doble"]
