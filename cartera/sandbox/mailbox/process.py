"""The mailbox as a program that keeps running: one for each state folder, found again by its record."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cartera import services
from cartera.db.files import make_home
from cartera.errors import CarteraError, ConfigError
from cartera.sandbox.mailbox.smtp import Mailbox
from cartera.sandbox.mailbox.web import MailboxPages
from cartera.settings import PACKAGE_DIR, get_settings

WEB_SERVICE, SMTP_SERVICE = "mailbox", "mailbox-smtp"
CHECK_SECONDS = 3.0
_START_SECONDS = 60.0
_started: list[subprocess.Popen[bytes]] = []  # kept, or Python would warn that they still run, as they should


@dataclass(frozen=True)
class MailboxAddress:
    """Where the running mailbox takes messages, and where to look at them."""

    smtp_host: str
    smtp_port: int
    web_address: str


def running_mailbox(home: Path) -> MailboxAddress | None:
    """The mailbox that runs for this state folder, or None."""
    _refuse_other(home)
    web, smtp = services.find(WEB_SERVICE), services.find(SMTP_SERVICE)
    if web is None or smtp is None:
        return None
    address = urlsplit(smtp.address)
    return MailboxAddress(address.hostname or "127.0.0.1", address.port or 0, web.address)


def ensure_mailbox(home: Path) -> MailboxAddress:
    """The running mailbox; started in a process of its own when there is none. Raises CarteraError."""
    found = running_mailbox(home)
    if found:
        return found
    make_home(home)
    log = home / "logs" / "mailbox.log"
    process = _start(home, log)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        found = running_mailbox(home)
        if found:
            return found
        if ended and not _is_served(home):
            break
        time.sleep(0.05)
    raise CarteraError("the sandbox mailbox did not start", f"see {log}")


def serve(home: Path, on_ready: Callable[[MailboxAddress], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or until the state folder is removed.

    Raises ConfigError when another process serves this folder's mailbox.
    """
    _refuse_other(home)
    make_home(home)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with _lock(home), Mailbox(home) as mailbox, MailboxPages(mailbox.store) as pages:
        host, port = mailbox.address
        with (
            services.registered(SMTP_SERVICE, f"smtp://{host}:{port}"),
            services.registered(WEB_SERVICE, pages.url),
        ):
            if on_ready:
                on_ready(MailboxAddress(host, port, pages.url))
            while not ended.wait(CHECK_SECONDS) and _is_recorded():
                pass


def _is_recorded() -> bool:
    """A mailbox whose folder was removed would run for ever, found by nobody."""
    service = services.find(WEB_SERVICE)
    return service is not None and service.pid == os.getpid()


def _start(home: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cartera.sandbox.mailbox"],
            env=os.environ | {"CARTERA_HOME": str(home)},
            cwd=PACKAGE_DIR.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _started.append(process)
    return process


def _refuse_other(home: Path) -> None:
    if home.absolute() != get_settings().home:
        raise ConfigError(f"{home} is not the state folder in use", f"set CARTERA_HOME={home}")


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """One server for each folder; the kernel frees the lock when the process dies."""
    with (home / "run" / "mailbox.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("the mailbox is being served already", "cartera stop ends it") from None
        yield


def _is_served(home: Path) -> bool:
    """Another process, started at the same moment, may be about to record itself."""
    with suppress(ConfigError), _lock(home):
        return False
    return True
