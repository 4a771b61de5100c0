"""What is recorded at the desk: each action once, in versions, by those who may, and for ever in the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from desk_world import ANA, BOSS, dispute, file_of, in_days, new_id, promise
from reminder_world import World, query

from cartera import desk
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.desk.day import customer_file, day_of
from cartera.errors import ConfigError, Conflict, NotAllowed, RecordedAlready
from cartera.reminders import plan_reminders
from cartera.reminders.portfolio import last_contacts


@pytest.fixture
def owing(world: World) -> World:
    world.owes("ana", due=-40, amount="100", item_id="files:a1")
    world.owes("ana", due=-10, amount="60", item_id="files:a2")
    world.owes("ana", due=-10, amount="5", item_id="files:a3", currency_code="USD")
    world.owes("bea", due=-10, company_id="other")
    world.customer("bea", company_id="other")
    world.publish()
    return world


def test_the_file_holds_everything_with_who_and_when(owing: World) -> None:
    made = promise("ana", "120.50", item_ids=["files:a1", "files:a2"], note="by phone")
    contested = dispute("ana", item_ids=["files:a2"], amount=Decimal("10"))
    desk.note(ANA, new_id(), "ana", "calls back on Monday")
    held = desk.hold(ANA, new_id(), "ana", "attorney", until=in_days(30))
    repaired = desk.repair_contact(ANA, new_id(), "ana", channel="email", address="new@cliente.pe")
    closed = desk.close_dispute(ANA, new_id(), "ana", contested.dispute_id, seen=1, resolution="credit note sent")
    found = file_of("ana")
    assert (found.promises, found.disputes, found.repairs) == ((made,), (closed,), (repaired,))
    assert found.holds == (held,) and [note.text for note in found.notes] == ["calls back on Monday"]
    assert found.version == 4  # a note and a repair are no agreement
    assert [each.kind for each in found.actions] == ["close_dispute", "repair", "hold", "note", "dispute", "promise"]
    newest = found.actions[0]
    assert newest.before is not None and newest.before["resolved_date"] is None
    assert newest.after["resolution"] == "credit note sent" and (newest.by, newest.version) == (ANA.user, 2)
    parts = query("select invoice_ids, invoice_amounts from ops.desk_promises")[0]
    assert parts == {"invoice_ids": ["files:a1", "files:a2"], "invoice_amounts": [Decimal(100), Decimal("20.50")]}


def test_the_same_action_twice_is_one_thing_and_one_answer(owing: World) -> None:
    id = new_id()
    first = promise("ana", id=id)
    assert promise("ana", id=id) == first
    with pytest.raises(RecordedAlready, match="recorded already at"):
        promise("ana", "99", id=id)
    with pytest.raises(RecordedAlready, match="recorded already at"):
        promise("ana", id=id, by=BOSS)
    with pytest.raises(RecordedAlready, match="recorded already at"):
        desk.note(ANA, id, "bea", "the id of another form")
    plan_id = new_id()
    parts = [(in_days(10), Decimal(50)), (in_days(40), Decimal(50))]
    planned = [desk.plan(ANA, plan_id, "ana", "main", "PEN", parts) for _ in range(2)]
    assert planned[0] == planned[1] and len(file_of("ana").promises) == 3
    assert query("select actions, version from ops.desk_files") == [{"actions": 2, "version": 2}]


def test_an_answer_stays_what_it_was_the_first_time(owing: World) -> None:
    id = new_id()
    first = promise("ana", id=id)
    desk.cancel_promise(BOSS, new_id(), "ana", first.promise_id, seen=1)
    assert promise("ana", id=id) == first and not first.is_cancelled


def test_a_conflict_says_who_changed_what(owing: World) -> None:
    made = promise("ana")
    desk.cancel_promise(BOSS, new_id(), "ana", made.promise_id, seen=1, note="can't pay")
    with pytest.raises(Conflict, match=r"boss@acme\.pe recorded cancel_promise") as caught:
        desk.cancel_promise(ANA, new_id(), "ana", made.promise_id, seen=1)
    (theirs,) = caught.value.theirs
    assert (theirs.by, theirs.version, theirs.after["note"]) == (BOSS.user, 2, "can't pay")
    seen = file_of("ana").version
    dispute("ana", by=BOSS)
    with pytest.raises(Conflict) as caught:
        promise("ana", seen=seen)
    assert [each.kind for each in caught.value.theirs] == ["dispute"]
    desk.note(BOSS, new_id(), "ana", "a note is in nobody's way")
    assert promise("ana", seen=seen + 1).version == 1
    assert desk.hold(ANA, new_id(), "ana", "other", seen=seen + 1).version == 1, "what one did oneself is no conflict"
    with pytest.raises(Conflict):
        promise("ana", seen=seen + 1)  # unless it is the same again


def test_a_plan_changes_as_a_whole(owing: World) -> None:
    parts = [(in_days(40), Decimal(50)), (in_days(10), Decimal("110"))]
    made = desk.plan(ANA, new_id(), "ana", "main", "PEN", parts, item_ids=["files:a1", "files:a2"])
    assert [part.promised_date for part in made.parts] == [in_days(10), in_days(40)]
    found = query("select invoice_amounts from ops.desk_promises order by promised_date")
    assert [row["invoice_amounts"] for row in found] == [[100, 10], [0, 50]]
    with pytest.raises(ConfigError, match="part of a plan"):
        desk.cancel_promise(ANA, new_id(), "ana", made.parts[0].promise_id, seen=1)
    ended = desk.cancel_plan(ANA, new_id(), "ana", made.plan_id, seen=1, note="lost the job")
    assert ended.is_cancelled and ended.version == 2 and file_of("ana").plans == (ended,)
    assert all(each.is_cancelled and each.version == 2 for each in file_of("ana").promises)


FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "nobody": (lambda: promise("nobody"), "no customer"),
    "company": (lambda: desk.promise(ANA, new_id(), "ana", "other", "PEN", Decimal(1), in_days(1)), "nothing with"),
    "past": (lambda: promise("ana", days=-2), "past"),
    "far": (lambda: promise("ana", days=400), "days ahead"),
    "zero": (lambda: promise("ana", "0"), "no amount"),
    "nan": (lambda: promise("ana", "NaN"), "no amount"),
    "cents": (lambda: promise("ana", "1.005"), "parts of less"),
    "item": (lambda: promise("ana", item_ids=["files:x"]), "no open item"),
    "more than is open": (lambda: promise("ana", "160.01"), "160.01 is more than the PEN 160.00 that is open"),
    "more than its items": (lambda: promise("ana", "60.01", item_ids=["files:a2"]), "more than the PEN 60.00"),
    "more than what is contested": (lambda: dispute("ana", amount=Decimal(161)), "more than the PEN 160.00"),
    "parts of more than is open": (
        lambda: desk.plan(ANA, new_id(), "ana", "main", "PEN", [(in_days(day), Decimal(81)) for day in (1, 2)]),
        "162.00 is more than",
    ),
    "currency of item": (lambda: promise("ana", item_ids=["files:a3"]), "no open item"),
    "id": (lambda: promise("ana", id="x"), "no action id"),
    "one part": (lambda: desk.plan(ANA, new_id(), "ana", "main", "PEN", [(in_days(1), Decimal(1))]), "2 to"),
    "reason": (lambda: dispute("ana", reason=" "), "empty"),
    "long": (lambda: desk.note(ANA, new_id(), "ana", "x" * 3000), "longer"),
    "kind": (lambda: desk.hold(ANA, new_id(), "ana", "sleepy"), "no kind"),  # type: ignore[arg-type]
    "address": (lambda: desk.repair_contact(ANA, new_id(), "ana", channel="call", address="12"), "no address"),
    "party": (
        lambda: desk.record_call(ANA, new_id(), "ana", outcome="busy", is_right_party=True),
        "contradict",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_can_not_be_is_refused_and_nothing_is_recorded(owing: World, fault: str) -> None:
    do, match = FAULTS[fault]
    with pytest.raises(ConfigError, match=match):
        do()
    assert query("select 1 from ops.desk_actions union all select 1 from ops.desk_files") == []


def test_the_evening_of_a_customer_is_not_the_next_day(owing: World) -> None:
    """In Mexico the day goes on for six hours after that of UTC."""
    desk.record_call(ANA, new_id(), "ana", outcome="busy", is_right_party=False)
    desk.hold(ANA, new_id(), "bea", "other", until=in_days(0))
    zone = ZoneInfo(owing.home[1])
    with transaction(Role.desk) as connection:
        called_on = last_contacts(connection, ["ana"])["ana"]
    late: dict[str, Any] = {
        "company_id": "main", "currency_code": "PEN", "asked_amount": Decimal(160), "oldest_days": 40,
        "age_share": Decimal("0.5"), "promised_today": False, "broken_on": None, "usual_days_late": None,
        "why": None,
    }  # fmt: skip
    until = file_of("bea").holds[0].until
    assert until is not None
    for day, customer in ((called_on, "ana"), (until, "bea")):
        evening = dt.datetime.combine(day, dt.time(23), zone).astimezone(dt.UTC)
        assert evening.date() == day + dt.timedelta(days=1)
        ranked = day_of([late | {"customer_id": customer}], day - dt.timedelta(days=1), evening)
        if customer == "ana":
            (task,) = ranked.tasks
            assert {each.name: each.values for each in task.worth.reasons}["contacted_lately"] == {"days": 0}
        else:
            assert [left.why for left in ranked.left] == ["on_hold"]
            ahead = day_of([late | {"customer_id": customer}], evening.date(), evening)
            assert [left.why for left in ahead.left] == ["on_hold"], "the figures' day has not begun there"
            owing.customers["bea"]["timezone"] = None
            owing.publish()
            ahead = day_of([late | {"customer_id": customer}], evening.date(), evening)
            assert [left.why for left in ahead.left] == ["on_hold"], "nor anywhere in her country"


def test_a_float_is_no_money(owing: World) -> None:
    with pytest.raises(TypeError):
        desk.promise(ANA, new_id(), "ana", "main", "PEN", 1.5, in_days(1))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["finance", "analyst"])
def test_who_only_looks_records_notes_alone(owing: World, role: Any) -> None:
    looker = Actor("eva@acme.pe", role)
    for do in (
        lambda: promise("ana", by=looker),
        lambda: dispute("ana", by=looker),
        lambda: desk.hold(looker, new_id(), "ana", "other"),
        lambda: desk.record_call(looker, new_id(), "ana", outcome="busy", is_right_party=False),
        lambda: desk.repair_contact(looker, new_id(), "ana", channel="email", address="a@b.pe"),
    ):
        with pytest.raises(NotAllowed):
            do()
    desk.note(looker, new_id(), "ana", "is this right?")
    assert [each.kind for each in file_of("ana").actions] == ["note"]


def test_nobody_records_outside_their_companies(owing: World) -> None:
    theirs = Actor("leo@other.pe", "manager", frozenset({"other"}))
    for do in (lambda: promise("ana", by=theirs), lambda: desk.note(theirs, new_id(), "ana", "hello")):
        with pytest.raises(NotAllowed):
            do()
    desk.note(theirs, new_id(), "bea", "hello")
    made = promise("ana")
    with pytest.raises(NotAllowed):
        desk.cancel_promise(theirs, new_id(), "ana", made.promise_id, seen=1)


def test_what_was_agreed_with_another_company_is_neither_told_nor_in_the_way(owing: World) -> None:
    owing.owes("ana", due=-5, company_id="other", item_id="files:a4")
    owing.publish()
    leo = Actor("leo@other.pe", "collector", frozenset({"other"}))
    made = promise("ana")
    desk.cancel_promise(ANA, new_id(), "ana", made.promise_id, seen=1)
    # the form was opened before: what main agreed is no conflict of his, and his own is one
    own = desk.promise(leo, new_id(), "ana", "other", "PEN", Decimal(7), in_days(3), seen=0)
    with pytest.raises(Conflict) as conflict:
        desk.promise(leo, new_id(), "ana", "other", "PEN", Decimal(8), in_days(3), seen=0)
    assert [each.thing_id for each in conflict.value.theirs] == [own.promise_id]
    with pytest.raises(Conflict) as conflict:
        promise("ana", seen=0)
    assert [each.kind for each in conflict.value.theirs] == ["promise", "cancel_promise", "promise"]
    assert {each.company_id for each in customer_file("ana", leo.companies).actions} == {"other"}
    assert [each.company_id for each in file_of("ana").actions] == ["other", "main", "main"]


def test_a_call_is_of_the_company_of_who_made_it(owing: World) -> None:
    owing.owes("ana", due=-5, company_id="other", item_id="files:a4")
    owing.publish()
    leo = Actor("leo@other.pe", "collector", frozenset({"other"}))
    desk.hold(BOSS, new_id(), "ana", "vulnerable")
    plan_reminders()
    (task,) = query("select contact_id::text as id from ops.contacts where company_id = 'main' and customer_id = 'ana'")
    with pytest.raises(ConfigError, match="has no call"):
        desk.record_call(leo, new_id(), "ana", outcome="busy", is_right_party=False, contact_id=task["id"])
    made = desk.record_call(leo, new_id(), "ana", outcome="busy", is_right_party=False)
    (row,) = query(f"select company_id from ops.contacts where contact_id = '{made.contact_id}'")
    assert row["company_id"] == "other"


def test_a_hold_of_the_law_is_released_by_a_manager(owing: World) -> None:
    held = desk.hold(ANA, new_id(), "ana", "insolvency", note="court of Lima")
    with pytest.raises(ConfigError, match="already"):
        desk.hold(ANA, new_id(), "ana", "insolvency")
    desk.hold(ANA, new_id(), "ana", "dispute")
    with pytest.raises(NotAllowed):
        desk.release_hold(ANA, new_id(), "ana", held.hold_id, seen=1)
    released = desk.release_hold(BOSS, new_id(), "ana", held.hold_id, seen=1)
    assert (released.version, released.released_by, released.note) == (2, BOSS.user, "court of Lima")
    with pytest.raises(Conflict):
        desk.release_hold(BOSS, new_id(), "ana", held.hold_id, seen=1)


def test_two_on_one_customer_see_each_other(owing: World) -> None:
    desk.here(ANA, "ana")
    desk.here(BOSS, "ana")
    desk.here(BOSS, "ana")
    assert [each.person for each in desk.others_here(ANA, "ana")] == [BOSS.user]
    assert desk.others_here(ANA, "bea") == []
    query("update ops.desk_presence set seen_at = seen_at - interval '3 minutes' returning 1")
    assert desk.others_here(ANA, "ana") == []


WRITES = [
    "update ops.desk_actions set acted_by = 'x'",
    "delete from ops.desk_actions",
    "truncate ops.desk_actions",
]


@pytest.mark.parametrize("role", [Role.desk, Role.admin, Role.campaign, Role.reader, Role.loader])
@pytest.mark.parametrize("statement", WRITES)
def test_the_journal_can_not_be_changed(owing: World, role: Role, statement: str) -> None:
    promise("ana")
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)):
        _do(role, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into ops.contact_plans (policy_name) values ('x')",
        "update ops.contacts set status = 'approved'",
        "update ops.contacts set recipient = 'x'",
        "insert into ops.publications (slot) values ('a')",
        "select * from raw_files.customers",
        "delete from ops.contact_holds",
        "delete from ops.contact_events",
    ],
)
def test_the_role_of_the_desk_can_not_plan_approve_or_send(owing: World, statement: str) -> None:
    desk.record_call(ANA, new_id(), "ana", outcome="busy", is_right_party=False)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        _do(Role.desk, statement)


def _do(role: Role, statement: str) -> None:
    with transaction(role) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_promise_of_the_evening_is_of_the_customers_day(owing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late = dt.datetime(2026, 6, 30, 3, tzinfo=dt.UTC)  # still the 29th in Mexico
    monkeypatch.setattr("cartera.desk.journal.utc_now", lambda: late)
    made = desk.promise(ANA, new_id(), "ana", "main", "PEN", Decimal(10), dt.date(2026, 6, 29))
    assert made.made_date == made.promised_date == dt.date(2026, 6, 29)
