"""The last question before a message: an invoice that was paid at its gateway meanwhile is not asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from reminder_world import World, contacts, query

from cartera.errors import SourceError
from cartera.reminders import EmailChannel, SendReport, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.audit import verify
from cartera.reminders.gateways import RULE
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings


@dataclasses.dataclass
class Till:
    """A gateway that knows the invoices of the source `pay`."""

    closed: set[str] = dataclasses.field(default_factory=set)
    unknown: set[str] = dataclasses.field(default_factory=set)
    is_down: bool = False
    asked: list[str] = dataclasses.field(default_factory=list)

    def can_tell(self, source: str) -> bool:
        return source == "pay"

    def still_open(self, source: str, document: str) -> bool | None:
        self.asked.append(document)
        if self.is_down:
            raise SourceError("pay: GET v1/invoices: the connection failed")
        return None if document in self.unknown else document not in self.closed

    def close(self) -> None: ...


def owes(world: World, customer: str, invoice: str) -> None:
    world.owes(customer, due=-10, item_id=f"pay:{invoice}")


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
    till = Till(closed={"in_luz"}, unknown={"in_eva"})
    report = send(channel, till)
    assert (report.sent, report.skipped) == (3, {Reason.paid: 1})
    assert sorted(till.asked) == ["in_ana", "in_eva", "in_luz"]
    assert {contact["customer_id"]: contact["status"] for contact in contacts()} == {
        "ana": "sent", "eva": "sent", "luz": "skipped", "tom": "sent",
    }  # fmt: skip
    (event,) = query("select reason_code, detail -> 'answers' -> -1 as last from ops.contact_events"
                     " where to_status = 'skipped'")  # fmt: skip
    assert event == {"reason_code": "paid",
                     "last": {"rule": RULE, "saw": "in_luz is closed at pay", "passed": False}}  # fmt: skip
    assert verify().is_whole
    # as long as the payment has not landed a new plan comes to the same end
    plan_reminders()
    approve_reminders(approved_by="test")
    assert send(channel, till).skipped == {Reason.paid: 1}
    assert len(mailbox.messages()) == 3


def test_a_gateway_without_an_answer_puts_the_message_off(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    for customer in ("ana", "luz", "eva", "mia"):
        owes(world, customer, f"in_{customer}")
    world.owes("tom", due=-10)
    approve(world)
    till = Till(is_down=True)
    report = send(channel, till)
    assert (report.sent, report.later, report.failed) == (1, 4, 0)
    assert len(till.asked) <= 2, "a gateway that is down is not asked for each invoice"
    waiting = contacts(status="approved")
    assert {(contact["reason_code"], contact["attempts"]) for contact in waiting} == {("gateway_silent", 0)}
    assert len(waiting) == 4
    till.is_down = False
    assert send(channel, till).sent == 4
    assert len(mailbox.messages()) == 5


def test_that_one_invoice_is_paid_says_more_than_silence(world: World, channel: EmailChannel) -> None:
    owes(world, "ana", "in_1")
    owes(world, "ana", "in_2")
    approve(world)

    class Half(Till):
        def still_open(self, source: str, document: str) -> bool | None:
            if document == "in_1":
                raise SourceError("pay: silent")
            return False

    report = send_reminders({"email": channel}, gateways=Half())
    # asked at once: whichever is first, the message does not go out
    assert report.sent == 0 and report.later + report.skipped.total() == 1


def test_a_policy_may_do_without(world: World, channel: EmailChannel, tmp_path: Path) -> None:
    settings = get_settings()
    default = yaml.safe_load((settings.policies_dir / "default.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "default.yaml"
    path.write_text(yaml.safe_dump(default | {"ask_gateway": False}), encoding="utf-8")
    owes(world, "ana", "in_1")
    approve(world, path)
    till = Till(closed={"in_1"})
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
            till.closed.add("in_1")

    report = send_reminders({"email": channel}, gateways=till, at=pay)
    # rendering follows the question: what is paid after it is paid while the message is on its way
    assert len(mailbox.messages()) == report.sent == (1 if point == "after_render" else 0)
