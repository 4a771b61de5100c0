"""Contacts whose sender died, or whose connection was lost at the last moment: found out, never guessed.

A reservation of a dead sender goes back to where it came from when nothing had been handed over, else it is `unknown`.
An unknown contact is looked up where its channel can; where the provider still keeps its key, sending hands it over
again under the same key (`outbox.reserve`); what is left is for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import audit, ledger
from cartera.reminders.channels.base import Channel
from cartera.reminders.ledger import Move
from cartera.reminders.model import Reason, Status
from cartera.reminders.outbox import CLOCK_SET_BACK
from cartera.warehouse.read import rows

Truth = Literal["sent", "not-sent"]


def settle_open(connection: Connection, channels: Mapping[str, Channel]) -> Counter[str]:
    """Settle what dead senders left, of every channel, and look up what is unknown. Commits."""
    settled: Counter[str] = Counter()
    _bury(connection, settled)
    for channel_name, channel in channels.items():
        if channel.promises.look_up:
            _look_up(connection, channel_name, channel, settled)
    return +settled


def _bury(connection: Connection, settled: Counter[str]) -> None:
    dead = rows(connection, _DEAD, {"set_back": CLOCK_SET_BACK})
    moves = [
        Move(row["contact_id"], Status.unknown, detail={"why": "its sender ended before it recorded what became of it"})
        if row["handed_at"]
        else Move(row["contact_id"], Status.approved, detail={"why": "its sender ended before it handed it over"})
        for row in dead
    ]
    ledger.move_all(connection, moves, (Status.reserved,), "settle")
    connection.commit()
    settled.update(str(each.to) for each in moves)


# a sender that lives holds the lock of its number, however slow it is; and one cut off from the database
# still has its lease to finish
_DEAD = """
select contact_id::text as contact_id, handed_at
from ops.contacts
where status = 'reserved' and (lease_until < now() or lease_until > now() + %(set_back)s)
    and pg_try_advisory_xact_lock(reserved_by)
for update skip locked
"""


def _look_up(connection: Connection, channel_name: str, channel: Channel, settled: Counter[str]) -> None:
    for row in rows(connection, _UNKNOWN, {"channel": channel_name}):
        # locked while we look, so that nobody acts on an older look
        for locked in rows(connection, _LOCKED, row):
            found = channel.look_up(locked["message_id"])
            if found is not None:
                detail = {"why": "looked up by its key", "found": str(found)}
                to = _settle(connection, row["contact_id"], "sent" if found else "not-sent", "look-up", detail)
                settled[Status.unknown] -= 1
                settled[to] += 1
        connection.commit()


_UNKNOWN = """
select contact_id::text as contact_id from ops.contacts
where status = 'unknown' and channel = %(channel)s order by 1
"""
_LOCKED = """
select message_id from ops.contacts
where contact_id = %(contact_id)s::uuid and status = 'unknown'
for update skip locked
"""


def settle(contact_id: str, truth: Truth, settled_by: str) -> str:
    """A person says what became of an unknown contact; its new state. Raises ConfigError when it is not unknown."""
    with transaction(Role.campaign) as connection:
        status = ledger.contact(connection, contact_id)["status"]
        if status != Status.unknown:
            raise ConfigError(
                f"contact {contact_id[:8]} is {status}, not unknown", "only unknown contacts are settled by hand"
            )
        status = _settle(connection, contact_id, truth, settled_by, {"why": "a person looked"})
    audit.seal()
    return str(status)


def _settle(connection: Connection, contact_id: str, truth: Truth, actor: str, detail: dict[str, str]) -> Status:
    if truth == "sent":
        ledger.move(connection, contact_id, (Status.unknown,), Status.sent, actor, detail=detail)
        return Status.sent
    with connection.cursor() as cursor:
        cursor.execute("savepoint settling")
        try:
            ledger.move(connection, contact_id, (Status.unknown,), Status.approved, actor, detail=detail)
        except UniqueViolation:
            # another message to this customer is on its way already, and lists what is due
            cursor.execute("rollback to savepoint settling")
            ledger.move(
                connection, contact_id, (Status.unknown,), Status.skipped, actor, reason=Reason.replaced, detail=detail
            )
            return Status.skipped
    return Status.approved
