"""What comes back by e-mail: delivery status notifications (RFC 3464), answers, and "stop".

Anybody can write such a mail. A contact is found by the Message-ID that only its recipient and the servers on the way
have seen, or by the code in a "stop" together with the address that it came from.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from cartera.reminders.incoming.reports import Kind, Report
from cartera.reminders.incoming.wishes import wants_no_more

ACTIONS: dict[str, Kind] = {"failed": "bounced", "delivered": "delivered"}
"""`delayed`, `relayed` and `expanded` say nothing yet."""
HARD = re.compile(r"5\.(1\.\d+|2\.1|4\.4)\b")
"""Of the address: no such mailbox or domain, switched off, no host (RFC 3463)."""
STOP_SUBJECT = re.compile(r"(?:re:\s*)?stop ([0-9a-f]{8})\s*", re.IGNORECASE)
MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
MAX_TEXT = 2000


def reports(content: bytes) -> list[Report]:
    """What one e-mail says of contacts of ours; nothing when it is something else."""
    try:
        mail = email.message_from_bytes(content, policy=email.policy.compat32)
        key = _text(mail, "Message-ID").strip() or hashlib.sha256(content).hexdigest()
        if mail.get_content_type() == "multipart/report" or _status_part(mail):
            return list(_notification(mail, key))
        return _answer(mail, key)
    except RecursionError:
        return []


def _status_part(mail: Message) -> Message | None:
    return next((part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None)


def _notification(mail: Message, key: str) -> Iterator[Report]:
    status, message_id = _status_part(mail), _original(mail)
    if status is None or message_id is None:
        return
    blocks = status.get_payload()
    for number, block in enumerate(blocks if isinstance(blocks, list) else []):
        if not isinstance(block, Message):
            continue
        action = _text(block, "Action").strip().lower()
        kind = ACTIONS.get(action) if action else None
        if kind is None:
            continue
        code = _text(block, "Status").strip()
        recipient = _typed(_text(block, "Original-Recipient") or _text(block, "Final-Recipient"))
        yield Report(
            provider="mail",
            key=f"{key}:{number}",
            kind=kind,
            channel="email",
            message_id=message_id,
            address=recipient or None,
            is_hard=kind == "bounced" and HARD.match(code) is not None,
            said=f"{action} {code} {_typed(_text(block, 'Diagnostic-Code'))}".strip(),
        )


def _original(mail: Message) -> str | None:
    """The Message-ID of the mail that is reported on, from what was returned of it."""
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            first = inner[0] if isinstance(inner, list) and inner else None
            if isinstance(first, Message) and (found := MESSAGE_ID.search(_text(first, "Message-ID"))):
                return found[0]
        elif part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                headers = email.message_from_bytes(payload, policy=email.policy.compat32)
                if found := MESSAGE_ID.search(_text(headers, "Message-ID")):
                    return found[0]
    return None


def _answer(mail: Message, key: str) -> list[Report]:
    """An answer of a person; what programs answer by themselves (RFC 3834) is none."""
    if _is_automatic(mail):
        return []
    sender = parseaddr(_text(mail, "From"))[1]
    subject, body = _text(mail, "Subject"), _body(mail)
    stop = STOP_SUBJECT.fullmatch(subject.strip())
    ids = MESSAGE_ID.findall(_text(mail, "In-Reply-To") + " " + _text(mail, "References"))
    if not ids and not stop:
        return []
    return [
        Report(
            provider="mail",
            key=f"{key}:answer",
            kind="answered",
            channel="email",
            message_id=ids[0] if ids else None,
            reference=stop[1].lower() if stop else None,
            address=sender or None,
            opts_out=bool(stop) or wants_no_more(body) or wants_no_more(re.sub(r"(?i)^re:\s*", "", subject)),
            said=body[:MAX_TEXT] or subject,
        )
    ]


def _is_automatic(mail: Message) -> bool:
    automatic = _text(mail, "Auto-Submitted").strip().lower()
    precedence = _text(mail, "Precedence").strip().lower()
    named = any(mail.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"))
    return automatic not in ("", "no") or precedence in ("bulk", "auto_reply", "junk", "list") or named


def _body(mail: Message) -> str:
    for part in mail.walk():
        if part.get_content_type() == "text/plain" and part.get_content_disposition() != "attachment":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                try:
                    return payload[: 64 * MAX_TEXT].decode(part.get_content_charset() or "utf-8", "replace").strip()
                except LookupError:
                    return payload[: 64 * MAX_TEXT].decode("latin-1").strip()
    return ""


def _typed(value: str) -> str:
    """The text after `rfc822;` or `smtp;`."""
    return value.partition(";")[2].strip() if ";" in value else value.strip()


def _text(mail: Message, name: str) -> str:
    raw = str(mail.get(name, ""))
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError):
        return raw
