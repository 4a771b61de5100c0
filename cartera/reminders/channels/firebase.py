"""Push messages by Firebase Cloud Messaging (HTTP v1). It has no idempotency keys, no look-up and no reports of
delivery per message; two messages with the same collapse key show once on the device while it is offline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import jwt

from cartera.clock import utc_now
from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere, one_line
from cartera.reminders.channels.http import Answer, Caller, Lost, OneCaller
from cartera.reminders.content import Rendered, ShortText

API = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LATER = frozenset({"QUOTA_EXCEEDED", "UNAVAILABLE"})
MAX_BODY = 1000
"""Of the 4,096 bytes that a message may have."""


@dataclass
class FirebaseChannel(OneCaller):
    """A service account of the project: its e-mail and private key log in for an hour at a time."""

    project_id: str
    client_email: str
    private_key: str = field(repr=False)
    token_url: str = "https://oauth2.googleapis.com/token"
    redirect_to: str | None = None
    base_url: str = API
    timeout: float = 30.0
    name: str = "push"
    _valid_until: dt.datetime | None = None

    @property
    def is_real(self) -> bool:
        return self.redirect_to is None

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=None, look_up=False, delivery_reports=False)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        content = message.content
        if isinstance(content, Rendered):
            title, text = content.subject, content.text
        elif isinstance(content, ShortText):
            title, text = message.creditor.name, content.text
        else:
            return Outcome("refused", f"push sends no {type(content).__name__}")
        body = {
            "message": {
                "token": self.redirect_to or message.recipient,
                "notification": {"title": title, "body": text[:MAX_BODY]},
                "data": {"contact": message.contact_id, "reference": message.reference},
                "android": {"collapse_key": message.contact_id},
                "apns": {"headers": {"apns-collapse-id": message.contact_id}},
            }
        }
        try:
            answer = self._session().post(f"/v1/projects/{self.project_id}/messages:send", json=body, at=at)
        except Lost as lost:
            return Outcome("unknown", str(lost))
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> Outcome:
        assert self._caller is not None
        name, code = answer.get("name"), _code(answer)
        said = one_line(f"{answer.status} {code} {self._caller.clean(str(answer.get('error', 'message') or ''))}")
        if answer.status == 200 and isinstance(name, str):
            return Outcome("sent", "200", name)
        if answer.status == 401:
            raise self._caller.refused_login(answer)
        if code == "UNREGISTERED" or code == "INVALID_ARGUMENT" and "registration token" in said.lower():
            return Outcome("bad_address", said)
        if answer.status == 429 or code in LATER:
            return Outcome("later", said)
        if 400 <= answer.status < 500:
            return Outcome("refused", said)
        return self._caller.unclear(answer)

    def _session(self) -> Caller:
        """Logged in. Raises SendError, ConfigError."""
        if self._caller is None or self._valid_until is None or utc_now() >= self._valid_until:
            self.close()
            token, lives = self._token()
            self._valid_until = utc_now() + lives - dt.timedelta(minutes=2)
            headers = {"Authorization": f"Bearer {token}"}
            self._caller = Caller(
                "Firebase", self.base_url, headers=headers, secrets=(token, self.private_key), timeout=self.timeout
            )
        return self._caller

    def _token(self) -> tuple[str, dt.timedelta]:
        now = utc_now()
        claims = {"iss": self.client_email, "scope": SCOPE, "aud": self.token_url, "iat": now}
        try:
            assertion = jwt.encode({**claims, "exp": now + dt.timedelta(hours=1)}, self.private_key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            raise ConfigError(
                "Firebase: the private key of the service account can't be read", "see channels.yaml"
            ) from None
        caller = Caller("Firebase (login)", self.token_url, secrets=(assertion, self.private_key), timeout=self.timeout)
        try:
            answer = caller.post("", form={"grant_type": GRANT, "assertion": assertion})
        except Lost as lost:
            raise SendError(f"Firebase: no access token came ({lost})", "send again later") from None
        finally:
            caller.close()
        token = answer.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            raise SendError(f"Firebase: gives no access token ({answer.status})", "see the service account's key")
        return token, dt.timedelta(seconds=float(answer.get("expires_in") or 3600))

    def look_up(self, key: str) -> bool | None:
        return None


def _code(answer: Answer) -> str:
    details = answer.get("error", "details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and isinstance(detail.get("errorCode"), str):
            return str(detail["errorCode"])
    return str(answer.get("error", "status") or "")
