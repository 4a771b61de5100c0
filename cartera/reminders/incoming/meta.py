"""What Meta reports of WhatsApp messages: states and answers. Signed with X-Hub-Signature-256."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from cartera.reminders.incoming.reports import Kind, Report
from cartera.reminders.incoming.wishes import wants_no_more

KINDS: dict[str, Kind] = {"sent": "sent", "delivered": "delivered", "read": "delivered", "failed": "bounced"}
HARD = frozenset({131026, 131030})
"""The number can't be written to by WhatsApp."""


def is_signed(secret: str, body: bytes, given: str) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), given.encode())


def reports(document: Any) -> list[Report]:
    """What one call of Meta says; what is not of messages says nothing."""
    found: list[Report] = []
    for value in _values(document):
        found += [report for each in _dicts(value.get("statuses")) if (report := _state(each))]
        found += [_answer(each) for each in _dicts(value.get("messages")) if each.get("id")]
    return found


def _values(document: Any) -> Iterator[dict[str, Any]]:
    for entry in _dicts(document.get("entry") if isinstance(document, dict) else None):
        for change in _dicts(entry.get("changes")):
            if change.get("field") == "messages" and isinstance(change.get("value"), dict):
                yield change["value"]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _state(status: dict[str, Any]) -> Report | None:
    kind = KINDS.get(str(status.get("status")))
    if kind is None or not status.get("id"):
        return None
    errors = _dicts(status.get("errors"))
    codes = [error.get("code") for error in errors]
    said = " ".join(f"{error.get('code')} {error.get('title') or ''}" for error in errors)
    callback = status.get("biz_opaque_callback_data")
    return Report(
        provider="meta",
        key=f"{status['id']}:{status['status']}",
        kind=kind,
        channel="whatsapp",
        contact_id=callback if isinstance(callback, str) else None,
        provider_id=str(status["id"]),
        address=str(status["recipient_id"]) if status.get("recipient_id") else None,
        is_hard=kind == "bounced" and any(code in HARD for code in codes),
        said=f"{status['status']} {said}".strip(),
    )


def _answer(message: dict[str, Any]) -> Report:
    """A text, a button or whatever else a debtor sends; what it answers to, where it quotes that."""
    parts = [message.get("text"), message.get("button"), message.get("interactive")]
    texts = [part.get("body") or part.get("text") for part in parts if isinstance(part, dict)]
    text = next((each for each in texts if isinstance(each, str)), f"({message.get('type')})")
    context = message.get("context")
    quoted = context.get("id") if isinstance(context, dict) else None
    return Report(
        provider="meta",
        key=f"{message['id']}:answer",
        kind="answered",
        channel="whatsapp",
        provider_id=str(quoted) if quoted else None,
        address=str(message.get("from") or ""),
        opts_out=wants_no_more(text),
        said=text,
    )
