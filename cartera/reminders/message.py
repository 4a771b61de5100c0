"""The e-mail itself: headers that say who, to whom and how to stop, and the same text as plain and HTML."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from urllib.parse import quote

from cartera.reminders.content import Rendered
from cartera.reminders.policy import Creditor
from cartera.reminders.text import header


class _Addresses(UnstructuredHeader):
    """Addresses in angle brackets, one a line. The library would write a long one as encoded words, which no mail
    program takes for an address."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: " + f",{policy.linesep} ".join(str(self).split(", ")) + policy.linesep


class _Headers(HeaderRegistry):
    """The library makes a class anew for each header that is written or moved, some thirty for a message: a good part
    of the time that a message takes. Here each name has one."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        found = self._classes.get(name.lower())
        if found is None:
            found = self._classes[name.lower()] = super().__getitem__(name)
        return found


_headers = _Headers()
_headers.map_to_type("list-unsubscribe", _Addresses)  # type: ignore[arg-type]  # it mixes the base in itself
POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers)
"""Every server takes it; nothing is re-encoded on the way."""


@dataclass(frozen=True)
class Envelope:
    """`message_id` comes from the contact, so a message can be found again by it. `unsubscribe_url`: a POST to it opts
    out at once (RFC 8058)."""

    contact_id: str
    message_id: str
    sender: str
    recipient: str
    creditor: Creditor
    redirect_to: str | None = None
    unsubscribe_url: str | None = None


def compose(rendered: Rendered, envelope: Envelope, now: dt.datetime) -> EmailMessage:
    """The message of one contact."""
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(display_name=header(envelope.creditor.name, 78), addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=envelope.redirect_to or envelope.recipient)
    message["Reply-To"] = Address(addr_spec=envelope.creditor.email)
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    by_mail = f"<mailto:{envelope.creditor.email}?subject={quote(stop_subject(envelope.contact_id))}>"
    if envelope.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>, {by_mail}"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        message["List-Unsubscribe"] = by_mail
    message["X-Cartera-Contact"] = envelope.contact_id
    if envelope.redirect_to:
        message["X-Cartera-Redirected-From"] = envelope.recipient
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    for file in rendered.attachments:
        maintype, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype, subtype, filename=file.name)
    return message


def stop_subject(contact_id: str) -> str:
    return f"stop {contact_id[:8]}"
