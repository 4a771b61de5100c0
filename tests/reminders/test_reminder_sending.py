"""The way of a reminder: planned once, checked again at the moment of sending, sent once, recorded."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from decimal import Decimal
from pathlib import Path

import pytest
from reminder_world import AS_OF, World, channel_to, contacts, hold, query, release

from cartera.db import Role, transaction
from cartera.errors import ConfigError, GateFailed, NotPublished, SendError
from cartera.reminders import EmailChannel, approve_reminders, approve_small, plan_reminders, send_reminders, settle
from cartera.reminders.approve import waiting_summary
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings


def statuses() -> dict[str, str]:
    return {row["customer_id"]: row["status"] for row in contacts()}


def walk(channel: EmailChannel, as_of: dt.date | None = None) -> None:
    plan_reminders(as_of)
    approve_reminders(approved_by="test")
    send_reminders({"email": channel}).raise_if_stopped()


def read_mail(mailbox: Mailbox, position: int = -1) -> email.message.EmailMessage:
    content = mailbox.store.read(mailbox.messages()[position].id)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def body(message: email.message.EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_nothing_published_is_said_plainly(database: str) -> None:
    with pytest.raises(NotPublished):
        plan_reminders()


def test_a_reminder_goes_the_whole_way(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10, amount="250.50", item_id="files:i1")
    world.publish()
    walk(channel)
    message = read_mail(mailbox)
    assert message["To"] == "ana@cliente.pe"
    assert "250.50" in body(message) and "250.50" in body(message, "html")
    assert "mailto:" in message["List-Unsubscribe"]
    (contact,) = contacts()
    assert contact["status"] == "sent" and message["Message-ID"] == contact["message_id"]
    events = query("select from_status, to_status from ops.contact_events order by event_id")
    assert [event["to_status"] for event in events] == ["planned", "approved", "reserved", "sent"]


def test_planning_and_sending_again_contacts_nobody_again(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    for number in range(5):
        world.owes(f"c{number}", due=-10 - number)
    world.publish()
    first = plan_reminders()
    again = plan_reminders()
    assert (first.planned, again.planned, again.kept) == (5, 0, 5)
    approve_reminders(approved_by="test")
    for _ in range(3):
        send_reminders({"email": channel}).raise_if_stopped()
        walk(channel)
    assert len(mailbox.messages()) == 5
    assert len(contacts()) == 5


def test_planning_again_stores_no_skip_twice(world: World) -> None:
    world.owes("ana", due=-10, is_disputed=True)
    world.publish()
    assert plan_reminders().skips == {Reason.disputed: 1}
    plan_reminders()
    assert query("select reason_code from ops.contact_skips") == [{"reason_code": "disputed"}]


def test_a_dry_run_stores_nothing(world: World) -> None:
    world.owes("ana", due=-10)
    world.publish()
    assert plan_reminders(dry_run=True).planned == 1
    assert contacts() == []


def test_missed_days_are_caught_up_once_with_the_step_due_now(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    world.owes("ana", due=0)
    for day in (-3, 25):  # the runs of 27 days in between were missed
        world.publish(AS_OF + dt.timedelta(days=day))
        walk(channel)
    walk(channel)
    assert [contact["step_name"] for contact in contacts()] == ["before_due", "third_reminder"]
    assert len(mailbox.messages()) == 2


def test_a_plan_that_was_never_approved_gives_way_to_the_step_due_now(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    world.owes("ana", due=-1)
    world.publish()
    plan_reminders()
    world.publish(AS_OF + dt.timedelta(days=7))
    assert plan_reminders().replaced == 1
    approve_reminders(approved_by="test")
    send_reminders({"email": channel})
    assert [(c["step_name"], c["status"], c["reason_code"]) for c in contacts()] == [
        ("first_reminder", "skipped", "replaced"),
        ("second_reminder", "sent", None),
    ]


def test_what_was_approved_days_ago_is_not_sent_with_a_step_of_then(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    world.owes("ana", due=-1)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    world.publish(AS_OF + dt.timedelta(days=7))
    assert send_reminders({"email": channel}).skipped == {Reason.replaced: 1}
    assert mailbox.messages() == []
    walk(channel)
    assert len(mailbox.messages()) == 1


def test_two_companies_are_two_messages_on_two_days(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10, company_id="main")
    world.owes("ana", due=-25, company_id="norte")
    world.publish()
    walk(channel)
    walk(channel)
    assert [contact["company_id"] for contact in contacts()] == ["norte"]
    world.publish(AS_OF + dt.timedelta(days=3))
    walk(channel)
    assert [contact["company_id"] for contact in contacts(status="sent")] == ["norte", "main"]


CHANGES = {
    "paid": ({"open_amount": None}, Reason.paid),
    "disputed": ({"is_disputed": True}, Reason.disputed),
    "promised": ({"promised_date": AS_OF + dt.timedelta(days=5)}, Reason.promised_not_due),
    "due later": ({"due_date": AS_OF + dt.timedelta(days=60)}, Reason.not_due),
    "nearly paid": ({"open_amount": Decimal("0.004")}, Reason.below_minimum),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_between_plan_and_send_stops_the_message(
    world: World, mailbox: Mailbox, channel: EmailChannel, change: str
) -> None:
    item_id = world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    columns, reason = CHANGES[change]
    if columns.get("open_amount", 1) is None:
        del world.items[item_id]
    else:
        world.items[item_id] |= columns
    world.publish()
    assert send_reminders({"email": channel}).skipped == {reason: 1}
    assert mailbox.messages() == []
    assert [(c["status"], c["reason_code"]) for c in contacts()] == [("skipped", reason)]


def test_cash_not_yet_applied_stops_the_message(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10, amount="100")
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    world.credit("ana", "100")
    world.publish()
    assert send_reminders({"email": channel}).skipped == {Reason.covered_by_unapplied_cash: 1}


def test_a_part_payment_shows_the_new_amount_and_leaves_out_what_is_settled(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    partly = world.owes("ana", due=-10, amount="500")
    paid = world.owes("ana", due=-11, amount="111.11")
    disputed = world.owes("ana", due=-12, amount="222.22")
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    world.items[partly]["open_amount"] = Decimal("123.45")
    world.items[disputed]["is_disputed"] = True
    del world.items[paid]
    world.owes("ana", due=-9, amount="999.99")  # due since, and not approved by anybody
    world.publish()
    assert send_reminders({"email": channel}).sent == 1
    text = body(read_mail(mailbox))
    assert "123.45" in text
    assert not any(other in text for other in ("500.00", "111.11", "222.22", "999.99"))
    items = query("select item_id, stated_amount, left_out_reason from ops.contact_items")
    assert {row["item_id"]: (row["stated_amount"], row["left_out_reason"]) for row in items} == {
        partly: (Decimal("123.45"), None),
        paid: (None, "paid"),
        disputed: (None, "disputed"),
    }


def test_an_item_left_out_counts_as_not_told(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10)
    disputed = world.owes("ana", due=-12)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    world.items[disputed]["is_disputed"] = True
    world.publish()
    send_reminders({"email": channel})
    world.items[disputed]["is_disputed"] = False
    world.publish(AS_OF + dt.timedelta(days=3))
    assert plan_reminders().planned == 1


def test_credit_is_shown_and_currencies_stay_apart(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10, amount="1000")
    world.owes("ana", due=-10, amount="70", currency_code="USD")
    world.credit("ana", "300.25")
    world.publish()
    walk(channel)
    text = body(read_mail(mailbox)).replace("\xa0", " ")
    for shown in ("PEN 1,000.00", "PEN 300.25", "PEN 699.75", "USD 70.00"):
        assert shown in text
    assert "1,070" not in text and "769.75" not in text


def test_credit_that_covers_the_oldest_item_is_not_counted_again_when_sending(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    world.owes("ana", due=-60, amount="100.01")
    world.owes("ana", due=-50, amount="120")
    world.owes("ana", due=-10, amount="500")
    world.credit("ana", "150.01")
    world.publish()
    walk(channel)
    text = body(read_mail(mailbox)).replace("\xa0", " ")
    for shown in ("PEN 120.00", "PEN 500.00", "PEN 620.00", "PEN 50.00", "PEN 570.00"):
        assert shown in text
    assert "100.01" not in text
    assert statuses() == {"ana": "sent"}


def test_without_a_certificate_nothing_is_planned_nor_sent(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    world.is_tied = False
    world.publish()
    report = send_reminders({"email": channel})
    assert isinstance(report.stopped, GateFailed)
    assert statuses() == {"ana": "approved"} and mailbox.messages() == []
    assert plan_reminders().skips == {Reason.not_tied_out: 1}


def test_a_debtor_without_a_customer_record_has_no_address(world: World) -> None:
    world.owes("files:ana", due=-10)
    world.customers.clear()
    world.customer("another")
    world.publish()
    assert plan_reminders().skips == {Reason.no_address: 1}


def test_a_stale_source_is_silent(world: World) -> None:
    world.owes("ana", due=-10)
    world.landed_on = AS_OF - dt.timedelta(days=8)
    world.publish()
    assert plan_reminders().skips == {Reason.source_stale: 1}


def test_a_hold_leaves_a_customer_in_peace_also_after_approval(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    held = hold("ana", "asked for no more")
    assert send_reminders({"email": channel}).skipped == {Reason.on_hold: 1}
    with pytest.raises(ConfigError, match="already"):
        hold("ana", "again")
    release(held)
    walk(channel)
    assert statuses()["ana"] == "sent"


def test_nothing_unapproved_is_sent_and_the_limit_holds(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    for number in range(4):
        world.owes(f"c{number}", due=-10)
    world.publish()
    plan = plan_reminders()
    assert send_reminders({"email": channel}).sent == 0
    assert approve_reminders(plan.plan_id, limit=3, approved_by="test").left == 1
    assert send_reminders({"email": channel}, plan.plan_id + 1).sent == 0
    assert send_reminders({"email": channel}, plan.plan_id, limit=2).sent == 2
    assert send_reminders({"email": channel}).sent == 1


def test_small_plans_are_approved_by_the_policy_alone(world: World, tmp_path: Path) -> None:
    policy = tmp_path / "small.yaml"
    text = (get_settings().policies_dir / "default.yaml").read_text()
    policy.write_text(text.replace("approval: required", "approval: {automatic_below: 2}"))
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders(policy_path=policy)
    assert approve_small().approved == 1
    world.owes("bea", due=-10)
    world.owes("carla", due=-10)
    world.publish()
    plan_reminders(policy_path=policy)
    assert approve_small() == type(approve_small())(approved=0, left=2)


def test_what_waits_for_a_person_is_said_by_plan_and_step(world: World) -> None:
    assert waiting_summary() == {}
    world.owes("ana", due=-10)
    world.owes("bea", due=-50)
    world.owes("carla", due=-50)
    world.publish()
    plan = plan_reminders().plan_id
    summary = waiting_summary()
    assert (summary["plans"], summary["contacts"]) == ([plan], 3)
    assert f"- plan {plan}, final_notice: 2\n- plan {plan}, second_reminder: 1" in summary["text"]
    assert "ana" not in summary["text"], "who it is stays in our own tables"


def test_a_refused_address_is_not_written_to_again_until_it_is_another(
    world: World, mailbox: Mailbox, tmp_path: Path
) -> None:
    world.owes("ana", due=-10)
    world.publish()
    with Mailbox(tmp_path / "strict", refuse={"ana@.*": 550}) as strict:
        plan_reminders()
        approve_reminders(approved_by="test")
        assert send_reminders({"email": channel_to(strict)}).failed == 1
        assert contacts()[0]["reason_code"] == "bad_address"
        assert plan_reminders().skips == {Reason.bad_address: 1}
        world.customers["ana"]["email"] = "nueva@cliente.pe"
        world.publish()
        walk(channel_to(strict))
        assert [message.recipients for message in strict.messages()] == [("nueva@cliente.pe",)]


def test_a_server_that_is_busy_is_asked_later_and_not_for_ever(world: World, tmp_path: Path) -> None:
    world.owes("ana", due=-10)
    world.owes("bea", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with Mailbox(tmp_path / "busy", refuse={"ana@.*": 451}) as busy:
        for attempt in range(1, 6):
            report = send_reminders({"email": channel_to(busy)})
            assert (report.later, report.failed) == ((1, 0) if attempt < 5 else (0, 1))
            assert send_reminders({"email": channel_to(busy)}).later == 0, "not before its time"
            query("update ops.contacts set retry_at = now() where retry_at is not null returning 1")
        assert [message.recipients for message in busy.messages()] == [("bea@cliente.pe",)]
    assert statuses() == {"ana": "failed", "bea": "sent"}


def test_a_connection_lost_after_the_message_is_unknown_and_never_sent_again_by_itself(
    world: World, tmp_path: Path
) -> None:
    world.owes("ana", due=-10)
    world.owes("bea", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with Mailbox(tmp_path / "rude", hang_up_after="ana@.*") as rude:
        real = channel_to(rude, can_look_up=False)
        report = send_reminders({"email": real})
        assert (report.sent, report.unknown) == (1, 1)
        for _ in range(2):
            walk(real)
        assert len(rude.messages()) == 2
        (unknown,) = contacts(status="unknown")
        assert settle(unknown["id"], "sent", "test") == "sent"
        with pytest.raises(ConfigError, match="not unknown"):
            settle(unknown["id"], "not-sent", "test")
        walk(real)
        assert len(rude.messages()) == 2


def test_our_own_mailbox_is_asked_whether_it_has_an_unknown_message(world: World, tmp_path: Path) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with Mailbox(tmp_path / "rude", hang_up_after="ana@.*") as rude:
        assert send_reminders({"email": channel_to(rude)}).unknown == 1
        assert send_reminders({"email": channel_to(rude)}).settled == {"sent": 1}
        assert len(rude.messages()) == 1
    assert statuses() == {"ana": "sent"}


def test_a_person_says_not_sent_and_it_goes_out_once(world: World, mailbox: Mailbox, tmp_path: Path) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with Mailbox(tmp_path / "rude", hang_up_after="ana@.*") as rude:
        send_reminders({"email": channel_to(rude, can_look_up=False)})
    (unknown,) = contacts(status="unknown")
    assert settle(unknown["id"], "not-sent", "test") == "approved"
    assert send_reminders({"email": channel_to(mailbox)}).sent == 1
    assert len(mailbox.messages()) == 1


def test_an_unreachable_server_loses_nothing(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10)
    world.owes("bea", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    down = EmailChannel("127.0.0.1", 1, is_real=False)
    report = send_reminders({"email": down})
    assert isinstance(report.stopped, SendError) and "127.0.0.1:1" in report.stopped.problem
    assert statuses() == {"ana": "approved", "bea": "approved"}
    assert send_reminders({"email": channel}).sent == 2


def test_real_people_are_written_to_on_figures_of_today_only(world: World, mailbox: Mailbox) -> None:
    world.owes("ana", due=-10)
    world.publish()  # figures of AS_OF, which is not today
    plan_reminders()
    approve_reminders(approved_by="test")
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.contacts set send_from = null, send_until = null")
    real = channel_to(mailbox)
    real.is_real = True
    report = send_reminders({"email": real})
    assert isinstance(report.stopped, GateFailed) and "as of 2026-06-30" in report.stopped.problem
    assert mailbox.messages() == []


def test_a_changed_offset_does_not_repeat_a_step(
    world: World, mailbox: Mailbox, channel: EmailChannel, tmp_path: Path
) -> None:
    world.owes("ana", due=-9)
    world.publish()
    walk(channel)
    policy = tmp_path / "default.yaml"
    text = (get_settings().policies_dir / "default.yaml").read_text()
    policy.write_text(text.replace("offset_days: 8", "offset_days: 12"))
    world.publish(AS_OF + dt.timedelta(days=4))
    assert plan_reminders(policy_path=policy).skips == {Reason.step_done: 1}
