"""A signed webhook of any system that takes messages: push, or whatever stands behind it.

POST, JSON, with
    Idempotency-Key: the contact's key, the same for every try
    X-Cartera-Timestamp: seconds since 1970
    X-Cartera-Signature: v1=<hex HMAC-SHA256 of "timestamp.body">
2xx: taken. 409: taken before. 404, 410: no such recipient. 400, 403, 413, 422: refused. 429, and 503 with Retry-After:
later. Anything else may have been taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from urllib.parse import quote

from cartera.clock import utc_now
from cartera.errors import SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere, one_line
from cartera.reminders.channels.http import Answer, Caller, Lost, OneCaller
from cartera.reminders.content import Rendered, ShortText, TemplateMessage

TIMESTAMP, SIGNATURE = "X-Cartera-Timestamp", "X-Cartera-Signature"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header holds; the same for what we send and what is sent to us."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass
class WebhookChannel(OneCaller):
    """`keeps_keys`: how long the receiver promises to take a key once; `look_up_url`: asked with the key at its end,
    200 has it, 404 has it not."""

    url: str
    secret: str = field(repr=False)
    name: str = "push"
    keeps_keys: dt.timedelta | None = None
    look_up_url: str | None = None
    redirect_to: str | None = None
    timeout: float = 30.0

    @property
    def is_real(self) -> bool:
        return self.redirect_to is None

    @property
    def promises(self) -> Promises:
        return Promises(self.keeps_keys, look_up=self.look_up_url is not None, delivery_reports=True)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        content = message.content
        if not isinstance(content, (Rendered, ShortText, TemplateMessage)):
            return Outcome("refused", f"a webhook sends no {type(content).__name__}")
        body = json.dumps(
            {
                "contact_id": message.contact_id,
                "channel": self.name,
                "to": self.redirect_to or message.recipient,
                "language": message.language,
                "creditor": message.creditor.name,
                "reference": message.reference,
                **_content(content),
            },
            ensure_ascii=False,
        ).encode()
        timestamp = str(int(utc_now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self.secret, timestamp, body),
        }
        try:
            answer = self.caller.post("", content=body, headers=headers, at=at)
        except Lost as lost:
            return Outcome("unknown", str(lost))
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> Outcome:
        status, said = answer.status, one_line(f"{answer.status} {self.caller.said(answer)}")
        provider_id = answer.get("id")
        if 200 <= status < 300 or status == 409:
            return Outcome("sent", said, str(provider_id) if isinstance(provider_id, (str, int)) else None)
        if status == 401:
            raise self.caller.refused_login(answer)
        if status in (404, 410):
            return Outcome("bad_address", said)
        if status == 429 or status == 503 and "retry-after" in answer.headers:
            return Outcome("later", said)
        if 400 <= status < 500 and status not in (408, 425):
            return Outcome("refused", said)
        return self.caller.unclear(answer)

    def look_up(self, key: str) -> bool | None:
        if self.look_up_url is None:
            return None
        try:
            answer = self.caller.get(f"{self.look_up_url.rstrip('/')}/{quote(key, safe='')}")
        except (Lost, SendError):
            return None
        return {200: True, 404: False}.get(answer.status)

    def new_caller(self) -> Caller:
        return Caller(f"webhook ({self.name})", self.url, secrets=(self.secret,), timeout=self.timeout)


def _content(content: Rendered | ShortText | TemplateMessage) -> dict[str, object]:
    if isinstance(content, Rendered):
        return {"subject": content.subject, "text": content.text}
    if isinstance(content, ShortText):
        return {"text": content.text}
    return {"template": content.name, "parameters": list(content.parameters)}
