"""Bounces and answers by e-mail: RFC 3464 notifications as servers write them, from a folder and from IMAP."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from incoming_world import moves, opted_out, reports, sent, state
from reminder_world import World
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.config import Channels
from cartera.reminders.incoming import mail
from cartera.reminders.incoming.collect import collect
from cartera.reminders.incoming.wishes import to_repair
from cartera.settings import Settings

POSTFIX = """From: MAILER-DAEMON@mx.empresa.pe (Mail Delivery System)
To: rebotes@empresa.pe
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-Id: <{own}@mx.empresa.pe>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.empresa.pe.

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.empresa.pe
X-Postfix-Queue-ID: 3B1
Arrival-Date: Mon, 23 Nov 2026 10:00:00 -0500 (PET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.cliente.pe
Diagnostic-Code: smtp; 550 {status} <{recipient}>: Recipient address rejected

--B
Content-Description: Undelivered Message {returned}
Content-Type: {kind}

Return-Path: <rebotes@empresa.pe>
From: Empresa SA <cobranzas@empresa.pe>
Message-ID: {message_id}
Subject: x

hola
--B--
"""


def dsn(contact: dict[str, Any], action: str = "failed", status: str = "5.1.1", **given: str) -> bytes:
    values = {
        "own": "bounce-1",
        "recipient": contact["recipient"],
        "message_id": contact["message_id"],
        "kind": "message/rfc822",
        "returned": "",
        **given,
    }
    return POSTFIX.format(action=action, status=status, **values).replace("\n", "\r\n").encode()


def answer(
    contact: dict[str, Any], body: str, headers: str = "", subject: str = "Re: aviso", threaded: bool = True
) -> bytes:
    thread = f"In-Reply-To: {contact['message_id']}\r\nReferences: <other@x> {contact['message_id']}\r\n"
    return (
        f"From: Ana <{contact['recipient']}>\r\nTo: cobranzas@empresa.pe\r\nSubject: {subject}\r\n"
        f"Message-ID: <{abs(hash(body + headers))}@cliente.pe>\r\n{thread if threaded else ''}{headers}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    return tmp_path / "mail"


def put(folder: Path, *mails: bytes) -> None:
    for number, content in enumerate(mails):
        (folder / "new" / f"{number}.host").write_bytes(content)


def fetch(**bounces: Any) -> dict[str, int]:
    return dict(collect(Settings(), Channels.model_validate({"email": {"bounces": bounces}})))


def test_a_hard_bounce_from_a_maildir(world: World, maildir: Path) -> None:
    contact = sent(world)
    put(maildir, dsn(contact))
    assert fetch(folder=maildir) == {"applied": 1}
    assert state() == ("bounced", "bad_address")
    assert "5.1.1" in to_repair()[0]["reason"]
    assert [path.name for path in (maildir / "cur").iterdir()] == ["0.host:2,S"]
    put(maildir, dsn(contact))
    assert fetch(folder=maildir) == {"again": 1} and moves() == ["bounced"]


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "5.1.1", ("bounced", "bad_address")),
        ("failed", "5.1.10", ("bounced", "bad_address")),
        ("failed", "5.2.2", ("bounced", "send_refused")),
        ("failed", "5.7.1", ("bounced", "send_refused")),
        ("failed", "4.4.7", ("bounced", "send_refused")),
        ("delivered", "2.0.0", ("delivered", None)),
        ("delayed", "4.4.1", ("sent", None)),
        ("relayed", "2.0.0", ("sent", None)),
    ],
)
def test_what_a_server_says_is_what_we_believe(
    world: World, maildir: Path, action: str, status: str, expected: tuple[str, str | None]
) -> None:
    put(maildir, dsn(sent(world), action, status))
    fetch(folder=maildir)
    assert state() == expected


def test_servers_that_return_headers_alone(world: World, maildir: Path) -> None:
    put(maildir, dsn(sent(world), kind="text/rfc822-headers"))
    assert fetch(folder=maildir) == {"applied": 1} and state()[0] == "bounced"


def test_a_notification_of_a_mail_that_is_not_ours_is_kept_aside(world: World, maildir: Path) -> None:
    put(maildir, dsn(sent(world), message_id="<someone@else>"))
    assert fetch(folder=maildir) == {"aside": 1}
    assert state() == ("sent", None)


def test_a_bounce_of_our_test_address_makes_no_address_bad(world: World, maildir: Path) -> None:
    put(maildir, dsn(sent(world), recipient="yo@empresa.pe"))
    fetch(folder=maildir)
    assert state() == ("bounced", "send_refused") and to_repair() == []


def test_an_answer_counts_and_an_automatic_one_does_not(world: World, maildir: Path) -> None:
    contact = sent(world)
    put(maildir, answer(contact, "estoy de vacaciones", "Auto-Submitted: auto-replied\r\n"))
    assert fetch(folder=maildir) == {} and state() == ("sent", None)
    put(maildir, answer(contact, "Ya pagué ayer"))
    assert fetch(folder=maildir) == {"applied": 1} and state() == ("answered", None)
    assert opted_out() == []


@pytest.mark.parametrize("body", ["BAJA", "stop\n\n> Hola"])
def test_an_answer_that_wants_no_more(world: World, maildir: Path, body: str) -> None:
    put(maildir, answer(sent(world), body))
    fetch(folder=maildir)
    assert opted_out() == [("ana", "email", "ana@cliente.pe")]


def test_the_mail_of_the_link_that_unsubscribes(world: World, maildir: Path) -> None:
    contact = sent(world)
    subject = f"stop {contact['id'][:8]}"
    stranger = dict(contact, recipient="otro@cliente.pe")
    put(maildir, answer(stranger, "x", subject=subject, threaded=False))
    assert fetch(folder=maildir) == {"aside": 1} and opted_out() == []
    put(maildir, answer(contact, "y", subject=subject, threaded=False))
    fetch(folder=maildir)
    assert opted_out() == [("ana", "email", "ana@cliente.pe")]


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\xff", b"Content-Type: multipart/report; boundary=x\r\n\r\n--x", b"Subject: =?x?q?=FF?=\r\n\r\n",
     b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
     b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\nContent-Type: message/rfc822\r\n\r\n" * 2000],
)  # fmt: skip
def test_broken_mails_say_nothing(content: bytes) -> None:
    assert mail.reports(content) == []


def test_a_folder_of_eml_files(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(dsn(sent(world)))
    (tmp_path / "note.txt").write_text("not a mail")
    assert fetch(folder=tmp_path) == {"applied": 1}
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["note.txt"]
    assert (tmp_path / "read" / "a.eml").exists()
    with pytest.raises(ConfigError, match=r"email\.bounces\.folder"):
        fetch(folder=tmp_path / "none")


class Imap:
    """As much of IMAP4rev1 as a client that reads needs: one mailbox, keywords kept."""

    def __init__(self, *mails: bytes) -> None:
        self.mails, self.read = list(mails), set[int]()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"imap://ana%40x:s3cret@127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb", buffering=0) as stream:
                stream.write(b"* OK ready\r\n")
                while line := stream.readline():
                    tag, _, command = line.decode().strip().partition(" ")
                    self._answer(stream, tag, command)

    def _answer(self, stream: Any, tag: str, command: str) -> None:
        word = command.upper()
        if word.startswith("CAPABILITY"):
            stream.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif word.startswith("LOGIN") and command != 'LOGIN ana@x "s3cret"':
            stream.write(f"{tag} NO [AUTHENTICATIONFAILED] no {command}\r\n".encode())
            return
        elif word.startswith("SELECT"):
            stream.write(f"* {len(self.mails)} EXISTS\r\n".encode())
        elif word.startswith("UID SEARCH UNKEYWORD"):
            found = [str(n) for n in range(1, len(self.mails) + 1) if n not in self.read]
            stream.write(f"* SEARCH {' '.join(found)}\r\n".encode())
        elif match := re.match(r"UID FETCH (\d+)", word):
            content = self.mails[int(match[1]) - 1]
            stream.write(
                f"* {match[1]} FETCH (UID {match[1]} BODY[] {{{len(content)}}}\r\n".encode() + content + b")\r\n"
            )
        elif match := re.match(r"UID STORE (\d+) \+FLAGS\.SILENT \(\$CARTERAREAD\)", word):
            self.read.add(int(match[1]))
        elif word.startswith("LOGOUT"):
            stream.write(b"* BYE\r\n")
        stream.write(f"{tag} OK done\r\n".encode())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def imap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Imap]:
    server = Imap()
    monkeypatch.setenv("BOUNCES_URL", server.url)
    yield server
    server.close()


def test_bounces_from_imap_are_read_once(world: World, imap: Imap) -> None:
    contact = sent(world)
    imap.mails += [b"Subject: other\r\n\r\nx", dsn(contact)]
    assert fetch(imap={"env": "BOUNCES_URL"}) == {"applied": 1}
    assert state()[0] == "bounced" and imap.read == {1, 2}
    assert fetch(imap={"env": "BOUNCES_URL"}) == {}
    imap.read.clear()  # as if killed before they were marked
    assert fetch(imap={"env": "BOUNCES_URL"}) == {"again": 1} and moves() == ["bounced"]


def test_a_login_that_imap_refuses_tells_no_password(
    database: str, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCES_URL", imap.url.replace("s3cret", "wr0ng"))
    with pytest.raises(SendError, match="mailbox 127.0.0.1") as caught:
        fetch(imap={"env": "BOUNCES_URL"})
    assert "wr0ng" not in str(caught.value)
    monkeypatch.setenv("BOUNCES_URL", "imap://u:wr0ng@mail.empresa.pe")
    with pytest.raises(ConfigError) as unsafe:
        fetch(imap={"env": "BOUNCES_URL"})
    assert "wr0ng" not in str(unsafe.value)


def test_the_commands(world: World, maildir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from cartera.settings import get_settings

    contact = sent(world)
    put(maildir, dsn(contact))
    (tmp_path / "channels.yaml").write_text(f"email:\n  bounces: {{folder: {maildir}}}\n")
    monkeypatch.setenv("CARTERA_CHANNELS_FILE", str(tmp_path / "channels.yaml"))
    get_settings.cache_clear()

    def run(*words: str) -> str:
        result = CliRunner().invoke(commands(), ["reminders", *words], catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    assert '"applied": 1' in run("collect", "--format", "json")
    assert "ana@cliente.pe" in run("repair")
    run("repair", "--works", "ana", "ana@cliente.pe")
    assert '"rows": []' in run("repair", "--format", "json")
    with pytest.raises(ConfigError, match="no section `receive`"):
        run("receive")
    assert reports()[0][:2] == ("bounced", "applied")
