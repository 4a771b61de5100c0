"""Calls for people: a task in `ops.call_tasks`, one per contact however often it is handed over."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from cartera.db import Role, transaction
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere
from cartera.reminders.content import CallTask
from cartera.warehouse.read import rows


@dataclass
class CallChannel:
    """`redirect_to`: a person who gets all tasks, for a try."""

    redirect_to: str | None = None
    name: str = "call"

    @property
    def is_real(self) -> bool:
        return self.redirect_to is None

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=dt.timedelta.max, look_up=True, delivery_reports=True)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        content = message.content
        if not isinstance(content, CallTask):
            return Outcome("refused", f"a call task is no {type(content).__name__}")
        at("before_call")
        with transaction(Role.campaign) as connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.call_tasks (contact_id, phone, language_code, summary, script, assigned_to)"
                " values (%s::uuid, %s, %s, %s, %s, %s) on conflict do nothing",
                (
                    message.contact_id, message.recipient, message.language,
                    content.summary, content.script, self.redirect_to,
                ),
            )  # fmt: skip
        at("after_call")
        return Outcome("sent", "a task for a person", message.contact_id)

    def look_up(self, key: str) -> bool | None:
        try:
            contact_id = str(uuid.UUID(key.strip("<>").partition("@")[0]))
        except ValueError:
            return None
        with transaction(Role.campaign) as connection:
            return bool(
                rows(connection, "select 1 from ops.call_tasks where contact_id = %(id)s::uuid", {"id": contact_id})
            )

    def close(self) -> None:
        """Nothing is open."""
