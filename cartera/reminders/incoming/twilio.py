"""What Twilio reports: states of messages and calls, and answers. Signed with X-Twilio-Signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from cartera.reminders.channels.base import CHANNELS, ChannelName
from cartera.reminders.incoming.reports import Kind, Report
from cartera.reminders.incoming.wishes import wants_no_more

KINDS: dict[str, Kind] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "bounced",
    "failed": "bounced",
    "canceled": "bounced",
    "completed": "delivered",
    "busy": "bounced",
    "no-answer": "bounced",
}
"""Others (queued, sending, ringing ...) say nothing yet."""
HARD = frozenset({"21211", "21214", "21217", "21614", "30005", "30006", "63003", "63024"})
"""Of the number itself: unknown, a landline, not on WhatsApp."""
HARD_SIP = frozenset({"404", "410", "484", "604"})
"""A call to a number that does not exist."""


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """HMAC-SHA1 of the whole address and the sorted fields (twilio.com/docs/usage/security)."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def is_signed(token: str, url: str, form: Mapping[str, str], given: str) -> bool:
    """Twilio signs with or without the standard port; a proxy of ours may have taken it off."""
    return any(
        hmac.compare_digest(signature(token, each, form).encode(), given.encode()) for each in (url, _with_port(url))
    )


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    if parts.port is not None or not parts.hostname:
        return url
    return parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}").geturl()


def reports(query: Mapping[str, str], form: Mapping[str, str]) -> list[Report]:
    """What one call of Twilio says: an answer, or the state of a message or call of ours."""
    sid = form.get("MessageSid") or form.get("SmsSid") or form.get("CallSid")
    if not sid:
        return []
    if "contact" not in query and "Body" in form:
        return [_answer(sid, form)]
    status = form.get("MessageStatus") or form.get("SmsStatus") or form.get("CallStatus") or ""
    error = form.get("ErrorCode", "")
    found = state(
        sid, status, _channel(query.get("channel", ""), form), error, form.get("SipResponseCode", ""), form.get("To")
    )
    return [replace(found, contact_id=query.get("contact"))] if found else []


def state(
    sid: str, status: str, channel: ChannelName, error: str = "", sip: str = "", to: str | None = None
) -> Report | None:
    """The state of a message or a call; None when it says nothing yet. The same by a report or by asking."""
    kind = KINDS.get(status.lower())
    if kind is None:
        return None
    return Report(
        provider="twilio",
        key=f"{sid}:{status.lower()}",
        kind=kind,
        channel=channel,
        provider_id=sid,
        address=(to or "").removeprefix("whatsapp:") or None,
        is_hard=kind == "bounced" and (error in HARD or sip in HARD_SIP),
        said=f"{status} {error or sip}".strip(),
    )


def _answer(sid: str, form: Mapping[str, str]) -> Report:
    text = form.get("Body", "")
    # Twilio itself handles STOP by the rules of some countries, and says so
    stops = form.get("OptOutType", "").upper() == "STOP" or wants_no_more(text)
    return Report(
        provider="twilio",
        key=f"{sid}:answer",
        kind="answered",
        channel=_channel("", form),
        address=form.get("From", "").removeprefix("whatsapp:"),
        opts_out=stops,
        said=text,
    )


def _channel(named: str, form: Mapping[str, str]) -> ChannelName:
    for known in CHANNELS:
        if known == named:
            return known
    if "CallSid" in form:
        return "voice"
    return "whatsapp" if form.get("From", "").startswith("whatsapp:") else "sms"
