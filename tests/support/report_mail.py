"""A report that is scheduled for Mondays, and the mail servers it goes out by."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cartera.db import Role, transaction
from cartera.reminders.channels.email import EmailChannel
from cartera.reports import schedule, send, store
from cartera.reports.document import Document, Part
from cartera.reports.schedule import When
from cartera.sandbox.mailbox.smtp import Mailbox

BEGUN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 11, 23, 12, 30, tzinfo=dt.UTC)
DOCUMENT = Document(parts=(Part(mart="aging", dimensions=("customer_name",), measures=("open_amount",)),))


def channel(mailbox: Mailbox, *, can_look_up: bool = True) -> EmailChannel:
    host, port = mailbox.address
    finder = mailbox.store.has if can_look_up else None
    return EmailChannel(host=host, port=port, is_real=False, finder=finder, mail_from="cartera@example.com")


def away() -> EmailChannel:
    """Nobody listens there."""
    return EmailChannel(host="127.0.0.1", port=9, timeout=1)


def scheduled(recipient: str = "cfo@example.com", **given: Any) -> str:
    saved = next((each for each in store.listed("ana") if each.name == "Mine"), None) or store.save(
        "ana", "Mine", DOCUMENT
    )
    when = given.pop("when", When((1,)))
    schedule_id = schedule.add("ana", saved.report_id, recipient, when, **given)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.report_schedules set active_from = %s", (BEGUN,))
    return schedule_id


def statuses() -> list[tuple[str, str]]:
    return [(row["due_on"].isoformat(), row["status"]) for row in send.deliveries()]
