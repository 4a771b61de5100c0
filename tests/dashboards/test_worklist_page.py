"""The worklist: ranked by expected value with the reason, recorded on, nothing lost, nothing done twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support import serve_customers
from support.pages import OpenPage, said
from support.serve_fixture import Item, item, publish_items, sample_items

from cartera import desk, viewed
from cartera.clock import utc_now
from cartera.desk import Actor, day
from dashboards.i18n import Words
from dashboards.queries import worklist
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
        whole = worklist.totals(opened, asked.clocks, "PEN", None)
        late = worklist.late(opened, asked)
        found = worklist.day(opened, asked)
    assert len(found.tasks) + len(found.left) == len(late) <= whole["customers"]
    assert sum((row["overdue_amount"] for row in late), Decimal(0)) <= whole["overdue_amount"]
    for task in found.tasks:
        chance = Decimal(1)
        for reason in task.worth.reasons:
            chance *= reason.factor
        assert task.worth.expected == task.asked * min(chance, Decimal("0.95")), task
    ranks = [task.worth.expected for task in found.tasks]
    assert ranks == sorted(ranks, reverse=True)


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


def test_what_was_recorded_counts_at_once(database: str) -> None:
    _publish(_items())
    tomorrow = TODAY + dt.timedelta(days=1)
    desk.promise(ME, _id(1), "files:C-1", "main", "PEN", Decimal(1000), tomorrow, seen=0)
    desk.hold(ME, _id(2), "files:C-2", "other")
    found = _day()
    assert found.tasks == () and {left.why for left in found.left} == {"promised", "on_hold"}


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
    assert "is not an amount: write it" in app.error[0].value.replace("\\", ""), "one sentence"
    assert _field(app, "amount").value == "1,0", "what was typed is still there"
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
    next(each for each in app.text_input if str(each.key).startswith("resolution_")).set_value("credited").run()
    app = next(button for button in app.button if str(button.key).startswith("end_")).click().run()
    closed = day.customer_file("files:C-1").disputes[0]
    assert closed.resolution == "credited" and closed.resolved_date == TODAY and not app.exception
    assert "chance of" in said(app), "it is on the list again"


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


def test_a_reload_leads_back_to_what_was_being_typed(open_page: OpenPage) -> None:
    _publish(_items())
    app = open_page("worklist", do="note")
    _field(app, "note").set_value("asks for the invoice").run()
    assert app.query_params["customer"] in ("files:C-1", ["files:C-1"])


def test_others_are_seen(open_page: OpenPage) -> None:
    _publish(_items())
    open_page("worklist", customer="files:C-1", **{"as": "bea"})
    assert "bea" in said(open_page("worklist", customer="files:C-1"))
    assert "bea" not in said(open_page("worklist", customer="files:C-2"))


def test_one_row_and_none(open_page: OpenPage) -> None:
    _publish(_items()[:1])
    assert len(_table(open_page("worklist"), "expected_amount")) == 1
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


def _id(number: int) -> str:
    return f"6f2f6ab0-0000-4000-8000-{number:012}"
