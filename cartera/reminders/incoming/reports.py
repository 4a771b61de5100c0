"""A report into the ledger: once, never backwards. What fits no contact is kept aside with the reason.

The same report twice is one row and one change. The rows of a contact are locked while it is decided, so that two
receivers at once do as one. A report that comes late changes nothing that is further on already.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from cartera.db import Role, transaction
from cartera.reminders import audit, ledger
from cartera.reminders.channels.base import ChannelName, one_line
from cartera.reminders.incoming import wishes
from cartera.reminders.model import Reason, Status
from cartera.warehouse.read import Row, rows

Kind = Literal["sent", "delivered", "bounced", "answered", "opted_out"]
Was = Literal["applied", "known", "aside", "again"]

_OPEN = (Status.reserved, Status.unknown, Status.sent)
LEAVES: dict[Kind, tuple[Status, ...]] = {
    "sent": (Status.unknown,),
    "delivered": _OPEN,
    "bounced": _OPEN,
    # who answers has it, whatever was said before
    "answered": (*_OPEN, Status.delivered, Status.bounced),
    "opted_out": _OPEN,
}
BECOMES: dict[Kind, Status] = {
    "sent": Status.sent,
    "delivered": Status.delivered,
    "bounced": Status.bounced,
    "answered": Status.answered,
    "opted_out": Status.delivered,
}
NEVER_SENT = (Status.planned, Status.failed, Status.skipped)


@dataclass(frozen=True)
class Report:
    """`key`: the same for the same report, however often it comes. One of `contact_id`, `message_id`, `provider_id`,
    `reference` with `address`, or `address` (the debtor's) alone leads to the contact, in this order. `is_hard`: the
    address itself does not work."""

    provider: str
    key: str
    kind: Kind
    channel: ChannelName
    contact_id: str | None = None
    message_id: str | None = None
    provider_id: str | None = None
    reference: str | None = None
    address: str | None = None
    is_hard: bool = False
    opts_out: bool = False
    said: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def take(reports: Iterable[Report]) -> Counter[Was]:
    """Write reports into the ledger; how many were applied, known already, kept aside, or came again."""
    taken: Counter[Was] = Counter()
    for report in reports:
        with transaction(Role.campaign) as connection:
            taken[_take(connection, report)] += 1
    if taken["applied"]:
        audit.seal()
    return taken


def _take(connection: Connection, report: Report) -> Was:
    contact = _find(connection, report)
    reason = _aside(report, contact)
    changes = contact is not None and reason is None and _changes(report, contact)
    was: Was = "aside" if reason or contact is None else "applied" if changes else "known"
    if not _note(connection, report, contact, was, reason):
        return "again"
    if contact is not None and was != "aside":
        _apply(connection, report, contact)
    return was


def _aside(report: Report, contact: Row | None) -> str | None:
    if contact is None:
        return "no contact of ours fits it"
    if contact["status"] in NEVER_SENT:
        return f"the contact is {contact['status']}: nothing of it can have arrived"
    return None


def _changes(report: Report, contact: Row) -> bool:
    if contact["status"] == Status.approved:
        return report.kind != "bounced"
    return contact["status"] in LEAVES[report.kind] or _opts_out(report)


def _apply(connection: Connection, report: Report, contact: Row) -> None:
    id, actor = contact["contact_id"], f"report by {report.provider}"
    detail = {"said": one_line(report.said), "report": report.key}
    is_theirs = _same(report.address, contact["recipient"])
    hard = report.kind == "bounced" and report.is_hard and is_theirs
    if contact["status"] == Status.approved and report.kind != "bounced":
        # called not sent, and here is the proof that it was: it must not go out again
        ledger.move(connection, id, (Status.approved,), Status.sent, actor, detail=detail)
    reason = None if report.kind != "bounced" else Reason.bad_address if hard else Reason.send_refused
    ledger.move(connection, id, LEAVES[report.kind], BECOMES[report.kind], actor, reason=reason, detail=detail)
    if hard:
        wishes.note_bad(connection, contact, one_line(report.said) or "bounced", actor)
    if _opts_out(report):
        evidence = {"provider": report.provider, "report": report.key, "contact": id, "said": one_line(report.said)}
        wishes.opt_out(connection, contact, actor, evidence)


def _opts_out(report: Report) -> bool:
    return report.opts_out or report.kind == "opted_out"


def _same(said: str | None, recipient: str) -> bool:
    """Whether a report speaks of the debtor's own address: in test mode it speaks of ours."""
    if said is None:
        return True
    if "@" in recipient:
        return said.strip().lower() == recipient.lower()
    return _digits(said) == _digits(recipient) if _digits(recipient) else said == recipient


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _find(connection: Connection, report: Report) -> Row | None:
    """The contact, locked; its newest where an address alone is known."""
    if (contact_id := _uuid(report.contact_id)) is not None:
        found = rows(connection, _CONTACT + "where contact_id = %(id)s::uuid for update", {"id": contact_id})
    elif report.message_id:
        found = rows(connection, _CONTACT + "where message_id = %(id)s for update", {"id": report.message_id})
    else:
        found = []
    if not found and report.provider_id:
        found = rows(connection, _CONTACT + _BY_PROVIDER_ID, {"id": report.provider_id})
    if not found and report.reference:
        bound = {"prefix": report.reference + "%", "address": report.address or ""}
        return next(iter(rows(connection, _CONTACT + _BY_REFERENCE, bound)), None)
    if not found and report.address and report.channel != "email" and report.kind in ("answered", "opted_out"):
        bound = {"address": report.address, "digits": _digits(report.address), "channel": report.channel}
        found = rows(connection, _CONTACT + _BY_ADDRESS, bound)
    return found[0] if found else None


_CONTACT = """
select contact_id::text as contact_id, customer_id, channel, recipient, status from ops.contacts
"""
_BY_PROVIDER_ID = """
where contact_id = (
    select contact_id from ops.contact_events
    where detail ? 'provider_id' and detail ->> 'provider_id' = %(id)s order by event_id desc limit 1
) for update
"""
_BY_REFERENCE = """
where contact_id::text like %(prefix)s and lower(recipient) = lower(%(address)s) limit 1 for update
"""
_BY_ADDRESS = """
where channel = %(channel)s and contact_date > current_date - 90
    and status in ('reserved', 'unknown', 'sent', 'delivered', 'bounced', 'answered')
    and (
        lower(recipient) = lower(%(address)s)
        or %(digits)s <> '' and recipient not like '%%@%%' and regexp_replace(recipient, '\\D', '', 'g') = %(digits)s
    )
order by contact_date desc, contact_id limit 1 for update
"""


def _uuid(text: str | None) -> str | None:
    try:
        return str(uuid.UUID(text)) if text else None
    except ValueError:
        return None


def _note(connection: Connection, report: Report, contact: Row | None, was: Was, reason: str | None) -> bool:
    """Keep the report; False when it is kept already."""
    detail = {**report.detail, "said": one_line(report.said), "address": one_line(report.address or "") or None}
    if contact is None:
        detail |= {"contact": report.contact_id, "message_id": report.message_id, "provider_id": report.provider_id}
    return bool(
        rows(
            connection,
            "insert into ops.contact_reports (provider, report_key, channel, contact_id, kind, was, reason, detail)"
            " values (%(provider)s, %(key)s, %(channel)s, %(contact)s::uuid, %(kind)s, %(was)s, %(reason)s, %(detail)s)"
            " on conflict do nothing returning 1 as one",
            {
                "provider": report.provider,
                "key": one_line(report.key),
                "channel": report.channel,
                "contact": contact["contact_id"] if contact else None,
                "kind": report.kind,
                "was": was,
                "reason": reason,
                "detail": Json(detail),
            },
        )
    )
