"""Reports that are fetched: bounces and answers from a mailbox or a folder, and states that Twilio is asked for.

What was read is marked in the mailbox, or moved in the folder, after the ledger has it: killed in between, it is read
again, and changes nothing.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cartera.db import Role, transaction
from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.base import CHANNELS
from cartera.reminders.channels.build import build
from cartera.reminders.channels.config import Bounces, Channels, Twilio
from cartera.reminders.channels.http import LOOPBACK, Lost
from cartera.reminders.channels.twilio import TwilioChannel
from cartera.reminders.incoming import mail, twilio
from cartera.reminders.incoming.reports import Report, Was, take
from cartera.settings import Settings
from cartera.warehouse.read import rows

READ = "$CarteraRead"
MOST_BYTES = 10_000_000
ASKED_AT_MOST = 500
IMAP_SECONDS = 60


def collect(settings: Settings, config: Channels) -> Counter[Was]:
    """Everything that can be fetched. Raises ConfigError, SendError."""
    taken: Counter[Was] = Counter()
    bounces = config.email.bounces if config.email else None
    if bounces is not None:
        taken += _from_folder(bounces.folder) if bounces.folder else _from_imap(bounces)
    for name in CHANNELS:
        way = config.way(name)
        if isinstance(way, Twilio) and way.switched_on:
            channel = build(name, way, settings, config)
            assert isinstance(channel, TwilioChannel)
            try:
                taken += take(_asked(channel))
            finally:
                channel.close()
    return taken


def _from_folder(folder: Path) -> Counter[Was]:
    """A maildir (its `new` is moved to `cur`), or a folder of .eml files (moved to `read`)."""
    taken: Counter[Was] = Counter()
    is_maildir = (folder / "new").is_dir()
    source, target = (folder / "new", folder / "cur") if is_maildir else (folder, folder / "read")
    try:
        found = sorted(path for path in source.iterdir() if path.is_file() and (is_maildir or path.suffix == ".eml"))
        for path in found:
            with path.open("rb") as file:
                taken += take(mail.reports(file.read(MOST_BYTES)))
            target.mkdir(exist_ok=True)
            path.rename(target / (f"{path.name}:2,S" if is_maildir else path.name))
    except OSError as error:
        raise ConfigError(
            f"bounces: {error.filename or folder}: {error.strerror}", "correct email.bounces.folder in channels.yaml"
        ) from None
    return taken


def _from_imap(bounces: Bounces) -> Counter[Was]:
    assert bounces.imap is not None
    taken: Counter[Was] = Counter()
    parts = urlsplit(bounces.imap.read())
    where = f"mailbox {parts.hostname}"
    client: imaplib.IMAP4 | None = None
    try:
        client = _opened(parts.scheme, parts.hostname or "", parts.port)
        client.login(unquote(parts.username or ""), unquote(parts.password or ""))
        _checked(client.select(f'"{bounces.mailbox}"'))
        (numbers,) = _checked(client.uid("SEARCH", "UNKEYWORD", READ))
        for number in (numbers or b"").split():
            fetched = _checked(client.uid("FETCH", number.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
            for part in fetched:
                if isinstance(part, tuple):
                    taken += take(mail.reports(part[1]))
            _checked(client.uid("STORE", number.decode(), "+FLAGS.SILENT", f"({READ})"))
    except imaplib.IMAP4.error as error:
        # what the server said may quote what it was given
        said = re.sub(re.escape(unquote(parts.password or "\0")), "***", str(error))[:200]
        raise SendError(f"{where}: {said}", "see the secret that email.bounces.imap names, and the mailbox") from None
    except (OSError, ValueError) as error:
        raise SendError(f"{where}: {type(error).__name__}", "see the address in the secret, or try later") from None
    finally:
        if client is not None:
            try:
                client.logout()
            except (OSError, imaplib.IMAP4.error):
                client.shutdown()
    return taken


def _opened(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    """imaps, or imap to this machine alone."""
    if scheme == "imaps" and host:
        return imaplib.IMAP4_SSL(host, port or 993, ssl_context=ssl.create_default_context(), timeout=IMAP_SECONDS)
    if scheme == "imap" and host in LOOPBACK:
        return imaplib.IMAP4(host, port or 143, timeout=IMAP_SECONDS)
    raise ConfigError("the secret of email.bounces.imap is no address", "write imaps://user:password@host")


def _checked(answer: tuple[str, Any]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status} {data!r}")
    return list(data)


def _asked(channel: TwilioChannel) -> Iterator[Report]:
    """The states of what Twilio was given lately and has not settled."""
    with transaction(Role.campaign) as connection:
        found = rows(connection, _OPEN, {"channel": channel.name, "limit": ASKED_AT_MOST})
    for row in found:
        try:
            answer = channel.state_of(row["provider_id"])
        except Lost:
            continue
        report = twilio.state(
            row["provider_id"],
            str(answer.get("status") or ""),
            "voice" if channel.name == "voice" else "whatsapp" if channel.name == "whatsapp" else "sms",
            str(answer.get("error_code") or ""),
            to=str(answer.get("to") or "") or None,
        )
        if report:
            yield report


_OPEN = """
select distinct on (contact_id) contact_id, detail ->> 'provider_id' as provider_id
from ops.contacts join ops.contact_events using (contact_id)
where channel = %(channel)s and status in ('sent', 'unknown') and contact_date > current_date - 7
    and detail ? 'provider_id'
order by contact_id, event_id desc limit %(limit)s
"""
