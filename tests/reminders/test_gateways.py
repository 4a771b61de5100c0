"""The last question before a message: what was paid at its gateway meanwhile is not asked for, whole or in part."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from reminder_provider import Till
from reminder_world import World, contacts, query

from cartera.errors import SourceError
from cartera.reminders import EmailChannel, SendReport, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.audit import verify
from cartera.reminders.gateways import RULE, laid_over
from cartera.reminders.model import Item, Reason
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings


def owes(world: World, customer: str, invoice: str, amount: str = "100") -> None:
    world.owes(customer, due=-10, amount=amount, item_id=f"pay:{invoice}")


def approve(world: World, policy: Path | None = None) -> None:
    world.publish()
    plan_reminders(policy_path=policy)
    approve_reminders(approved_by="test")


def send(channel: EmailChannel, till: Till) -> SendReport:
    return send_reminders({"email": channel}, gateways=till, group=2)


def test_what_was_paid_there_meanwhile_is_not_asked_for(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    for customer in ("ana", "luz", "eva"):
        owes(world, customer, f"in_{customer}")
    world.owes("tom", due=-10)
    approve(world)
    till = Till({"in_luz": Decimal(0), "in_eva": None})
    report = send(channel, till)
    assert (report.sent, report.skipped) == (3, {Reason.paid: 1})
    assert sorted(till.asked) == ["in_ana", "in_eva", "in_luz"]
    assert {contact["customer_id"]: contact["status"] for contact in contacts()} == {
        "ana": "sent", "eva": "sent", "luz": "skipped", "tom": "sent",
    }  # fmt: skip
    (event,) = query("select reason_code, detail -> 'answers' -> -1 as last from ops.contact_events"
                     " where to_status = 'skipped'")  # fmt: skip
    assert event == {"reason_code": "paid",
                     "last": {"rule": RULE, "saw": "pay:in_luz: closed there", "passed": False}}  # fmt: skip
    (asked,) = query("select detail -> 'answers' -> -1 as last from ops.contact_events join ops.contacts"
                     " using (contact_id) where to_status = 'sent' and customer_id = 'ana'")  # fmt: skip
    assert asked["last"] == {"rule": RULE, "saw": "pay:in_ana: 100 is left to pay there", "passed": True}
    assert verify().is_whole
    # as long as the payment has not landed a new plan comes to the same end
    plan_reminders()
    approve_reminders(approved_by="test")
    assert send(channel, till).skipped == {Reason.paid: 1}
    assert len(mailbox.messages()) == 3


def test_what_was_paid_there_in_part_is_asked_for_with_its_new_amount(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    owes(world, "ana", "in_1", "100")
    owes(world, "ana", "in_2", "50")
    owes(world, "luz", "in_3", "70")
    owes(world, "luz", "in_4", "80")
    owes(world, "eva", "in_5", "90")
    owes(world, "mia", "in_6", "95")
    approve(world)
    # ana paid a part of one, luz one of two, eva all but too little; mia has more there than in our books
    till = Till({"in_1": Decimal("60.50"), "in_3": Decimal(0), "in_5": Decimal("19.99"), "in_6": Decimal("120")})
    report = send(channel, till)
    assert (report.sent, report.skipped) == (3, {Reason.below_minimum: 1})
    told = {message.recipients[0][:3]: mailbox.store.read(message.id).decode() for message in mailbox.messages()}
    assert "60.50" in told["ana"] and "110.50" in told["ana"] and "100.00" not in told["ana"]
    assert "in_4" in told["luz"] and "in_3" not in told["luz"] and "70.00" not in told["luz"]
    assert "95.00" in told["mia"]
    stated = query("select item_id, stated_amount, left_out_reason from ops.contact_items"
                   " join ops.contacts using (contact_id) where status = 'sent' order by 1")  # fmt: skip
    assert [tuple(row.values()) for row in stated] == [
        ("pay:in_1", Decimal("60.50"), None),
        ("pay:in_2", Decimal(50), None),
        ("pay:in_3", None, "paid"),
        ("pay:in_4", Decimal(80), None),
        ("pay:in_6", Decimal(95), None),
    ]
    assert verify().is_whole


def test_a_part_payment_is_taken_off_the_oldest_instalments_and_off_nothing_else() -> None:
    due = dt.date(2026, 6, 30)

    def item(number: int, amount: int, invoice: str = "pay:in_1") -> Item:
        on = due + dt.timedelta(days=number)
        return Item(f"i{number}", "main", "ana", None, None, on, "PEN", Decimal(abs(amount)), Decimal(amount),
                    invoice_id=invoice)  # fmt: skip

    items = [item(0, -30), item(1, 100), item(2, 40, "pay:in_2"), item(3, 100), item(4, 100)]
    found = laid_over(items, {"pay:in_1": Decimal(150), "pay:in_2": Decimal(40)})
    assert [(each.item_id, each.open_amount) for each in found] == [("i0", -30), ("i2", 40), ("i3", 50), ("i4", 100)]
    assert laid_over(items, {"pay:in_1": Decimal(900)}) == items


def test_a_gateway_without_an_answer_puts_the_message_off(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    customers = ("ana", "luz", "eva", "mia", "pia", "sol", "zoe")
    for customer in customers:
        owes(world, customer, f"in_{customer}")
    world.owes("tom", due=-10)
    approve(world)
    till = Till(is_down=True)
    report = send(channel, till)
    assert (report.sent, report.later, report.failed) == (1, 7, 0)
    assert len(till.asked) <= 4, "a gateway that is down is not asked for each invoice"
    waiting = contacts(status="approved")
    assert {(contact["reason_code"], contact["attempts"]) for contact in waiting} == {("gateway_silent", 0)}
    assert len(waiting) == 7
    till.is_down = False
    assert send(channel, till).sent == 7
    assert len(mailbox.messages()) == 8


def test_an_invoice_that_can_not_be_asked_for_holds_up_its_own_message(world: World, channel: EmailChannel) -> None:
    owes(world, "ana", "in_1")
    owes(world, "ana", "in_2")
    for number in range(5):
        owes(world, f"c{number}", f"in_c{number}")
    approve(world)

    class Half(Till):
        def still_open(self, source: str, document: str) -> Decimal | None:
            if document == "in_1":
                raise SourceError("pay: silent")
            return super().still_open(source, document)

    for sent in (5, 0):
        report = send(channel, Half())
        assert (report.sent, report.later, report.skipped.total()) == (sent, 1, 0)
    (waiting,) = contacts(status="approved")
    assert (waiting["customer_id"], waiting["reason_code"]) == ("ana", "gateway_silent")


def test_a_policy_may_do_without(world: World, channel: EmailChannel, tmp_path: Path) -> None:
    settings = get_settings()
    default = yaml.safe_load((settings.policies_dir / "default.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "default.yaml"
    path.write_text(yaml.safe_dump(default | {"ask_gateway": False}), encoding="utf-8")
    owes(world, "ana", "in_1")
    approve(world, path)
    till = Till({"in_1": Decimal(0)})
    assert send(channel, till).sent == 1 and till.asked == []


@pytest.mark.parametrize("point", ["after_reserve", "after_commit", "after_render"])
def test_paid_there_at_any_point_before_the_question(
    world: World, mailbox: Mailbox, channel: EmailChannel, point: str
) -> None:
    owes(world, "ana", "in_1")
    approve(world)
    till = Till()

    def pay(name: str) -> None:
        if name == point:
            till.left["in_1"] = Decimal(0)

    report = send_reminders({"email": channel}, gateways=till, at=pay)
    # rendering follows the question: what is paid after it is paid while the message is on its way
    assert len(mailbox.messages()) == report.sent == (1 if point == "after_render" else 0)
