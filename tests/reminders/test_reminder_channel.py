"""Nothing goes to a real address unless the settings say so; and what a server answers is not misread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.email import EmailChannel, Outcome, channel_from_url
from cartera.reminders.delivery import from_settings
from cartera.reminders.message import POLICY
from cartera.settings import Settings

URL = "smtps://user:s3cret%40@mail.empresa.pe:465"
REAL = {"smtp_url": URL, "mail_from": "cobranzas@empresa.pe"}


def choose(**values: object) -> EmailChannel | None:
    return from_settings(Settings(**values))  # type: ignore[arg-type]


def test_without_a_server_nothing_is_real_whatever_else_is_set() -> None:
    assert choose() is None
    assert choose(deliver_to_real_addresses=True) is None


def test_a_server_alone_is_not_permission() -> None:
    with pytest.raises(ConfigError, match="nothing allows writing to real addresses") as caught:
        choose(**REAL)
    assert "s3cret" not in str(caught.value)


def test_permission_is_said_in_words() -> None:
    channel = choose(**REAL, deliver_to_real_addresses=True)
    assert channel is not None
    assert (channel.host, channel.port, channel.tls) == ("mail.empresa.pe", 465, "implicit")
    assert (channel.user, channel.password) == ("user", "s3cret@")
    assert channel.is_real and channel.redirect_to is None and not channel.promises.look_up


def test_all_can_go_to_one_address_of_ours() -> None:
    channel = choose(**REAL, redirect_all_to="yo@empresa.pe")
    assert channel is not None
    assert channel.redirect_to == "yo@empresa.pe" and not channel.is_real
    with pytest.raises(ConfigError, match="CARTERA_REDIRECT_ALL_TO"):
        choose(**REAL, redirect_all_to="yo")


def test_the_placeholder_sender_writes_to_nobody_real() -> None:
    with pytest.raises(ConfigError, match="CARTERA_MAIL_FROM"):
        choose(smtp_url=URL, deliver_to_real_addresses=True)


def test_without_tls_only_to_this_machine() -> None:
    assert channel_from_url("smtp://mail.empresa.pe").tls == "starttls"
    assert channel_from_url("smtp://mail.empresa.pe").port == 587
    assert channel_from_url("smtp://127.0.0.1:2525").tls == "none"


@pytest.mark.parametrize(
    "url", ["", "mail.empresa.pe", "http://x", "smtp://", "smtp://x:99999", "smtp://x:y", "smtp://[x"]
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="CARTERA_SMTP_URL"):
        channel_from_url(url)


class Script:
    """A server that answers each command as it is told, once connection after the other.

    `drop` instead of an answer ends the connection.
    """

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = {
            "EHLO": "250 hi",
            "MAIL": "250 ok",
            "RCPT": "250 ok",
            "DATA": "354 go",
            ".": "250 taken",
        } | answers
        self.bodies: list[bytes] = []
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rwb", buffering=0) as stream:
                stream.write(b"220 script\r\n")
                self._talk(stream)

    def _talk(self, stream: socket.SocketIO) -> None:
        while line := stream.readline():
            word = line.split()[0].decode().upper().split(":")[0]
            answer = self.answers.get(word, "250 ok")
            if answer == "drop":
                return
            stream.write(answer.encode() + b"\r\n")
            if word == "DATA" and answer.startswith("354"):
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += stream.readline()
                self.bodies.append(body)
                if self.answers["."] == "drop":
                    return
                stream.write(self.answers["."].encode() + b"\r\n")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def scripted() -> Iterator[list[Script]]:
    servers: list[Script] = []
    yield servers
    for server in servers:
        server.close()


def hand_over(scripted: list[Script], **answers: str) -> Outcome:
    from email.message import EmailMessage

    server = Script({word.replace("END", "."): answer for word, answer in answers.items()})
    scripted.append(server)
    message = EmailMessage(policy=POLICY)
    message.set_content("hola\n.\nfin")
    channel = EmailChannel("127.0.0.1", server.port, is_real=False, timeout=5)
    try:
        return channel.deliver(message, "yo@a.pe", "ana@b.pe")
    finally:
        channel.close()


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ({}, "sent"),
        ({"RCPT": "550 5.1.1 no such user"}, "bad_address"),
        ({"RCPT": "550 no such user"}, "bad_address"),
        ({"RCPT": "553 5.1.3 bad address"}, "bad_address"),
        ({"RCPT": "550 5.7.1 you are on a list"}, "refused"),
        ({"RCPT": "552 5.2.2 mailbox full"}, "refused"),
        ({"RCPT": "554 go away"}, "refused"),
        ({"RCPT": "451 4.7.1 greylisted"}, "later"),
        ({"RCPT": "421 closing"}, "later"),
        ({"MAIL": "451 busy"}, "later"),
        ({"MAIL": "550 not from you"}, "refused"),
        ({"DATA": "451 busy"}, "later"),
        ({"DATA": "554 no"}, "refused"),
        ({"END": "451 busy"}, "later"),
        ({"END": "554 5.7.1 spam"}, "refused"),
        ({"END": "drop"}, "unknown"),
    ],
)
def test_what_the_server_says_is_what_we_believe(scripted: list[Script], answers: dict[str, str], result: str) -> None:
    assert hand_over(scripted, **answers).result == result


@pytest.mark.parametrize("word", ["EHLO", "MAIL", "RCPT"])
def test_a_connection_lost_before_the_message_lost_nothing(scripted: list[Script], word: str) -> None:
    with pytest.raises(SendError, match=r"127\.0\.0\.1"):
        hand_over(scripted, **({"HELO": "drop"} if word == "EHLO" else {}), **{word: "drop"})


def test_a_lone_dot_does_not_end_the_message(scripted: list[Script]) -> None:
    hand_over(scripted)
    assert b"fin" in scripted[0].bodies[0]
