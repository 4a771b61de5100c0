"""The receiver: a small HTTP server on 127.0.0.1 that takes reports. A web server of yours with TLS stands before it.

    POST /twilio            Twilio's states and answers (X-Twilio-Signature)
    GET  /meta              Meta asks once whether we are we (verify_token)
    POST /meta              Meta's states and answers (X-Hub-Signature-256)
    POST /reports           any other system's, signed as our own webhook is
    GET, POST /u/<link>     the link to hear no more

What is not signed is refused before it is read. Nothing of what came is logged.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg2

from cartera.errors import CarteraError, ConfigError
from cartera.reminders.channels.config import Channels, Meta, Secret, Twilio
from cartera.reminders.channels.links import contact_of_token
from cartera.reminders.channels.webhook import SIGNATURE, TIMESTAMP
from cartera.reminders.incoming import meta, twilio, unsubscribe, webhook
from cartera.reminders.incoming.reports import Report, take

MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Keys:
    """What signs what comes in. An empty one takes nothing."""

    public_url: str
    secret: str
    twilio_tokens: tuple[str, ...] = ()
    meta_secret: str = ""
    meta_verify: str = ""


@dataclass(frozen=True)
class Reply:
    status: HTTPStatus
    text: str = ""
    kind: str = "text/plain"


def keys_of(config: Channels) -> Keys:
    """Raises ConfigError when nothing says where reports come in, or a secret is missing."""
    if config.receive is None:
        raise ConfigError("channels.yaml has no section `receive`", "write it as channels.example.yaml does")
    ways, by_meta = (config.sms, config.voice, config.whatsapp), config.whatsapp
    return Keys(
        config.receive.public_url,
        config.receive.secret.read(),
        tuple(dict.fromkeys(way.auth_token.read() for way in ways if isinstance(way, Twilio))),
        _read(by_meta.app_secret) if isinstance(by_meta, Meta) else "",
        _read(by_meta.verify_token) if isinstance(by_meta, Meta) else "",
    )


def _read(secret: Secret | None) -> str:
    return secret.read() if secret else ""


def answer(keys: Keys, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """What one request gets. `headers` by lower-case name; `target` with its query."""
    parts = urlsplit(target)
    steps = [step for step in parts.path.split("/") if step]
    match method, steps:
        case "POST", ["twilio"]:
            return _twilio(keys, target, parts.query, headers, body)
        case "GET", ["meta"]:
            return _meta_asks(keys, dict(parse_qsl(parts.query)))
        case "POST", ["meta"]:
            return _meta(keys, headers, body)
        case "POST", ["reports"]:
            return _reports(keys, headers, body)
        case "GET" | "HEAD" | "POST", ["u", link]:
            return _unsubscribe(keys, method, link)
        case _:
            return Reply(HTTPStatus.NOT_FOUND, "there is nothing here")


def _twilio(keys: Keys, target: str, query: str, headers: Mapping[str, str], body: bytes) -> Reply:
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    url, given = keys.public_url + target, headers.get("x-twilio-signature", "")
    if not any(twilio.is_signed(token, url, form, given) for token in keys.twilio_tokens):
        return Reply(HTTPStatus.FORBIDDEN, "not signed by Twilio")
    take(twilio.reports(dict(parse_qsl(query)), form))
    return Reply(HTTPStatus.OK, "<Response/>", "text/xml")


def _meta_asks(keys: Keys, query: Mapping[str, str]) -> Reply:
    given = query.get("hub.verify_token", "")
    if keys.meta_verify and hmac.compare_digest(given.encode(), keys.meta_verify.encode()):
        return Reply(HTTPStatus.OK, query.get("hub.challenge", "")[:200])
    return Reply(HTTPStatus.FORBIDDEN, "not our verify token")


def _meta(keys: Keys, headers: Mapping[str, str], body: bytes) -> Reply:
    if not keys.meta_secret or not meta.is_signed(keys.meta_secret, body, headers.get("x-hub-signature-256", "")):
        return Reply(HTTPStatus.FORBIDDEN, "not signed by Meta")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Reply(HTTPStatus.BAD_REQUEST, "not JSON")
    take(meta.reports(document))
    return Reply(HTTPStatus.OK)


def _reports(keys: Keys, headers: Mapping[str, str], body: bytes) -> Reply:
    timestamp, given = headers.get(TIMESTAMP.lower(), ""), headers.get(SIGNATURE.lower(), "")
    if not webhook.is_signed(keys.secret, timestamp, body, given):
        return Reply(HTTPStatus.FORBIDDEN, "not signed, or longer than five minutes ago")
    try:
        found: Sequence[Report] = webhook.reports(body)
    except ValueError as error:
        return Reply(HTTPStatus.BAD_REQUEST, str(error))
    return Reply(HTTPStatus.OK, json.dumps(dict(take(found))), "application/json")


def _unsubscribe(keys: Keys, method: str, link: str) -> Reply:
    contact_id = contact_of_token(keys.secret, link)
    if contact_id is None:
        return Reply(HTTPStatus.NOT_FOUND, "this link is not one of ours, or was cut short")
    if method != "POST":
        return Reply(HTTPStatus.OK, unsubscribe.page(unsubscribe.ASK), "text/html")
    take([unsubscribe.report(contact_id)])
    return Reply(HTTPStatus.OK, unsubscribe.page(unsubscribe.DONE), "text/html")


class Receiver:
    """Listens on 127.0.0.1 for as long as the block runs. Port 0: any that is free."""

    def __init__(self, keys: Keys, port: int) -> None:
        class Handler(_Handler):
            pass

        Handler.keys = keys
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise ConfigError(
                f"port {port} of 127.0.0.1: {error.strerror}", "end what uses it, or give --port"
            ) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self) -> None:
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    keys: Keys
    timeout = 30
    server_version = "Cartera"
    sys_version = ""

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= MOST_BYTES:
            self._send(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too much"))
            return
        self._answer(self.rfile.read(length))

    def do_GET(self) -> None:
        self._answer(b"")

    do_HEAD = do_GET

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = answer(self.keys, self.command, self.path, headers, body)
        except (CarteraError, psycopg2.OperationalError):
            # the database is away: the provider will tell it again
            reply = Reply(HTTPStatus.SERVICE_UNAVAILABLE, "try again later")
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        body = reply.text.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", f"{reply.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses of links are as good as passwords: they are not logged."""
