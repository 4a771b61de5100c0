"""One call to a provider, made once: never repeated here, as a repeated call may be a second message.

What is known of a call that failed: no connection, nothing was handed over (SendError); a connection that broke or fell
silent after the request went out, it may have arrived (Lost). Nothing follows a redirect. No secret is in any text.
"""

from __future__ import annotations

import json as jsons
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from cartera import hidden
from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.base import AtPoint, Outcome, nowhere, one_line

TIMEOUT_SECONDS = 30.0
MOST_BYTES = 4 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Lost(Exception):
    """The request went out and no answer came: the message may have been taken."""


@dataclass(frozen=True)
class Answer:
    """What came back. `json` is None when it was none."""

    status: int
    json: Any
    text: str
    headers: Mapping[str, str]

    def get(self, *path: str) -> Any:
        """A value deep in the JSON, or None."""
        found = self.json
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found


class Caller:
    """A session with one provider."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.provider, self._secrets = provider, secrets
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{provider}: {base_url!r} is no address", "write it as https://host")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ConfigError(f"{provider}: {base_url} would send secrets unprotected", "write it with https://")
        self._base = base_url.rstrip("/")
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 15)),
            follow_redirects=False,
            auth=auth,
            headers={"Accept": "application/json", "User-Agent": "cartera", **(headers or {})},
        )

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        at: AtPoint = nowhere,
    ) -> Answer:
        """Hand something over, once. Raises SendError (surely not handed over) and Lost (maybe)."""
        at("before_call")
        try:
            return self._ask("POST", path, json=json, data=form, content=content, headers=headers)
        finally:
            at("after_call")

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Ask something. Raises SendError and Lost."""
        return self._ask("GET", path, params=params)

    def _ask(self, method: str, path: str, **given: Any) -> Answer:
        url = path if path.startswith(("http://", "https://")) else self._base + path
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
            raise SendError(f"{self.provider}: leads to another host", "it would be given the secret too")
        try:
            with self._client.stream(method, url, **given) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        break
                text = bytes(body).decode("utf-8", "replace")
                return Answer(response.status_code, _parsed(text), self.clean(text), response.headers)
        except (
            httpx.InvalidURL,
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,
        ) as error:
            raise SendError(
                f"{self.provider}: can't be reached ({type(error).__name__}: {self.clean(str(error))})",
                "nothing was lost: wait for the provider or see the connection, and send again",
            ) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Lost(f"the connection was lost while the message was handed over ({type(error).__name__})") from None

    def refused_login(self, answer: Answer) -> SendError:
        """401: every message would fare alike, and none was taken."""
        return SendError(
            f"{self.provider}: does not accept our login ({answer.status}): {self.said(answer)}",
            "correct the secret that channels.yaml names; the contacts stay approved",
        )

    def said(self, answer: Answer) -> str:
        """The provider's words; nothing of a page for people."""
        return "" if answer.text.lstrip().startswith("<") else one_line(answer.text)

    def unclear(self, answer: Answer) -> Outcome:
        """An answer that says neither yes nor no: a 5xx, a redirect, a page instead of JSON."""
        return Outcome("unknown", f"{answer.status} {self.said(answer)}".strip())

    def clean(self, text: str) -> str:
        return hidden.without(text, self._secrets)

    def close(self) -> None:
        self._client.close()


def _parsed(text: str) -> Any:
    try:
        return jsons.loads(text)
    except (ValueError, RecursionError):
        return None


class OneCaller:
    """A channel that calls one provider: its session is made when it is first wanted, and ended with the run."""

    _caller: Caller | None = None

    def new_caller(self) -> Caller:
        raise NotImplementedError

    @property
    def caller(self) -> Caller:
        if self._caller is None:
            self._caller = self.new_caller()
        return self._caller

    def close(self) -> None:
        caller, self._caller = self._caller, None
        if caller:
            caller.close()
