"""An SMTP server that accepts everything and delivers nothing: each message is stored where it can be looked at."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from cartera.errors import CarteraError
from cartera.sandbox.mailbox.store import MessageStore, StoredMessage

MAX_BYTES = 10_000_000
_START_SECONDS = 10


class Mailbox:
    """The server in a thread of this process, on a free port of 127.0.0.1.

    with Mailbox(home) as mailbox:
        host, port = mailbox.address

    For tests: `refuse` answers recipients that match a pattern with 4xx or 5xx; messages to recipients that
    match `hang_up_after` are stored, but the connection is cut before the sender is told so.
    """

    def __init__(
        self, home: Path, *, refuse: Mapping[str, int] | None = None, hang_up_after: str | None = None
    ) -> None:
        self.store = MessageStore(home / "mailbox")
        self._handler = _Handler(self.store, refuse or {}, hang_up_after)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="mailbox", daemon=True)
        self._started = threading.Event()
        self._port: int | None = None

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) of the SMTP server. Raises CarteraError when it is not started."""
        if self._port is None:
            raise CarteraError("the mailbox is not started", "call start() first")
        return "127.0.0.1", self._port

    def messages(self) -> list[StoredMessage]:
        return self.store.messages()

    def start(self) -> tuple[str, int]:
        """Listen; returns (host, port). Raises CarteraError when no port of 127.0.0.1 can be had."""
        self._thread.start()
        if not self._started.wait(_START_SECONDS) or self._port is None:
            raise CarteraError("the mailbox could not listen on 127.0.0.1", "see whether loopback is up")
        return self.address

    def stop(self) -> None:
        """Stop listening; the messages stay."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_START_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(self._loop.create_server(self._connection, "127.0.0.1", 0))
        except OSError:
            self._started.set()
            self._loop.close()
            return
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(_end_tasks())
        self._loop.close()

    def _connection(self) -> SMTP:
        return SMTP(
            self._handler,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname="mailbox.localhost",
            ident="Cartera sandbox mailbox",
            loop=self._loop,
        )


class _Handler:
    """What aiosmtpd asks at each step; its method names are the library's."""

    def __init__(self, store: MessageStore, refuse: Mapping[str, int], hang_up_after: str | None) -> None:
        self._store = store
        self._refuse = [(re.compile(pattern, re.IGNORECASE), code) for pattern, code in refuse.items()]
        self._hang_up_after = re.compile(hang_up_after, re.IGNORECASE) if hang_up_after else None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        for pattern, code in self._refuse:
            if pattern.fullmatch(address):
                status = "5.1.1" if code >= 500 else "4.2.1"
                return f"{code} {status} refused, as the sandbox was told"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        body = content if isinstance(content, bytes) else str(content or "").encode()
        recipients = [str(address) for address in envelope.rcpt_tos]
        try:
            stored = self._store.save(str(envelope.mail_from or ""), recipients, body)
        except OSError as error:
            return f"452 4.3.1 not stored: {error.strerror}"
        hangs_up = self._hang_up_after and any(self._hang_up_after.fullmatch(address) for address in recipients)
        if hangs_up and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return f"250 OK stored as {stored.id}"


async def _end_tasks() -> None:
    """Connections that clients left open."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
