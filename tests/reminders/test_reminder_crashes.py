"""Law 6 under fire: kill -9 at every named point, senders and planners at once. No double, none lost.

CARTERA_CRASH_REPORT=FILE keeps a report of what was done and found (docs/evidence/crash-test.txt).
"""

from __future__ import annotations

import datetime as dt
import email
import email.policy
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
from typing import Any

import pytest
from reminder_provider import Provider, digest
from reminder_sender import VICTIM
from reminder_world import AS_OF, World, channel_to, contacts, query

from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders, settle
from cartera.reminders.audit import verify
from cartera.reminders.model import Reason
from cartera.sandbox.mailbox import Mailbox

POINTS = (
    "after_reserve", "after_commit", "after_render", "before_call", "during_call", "after_call",
    "before_record", "after_record", "acknowledge",
)  # fmt: skip
SEEDS = int(os.environ.get("CARTERA_CRASH_SEEDS", "100"))
"""For a provider that keeps keys, and as many for one that does not: 200. `make soak` takes 2,000."""
RACES = 1_000
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
    """Run senders in processes of their own, each to be killed somewhere or not; their exit codes."""

    def run(
        *kill_at: tuple[str, int] | None,
        kind: str = "mailbox",
        batch: int = 50,
        group: int = 1,
        limit: int | None = None,
    ) -> list[int]:
        assert senders.stdin and senders.stdout
        command = {
            "database": database,
            "port": mailbox.address[1],
            "folder": str(tmp_path),
            "kind": kind,
            "kill_at": kill_at or [None],
            "batch": batch,
            "group": group,
            "limit": limit,
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


KEPT = """
select c.message_id, m.words from ops.contacts as c cross join lateral (
    select words from ops.contact_messages where contact_id = c.contact_id order by message_no desc limit 1
) as m where c.status = 'sent'
"""


def kept() -> dict[str, list[str]]:
    """Of each contact that is called sent: the recipient, the subject and both texts, as they were kept."""
    names = ("recipient", "subject", "text", "html")
    return {row["message_id"]: [row["words"][name] for name in names] for row in query(KEPT)}


def received(mailbox: Mailbox) -> dict[str, list[str]]:
    """The same, as the mail server got it."""
    found = {}
    for each in mailbox.messages():
        mail = email.message_from_bytes(mailbox.store.read(each.id), policy=email.policy.default)
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None and html is not None
        texts = (part.get_content().replace("\r\n", "\n") for part in (text, html))
        found[each.message_id] = [each.recipients[0], mail["Subject"], *texts]
    return found


def approve_some(world: World, prefix: str) -> set[str]:
    """Plan and approve reminders to new customers; their addresses."""
    for number in range(CONTACTS):
        world.owes(f"{prefix}{number}", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    return {f"{prefix}{number}@cliente.pe" for number in range(CONTACTS)}


def send_all(send: Send, seconds: float = 20, *, waits: tuple[str, ...] = ("unknown",), **asked: Any) -> None:
    """Run senders until nothing waits. The server may take a moment to see that a killed one is gone."""
    deadline = time.monotonic() + seconds
    while any(contacts(status=status) for status in ("approved", "reserved", *waits)):
        assert time.monotonic() < deadline, "a contact is left behind"
        assert send(**asked) == [0]


@pytest.mark.parametrize("point", POINTS)
def test_a_sender_killed_anywhere_sends_nothing_twice_and_loses_nothing(
    world: World, mailbox: Mailbox, send: Send, deadly: None, point: str
) -> None:
    """To a real mail server that can be asked by Message-ID."""
    chance = random.Random(point)
    expected = approve_some(world, "s")
    in_batches = {"after_reserve": 1, "after_commit": 1, "acknowledge": 1}
    assert send((point, chance.randint(1, in_batches.get(point, CONTACTS)))) == [-9]
    assert handed_over() == (1 if point in ("before_call", "during_call", "after_call", "before_record") else 0)
    if chance.random() < 0.5:
        send((chance.choice(POINTS), 1))
    send_all(send)
    assert deliveries(mailbox) == Counter(expected)
    assert {contact["status"] for contact in contacts()} == {"sent"}
    assert kept() == received(mailbox)
    assert verify().is_whole
    note(f"killed at {point}, then run again: {len(expected)} contacts, each delivered exactly once, none left open")


def note(line: str) -> None:
    """For the report, where one is asked for."""
    if path := os.environ.get("CARTERA_CRASH_REPORT"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def handed_over() -> int:
    """Contacts of which nobody knows yet whether they were delivered."""
    return sum(contact["handed_at"] is not None for contact in contacts() if contact["status"] != "sent")


def approve_many(world: World, count: int) -> None:
    for number in range(count):
        world.owes(f"c{number}", due=-10)
    world.publish()
    plan_reminders()
    assert approve_reminders(approved_by="test").approved == count


PROVIDERS = {
    "keys": "a provider that keeps our keys",
    "none": "one that keeps none and can't be asked",
    "look-up": "one that can be asked",
}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_killed_again_and_again(world: World, send: Send, tmp_path: Path, kind: str) -> None:
    """Seed after seed a sender, or two at once, is killed at a random point; at the end one is let through."""
    seeds = SEEDS // 5 if kind == "look-up" else SEEDS
    approve_many(world, seeds * 2)
    killed: Counter[str] = Counter()
    in_flight = 0
    for seed in range(seeds):
        chance = random.Random(f"{kind} {seed}")
        group = chance.choice((1, 1, 2, 5))
        kills = [(chance.choice(POINTS), chance.choice((1, 1, 2, 3))) for _ in range(chance.choice((1, 1, 1, 2)))]
        codes = send(*kills, kind=kind, batch=chance.choice((1, 3, 10)), group=group, limit=chance.choice((2, 4)))
        assert set(codes) <= {0, -9}
        killed.update(point for (point, _), code in zip(kills, codes, strict=True) if code == -9)
        in_flight += codes.count(-9) * group
    assert killed.total() > seeds / 4, "hardly anything was put to the test"
    provider = Provider(tmp_path, kind)
    send_all(send, waits=() if kind == "none" else ("unknown",), kind=kind)
    delivered, found = provider.deliveries(), contacts()
    assert max(delivered.values()) == 1, "somebody was written to twice"
    unknown = {contact["message_id"] for contact in found if contact["status"] == "unknown"}
    assert {contact["status"] for contact in found} <= {"sent", "unknown"}
    assert len(unknown) <= (in_flight if kind == "none" else 0)
    assert {contact["message_id"] for contact in found} - unknown <= set(delivered), "called sent, and was not"
    for contact in found:
        if contact["status"] == "unknown":
            settle(contact["id"], "sent" if contact["message_id"] in delivered else "not-sent", "a person")
    send_all(send, kind=kind)
    assert set(provider.deliveries().values()) == {1} and len(provider.deliveries()) == seeds * 2
    assert {key: digest(*said) for key, said in kept().items()} == dict(provider.delivered())
    assert verify().is_whole
    at_points = ", ".join(f"{point} {killed[point]}" for point in POINTS)
    note(
        f"{PROVIDERS[kind]}: {seeds} seeds, {killed.total()} senders killed ({at_points}); {len(found)} contacts, each"
        f" delivered exactly once; {len(unknown)} were left to a person, of at most {in_flight} in flight"
    )


def test_two_senders_race_for_every_contact(world: World, send: Send, tmp_path: Path) -> None:
    approve_many(world, RACES)
    assert send(None, None, kind="none", batch=2, group=2) == [0, 0]
    provider = Provider(tmp_path, "none")
    assert len(provider.deliveries()) == RACES and set(provider.deliveries().values()) == {1}
    reserved = query("select actor, count(*) as n from ops.contact_events where to_status = 'reserved' group by actor")
    assert len(reserved) == 2 and sum(row["n"] for row in reserved) == RACES
    assert verify().is_whole
    shares = " and ".join(str(row["n"]) for row in reserved)
    note(f"two senders at once for {RACES:,} contacts: {shares} taken, each delivered exactly once")


def test_senders_at_once_killed_at_once(world: World, mailbox: Mailbox, send: Send) -> None:
    expected: set[str] = set()
    for seed, point in enumerate(("before_call", "after_call", "before_record")):
        expected |= approve_some(world, f"s{seed}-")
        send((point, 2), (point, 2), batch=2)
        send_all(send)
        assert deliveries(mailbox) == Counter(expected) and kept() == received(mailbox)


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
