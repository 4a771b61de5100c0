"""One run of sending: what it holds while it lives, what it reports, and what each answer makes of a contact."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg2
from psycopg2.extensions import connection as Connection

from cartera.db import Role, connect, problems
from cartera.errors import CarteraError, ConfigError
from cartera.reminders import ledger, outbox
from cartera.reminders.channels.base import AtPoint, Channel, Outcome
from cartera.reminders.gateways import RULE, Asked
from cartera.reminders.ledger import Move
from cartera.reminders.looks import prepare_looks
from cartera.reminders.model import Answer, Reason, Status
from cartera.reminders.policy import Policy
from cartera.reminders.prices import Prices
from cartera.reminders.recheck import Verdict
from cartera.reminders.render import Templates
from cartera.settings import Settings
from cartera.warehouse.read import Row

LEASE = dt.timedelta(minutes=5)
"""Longer than the slowest hand-over of a group; only a dead sender's reservation outlives it."""

RETRY_AFTER = dt.timedelta(minutes=15)


@dataclass
class SendReport:
    """What became of the contacts of one run. `stopped`: why it ended before all were tried."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    later: int = 0
    outside_window: int = 0
    """Approved, and left for a moment that the law allows."""
    settled: Counter[str] = field(default_factory=Counter)
    skipped: Counter[Reason] = field(default_factory=Counter)
    stopped: CarteraError | None = None
    seconds: float = 0.0

    def raise_if_stopped(self) -> None:
        if self.stopped:
            raise self.stopped


@dataclass
class Sender:
    """One run of sending: its connections, its number, and what it needs for each message.

    `looks`: in autocommit, for the look before each hand-over.
    """

    connection: Connection
    looks: Connection
    number: int
    channels: dict[str, Channel]
    templates: Templates
    settings: Settings
    lease: dt.timedelta
    at: AtPoint
    prices: Prices | None = None
    asked: Asked = field(default_factory=Asked)
    policies: dict[int, Policy] = field(default_factory=dict)
    taken: int = 0
    tried: list[str] = field(default_factory=list)
    """Had in this run and given back: not taken again before the next."""
    report: SendReport = field(default_factory=SendReport)

    def policy(self, plan_id: int) -> Policy:
        if plan_id not in self.policies:
            self.policies[plan_id] = ledger.policy_of(self.connection, plan_id)
        return self.policies[plan_id]


@contextmanager
def session() -> Iterator[tuple[Connection, Connection, int]]:
    """Connections, and the lock of a fresh number: while the first holds it, this sender lives."""
    number = secrets.randbits(62)
    connection = connect(Role.campaign, application_name="cartera send")
    looks = connect(Role.campaign, autocommit=True, application_name="cartera send, looks")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", (number,))
        connection.commit()
        prepare_looks(looks)
        yield connection, looks, number
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise problems.plain(error, "the database gave up while sending") from error
    finally:
        looks.close()
        connection.close()


def move_of(contact: Row, outcome: Outcome, verdict: Verdict) -> Move:
    """What an outcome makes of a contact. One that may have been delivered before can only become sent."""
    contact_id, detail = contact["contact_id"], {**verdict.detail, "answer": outcome.answer}
    if outcome.provider_id:
        detail["provider_id"] = outcome.provider_id
    if outcome.result == "sent":
        return Move(contact_id, Status.sent, None, detail)
    if contact["was"] == Status.unknown:
        return Move(contact_id, Status.unknown, None, detail, RETRY_AFTER)
    if outcome.result == "unknown":
        return Move(contact_id, Status.unknown, None, detail)
    if outcome.result == "later" and contact["attempts"] + 1 < outbox.MAX_ATTEMPTS:
        return Move(contact_id, Status.approved, Reason.send_refused, detail, RETRY_AFTER)
    reason = Reason.bad_address if outcome.result == "bad_address" else Reason.send_refused
    return Move(contact_id, Status.failed, reason, detail)


def failed_to_render(contact: Row, error: ConfigError) -> Move:
    if contact["was"] == Status.unknown:
        return outbox.back(contact, error.problem)
    return Move(contact["contact_id"], Status.failed, Reason.template_failed, {"problem": error.problem})


def put_off(contact: Row, silence: str, verdict: Verdict) -> Move:
    """What the gateway can't be asked about waits for the next run, where it came from."""
    heard = and_heard(verdict, [Answer(RULE, silence, False)])
    return Move(contact["contact_id"], Status(contact["was"]), Reason.gateway_silent, heard.detail)


def and_heard(verdict: Verdict, answers: Iterable[Answer]) -> Verdict:
    """The same with what a gateway answered."""
    asked = [*verdict.detail.get("answers", ()), *ledger.answers_json(answers)]
    return replace(verdict, detail={**verdict.detail, "answers": asked})
