"""Sending: reserve and ask again, render, hand over, record. Killed anywhere, nothing is sent twice or lost.

Reserving and asking again are one transaction: killed before its commit, nothing has happened.

A sender holds an advisory lock of its own number for as long as its connection lives, and each contact it
reserves carries that number and a lease. A reservation whose lease has passed and whose sender is gone
becomes `unknown`: it may have been delivered, so it is never sent again by itself. It is settled by
looking it up where the channel can, or by a person.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.db import Role, connect, problems
from cartera.errors import CarteraError, ConfigError, GateFailed, NotPublished, SendError
from cartera.reminders import ledger
from cartera.reminders.channels.email import EmailChannel, Outcome
from cartera.reminders.content import Rendered
from cartera.reminders.message import Envelope, compose
from cartera.reminders.model import Customer, Reason, Status
from cartera.reminders.plan import templates_of
from cartera.reminders.policy import Policy
from cartera.reminders.recheck import Standings, Verdict, recheck
from cartera.reminders.render import Templates
from cartera.reminders.settle import settle_open
from cartera.settings import Settings, get_settings
from cartera.warehouse.read import Row, rows

LEASE = dt.timedelta(minutes=5)
"""Longer than the slowest hand-over; only a dead sender's reservation outlives it."""

RETRY_AFTER = dt.timedelta(minutes=15)
MAX_ATTEMPTS = 5
AtPoint = Callable[[str], None]


@dataclass
class SendReport:
    """What became of the contacts of one run. `stopped`: why it ended before all were tried."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    later: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    skipped: Counter[Reason] = field(default_factory=Counter)
    stopped: CarteraError | None = None
    seconds: float = 0.0

    def raise_if_stopped(self) -> None:
        if self.stopped:
            raise self.stopped


@dataclass
class _Sender:
    """One run of sending: its connection, its number, and what it needs for each message."""

    connection: Connection
    number: int
    channel: EmailChannel
    templates: Templates
    settings: Settings
    at: AtPoint
    policies: dict[int, Policy] = field(default_factory=dict)
    standings: Standings = field(default_factory=dict)
    report: SendReport = field(default_factory=SendReport)

    def policy(self, plan_id: int) -> Policy:
        if plan_id not in self.policies:
            self.policies[plan_id] = ledger.policy_of(self.connection, plan_id)
        return self.policies[plan_id]


def send_reminders(
    channel: EmailChannel,
    plan_id: int | None = None,
    *,
    lease: dt.timedelta = LEASE,
    limit: int | None = None,
    at: AtPoint = lambda name: None,
) -> SendReport:
    """Send approved contacts, of one plan or all; first settle what an earlier run left open.

    `at` is called with the name of each point passed (tests kill the process there).
    What stops the run (no certificate, server unreachable) is in the report; contacts stay approved.
    """
    started, settings = time.perf_counter(), get_settings()
    with _session() as (connection, number):
        sender = _Sender(connection, number, channel, templates_of(settings), settings, at)
        try:
            sender.report.settled = settle_open(connection, channel)
            remaining = limit
            while remaining != 0 and (contact := _reserve(connection, number, plan_id, lease)):
                at("after_reserve")
                _send_one(sender, contact)
                remaining = remaining - 1 if remaining is not None else None
        except (GateFailed, NotPublished, SendError, ConfigError) as error:
            sender.report.stopped = error
        finally:
            channel.close()
    sender.report.seconds = time.perf_counter() - started
    return sender.report


@contextmanager
def _session() -> Iterator[tuple[Connection, int]]:
    """A connection that holds the lock of a fresh number: while it is held, this sender lives."""
    connection, number = connect(Role.campaign, application_name="cartera send"), secrets.randbits(62)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", (number,))
        connection.commit()
        yield connection, number
    except psycopg2.OperationalError as error:
        raise problems.plain(error, "the database gave up while sending") from error
    finally:
        connection.close()


def _reserve(connection: Connection, number: int, plan_id: int | None, lease: dt.timedelta) -> Row | None:
    """Take the next approved contact for ourselves; other senders pass over it. The caller commits."""
    found = rows(
        connection,
        "update ops.contacts set status = 'reserved', reserved_by = %(number)s, lease_until = now() + %(lease)s,"
        " retry_at = null, reason_code = null where contact_id = (select contact_id from ops.contacts"
        " where status = 'approved' and channel = 'email' and (retry_at is null or retry_at <= now())"
        " and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)"
        " order by planned_date, contact_id limit 1 for update skip locked)"
        " returning contact_id::text as contact_id, plan_id, channel, step_name, template, company_id, customer_id,"
        " planned_date, message_id, attempts",
        {"number": number, "lease": lease, "plan_id": plan_id},
    )
    if found:
        ledger.event(connection, found[0]["contact_id"], Status.approved, Status.reserved, _name(number))
    return found[0] if found else None


def _name(number: int) -> str:
    return f"sender {number:x}"


def _send_one(sender: _Sender, contact: Row) -> None:
    """The way of one contact from its reservation on. Stays approved on GateFailed, NotPublished, SendError."""
    verdict = _ask_again(sender, contact)
    if verdict.contact is None:
        sender.report.skipped[verdict.reason or Reason.replaced] += 1
        return
    try:
        outcome = _hand_over(sender, contact, verdict)
    except SendError as error:
        _record(sender, contact, Status.approved, None, {"stopped": error.problem})
        raise
    except ConfigError as error:
        sender.report.failed += _record(
            sender, contact, Status.failed, Reason.template_failed, {"problem": error.problem}
        )
        return
    _record_outcome(sender, contact, outcome, verdict)
    sender.at("after_record")


def _ask_again(sender: _Sender, contact: Row) -> Verdict:
    """Law 8 at this very moment. Commits the reservation, or the reason why there will be no message."""
    try:
        policy = sender.policy(contact["plan_id"])
        verdict = recheck(
            sender.connection,
            contact,
            policy,
            sender.settings,
            is_real=sender.channel.is_real,
            standings=sender.standings,
        )
    except (GateFailed, NotPublished):
        sender.connection.rollback()
        raise
    except ConfigError as error:
        verdict = Verdict(contact["planned_date"], Customer(contact["customer_id"]), None, Reason.replaced)
        verdict.detail["problem"] = error.problem
    if verdict.contact is None:
        ledger.move(
            sender.connection,
            contact["contact_id"],
            (Status.reserved,),
            Status.skipped,
            _name(sender.number),
            reason=verdict.reason,
            detail=verdict.detail,
        )
    sender.connection.commit()
    sender.at("after_commit")
    return verdict


def _hand_over(sender: _Sender, contact: Row, verdict: Verdict) -> Outcome:
    stated, policy = verdict.contact, sender.policy(contact["plan_id"])
    assert stated is not None
    creditor = policy.creditor_of(stated.company_id)
    rendered = sender.templates.render(
        contact["template"], stated, verdict.customer, policy, verdict.as_of,
        stop=creditor.email, reference=contact["contact_id"][:8],
    )  # fmt: skip
    assert isinstance(rendered, Rendered), "only e-mail is reserved"
    envelope = Envelope(
        contact_id=contact["contact_id"],
        message_id=contact["message_id"],
        sender=sender.settings.mail_from,
        recipient=stated.recipient,
        creditor=creditor,
        redirect_to=sender.channel.redirect_to,
    )
    message = compose(rendered, envelope, utc_now())
    sender.at("after_render")
    to = sender.channel.redirect_to or stated.recipient
    return sender.channel.send(message, sender.settings.mail_from, to, sender.at)


def _record_outcome(sender: _Sender, contact: Row, outcome: Outcome, verdict: Verdict) -> None:
    detail = {**verdict.detail, "answer": outcome.answer}
    report = sender.report
    if outcome.result == "sent":
        report.sent += _record(sender, contact, Status.sent, None, detail)
    elif outcome.result == "unknown":
        report.unknown += _record(sender, contact, Status.unknown, None, detail)
    elif outcome.result == "later" and contact["attempts"] + 1 < MAX_ATTEMPTS:
        report.later += _record(sender, contact, Status.approved, Reason.send_refused, detail, RETRY_AFTER)
    else:
        reason = Reason.bad_address if outcome.result == "bad_address" else Reason.send_refused
        report.failed += _record(sender, contact, Status.failed, reason, detail)


def _record(
    sender: _Sender,
    contact: Row,
    to: Status,
    reason: Reason | None,
    detail: dict[str, object],
    retry_after: dt.timedelta | None = None,
) -> bool:
    """Record what became of our reservation; also when somebody has called it unknown meanwhile."""
    moved = ledger.move(
        sender.connection,
        contact["contact_id"],
        (Status.reserved, Status.unknown),
        to,
        _name(sender.number),
        reason=reason,
        detail=detail,
        retry_after=retry_after,
        is_attempt=retry_after is not None,
    )
    sender.at("before_record")
    sender.connection.commit()
    return moved
