"""Access tokens of OAuth 2.0: for the application itself, or with a refresh token that a person gave once.

Many systems give a new refresh token each time, and soon refuse the old one. The new one is kept before it is used,
in <home>/secrets/<source>.oauth.yaml, which only its owner may read; it belongs to the refresh token that it grew
from, so that a person who gives another one is heard.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from cartera.connectors.api import secrets
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.api.system import Access
from cartera.errors import SourceError
from cartera.settings import get_settings

REASONS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "invalid_request"})
"""The words of the standard for what went wrong; a description beside them may quote what was sent."""


@dataclass
class Tokens:
    """`url` is that of the token endpoint. Without a refresh token the application logs in for itself."""

    access: Access
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def session(self, base_url: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Http:
        """A session that logs in now, and again when the token has expired. Raises SourceError."""

        def renewed() -> Mapping[str, str]:
            token = self.token()
            http.access = _knowing(self.access, token)
            return {"Authorization": f"Bearer {token}"}

        token = self.token()
        first = {"Authorization": f"Bearer {token}", **(headers or {})}
        http = Http(base_url, _knowing(self.access, token), headers=first, renew=renewed, **more)
        return http

    def token(self) -> str:
        """A new access token. Raises SourceError."""
        with self._lock:
            used = self._kept()
            answer = self._ask(used)
            if answer.status >= 400 and used != self.refresh_token:
                # the one that was given may be good where the kept one is not: that came from a backup
                used = self.refresh_token
                answer = self._ask(used)
            given = answer.json if isinstance(answer.json, dict) else {}
            token, fresh = given.get("access_token"), given.get("refresh_token")
            if answer.status >= 400 or not isinstance(token, str):
                raise self._refused(answer)
            if used and isinstance(fresh, str) and fresh not in ("", used):
                secrets.store(get_settings(), self._name, {"grown_from": self._origin, "refresh_token": fresh})
            return token

    def _ask(self, refresh_token: str) -> Answer:
        form = {"grant_type": "client_credentials"}
        if refresh_token:
            form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        client = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        access = _knowing(self.access, client, refresh_token)
        with Http(self.url, access, headers={"Authorization": f"Basic {client}"}) as http:
            return http.post(self.url, form=form, accept=(400, 401))

    def _refused(self, answer: Answer) -> SourceError:
        said = answer.json.get("error") if isinstance(answer.json, dict) else None
        reason = f": {said}" if isinstance(said, str) and said in REASONS else ""
        return SourceError(
            f"{answer.where}: gives no access token ({answer.status}){reason}",
            "the connection was revoked or has expired, or the client is not the one that it was given to; connect it"
            f" anew with {self.access.anew}",
        )

    def _kept(self) -> str:
        """The refresh token of last time; none where the application logs in for itself."""
        if not self.refresh_token:
            return ""
        kept = secrets.read(get_settings(), self._name)
        return kept.get("refresh_token", "") if kept.get("grown_from") == self._origin else self.refresh_token

    @property
    def _name(self) -> str:
        return f"{self.access.source}.oauth"

    @property
    def _origin(self) -> str:
        return hashlib.sha256(self.refresh_token.encode()).hexdigest()


def _knowing(access: Access, *texts: str) -> Access:
    """With further texts that no message may show."""
    return replace(access, secrets=access.secrets | {text for text in texts if text})
