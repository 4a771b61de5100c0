"""What the outbox does with what happens in between: payments, clocks, lost answers, a database that restarts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from reminder_provider import Provider
from reminder_world import AS_OF, World, channel_to, contacts, hold, query

from cartera import db
from cartera.errors import DatabaseError, GateFailed, SendError
from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders, settle
from cartera.reminders.as_sent import handed_over
from cartera.reminders.audit import verify
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing
from cartera.reminders.explain import explain
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings

IN_BETWEEN = ("after_reserve", "after_commit", "after_render", "before_call")
NO_LEASE = dt.timedelta(0)


@dataclass
class Answering(Provider):
    """A provider whose answers a test says: what it takes it has, whatever it says of it."""

    answers: list[Outcome | SendError] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def send(self, message: Outgoing, at: AtPoint) -> Outcome:
        answer = self.answers.pop(0) if self.answers else Outcome("sent", "taken")
        if isinstance(answer, SendError):
            raise answer
        super().send(message, at)
        self.said.append(message.content.text)
        return answer


@pytest.fixture
def provider(tmp_path: Path) -> Callable[..., Answering]:
    return lambda kind, *answers: Answering(tmp_path, kind, answers=list(answers))


def approve(world: World, *customers: str) -> None:
    for customer in customers:
        world.owes(customer, due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")


def once(name: str, act: Callable[[], object]) -> AtPoint:
    """Do something the first time a point is passed."""
    waiting = [act]

    def at(passed: str) -> None:
        if passed == name and waiting:
            waiting.pop()()

    return at


def test_a_payment_after_the_plan_or_the_approval_stops_the_message(
    world: World, provider: Callable[..., Answering]
) -> None:
    approve(world, "ana")
    world.items.clear()
    world.publish()
    channel = provider("none")
    assert send_reminders({"email": channel}).skipped == {Reason.paid: 1}
    assert not channel.deliveries()


@pytest.mark.parametrize("point", IN_BETWEEN)
@pytest.mark.parametrize("first", ["ana", "bea"])
def test_a_payment_that_is_published_in_between_stops_the_message(
    world: World, provider: Callable[..., Answering], point: str, first: str
) -> None:
    """Of the message at that point, and of one that is reserved beside it."""
    approve(world, "ana", "bea")
    channel = provider("none")

    def pay() -> None:
        world.items = {id: item for id, item in world.items.items() if item["customer_id"] != first}
        world.publish()

    report = send_reminders({"email": channel}, at=once(point, pay))
    assert (report.sent, report.skipped) == (1, {Reason.paid: 1})
    assert [contact["customer_id"] for contact in contacts(status="skipped")] == [first]
    assert sum(channel.deliveries().values()) == 1
    assert verify().is_whole


@pytest.mark.parametrize("point", IN_BETWEEN)
def test_what_is_part_paid_in_between_is_asked_for_with_its_new_amount(
    world: World, mailbox: Mailbox, channel: EmailChannel, point: str
) -> None:
    world.owes("ana", due=-10, amount="500", item_id="files:i")
    approve(world)

    def pay() -> None:
        world.items["files:i"]["open_amount"] = Decimal("123.45")
        world.publish()

    assert send_reminders({"email": channel}, at=once(point, pay)).sent == 1
    text = mailbox.store.read(mailbox.messages()[0].id).decode()
    assert "123.45" in text and "500.00" not in text
    assert query("select stated_amount from ops.contact_items") == [{"stated_amount": Decimal("123.45")}]


@pytest.mark.parametrize("point", IN_BETWEEN)
def test_a_payment_that_has_landed_and_is_not_yet_published_holds_everything_up(
    world: World, provider: Callable[..., Answering], point: str
) -> None:
    approve(world, "ana", "bea")
    channel = provider("none")

    def land() -> None:
        query(
            "insert into ops.loads (source, entity, kind, fingerprint, files, recorded_at, rows_in, rows_loaded,"
            " rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts)"
            " values ('bank', 'payments', 'full', 'x', '[]', now(), 1, 1, 0, 1, 0, 0, 0, '{}') returning 1"
        )

    report = send_reminders({"email": channel}, at=once(point, land))
    assert isinstance(report.stopped, GateFailed) and "payments of bank" in report.stopped.problem
    assert not channel.deliveries()
    assert {contact["status"] for contact in contacts()} == {"approved"}
    assert all(contact["handed_at"] is None for contact in contacts())
    world.publish()
    assert send_reminders({"email": channel}).sent == 2


@pytest.mark.parametrize("point", IN_BETWEEN)
def test_a_hold_in_between_stops_the_message(world: World, provider: Callable[..., Answering], point: str) -> None:
    approve(world, "ana")
    channel = provider("none")
    report = send_reminders({"email": channel}, at=once(point, lambda: hold("ana", "asked for it")))
    assert report.skipped == {Reason.on_hold: 1} and not channel.deliveries()


LOST = Outcome("unknown", "the connection was lost")


def test_an_unknown_contact_is_handed_over_again_under_its_key_while_the_provider_keeps_it(
    world: World, provider: Callable[..., Answering]
) -> None:
    approve(world, "ana")
    channel = provider("keys", LOST)
    assert send_reminders({"email": channel}).unknown == 1
    assert send_reminders({"email": channel}).sent == 1
    assert list(channel.deliveries().values()) == [1] and len(channel.said) == 2
    tried = query("select words ->> 'text' as text from ops.contact_messages order by message_no")
    assert [row["text"] for row in tried] == channel.said and len(set(channel.said)) == 1
    statuses = [row["to_status"] for row in query("select to_status from ops.contact_events order by event_id")]
    assert statuses == ["planned", "approved", "reserved", "unknown", "reserved", "sent"]
    assert verify().is_whole


@pytest.mark.parametrize(
    ("clock", "handed_at"),
    [
        ("so much time has passed that the provider may have forgotten", "now() - interval '13 hours'"),
        ("the clock was set back since", "now() + interval '1 hour'"),
    ],
)
def test_a_key_that_may_be_forgotten_is_not_used_again(
    world: World, provider: Callable[..., Answering], clock: str, handed_at: str
) -> None:
    approve(world, "ana")
    channel = provider("keys", LOST)
    send_reminders({"email": channel})
    query(f"update ops.contacts set handed_at = {handed_at} returning 1")
    report = send_reminders({"email": channel})
    assert (report.sent, len(channel.said)) == (0, 1), clock
    (contact,) = contacts(status="unknown")
    assert settle(contact["id"], "sent", "a person") == "sent"


def test_a_record_that_ends_after_now_means_the_clock_was_set_back(
    world: World, provider: Callable[..., Answering]
) -> None:
    approve(world, "ana")
    channel = provider("keys", LOST)
    send_reminders({"email": channel})
    query(
        "with off as (select set_config('session_replication_role', 'replica', true))"
        " update ops.contact_events set happened_at = happened_at + interval '1 day' from off returning 1"
    )
    assert send_reminders({"email": channel}).sent == 0 and len(channel.said) == 1


def test_one_that_may_have_been_delivered_is_never_called_skipped_nor_failed(
    world: World, provider: Callable[..., Answering]
) -> None:
    approve(world, "ana", "bea")
    channel = provider("keys", LOST, LOST, Outcome("refused", "no"), Outcome("later", "busy"))
    assert send_reminders({"email": channel}).unknown == 2
    assert send_reminders({"email": channel}).unknown == 2
    assert {contact["status"] for contact in contacts()} == {"unknown"}
    query("update ops.contacts set retry_at = null returning 1")
    world.items.clear()
    world.publish()
    report = send_reminders({"email": channel})
    assert (report.sent, report.skipped.total(), len(channel.said)) == (0, 0, 4)
    assert {contact["status"] for contact in contacts()} == {"unknown"}


def test_under_one_key_there_is_one_message(world: World, provider: Callable[..., Answering]) -> None:
    """What was part-paid since, or is worded anew, would be another message: the old one is for a person."""
    approve(world, "ana")
    channel = provider("keys", LOST)
    send_reminders({"email": channel})
    world.customer("ana", name="Another name")
    world.publish()
    assert send_reminders({"email": channel}).sent == 0 and len(channel.said) == 1
    (contact,) = contacts(status="unknown")
    assert explain(contact["id"])["events"][-1]["detail"] == {"stopped": "it would say something else today"}
    for item in world.items.values():
        item["open_amount"] = Decimal(40)
    world.publish()
    assert send_reminders({"email": channel}).sent == 0 and len(channel.said) == 1
    assert query("select stated_amount from ops.contact_items") == [{"stated_amount": Decimal(100)}]


def test_what_is_kept_is_what_was_said_after_all(world: World, provider: Callable[..., Answering]) -> None:
    """The words of the first rendering were never handed over: the last ones were, and are shown."""
    approve(world, "ana")
    channel = provider("none")

    def pay_a_part() -> None:
        for item in world.items.values():
            item["open_amount"] = Decimal(40)
        world.publish()

    assert send_reminders({"email": channel}, at=once("before_call", pay_a_part)).sent == 1
    (contact,) = contacts()
    first, last = explain(contact["id"])["messages"]
    assert [last["words"]["text"]] == channel.said and "40" in last["words"]["text"] and first["words"] != last["words"]
    found = handed_over(contact["id"], None)
    assert found is not None and found["words"] == last["words"] and found["template_hash"]
    assert handed_over(contact["id"], {"another"}) is None


def plan_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, *customers: str) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.yaml").write_text(
        "name: p\nsteps: [{name: first, offset_days: 1, template: overdue, channels: [email, sms, call]}]\n"
        "creditor: {name: A, contact_name: C, email: c@acreedor.pe}\n"
    )
    monkeypatch.setattr(get_settings(), "policies_dir", tmp_path / "policies")
    approve(world, *customers)


def test_a_channel_that_is_down_does_not_keep_the_others_from_sending(
    world: World, provider: Callable[..., Answering], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # each is planned by the first channel that reaches it
    world.home = ("PE", "America/Lima")
    world.customer("ana", email=None, phone="987 654 321")
    world.customer("carla", email=None, phone="987 654 322")
    world.customer("dora", email=None)
    plan_by(tmp_path, monkeypatch, world, "ana", "bea", "carla", "dora")
    down = provider("none", SendError("sms: unreachable", "wait"), SendError("sms: unreachable", "wait"))
    down.name = "sms"
    report = send_reminders({"email": provider("none"), "sms": down})
    assert isinstance(report.stopped, SendError) and report.sent == 1
    assert {contact["customer_id"]: contact["status"] for contact in contacts()} == {
        "ana": "approved",
        "bea": "sent",
        "carla": "approved",
        "dora": "approved",  # no such channel is configured
    }
    assert len(down.answers) == 1, "it is not tried again in this run"
    assert all(contact["handed_at"] is None for contact in contacts(status="approved"))


def test_a_lease_written_by_a_clock_since_set_back_does_not_last_for_ever(
    world: World, provider: Callable[..., Answering]
) -> None:
    approve(world, "ana", "bea")
    query(
        "update ops.contacts set status = 'reserved', reserved_by = 42, lease_until = now() + interval '30 days',"
        " handed_at = case when customer_id = 'ana' then now() end returning 1"
    )
    query("insert into ops.contact_events (contact_id, from_status, to_status, actor)"
          " select contact_id, 'approved', 'reserved', 'x' from ops.contacts returning 1")  # fmt: skip
    report = send_reminders({"email": provider("none")})
    # what was handed over may have been delivered, what was reserved only was not
    assert (report.settled, report.sent) == ({"unknown": 1, "approved": 1}, 1)
    assert {contact["customer_id"]: contact["status"] for contact in contacts()} == {"ana": "unknown", "bea": "sent"}


def test_a_retry_written_by_a_clock_since_set_back_is_due(world: World, provider: Callable[..., Answering]) -> None:
    approve(world, "ana")
    query("update ops.contacts set retry_at = now() + interval '30 days' returning 1")
    assert send_reminders({"email": provider("none")}).sent == 1


@pytest.mark.parametrize("kind", ["keys", "none", "look-up"])
@pytest.mark.parametrize("point", [*IN_BETWEEN, "during_call", "before_record", "after_record"])
def test_a_database_that_restarts_in_the_middle_loses_nothing_and_doubles_nothing(
    world: World, provider: Callable[..., Answering], kind: str, point: str
) -> None:
    approve(world, "ana", "bea", "carla")
    channel = provider(kind)

    def restart() -> None:
        db.stop()
        db.ensure_ready(again=True)

    with pytest.raises(DatabaseError):
        send_reminders({"email": channel}, lease=NO_LEASE, group=2, at=once(point, restart))
    assert send_reminders({"email": channel}, lease=NO_LEASE).stopped is None
    unknown = contacts(status="unknown")
    assert len(unknown) <= (2 if kind == "none" else 0)
    assert {contact["status"] for contact in contacts()} <= {"sent", "unknown"}
    assert set(channel.deliveries().values()) <= {1}
    sent = {contact["message_id"] for contact in contacts(status="sent")}
    assert sent <= set(channel.deliveries())
    assert verify().is_whole


def test_sending_again_and_again_sends_nothing_again(world: World, provider: Callable[..., Answering]) -> None:
    """An Airflow task that is retried or cleared runs the same function again."""
    approve(world, "ana", "bea")
    channel = provider("none")
    for _ in range(4):
        send_reminders({"email": channel})
        plan_reminders()
        approve_reminders(approved_by="test")
    assert sum(channel.deliveries().values()) == 2


def test_days_that_were_missed_are_caught_up_once_whatever_the_clock_says(
    world: World, provider: Callable[..., Answering]
) -> None:
    world.owes("ana", due=0)
    channel = provider("none")
    for day in (-3, 50, 20, 49, 50):  # 53 days missed, then a clock that goes back and comes again
        world.publish(AS_OF + dt.timedelta(days=day))
        plan_reminders()
        approve_reminders(approved_by="test")
        send_reminders({"email": channel})
    assert [contact["step_name"] for contact in contacts(status="sent")] == ["before_due", "final_notice"]
    assert sum(channel.deliveries().values()) == 2


def test_the_limit_and_the_batches_fit_whatever_their_sizes(world: World, mailbox: Mailbox) -> None:
    approve(world, *(f"c{number}" for number in range(11)))
    assert send_reminders({"email": channel_to(mailbox)}, limit=4, batch=3, group=2).sent == 4
    assert send_reminders({"email": channel_to(mailbox)}, batch=2, group=5).sent == 7
