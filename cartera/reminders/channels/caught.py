"""A channel that is not switched on: its messages are caught in the sandbox mailbox, and seen there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from cartera.clock import utc_now
from cartera.errors import SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere, one_line
from cartera.reminders.content import CallTask, Letter, Rendered, ShortText, TemplateMessage
from cartera.reminders.message import POLICY
from cartera.reminders.text import header

CHANNEL_HEADER = "X-Cartera-Channel"


@dataclass
class CaughtChannel:
    """`save`: keeps (from, recipients, message) and names it; `finder`: whether a key is there."""

    name: str
    save: Callable[[str, list[str], bytes], Any]
    finder: Callable[[str], bool]
    is_real: bool = False

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=None, look_up=True, delivery_reports=False)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        content = _as_mail(self.name, message).as_bytes()
        at("before_call")
        try:
            self.save(message.creditor.email, [one_line(message.recipient) or "(none)"], content)
        except OSError as error:
            raise SendError(f"the sandbox mailbox: {error.strerror}", "make room, and send again") from None
        at("after_call")
        return Outcome("sent", "caught in the sandbox mailbox")

    def look_up(self, key: str) -> bool | None:
        return self.finder(key)

    def close(self) -> None:
        """Nothing is open."""


def _as_mail(name: str, message: Outgoing) -> EmailMessage:
    """What would have gone out, as a message that the mailbox can show."""
    content, mail = message.content, EmailMessage(policy=POLICY)
    mail[CHANNEL_HEADER] = name
    mail["Message-ID"] = message.key
    mail["Date"] = utc_now()
    mail["X-Cartera-Contact"] = message.contact_id
    mail["X-Cartera-To"] = header(message.recipient)
    if isinstance(content, Rendered):
        mail["Subject"] = header(content.subject)
        mail.set_content(content.text)
        mail.add_alternative(content.html, subtype="html")
    elif isinstance(content, ShortText):
        mail["Subject"] = header(content.text, 60)
        mail.set_content(content.text)
    elif isinstance(content, TemplateMessage):
        mail["Subject"] = header(f"template {content.name} ({content.language})")
        mail.set_content("\n".join(f"{number}: {text}" for number, text in enumerate(content.parameters, 1)) or "-")
    elif isinstance(content, CallTask):
        mail["Subject"] = header(content.summary)
        mail.set_content(f"{content.summary}\n\n{content.script}")
    elif isinstance(content, Letter):
        mail["Subject"] = header("letter to " + ", ".join(content.lines))
        mail.set_content("\n".join(content.lines))
        mail.add_attachment(content.pdf, "application", "pdf", filename=f"{message.reference}.pdf")
    return mail
