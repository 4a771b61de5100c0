"""A customer who was erased and still has an agreement: it holds on, can be ended, and is in nobody's way."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import pytest
from desk_world import ANA, BOSS, dispute, file_of, in_days, new_id, promise
from reminder_world import World, query

from cartera import desk, outgoing
from cartera.db import Role, transaction
from cartera.desk import Plan, broken, lately
from cartera.desk.broken import end_broken_plans
from cartera.desk.journal import Desk, Done
from cartera.errors import NotAllowed


@pytest.fixture
def owing(world: World) -> World:
    for customer in ("ana", "bea"):
        world.owes(customer, due=-10)
    world.publish()
    return world


def two_parts(customer: str, note: str = "") -> Plan:
    parts = [(in_days(5), Decimal(40)), (in_days(35), Decimal(60))]
    return desk.plan(ANA, new_id(), customer, "main", "PEN", parts, note=note)


def erase(customer: str) -> None:
    outgoing.erase_customer(customer, "privacy officer")


def is_cancelled() -> dict[str, bool]:
    return {
        row["plan_id"]: row["is_cancelled"] for row in query("select plan_id::text, is_cancelled from ops.desk_plans")
    }


def test_what_is_open_stays_in_the_file_without_its_words_and_can_be_ended(owing: World) -> None:
    made, agreed, contested = promise("ana", note="she said"), two_parts("ana", "she said"), dispute("ana", note="late")
    erase("ana")
    filed = file_of("ana")
    assert {each.promise_id for each in filed.promises} == {
        made.promise_id,
        *(part.promise_id for part in agreed.parts),
    }
    assert [each.plan_id for each in filed.plans] == [agreed.plan_id]
    assert [each.dispute_id for each in filed.disputes] == [contested.dispute_id]
    for each in (*filed.promises, *filed.plans, *filed.disputes):
        assert (each.by, each.note, each.at.date()) == ("erased", "", made.made_date)

    desk.cancel_promise(BOSS, new_id(), "ana", made.promise_id, seen=1)
    desk.cancel_plan(BOSS, new_id(), "ana", agreed.plan_id, seen=1)
    closed = desk.close_dispute(BOSS, new_id(), "ana", contested.dispute_id, seen=1, resolution="paid")
    assert (closed.by, closed.version) == (BOSS.user, 2)
    assert query("select 1 from ops.desk_promises where not is_cancelled") == []
    assert [each.kind for each in file_of("ana").actions] == ["close_dispute", "cancel_plan", "cancel_promise"]


def test_what_can_be_withdrawn_or_decided_is_listed(owing: World) -> None:
    made, contested = promise("ana"), dispute("ana")
    erase("ana")
    with transaction(Role.reader) as connection:
        (to_come,) = lately.promises_to_come(connection, in_days(0), None, 10)
        (waits,) = lately.open_disputes(connection, None, 10)
    assert (to_come["promise_id"], to_come["acted_by"]) == (made.promise_id, "erased")
    assert (waits["dispute_id"], waits["acted_by"]) == (contested.dispute_id, "erased")


def test_a_broken_plan_of_theirs_ends_as_any_other(owing: World) -> None:
    plans = [two_parts(customer).plan_id for customer in ("ana", "bea")]
    erase("ana")
    owing.publish(in_days(20))
    assert end_broken_plans() == 2
    assert is_cancelled() == dict.fromkeys(plans, True)
    assert end_broken_plans() == 0


def test_a_plan_that_can_not_be_ended_stops_no_other(
    owing: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = sorted(two_parts(customer).plan_id for customer in ("ana", "bea"))
    owing.publish(in_days(20))
    end = broken.end

    def refused(asked: Desk, plan_id: str, seen: int, **rest: Any) -> Done[Plan]:
        if plan_id == first:
            raise NotAllowed("not this one", "")
        return end(asked, plan_id, seen, **rest)

    monkeypatch.setattr(broken, "end", refused)
    with caplog.at_level(logging.WARNING):
        assert end_broken_plans() == 1
    assert is_cancelled() == {first: False, second: True}
    assert first in caplog.text and "not this one" in caplog.text


def test_a_customer_who_is_gone_altogether_stops_no_other(owing: World, caplog: pytest.LogCaptureFixture) -> None:
    gone, kept = two_parts("ana"), two_parts("bea")
    del owing.customers["ana"]
    owing.items = {id: item for id, item in owing.items.items() if item["customer_id"] != "ana"}
    owing.publish(in_days(20))
    assert end_broken_plans() == 1
    assert is_cancelled() == {gone.plan_id: False, kept.plan_id: True}
    assert "there is no customer 'ana'" in caplog.text
