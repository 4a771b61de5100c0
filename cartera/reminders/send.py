"""Sending: reserve and ask again, render, mark, hand over, record. Killed anywhere, nothing is sent twice or lost.

A batch of contacts is reserved and asked again in one transaction: killed before its commit, nothing has happened.
They are handed over in small groups. A group is marked as handed over, its words are kept, and both committed, before
the first of it is; its outcomes are recorded, and committed, after the last. So what was reserved only is surely
unsent, and no more than one group can be unknown. Right before each hand-over one look tells whether anything has
changed since the rules were asked; if so they are asked again.

A sender holds an advisory lock of its own number for as long as its connection lives, and each contact it
reserves carries that number and a lease. What becomes of the contacts of a dead sender: `settle`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from functools import partial

from psycopg2.errors import UniqueViolation

from cartera.errors import CarteraError, ConfigError, GateFailed, NotPublished, SendError
from cartera.reminders import audit, ledger, outbox
from cartera.reminders.as_sent import AsSent, as_sent, tries
from cartera.reminders.channels.base import AtPoint, Channel, Outgoing, nowhere
from cartera.reminders.gateways import Asked, Gateways, Left, NoGateways, answers
from cartera.reminders.ledger import Move
from cartera.reminders.looks import still_holds
from cartera.reminders.model import Reason, Status
from cartera.reminders.plan import templates_of
from cartera.reminders.prices import find_prices
from cartera.reminders.recheck import Verdict, recheck
from cartera.reminders.sender import (
    LEASE,
    Sender,
    SendReport,
    and_heard,
    failed_to_render,
    move_of,
    put_off,
    session,
)
from cartera.reminders.settle import settle_open
from cartera.settings import get_settings
from cartera.warehouse.read import Row

BATCH = 50
GROUP = 10
"""How many contacts are reserved at once, and handed over between two commits."""
ASKED_AT_MOST = 3
"""So often the rules are asked about one message whose world keeps changing; then it waits for the next run."""


class _Changed(Exception):
    """Something happened since the rules were asked: nothing of this message was handed over."""


def send_reminders(
    channels: Mapping[str, Channel],
    plan_id: int | None = None,
    *,
    lease: dt.timedelta = LEASE,
    limit: int | None = None,
    batch: int = BATCH,
    group: int = GROUP,
    at: AtPoint = nowhere,
    gateways: Gateways | None = None,
) -> SendReport:
    """Send approved contacts, of one plan or all; first settle what an earlier run left open.

    A contact whose channel is not among `channels` (by name) stays approved. `at` is called with the name of each
    point passed (tests kill the process there). What stops the run (no certificate, server unreachable) is in the
    report; contacts stay approved.
    """
    started, settings = time.perf_counter(), get_settings()
    with session() as (connection, looks, number):
        sender = Sender(
            connection, looks, number, dict(channels), templates_of(settings), settings, lease, at,
            find_prices(settings.policies_dir), Asked(gateways or NoGateways()),
        )  # fmt: skip
        report = sender.report
        try:
            report.settled = settle_open(connection, channels)
            while limit is None or sender.taken < limit:
                size = batch if limit is None else min(batch, limit - sender.taken)
                if not _send_batch(sender, plan_id, size, group):
                    break
        except (GateFailed, NotPublished) as error:
            report.stopped = error
        finally:
            for channel in channels.values():
                channel.close()
            sender.asked.gateways.close()
        report.outside_window = outbox.outside_windows(connection, channels, plan_id)
        audit.seal_on(connection)
        connection.commit()
        at("acknowledge")
    report.seconds = time.perf_counter() - started
    return report


def _send_batch(sender: Sender, plan_id: int | None, size: int, group: int) -> bool:
    """Reserve, ask and send one batch; False when nothing waits any more."""
    reserved = _reserve(sender, plan_id, size)
    if not reserved:
        sender.connection.rollback()
        return False
    sender.taken += len(reserved)
    sender.at("after_reserve")
    try:
        verdicts = _ask(sender, reserved)
    except (GateFailed, NotPublished):
        sender.connection.rollback()
        raise
    sender.at("after_commit")
    waiting = [contact for contact in reserved if verdicts[contact["contact_id"]].contact]
    left: list[Row] = []
    stopped: CarteraError | None = None
    while waiting and not stopped:
        contacts, waiting = waiting[:group], waiting[group:]
        left += [each for each in contacts if each["channel"] not in sender.channels]
        stopped = _send_group(sender, [each for each in contacts if each["channel"] in sender.channels], verdicts)
    if left or waiting:
        _record(sender, [outbox.back(contact, "the run was stopped before") for contact in (*left, *waiting)])
    audit.seal_on(sender.connection, wait=False)
    sender.connection.commit()
    if stopped:
        raise stopped
    return True


def _reserve(sender: Sender, plan_id: int | None, size: int) -> list[Row]:
    take = partial(
        outbox.reserve, sender.connection, sender.number, sender.channels,
        plan_id=plan_id, lease=sender.lease, limit=size, tried=sender.tried,
    )  # fmt: skip
    try:
        return take()
    except UniqueViolation:
        # a new contact was planned for a customer whose unknown one we wanted to hand over again
        sender.connection.rollback()
        return take(with_unknown=False)


def _ask(sender: Sender, contacts: Sequence[Row], left: Mapping[str, Left] | None = None) -> dict[str, Verdict]:
    """Law 8 at this very moment. Commits the reservations, and the reasons why there will be no message.

    `left`: by contact_id, what a gateway says is left to pay.
    """
    is_real = any(sender.channels[contact["channel"]].is_real for contact in contacts)
    verdicts = recheck(sender.connection, contacts, sender.policy, sender.settings, is_real=is_real, left=left)
    moves = [
        # one that may have been delivered before is not called skipped
        Move(id, Status.unknown if contact["was"] == Status.unknown else Status.skipped, verdict.reason, verdict.detail)
        for contact in contacts
        if (verdict := verdicts[id := contact["contact_id"]]).contact is None
    ]
    moved = ledger.move_all(
        sender.connection, moves, (Status.reserved,), outbox.name(sender.number), held_by=sender.number
    )
    sender.connection.commit()
    sender.tried += [each.contact_id for each in moves if each.to is Status.unknown]
    sender.report.skipped.update(
        each.reason or Reason.replaced for each in moves if each.contact_id in moved and each.to is Status.skipped
    )
    return verdicts


def _send_group(sender: Sender, contacts: Sequence[Row], verdicts: Mapping[str, Verdict]) -> CarteraError | None:
    """Render, mark, hand over and record a few contacts; what stops the whole run, if anything does."""
    ready: list[tuple[Row, Verdict, Outgoing]] = []
    words: dict[str, AsSent] = {}
    try:
        verdicts, silent = _ask_gateways(sender, contacts, verdicts)
    except (GateFailed, NotPublished) as error:
        _record(sender, [outbox.back(contact, error.problem) for contact in contacts])
        return error
    moves = list(silent.values())
    for contact in contacts:
        verdict = verdicts[contact["contact_id"]]
        if contact["contact_id"] in silent or verdict.contact is None:
            continue
        try:
            message, words[contact["contact_id"]] = _render(sender, contact, verdict)
            ready.append((contact, verdict, message))
            sender.at("after_render")
        except ConfigError as error:
            moves.append(failed_to_render(contact, error))
    costs = {
        contact["contact_id"]: sender.prices.cost(contact["channel"], message.content, verdict.customer.country_code)
        for contact, verdict, message in ready
        if sender.prices
    }
    contacts = [contact for contact, _, _ in ready]
    ours = outbox.begin(sender.connection, sender.number, contacts, sender.lease, costs, words)
    sender.connection.commit()
    stopped: CarteraError | None = None
    for contact, verdict, message in ready:
        if contact["contact_id"] not in ours:
            continue
        channel = sender.channels.get(contact["channel"])
        if stopped or channel is None:
            moves.append(outbox.back(contact, "the run was stopped before"))
            continue
        try:
            move = _send_one(sender, channel, contact, verdict, message)
            moves += [move] if move else []
        except (GateFailed, NotPublished) as error:
            stopped = error
            moves.append(outbox.back(contact, error.problem))
        except (SendError, ConfigError) as error:
            # this channel is done for this run; the others go on
            sender.report.stopped = sender.report.stopped or error
            del sender.channels[contact["channel"]]
            moves.append(outbox.back(contact, error.problem))
    _record(sender, moves)
    return stopped


def _ask_gateways(
    sender: Sender, contacts: Sequence[Row], verdicts: Mapping[str, Verdict]
) -> tuple[dict[str, Verdict], dict[str, Move]]:
    """What is true of each message by the gateways too; and by contact_id those that wait for a gateway's answer."""
    stated = {
        contact["contact_id"]: (verdict.contact, verdict.items)
        for contact in contacts
        if (verdict := verdicts[contact["contact_id"]]).contact and sender.policy(contact["plan_id"]).ask_gateway
    }
    sender.connection.commit()
    told, found, silent = sender.asked.told(stated), dict(verdicts), dict[str, Move]()
    less: list[Row] = []
    for contact in contacts:
        said = told.get(contact_id := contact["contact_id"])
        if said and said.silence:
            silent[contact_id] = put_off(contact, said.silence, found[contact_id])
        elif said and said.is_less:
            less.append(contact)
        elif said:
            found[contact_id] = and_heard(found[contact_id], answers(said.left))
    if less:
        found |= _ask(sender, less, {contact_id: each.left for contact_id, each in told.items()})
    return found, silent


def _render(sender: Sender, contact: Row, verdict: Verdict) -> tuple[Outgoing, AsSent]:
    """The message, and what is kept of it. Raises ConfigError when the template can't be used, or when the provider may
    have this key with other words."""
    stated, policy = verdict.contact, sender.policy(contact["plan_id"])
    assert stated is not None
    creditor, reference = policy.creditor_of(stated.company_id), contact["contact_id"][:8]
    rendered = sender.templates.render(
        contact["template"], stated, verdict.customer, policy, verdict.as_of, stop=creditor.email, reference=reference
    )
    message = Outgoing(
        contact_id=contact["contact_id"],
        key=contact["message_id"],
        recipient=stated.recipient,
        language=stated.language,
        content=rendered,
        creditor=creditor,
        reference=reference,
    )
    redirected_to = getattr(sender.channels.get(contact["channel"]), "redirect_to", None)
    said = as_sent(
        sender.templates, contact["template"], contact["channel"], stated.language, message, redirected_to
    )  # fmt: skip
    if contact["was"] == Status.unknown:
        before = tries(sender.connection, contact["contact_id"])
        if before and before[-1]["words"] != said.words:
            raise ConfigError("it would say something else today", "see what the provider has, and settle it")
    return message, said


def _send_one(sender: Sender, channel: Channel, contact: Row, verdict: Verdict, message: Outgoing) -> Move | None:
    """Hand one over, unless something has changed: then ask again, and say what is true now. None: it is settled."""

    def at(name: str) -> None:
        sender.at(name)
        if name != "before_call":
            return
        if not still_holds(sender.looks, contact, sender.number, verdict.stamp, verdict.hold_day, verdict.until):
            raise _Changed

    for tried in range(1, ASKED_AT_MOST + 1):
        try:
            return move_of(contact, channel.send(message, at), verdict)
        except _Changed:
            channel.close()
        if tried == ASKED_AT_MOST:
            break
        if not outbox.begin(sender.connection, sender.number, [contact], sender.lease):
            return None
        verdicts, silent = _ask_gateways(sender, [contact], _ask(sender, [contact]))
        if silent:
            return silent[contact["contact_id"]]
        verdict = verdicts[contact["contact_id"]]
        if verdict.contact is None:
            return None
        try:
            message, said = _render(sender, contact, verdict)
        except ConfigError as error:
            return failed_to_render(contact, error)
        words = {contact["contact_id"]: said}
        if not outbox.begin(sender.connection, sender.number, [contact], sender.lease, words=words):
            return None
        sender.connection.commit()
    return outbox.back(contact, "it changed again and again while it was sent")


def _record(sender: Sender, moves: Sequence[Move]) -> None:
    """Record what became of ours; also when somebody has called it unknown meanwhile."""
    moved = ledger.move_all(
        sender.connection,
        moves,
        (Status.reserved, Status.unknown),
        outbox.name(sender.number),
        held_by=sender.number,
    )
    sender.at("before_record")
    sender.connection.commit()
    sender.at("after_record")
    report = sender.report
    sender.tried += [each.contact_id for each in moves if each.to in (Status.approved, Status.unknown)]
    for each in moves:
        if each.contact_id not in moved:
            continue
        report.sent += each.to is Status.sent
        report.failed += each.to is Status.failed
        report.unknown += each.to is Status.unknown
        is_put_off = each.retry_after is not None or each.reason is Reason.gateway_silent
        report.later += each.to is Status.approved and is_put_off
        if each.to is Status.skipped and each.reason:
            report.skipped[each.reason] += 1
