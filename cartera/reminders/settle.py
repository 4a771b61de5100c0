"""Contacts whose sender died, or whose connection was lost at the last moment: found out, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import ledger
from cartera.reminders.channels.base import Channel
from cartera.reminders.model import Reason, Status
from cartera.warehouse.read import rows

Truth = Literal["sent", "not-sent"]


def settle_open(connection: Connection, channels: Mapping[str, Channel]) -> Counter[str]:
    """Call dead reservations `unknown`; settle the unknown by look-up where their channel can. Commits."""
    settled: Counter[str] = Counter()
    for row in rows(connection, _DEAD):
        detail = {"why": "its sender ended before it recorded what became of it"}
        settled["unknown"] += ledger.move(
            connection, row["contact_id"], (Status.reserved,), Status.unknown, "settle", detail=detail
        )
    connection.commit()
    able = [name for name, channel in channels.items() if channel.promises.look_up]
    for row in rows(connection, _UNKNOWN, {"channels": able}):
        # locked while we look, so that nobody acts on an older look
        for locked in rows(connection, _LOCKED, row):
            found = channels[locked["channel"]].look_up(locked["message_id"])
            if found is None:
                continue
            detail = {"why": "looked up by its key", "found": str(found)}
            to = _settle(connection, row["contact_id"], "sent" if found else "not-sent", "look-up", detail)
            settled["unknown"] -= 1
            settled[to] += 1
        connection.commit()
    return +settled


# a sender that lives holds the lock of its number, however slow it is; and one cut off from the database
# still has its lease to finish
_DEAD = """
select contact_id::text as contact_id
from ops.contacts
where status = 'reserved' and lease_until < now() and pg_try_advisory_xact_lock(reserved_by)
for update skip locked
"""


_UNKNOWN = """
select contact_id::text as contact_id from ops.contacts
where status = 'unknown' and channel = any(%(channels)s) order by contact_id
"""
_LOCKED = """
select message_id, channel from ops.contacts
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
        return _settle(connection, contact_id, truth, settled_by, {"why": "a person looked"})


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
