"""How other systems are asked: politely, for a bounded time, and reading only.

429 and 5xx and broken connections are tried again with backoff and jitter, `Retry-After` is obeyed; one session is
reused; nothing follows a redirect to another host; what is not the promised JSON is an error. No secret is in any
message: they are taken out of the texts that the other system answers too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from cartera import hidden
from cartera.connectors.api.again import AGAIN, TRIES, Again, seconds_said, tried
from cartera.connectors.api.jsons import BadJson, parse
from cartera.connectors.api.system import Access
from cartera.errors import SourceError

TIMEOUT = httpx.Timeout(60, connect=15)
MOST_BYTES = 256 << 20
MOST_REDIRECTS = 3
SHOWN = 200
MOST_SAID = 100_000
"""Of an error's text so much is searched for secrets; cut nearer to what is shown, the half of a token would stay."""

Params = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class _Question:
    """One request. `accept`: further statuses that are answers and no errors."""

    method: str
    url: str
    params: Params | None = None
    json: Any = None
    form: Mapping[str, str] | bytes | None = None
    headers: Mapping[str, str] | None = None
    accept: tuple[int, ...] = ()


class Answer:
    """What came back: status, headers (names in any case), bytes, and the bytes as JSON."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, where: str) -> None:
        self.status, self.headers, self.body, self.where = status, headers, body, where

    def word(self, name: str) -> str:
        """A text that must be in the answer: a token, a session. Raises SourceError, which shows nothing of it."""
        found = self.json.get(name) if isinstance(self.json, dict) else None
        if not isinstance(found, str) or not found:
            raise SourceError(f"{self.where}: gives no {name}", "see whether the address is right, and run again")
        return found

    @cached_property
    def json(self) -> Any:
        """Raises SourceError when it is none."""
        kind = self.headers.get("content-type", "")
        try:
            return parse(self.body)
        except BadJson as error:
            if "html" in kind or self.body.lstrip()[:1] == b"<":
                raise SourceError(
                    f"{self.where}: answered with a page for people instead of JSON",
                    "see whether the address is that of the API, and whether a proxy or a login stands before it",
                ) from None
            raise SourceError(
                f"{self.where}: answered what is no JSON: {error}", "run again; if it stays, ask who runs the system"
            ) from None


class Http:
    """A session with one host.

    `headers` carry the authentication. `renew`: gives new ones after a 401, once per request. `problem_in`: what an
    answer with status 200 says went wrong, or None; for systems that report errors so.
    """

    def __init__(
        self,
        base_url: str,
        access: Access,
        *,
        headers: Mapping[str, str] | None = None,
        renew: Callable[[], Mapping[str, str]] | None = None,
        problem_in: Callable[[Answer], str | None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.access = access
        self._base = base_url if base_url.endswith("/") else base_url + "/"
        self._renew, self._problem_in, self._sleep = renew, problem_in, sleep
        parts = self._parts(self._base, access.source)
        if parts.username is not None or parts.password is not None:
            raise SourceError(
                f"{access.source}: the address holds a login, which would stand in files and errors",
                f"write it without, and give the login with {access.anew}",
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError(f"{access.source}: {base_url!r} is no address of a system", "write it as https://host")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise SourceError(
                f"{access.source}: {base_url} would send the secret unprotected", "write the address with https://"
            )
        self._origin = (parts.scheme, parts.netloc)
        patience = access.patience_seconds
        self._tries = TRIES if patience is None else 1
        self._client = httpx.Client(timeout=patience or TIMEOUT, follow_redirects=False, trust_env=True)
        self._client.headers.update({"Accept": "application/json", "User-Agent": "cartera"})
        self._hidden: set[str] = set()
        # of requests that are signed one by one those that an answer may still repeat
        self._signed: deque[str] = deque(maxlen=64)
        self._carry(headers or {})

    def __enter__(self) -> Http:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """`path` may be a whole address of the same host (a link to the next page). `accept`: further statuses that
        are answers and no errors. Raises SourceError."""
        return self._ask(_Question("GET", path, params, headers=headers, accept=accept))

    def post(
        self,
        path: str,
        json: Any = None,
        *,
        form: Mapping[str, str] | bytes | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """A question put by POST (a query, a remote call that reads, a login). `form`: its fields, or the whole body
        where that is neither JSON nor a form. Raises SourceError."""
        return self._ask(_Question("POST", path, params, json, form, headers, accept))

    def _ask(self, asked: _Question) -> Answer:
        where = f"{self.access.source}: {asked.method} {_without_query(asked.url)}"
        asked = replace(asked, url=self._on_host(self._base, asked.url, where))
        where = f"{self.access.source}: {asked.method} {_without_query(asked.url)}"
        self._signed.extend(hidden.secrets_in(asked.headers or {}))
        try:
            return tried(lambda: self._once(asked, where), self._tries, self._sleep)
        except Again as error:
            said = f"; it asks to wait {error.seconds:,.0f} s" if error.seconds else ""
            raise SourceError(
                f"{where}: {self.clean(str(error))}, tried for as long as is decent{said}",
                "see whether the address is right, and run again later; what was read so far is not landed, and nothing"
                " is lost",
            ) from None

    def _once(self, asked: _Question, where: str) -> Answer:
        renewed = False
        redirects = 0
        while True:
            answer = self._send(asked, where)
            if answer.status == 401 and self._renew and not renewed:
                self._carry(self._renew())
                renewed = True
            elif answer.status in (301, 302, 303, 307, 308) and redirects < MOST_REDIRECTS:
                url = self._on_host(asked.url, answer.headers.get("location", ""), where)
                asked = replace(asked, url=url, params=None)
                redirects += 1
            else:
                break
        self._check(answer, asked.accept, where)
        return answer

    def _send(self, asked: _Question, where: str) -> Answer:
        content, data = (asked.form, None) if isinstance(asked.form, bytes) else (None, asked.form)
        params = dict(asked.params) if asked.params else None
        try:
            with self._client.stream(
                asked.method, asked.url, params=params, json=asked.json, content=content, data=data,
                headers=asked.headers,
            ) as response:  # fmt: skip
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise SourceError(f"{where}: the answer is larger than {MOST_BYTES:,} bytes", "ask for less")
                return Answer(response.status_code, response.headers, bytes(body), where)
        except httpx.InvalidURL as error:
            raise SourceError(f"{where}: {self.clean(str(error))}", "correct the address") from None
        except UnicodeEncodeError:
            raise self._not_sendable() from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Again(f"the connection failed ({type(error).__name__}: {error})") from None

    def _carry(self, headers: Mapping[str, str]) -> None:
        try:
            self._client.headers.update(headers)
        except UnicodeEncodeError:
            raise self._not_sendable() from None
        self._hidden |= hidden.secrets_in(headers)

    def _not_sendable(self) -> SourceError:
        return SourceError(
            f"{self.access.source}: a secret holds a letter that no header can carry, as texts do that were pasted",
            f"give it again with {self.access.anew}",
        )

    @staticmethod
    def _parts(url: str, where: str) -> SplitResult:
        try:
            return urlsplit(url)
        except ValueError:
            raise SourceError(f"{where}: what should be an address is none", "correct the address") from None

    def _on_host(self, base: str, link: str, where: str) -> str:
        """The address that a link leads to from here; refused where that is another host."""
        self._parts(link, where)
        url = urljoin(base, link)
        parts = self._parts(url, where)
        if (parts.scheme, parts.netloc) != self._origin:
            raise SourceError(
                f"{where}: leads to another host, {parts.scheme}://{parts.hostname}; refused, because it would be"
                " given the secret too",
                "if the system moved, correct its address in the source",
            )
        return url

    def _check(self, answer: Answer, accept: tuple[int, ...], where: str) -> None:
        status = answer.status
        if status in accept:
            return
        if status in AGAIN:
            raise Again(f"answered {status}{self.said(answer)}", seconds_said(answer.headers.get("retry-after", "")))
        if status == 401:
            raise SourceError(
                f"{where}: does not accept the login (401){self.said(answer)}",
                f"give valid ones with {self.access.anew}",
            )
        if status == 403:
            raise SourceError(
                f"{where}: the account may not read this (403){self.said(answer)}",
                "see whether the keys are right, and give the account the right to read; or leave the table out"
                f" with `without:` in sources/{self.access.source}.yaml, or {self.access.anew[:-1]} --without TABLE`",
            )
        if not 200 <= status < 300:
            raise SourceError(
                f"{where}: answered {status}{self.said(answer)}",
                "see whether the address and the version of the system are right",
            )
        problem = self._problem_in(answer) if self._problem_in else None
        if problem:
            raise SourceError(f"{where}: {self.clean(problem)[:SHOWN]}", "correct it in the system, and run again")

    def said(self, answer: Answer) -> str:
        """The beginning of an error's text, as one line without secrets; nothing of a page for people."""
        text = answer.body[:MOST_SAID].decode("utf-8", "replace").strip()
        if not text or text.startswith("<"):
            return ""
        return f": {self.clean(text)[:SHOWN]}"

    def clean(self, text: str) -> str:
        """Text from outside without our secrets and without what would steer a terminal."""
        return hidden.without(text, self.access.secrets | self._hidden | set(self._signed))


def _without_query(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]
