"""Law 6 under fire: kill -9 at every named point, senders and planners at once. No double, none lost."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from reminder_sender import VICTIM
from reminder_world import AS_OF, World, channel_to, contacts, query

from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox

POINTS = (
    "after_reserve", "after_commit", "after_render", "before_call",
    "during_call", "after_call", "before_record", "after_record",
)  # fmt: skip
SEEDS = 2
CONTACTS = 3
Send = Callable[..., list[int]]


@pytest.fixture(scope="module")
def senders(home: Path) -> Iterator[subprocess.Popen[str]]:
    """The process that forks senders: it has imported all there is to import."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("reminder_sender.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate(timeout=30)


@pytest.fixture
def send(database: str, senders: subprocess.Popen[str], mailbox: Mailbox, tmp_path: Path) -> Send:
    """Run senders in processes of their own; their exit codes."""

    def run(kill_at: tuple[str, int] | None = None, count: int = 1) -> list[int]:
        assert senders.stdin and senders.stdout
        command = {
            "database": database,
            "port": mailbox.address[1],
            "mailbox": str(tmp_path),
            "senders": count,
            "kill_at": kill_at,
        }
        senders.stdin.write(json.dumps(command) + "\n")
        senders.stdin.flush()
        codes: list[int] = json.loads(senders.stdout.readline())
        return codes

    return run


@pytest.fixture
def deadly(mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mailbox kills the sender that asked for it, when the message is stored and not yet answered."""
    save = mailbox.store.save

    def save_and_kill(mail_from: str, recipients: list[str], content: bytes) -> object:
        stored = save(mail_from, recipients, content)
        victim = tmp_path / VICTIM
        if victim.exists():
            os.kill(int(victim.read_text()), signal.SIGKILL)
            victim.unlink()
        return stored

    monkeypatch.setattr(mailbox.store, "save", save_and_kill)


def deliveries(mailbox: Mailbox) -> Counter[str]:
    return Counter(recipient for message in mailbox.messages() for recipient in message.recipients)


def approve_some(world: World, prefix: str) -> set[str]:
    """Plan and approve reminders to new customers; their addresses."""
    for number in range(CONTACTS):
        world.owes(f"{prefix}{number}", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    return {f"{prefix}{number}@cliente.pe" for number in range(CONTACTS)}


def send_all(send: Send, seconds: float = 20) -> None:
    """Run senders until nothing waits. The server may take a moment to see that a killed one is gone."""
    deadline = time.monotonic() + seconds
    while contacts(status="approved") or contacts(status="reserved") or contacts(status="unknown"):
        assert time.monotonic() < deadline, "a contact is left behind"
        assert send() == [0]


@pytest.mark.parametrize("point", POINTS)
def test_a_sender_killed_anywhere_sends_nothing_twice_and_loses_nothing(
    world: World, mailbox: Mailbox, send: Send, deadly: None, point: str
) -> None:
    expected: set[str] = set()
    for seed in range(SEEDS):
        expected |= approve_some(world, f"s{seed}-")
        chance = random.Random(f"{point} {seed}")
        assert send((point, chance.randint(1, CONTACTS))) == [-9]
        in_flight = len(contacts(status="reserved")) + len(contacts(status="unknown"))
        assert in_flight == (0 if point in ("after_reserve", "after_record") else 1)
        if chance.random() < 0.5:
            send((chance.choice(POINTS), 1))
        send_all(send)
        assert deliveries(mailbox) == Counter(expected), f"{point}, seed {seed}"
    assert {contact["status"] for contact in contacts()} == {"sent"}


def test_senders_at_once_share_the_work(world: World, mailbox: Mailbox, send: Send) -> None:
    expected: set[str] = set()
    for seed in range(6):
        expected |= approve_some(world, f"s{seed}-")
    assert send(None, 3) == [0, 0, 0]
    assert deliveries(mailbox) == Counter(expected)


def test_senders_at_once_killed_at_once(world: World, mailbox: Mailbox, send: Send) -> None:
    expected: set[str] = set()
    for seed, point in enumerate(("before_call", "after_call", "before_record")):
        expected |= approve_some(world, f"s{seed}-")
        send((point, 2), 2)
        send_all(send)
        assert deliveries(mailbox) == Counter(expected)


def test_planners_at_once_plan_each_contact_once(world: World) -> None:
    for number in range(20):
        world.owes(f"c{number}", due=-10)
    world.publish()
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda _: plan_reminders(), range(6)))
    assert sum(plan.planned for plan in plans) == 20
    assert len(contacts()) == 20


def test_planning_beside_sending_contacts_nobody_twice(world: World, mailbox: Mailbox) -> None:
    for number in range(12):
        world.owes(f"c{number}", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(send_reminders, {"email": channel_to(mailbox)})
        planning = [pool.submit(plan_reminders) for _ in range(5)]
        assert all(future.result().planned == 0 for future in planning)
        assert sending.result().sent == 12
    assert len(contacts()) == 12


def test_a_slow_sender_is_not_taken_for_a_dead_one(world: World, mailbox: Mailbox, channel: EmailChannel) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    seen = []

    def meanwhile(name: str) -> None:
        if name == "before_call":
            time.sleep(0.05)  # the lease of zero is over
            other = send_reminders({"email": channel_to(mailbox)}, lease=dt.timedelta(0))
            seen.append((other.sent, dict(other.settled)))

    assert send_reminders({"email": channel}, lease=dt.timedelta(0), at=meanwhile).sent == 1
    assert seen == [(0, {})]
    assert len(mailbox.messages()) == 1


def test_a_payment_that_lands_after_the_reservation_stops_the_message(
    world: World, mailbox: Mailbox, channel: EmailChannel
) -> None:
    item_id = world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")

    def pay(name: str) -> None:
        if name == "after_reserve":
            del world.items[item_id]
            world.publish()

    assert send_reminders({"email": channel}, at=pay).skipped == {Reason.paid: 1}
    assert mailbox.messages() == []


def test_the_database_itself_refuses_a_second_contact(world: World) -> None:
    """Whatever a planner may believe: the keys of the ledger hold."""
    import psycopg2

    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    copied = (
        "insert into ops.contacts (contact_id, plan_id, policy_name, step_name, offset_days, template, cycle,"
        " company_id, customer_id, recipient, language_code, planned_date, status, message_id, contact_date)"
        " select gen_random_uuid(), plan_id, policy_name, {step}, offset_days, template, cycle, company_id,"
        " customer_id, recipient, language_code, {date}, 'sent', gen_random_uuid()::text, planned_date"
        " from ops.contacts returning 1"
    )
    with pytest.raises(psycopg2.errors.UniqueViolation, match="contacts_once"):
        query(copied.format(step="step_name", date="planned_date + 1"))
    with pytest.raises(psycopg2.errors.UniqueViolation, match="contacts_daily"):
        query(copied.format(step="'another'", date="planned_date"))
    assert contacts()[0]["planned_date"] == AS_OF
