"""SMS, WhatsApp and voice calls by Twilio's REST API.

Twilio has no idempotency keys for messages and calls. It can be asked what was sent to a number since a moment:
nothing to that number means surely not sent; a message that shows our reference means sent, and so does any message
where nobody else uses the sender and the ledger knows of no other contact to that number. More can't be told.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from cartera.clock import utc_now
from cartera.errors import SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere, one_line
from cartera.reminders.channels.http import Answer, Caller, Lost, OneCaller
from cartera.reminders.content import ShortText, TemplateMessage

API = "https://api.twilio.com"
BAD_NUMBER = frozenset({21211, 21214, 21217, 21401, 21407, 21421, 21614, 13223, 13224, 13225, 63003})
"""Of the number itself: not valid, not a mobile, no such subscriber, no WhatsApp (twilio.com/docs/api/errors)."""
LATER = frozenset({14107, 20429, 20503, 21611, 30001, 63018})
"""Said before the message was accepted: too many requests, the queue is full, the service is down."""
VOICES = {"es": "es-MX", "en": "en-US", "pt": "pt-BR"}
SETTLES_AFTER = dt.timedelta(minutes=2)
"""A message that was just taken may not be listed yet."""
MOST_PAGES = 20


@dataclass(frozen=True)
class Try:
    """What the ledger knows of the last try of a key: to whom, since when, and what the text may show. `is_only`: no
    other contact was tried at that number by that channel since."""

    recipient: str
    since: dt.datetime
    reference: str
    is_only: bool = False


@dataclass
class TwilioChannel(OneCaller):
    """`name`: sms, whatsapp or voice. `sender`: a number of ours (+51...) or a messaging service (MG...).

    `templates`: WhatsApp template -> language -> its ContentSid. `last_try`: what the ledger knows of a key.
    `sender_is_ours`: nobody but Cartera sends by it.
    """

    name: str
    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    status_url: str | None = None
    redirect_to: str | None = None
    templates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    last_try: Callable[[str], Try | None] | None = None
    sender_is_ours: bool = False
    base_url: str = API
    timeout: float = 30.0

    @property
    def is_real(self) -> bool:
        return self.redirect_to is None

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=None, look_up=self.last_try is not None, delivery_reports=True)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        what = self._what(message)
        if isinstance(what, Outcome):
            return what
        form = {"To": self._address(self.redirect_to or message.recipient), **self._from(), **what}
        if self.status_url:
            query = urlencode({"channel": self.name, "contact": message.contact_id})
            form["StatusCallback"] = f"{self.status_url}?{query}"
        try:
            answer = self.caller.post(self._path("Calls" if self.name == "voice" else "Messages"), form=form, at=at)
        except Lost as lost:
            return Outcome("unknown", str(lost))
        return self._outcome(answer)

    def _what(self, message: Outgoing) -> dict[str, str] | Outcome:
        content = message.content
        if self.name == "sms" and isinstance(content, ShortText):
            return {"Body": content.text}
        if self.name == "voice" and isinstance(content, ShortText):
            voice = VOICES.get(message.language, VOICES["en"])
            return {"Twiml": f'<Response><Say language="{voice}">{escape(content.text)}</Say></Response>'}
        if self.name == "whatsapp" and isinstance(content, TemplateMessage):
            sid = self.templates.get(content.name, {}).get(content.language)
            if sid is None:
                named = f"{content.name} ({content.language})"
                return Outcome("refused", f"no approved template {named}: channels.yaml names no ContentSid for it")
            numbered = {str(number): text for number, text in enumerate(content.parameters, 1)}
            return {"ContentSid": sid, "ContentVariables": json.dumps(numbered, ensure_ascii=False)}
        return Outcome("refused", f"{self.name} by Twilio sends no {type(content).__name__}")

    def _from(self) -> dict[str, str]:
        if self.sender.startswith("MG"):
            return {"MessagingServiceSid": self.sender}
        return {"From": self._address(self.sender)}

    def _address(self, number: str) -> str:
        return f"whatsapp:{number}" if self.name == "whatsapp" and not number.startswith("whatsapp:") else number

    def _path(self, resource: str) -> str:
        return f"/2010-04-01/Accounts/{self.account_sid}/{resource}.json"

    def _outcome(self, answer: Answer) -> Outcome:
        code, sid = answer.get("code"), answer.get("sid")
        said = one_line(f"{answer.status} {code or ''} {self.caller.clean(str(answer.get('message') or ''))}")
        if answer.status in (200, 201) and isinstance(sid, str):
            return Outcome("sent", one_line(f"{answer.status} {answer.get('status') or ''}"), sid)
        if answer.status == 401:
            raise self.caller.refused_login(answer)
        if code in BAD_NUMBER:
            return Outcome("bad_address", said)
        if answer.status == 429 or code in LATER:
            return Outcome("later", said)
        if 400 <= answer.status < 500:
            return Outcome("refused", said)
        return self.caller.unclear(answer)

    def look_up(self, key: str) -> bool | None:
        tried = self.last_try(key) if self.last_try else None
        if tried is None or utc_now() - tried.since < SETTLES_AFTER:
            return None
        try:
            found = self._sent_since(tried)
        except (Lost, SendError):
            return None
        if found is None:
            return None
        if any(tried.reference in str(entry.get("body") or "") for entry in found):
            return True
        is_told_apart = self.sender_is_ours and tried.is_only and self.redirect_to is None
        if is_told_apart and any(self._is_by_us(entry) for entry in found):
            return True
        return None if found else False

    def _is_by_us(self, entry: Mapping[str, Any]) -> bool:
        by = entry.get("messaging_service_sid") if self.sender.startswith("MG") else entry.get("from")
        return by == (self.sender if self.sender.startswith("MG") else self._address(self.sender))

    def state_of(self, provider_id: str) -> Answer:
        """What Twilio says of a message or call of ours now. Raises SendError and Lost."""
        resource = "Calls" if self.name == "voice" else "Messages"
        answer = self.caller.get(f"/2010-04-01/Accounts/{self.account_sid}/{resource}/{provider_id}.json")
        if answer.status == 401:
            raise self.caller.refused_login(answer)
        return answer

    def _sent_since(self, tried: Try) -> list[dict[str, Any]] | None:
        """What went to the number from a little before the try on; None when it can't be known."""
        resource, moment = ("Calls", "StartTime>") if self.name == "voice" else ("Messages", "DateSent>")
        since = tried.since - dt.timedelta(minutes=5)
        params: dict[str, str] | None = {
            "To": self._address(self.redirect_to or tried.recipient),
            # the filter takes days of GMT; those of the day before the moment are left out below
            moment: since.date().isoformat(),
            "PageSize": "1000",
        }
        path, found = self._path(resource), list[dict[str, Any]]()
        for _ in range(MOST_PAGES):
            answer = self.caller.get(path, params)
            listed = answer.get(resource.lower())
            if answer.status != 200 or not isinstance(listed, list):
                return None
            found += [entry for entry in listed if isinstance(entry, dict) and _is_ours(entry, since)]
            following = answer.get("next_page_uri")
            if not following:
                return found
            path, params = str(following), None
        return None

    def new_caller(self) -> Caller:
        return Caller(
            f"Twilio ({self.name})",
            self.base_url,
            auth=(self.account_sid, self.auth_token),
            secrets=(self.auth_token,),
            timeout=self.timeout,
        )


def _is_ours(entry: Mapping[str, Any], since: dt.datetime) -> bool:
    """Went out, and not surely before the moment; one without a readable date counts."""
    if str(entry.get("direction") or "").startswith("inbound"):
        return False
    try:
        return parsedate_to_datetime(str(entry.get("date_created"))) >= since
    except (TypeError, ValueError):
        return True
