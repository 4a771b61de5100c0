"""Law 8 hears the desk at once: at planning, and at every point of sending, with no run in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk_world import ANA, BOSS, dispute, in_days, new_id, promise
from reminder_provider import Provider
from reminder_world import World, contacts, hold, query

from cartera import desk
from cartera.contact_rules import CompanyRules, HoldKind
from cartera.db import Role, transaction
from cartera.reminders import approve_reminders, plan_reminders, send_reminders
from cartera.reminders.explain import explain
from cartera.reminders.known import known_of
from cartera.reminders.model import Reason
from cartera.reminders.portfolio import items_by_customer
from cartera.warehouse import read

IN_BETWEEN = ("after_reserve", "after_commit", "after_render", "before_call")


def plan_of(*days: int) -> Callable[[], Any]:
    parts = [(in_days(day), Decimal(50)) for day in days]
    return lambda: desk.plan(ANA, new_id(), "ana", "main", "PEN", parts)


def no_more(channel: str, address: str = "") -> Any:
    return desk.wish(ANA, new_id(), "ana", channel=channel, said="opted_out", address=address)


STOPS: dict[str, tuple[Callable[[], Any], Reason]] = {
    "promise": (lambda: promise("ana"), Reason.promised_not_due),
    "promise of the item": (lambda: promise("ana", item_ids=["files:i"]), Reason.promised_not_due),
    "plan": (plan_of(5, 35), Reason.promised_not_due),
    "dispute": (lambda: dispute("ana"), Reason.disputed),
    "dispute of the item": (lambda: dispute("ana", item_ids=["files:i"]), Reason.disputed),
    "hold": (lambda: hold("ana", "court", "insolvency"), Reason.on_hold),
    "no more by this channel": (lambda: no_more("email"), Reason.opted_out),
    "no more at this address": (lambda: no_more("email", "ana@cliente.pe"), Reason.opted_out),
    "no more at all": (lambda: no_more("all"), Reason.opted_out),
}


@pytest.fixture
def owing(world: World) -> World:
    world.owes("ana", due=-10, item_id="files:i")
    world.owes("bea", due=-10)
    world.publish()
    return world


def skips() -> dict[str, str]:
    return {row["customer_id"]: row["reason_code"] for row in query("select * from ops.contact_skips")}


@pytest.mark.parametrize("stop", STOPS)
def test_at_planning(owing: World, stop: str) -> None:
    record, reason = STOPS[stop]
    record()
    plan_reminders()
    assert {contact["customer_id"] for contact in contacts()} == {"bea"}
    assert skips() == {"ana": reason}


@pytest.mark.parametrize("point", ["", *IN_BETWEEN])
@pytest.mark.parametrize("stop", STOPS)
def test_between_approval_and_the_hand_over(owing: World, tmp_path: Path, stop: str, point: str) -> None:
    record, reason = STOPS[stop]
    plan_reminders()
    approve_reminders(approved_by="test")
    provider, waiting = Provider(tmp_path, "none"), [record]

    def at(passed: str) -> None:
        if passed == point and waiting:
            waiting.pop()()

    if not point:
        waiting.pop()()
    report = send_reminders({"email": provider}, at=at)
    assert (report.sent, report.skipped) == (1, Counter({reason: 1}))
    assert [contact["customer_id"] for contact in contacts(status="skipped")] == ["ana"]
    assert sum(provider.deliveries().values()) == 1


def test_what_is_not_meant_is_asked_for(world: World) -> None:
    world.owes("ana", due=-10, item_id="files:i", amount="70")
    world.owes("ana", due=-10, item_id="files:j", amount="80")
    world.owes("ana", due=-10, item_id="files:k", amount="90", currency_code="USD")
    world.publish()
    promise("ana", "70", item_ids=["files:i"])
    dispute("ana", item_ids=["files:j"])
    plan_reminders()
    (contact,) = contacts()
    items = query("select item_id, left_out_reason from ops.contact_items where left_out_reason is null")
    assert [item["item_id"] for item in items] == ["files:k"], contact["status"]


def test_a_promise_of_the_source_and_one_of_the_desk_both_count(world: World) -> None:
    world.owes("ana", due=-10, item_id="files:i", promised_date=in_days(20))
    world.owes("ana", due=-10, item_id="files:j", promised_date=in_days(1))
    world.publish()
    promise("ana", days=10)
    with transaction(Role.campaign) as connection:
        published = read.publication(connection)
        found = items_by_customer(connection, published, published.as_of_date, ["ana"])["ana"]["main"]
    assert {item.item_id: item.promised_date for item in found} == {"files:i": in_days(20), "files:j": in_days(10)}


def test_what_was_withdrawn_or_closed_stops_nothing(owing: World) -> None:
    made, contested = promise("ana"), dispute("ana")
    desk.cancel_promise(ANA, new_id(), "ana", made.promise_id, seen=1)
    desk.close_dispute(ANA, new_id(), "ana", contested.dispute_id, seen=1, resolution="our mistake")
    held = hold("ana")
    desk.release_hold(BOSS, new_id(), "ana", held.hold_id, seen=1)
    plan_reminders()
    assert {contact["customer_id"] for contact in contacts()} == {"ana", "bea"}


def test_a_no_for_another_channel_or_address_stops_nothing_and_a_later_yes_begins_anew(owing: World) -> None:
    no_more("sms")
    no_more("email", "old@cliente.pe")
    no_more("email")
    desk.wish(
        ANA, new_id(), "ana", channel="email", said="authorised", address="new@cliente.pe", statement="write there"
    )
    plan_reminders()
    assert {contact["customer_id"]: contact["recipient"] for contact in contacts()} == {
        "ana": "new@cliente.pe", "bea": "bea@cliente.pe",
    }  # fmt: skip


def test_explain_names_the_record_of_the_desk(owing: World) -> None:
    made = promise("ana")
    (now,) = explain("ana")["now"]
    saw = next(answer["saw"] for answer in now["answers"] if answer["rule"].startswith("item "))
    assert saw.startswith("promised_not_due (promise ") and made.promise_id[:8] in saw and ANA.user in saw
    hold("bea", "court of Lima", "insolvency")
    (now,) = explain("bea")["now"]
    assert any("insolvency, held by test on" in answer["saw"] and "Lima" in answer["saw"] for answer in now["answers"])


def test_a_vulnerable_customer_goes_to_a_person(owing: World) -> None:
    hold("ana", "ill", "vulnerable")
    plan_reminders()
    by_customer = {contact["customer_id"]: contact for contact in contacts()}
    assert (by_customer["ana"]["channel"], by_customer["ana"]["template"]) == ("call", "hand_over")
    assert by_customer["bea"]["channel"] == "email"
    hold("ana", "and died", "deceased")
    plan_reminders()
    assert {contact["customer_id"] for contact in contacts(status="planned")} == {"bea"}


def test_the_contact_rules_hear_the_kind_of_a_hold(owing: World) -> None:
    query("insert into ops.contact_holds (customer_id, reason, held_by) values ('ana', 'old words', 'x') returning 1")
    hold("ana", "their lawyer wrote", "attorney")
    hold("ana", "ill", "vulnerable")
    assert {each.kind for each in known_of("ana", CompanyRules()).holds} == {HoldKind.other, HoldKind.attorney}


def test_a_repaired_address_is_used_by_the_next_plan(owing: World) -> None:
    query(
        "insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, noted_by)"
        " values ('ana', 'email', 'ana@cliente.pe', true, 'bounced', 'x') returning 1"
    )
    plan_reminders()
    assert skips()["ana"] == Reason.bad_address
    desk.repair_contact(ANA, new_id(), "ana", channel="email", address="wrong@cliente.pe")
    desk.repair_contact(ANA, new_id(), "ana", channel="email", address="Right@Cliente.pe")
    plan_reminders()
    assert {c["customer_id"]: c["recipient"] for c in contacts()}["ana"] == "Right@cliente.pe"


def test_an_address_found_to_work_after_all_is_good_again(owing: World) -> None:
    query(
        "insert into ops.bad_addresses (customer_id, channel, address, is_bad, reason, noted_by)"
        " values ('ana', 'email', 'ana@cliente.pe', true, 'bounced', 'x') returning 1"
    )
    desk.repair_contact(ANA, new_id(), "ana", channel="email", address="ana@cliente.pe")
    plan_reminders()
    assert {contact["customer_id"] for contact in contacts()} == {"ana", "bea"}
