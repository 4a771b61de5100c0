"""The mailbox to look at in a browser: a list, and each message as its text, its HTML and its source.

Messages hold what debtors and ERPs wrote. Pages run no script and load nothing; a message's HTML is shown in
a sandboxed frame under a policy of its own. Only GET, only from this machine under its own name.
"""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader

from cartera.errors import CarteraError
from cartera.sandbox.mailbox import content
from cartera.sandbox.mailbox.store import MessageStore

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
MESSAGE_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
MESSAGES_PER_PAGE = 100

_templates = Environment(loader=PackageLoader("cartera.sandbox.mailbox"), autoescape=True)


class MailboxPages:
    """Serves a store's messages on a free port of 127.0.0.1, in a thread, for as long as the block runs."""

    def __init__(self, store: MessageStore) -> None:
        class Handler(_Handler):
            pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Handler.store, Handler.port = store, self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="mailbox-web", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    store: MessageStore
    port: int
    timeout = 30
    server_version = "Cartera"
    sys_version = ""

    def do_GET(self) -> None:
        if not self._is_ours():
            self._send("421: ask for 127.0.0.1", HTTPStatus.MISDIRECTED_REQUEST, "text/plain")
            return
        address = urlsplit(self.path)
        parts = [part for part in address.path.split("/") if part]
        try:
            self._route(parts, parse_qs(address.query))
        except CarteraError as error:
            self._send(error.problem, HTTPStatus.NOT_FOUND, "text/plain")

    do_HEAD = do_GET

    def _route(self, parts: list[str], query: dict[str, list[str]]) -> None:
        match parts:
            case []:
                self._list(query)
            case ["messages", id]:
                self._page("message.html.j2", id=id, **_shown(self.store.read(id)))
            case ["messages", id, "html"]:
                html = content.html_part(content.parse(self.store.read(id)))
                self._send(html or "", HTTPStatus.OK, "text/html", MESSAGE_POLICY)
            case ["messages", id, "attachments", position] if position.isdecimal() and len(position) < 4:
                self._attachment(id, int(position))
            case ["messages", id, "source"]:
                self._send(self.store.read(id).decode("utf-8", "replace"), HTTPStatus.OK, "text/plain")
            case _:
                self._send("404: there is no such page", HTTPStatus.NOT_FOUND, "text/plain")

    def _list(self, query: dict[str, list[str]]) -> None:
        to, channel = query.get("to", [""])[0].strip(), query.get("channel", [""])[0].strip()
        before = int(query["before"][0]) if query.get("before", [""])[0].isdecimal() else None
        messages = self.store.messages()
        found = [
            message
            for message in reversed(messages)
            if (not channel or message.channel == channel)
            and (not to or any(to.lower() in address.lower() for address in message.recipients))
            and (before is None or int(message.id) < before)
        ]
        shown = found[:MESSAGES_PER_PAGE]
        channels = sorted({message.channel for message in messages})
        self._page(
            "list.html.j2", messages=shown, to=to, before=before, older=len(found) - len(shown),
            channel=channel, channels=channels,
        )  # fmt: skip

    def _attachment(self, id: str, position: int) -> None:
        """A PDF is given to be kept, never shown in this page's place; what else it may be is bytes."""
        found = content.attachment(content.parse(self.store.read(id)), position)
        if found is None:
            self._send("404: there is no such attachment", HTTPStatus.NOT_FOUND, "text/plain")
            return
        kind, name = (
            ("application/pdf", "pdf") if found[0] == "application/pdf" else ("application/octet-stream", "bin")
        )
        self._send_bytes(
            found[1], HTTPStatus.OK, kind, MESSAGE_POLICY, f'attachment; filename="{id}-{position}.{name}"'
        )

    def _page(self, template: str, **values: Any) -> None:
        self._send(_templates.get_template(template).render(values), HTTPStatus.OK, "text/html")

    def _is_ours(self) -> bool:
        """Another site's script could reach us under a name of its own that points here (DNS rebinding)."""
        return self.headers.get("Host", "") in (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    def _send(self, text: str, status: HTTPStatus, kind: str, policy: str = PAGE_POLICY) -> None:
        self._send_bytes(text.encode("utf-8", "replace"), status, f"{kind}; charset=utf-8", policy)

    def _send_bytes(self, body: bytes, status: HTTPStatus, kind: str, policy: str, disposition: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if disposition:
            self.send_header("Content-Disposition", disposition)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads a log of page views on one's own machine."""


def _shown(stored: bytes) -> dict[str, Any]:
    message = content.parse(stored)
    return {
        "subject": "".join(content.header_texts(message, "Subject")[:1]),
        "channel": "".join(content.header_texts(message, "X-Cartera-Channel")[:1]).strip() or "email",
        "headers": content.headers(message),
        "text": content.text_part(message),
        "has_html": content.html_part(message) is not None,
        "attachments": content.attachments(message),
    }
