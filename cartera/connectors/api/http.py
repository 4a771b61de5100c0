"""How other systems are asked: politely, for a bounded time, and reading only.

429 and 5xx and broken connections are tried again with backoff and jitter, `Retry-After` is obeyed; one session is
reused; nothing follows a redirect to another host; what is not the promised JSON is an error. No secret is in any
message: they are taken out of the texts that the other system answers too.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import httpx
import tenacity

from cartera.clock import utc_now
from cartera.connectors.api.jsons import BadJson, parse
from cartera.connectors.api.system import Access
from cartera.errors import SourceError

TRIES = 6
LONGEST_SECONDS = 300.0
"""For all tries of one request together, waiting included."""
TIMEOUT = httpx.Timeout(60, connect=15)
MOST_BYTES = 256 << 20
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
MOST_REDIRECTS = 3
SHOWN = 200
MOST_SAID = 100_000
"""Of an error's text so much is searched for secrets; cut nearer to what is shown, the half of a token would stay."""

LEAST_HIDDEN = 8
"""A shorter word of a header or line of a key is a scheme (`Bearer`), or says nothing."""

_CARRIES_SECRETS = re.compile(r"auth|token|key|secret|cookie|session", re.IGNORECASE)
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w.-]+")
"""A signed token, whoever it is of."""

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


class _Again(Exception):
    """Worth another try, after `seconds` where the system said so."""

    def __init__(self, problem: str, seconds: float | None = None) -> None:
        super().__init__(problem)
        self.seconds = seconds


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
        parts = urlsplit(self._base)
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
        asked = replace(asked, url=urljoin(self._base, asked.url))
        where = f"{self.access.source}: {asked.method} {_without_query(asked.url)}"
        self._check_host(asked.url, where)
        self._signed.extend(_secrets_in(asked.headers or {}))
        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(_Again),
                wait=_wait,
                stop=tenacity.stop_after_attempt(self._tries) | tenacity.stop_before_delay(LONGEST_SECONDS),
                sleep=self._sleep,
                reraise=True,
            )(self._once, asked, where)
        except _Again as error:
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
                asked = replace(asked, url=urljoin(asked.url, answer.headers.get("location", "")), params=None)
                self._check_host(asked.url, where)
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
            raise SourceError(f"{where}: {error}", "correct the address") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _Again(f"the connection failed ({type(error).__name__}: {error})") from None

    def _carry(self, headers: Mapping[str, str]) -> None:
        self._client.headers.update(headers)
        self._hidden |= _secrets_in(headers)

    def _check_host(self, url: str, where: str) -> None:
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != self._origin:
            raise SourceError(
                f"{where}: leads to another host, {parts.scheme}://{parts.hostname}; refused, because it would be"
                " given the secret too",
                "if the system moved, correct its address in the source",
            )

    def _check(self, answer: Answer, accept: tuple[int, ...], where: str) -> None:
        status = answer.status
        if status in accept:
            return
        if status in AGAIN:
            raise _Again(f"answered {status}{self.said(answer)}", _retry_after(answer))
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
        # the longest first: one may be a part of another
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "***")
        text = _TOKEN.sub("***", text)
        return "".join(letter if letter.isprintable() else " " for letter in text)

    def _secrets(self) -> set[str]:
        """Those of the source, and what this session logs in with; as they are, line by line, and as they are written
        in addresses and in JSON."""
        secrets = self.access.secrets | {secret.replace("\\n", "\n") for secret in self.access.secrets}
        lines = {line for secret in secrets for line in secret.splitlines() if len(line) >= LEAST_HIDDEN}
        every = {secret for secret in secrets | lines | self._hidden | set(self._signed) if secret}
        return every | {write(secret) for secret in every for write in (quote, quote_plus, _in_json)}


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _secrets_in(headers: Mapping[str, str]) -> set[str]:
    """What a header carries to log us in is no more for others than the secret it was made of."""
    return {
        word
        for name, value in headers.items()
        if _CARRIES_SECRETS.search(name)
        for word in re.split(r"[\s,;=]+", value)
        if len(word) >= LEAST_HIDDEN
    }


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.seconds if isinstance(error, _Again) else None
    jittered = tenacity.wait_random_exponential(multiplier=0.5, max=30)(state)
    return jittered if asked is None else asked + min(jittered, 1.0)


def _retry_after(answer: Answer) -> float | None:
    """Seconds, or a date."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - utc_now()).total_seconds())


def _without_query(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]
