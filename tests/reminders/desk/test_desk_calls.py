"""Calls: a task finished or a contact of its own; who was reached and what they said is in the ledger, sealed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk_world import ANA, BOSS, new_id
from reminder_world import AS_OF, World, contacts, hold, query

from cartera import desk
from cartera.clock import utc_now
from cartera.contact_rules import Outcome
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import approve_reminders, plan_reminders, send_reminders
from cartera.reminders.audit import erase, verify
from cartera.reminders.call_rows import why
from cartera.reminders.calls import call_list
from cartera.reminders.channels.calls import CallChannel
from cartera.reminders.lawful import events_of
from cartera.reminders.model import Reason
from cartera.reminders.worth import Facts, WorthRule, worth

OUTCOMES: dict[str, tuple[str, Outcome]] = {
    "right_party_promise": ("answered", Outcome.answered),
    "right_party_refusal": ("answered", Outcome.answered),
    "wrong_party": ("sent", Outcome.answered),
    "message_left": ("delivered", Outcome.delivered),
    "no_answer": ("sent", Outcome.no_answer),
    "busy": ("sent", Outcome.no_answer),
    "invalid_number": ("bounced", Outcome.failed),
}


def call(outcome: Any, customer: str = "ana", **rest: Any) -> desk.CallRecorded:
    reached = outcome.startswith("right_party")
    return desk.record_call(ANA, rest.pop("id", new_id()), customer, outcome=outcome, is_right_party=reached, **rest)


def events() -> dict[str, tuple[Any, ...]]:
    with transaction(Role.campaign) as connection:
        return events_of(connection, desk_today())


def desk_today() -> Any:
    from desk_world import in_days

    return in_days(0)


@pytest.fixture
def owing(world: World) -> World:
    world.customer("ana", phone="+52 55 5123 4567")
    world.owes("ana", due=-10)
    world.publish()
    return world


@pytest.fixture
def task(owing: World) -> str:
    """A call that was handed to a person: ana is vulnerable, so her reminder is one."""
    hold("ana", "ill", "vulnerable")
    plan_reminders()
    approve_reminders(approved_by="test")
    assert send_reminders({"call": CallChannel("a try")}).sent == 1
    (contact,) = contacts()
    return str(contact["id"])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_task_is_finished(task: str, outcome: str) -> None:
    (asked,) = call_list().calls
    # that somebody was given the call is no contact yet
    assert asked.contact_id == task and asked.worth and [each.name for each in asked.worth.reasons] == ["age"]
    made = call(outcome, note="said: later", duration_seconds=63)
    assert (made.contact_id, made.had_task) == (task, True)
    status, counts_as = OUTCOMES[outcome]
    assert [contact["status"] for contact in contacts()] == [status]
    (row,) = query("select result, is_right_party, duration_seconds, done_by from ops.call_tasks")
    reached = outcome.startswith("right_party")
    assert row == {"result": outcome, "is_right_party": reached, "duration_seconds": 63, "done_by": ANA.user}
    newest = query("select detail, reason_code from ops.contact_events order by event_id desc limit 1")[0]
    assert newest["reason_code"] == outcome
    assert newest["detail"] == {"answer_class": outcome, "is_right_party": reached, "note": "said: later"}
    assert [event.outcome for event in events()["ana"]] == [counts_as]
    assert call_list().calls == ()
    report = verify()
    assert report.is_whole and report.waiting["contact_events"] == 0


def test_on_the_last_evening_of_a_hold_nobody_is_called_on_figures_of_the_next_day(owing: World, task: str) -> None:
    query(
        "insert into ops.contact_holds (customer_id, reason, held_by, held_until)"
        f" values ('ana', 'on leave', 'test', '{AS_OF}') returning 1"
    )
    tomorrow = AS_OF + dt.timedelta(days=1)
    owing.publish(tomorrow)
    listed = {hour: len(call_list(now=at_hour(tomorrow, hour)).calls) for hour in (0, 5, 6, 15)}
    assert listed == {0: 0, 5: 0, 6: 1, 15: 1}
    # made for a day that is named, whatever the time is
    assert (len(call_list(AS_OF).calls), len(call_list(tomorrow).calls)) == (0, 1)


def at_hour(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_call_without_a_task_is_a_contact(owing: World, outcome: str) -> None:
    made = call(outcome)
    (contact,) = contacts()
    assert (contact["id"], contact["plan_id"], contact["is_automatic"]) == (made.contact_id, None, False)
    assert contact["recipient"] == made.phone == "+525551234567" and not made.had_task
    (event,) = events()["ana"]
    assert event.outcome == OUTCOMES[outcome][1] and abs((event.at - made.at).total_seconds()) < 1
    assert call_list().calls == () and verify().is_whole


@pytest.mark.parametrize(
    ("days_late", "said"), [("80.4", "usually 80 days late: x 0.40"), ("1", "usually 1 day late: x 1.20"),
                            ("0", "usually on time: x 1.20"), ("-2", "usually 2 days early: x 1.20")]
)  # fmt: skip
def test_the_list_says_how_a_customer_usually_pays(task: str, days_late: str, said: str) -> None:
    (asked,) = call_list().calls
    facts = Facts(Decimal(100), oldest_days=10, age_share=Decimal("0.8"), usual_days_late=Decimal(days_late))
    rated = replace(asked, worth=worth(facts, WorthRule(), desk_today()))
    assert why(rated) == f"late for up to 10 days: 0.80; {said}"


def test_it_counts_as_a_message_of_the_day_and_as_an_answer(owing: World) -> None:
    call("right_party_other")
    plan_reminders(desk_today())
    skips = query("select reason_code from ops.contact_skips")
    # the source of this world landed long ago; with it fresh, the call is what stops the message
    assert {row["reason_code"] for row in skips} <= {Reason.source_stale, Reason.already_contacted_today}
    (row,) = query("select max(coalesce(contact_date, planned_date)) as day from ops.contacts")
    # the day is the debtor's
    assert row["day"] == utc_now().astimezone(ZoneInfo(owing.home[1])).date()


def test_the_same_click_is_one_call(task: str) -> None:
    id = new_id()
    assert call("no_answer", id=id) == call("no_answer", id=id)
    assert len(contacts()) == 1
    assert not call("no_answer").had_task and len(contacts()) == 2


def test_a_named_task_that_is_not_there_or_done_is_refused(task: str) -> None:
    with pytest.raises(ConfigError, match="no call"):
        call("busy", contact_id=new_id())
    call("busy", contact_id=task)
    with pytest.raises(ConfigError, match="made already"):
        call("busy", contact_id=task)


def test_a_call_that_was_made_before_it_was_handed_over_is_told(owing: World) -> None:
    hold("ana", "ill", "vulnerable")
    plan_reminders()
    (contact,) = contacts(status="planned")
    assert call("right_party_promise", contact_id=contact["id"]).had_task
    assert approve_reminders(approved_by="test").approved == 0
    assert [each["to_status"] for each in query("select to_status from ops.contact_events order by event_id")] == [
        "planned", "sent", "answered",
    ]  # fmt: skip
    assert verify().is_whole


def test_an_invalid_number_is_not_called_again(owing: World) -> None:
    assert call("invalid_number").phone
    assert call("no_answer").phone == ""
    desk.repair_contact(BOSS, new_id(), "ana", channel="call", address="+52 55 5987 6543")
    assert call("no_answer").phone == "+525559876543"


def test_erasing_takes_the_words_and_leaves_the_record_whole(owing: World) -> None:
    call("right_party_other", note="Ana is ill")
    desk.note(ANA, new_id(), "ana", "Ana said so")
    hold("ana", "Ana asked", "other")
    assert erase("ana", "privacy officer") > 0
    report = verify()
    assert report.is_whole
    for table in ("desk_actions", "contact_events", "contacts", "call_tasks", "contact_holds"):
        (row,) = query(f"select coalesce(string_agg(t::text, ' '), '') as text from ops.{table} as t")
        assert "Ana " not in row["text"], table
