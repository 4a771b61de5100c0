"""E-mail by SMTP: one connection for a run, and for each message what the server really said.

SMTP has no idempotency key. What is known for sure: before the message's body is handed over nothing was
delivered; a reply to it says yes or no; a connection lost in between leaves it unknown. A mailbox of
our own can be asked by Message-ID; a server of others can't.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal
from urllib.parse import unquote, urlsplit

from cartera.clock import utc_now
from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere, one_line
from cartera.reminders.channels.dkim_signing import Signer
from cartera.reminders.content import Rendered
from cartera.reminders.message import Envelope, compose

Tls = Literal["none", "starttls", "implicit"]

TIMEOUT_SECONDS = 30.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# what a server says of the recipient's address itself, not of us, our rights or the message (RFC 3463)
BAD_ADDRESS_CODES = (550, 551, 553)
ADDRESS_STATUS = "5.1."


@dataclass
class EmailChannel:
    """An SMTP server. `is_real`: what it takes may reach a debtor. `finder`: whether it has a Message-ID, where it
    is a mailbox of our own.

    `redirect_to`: every message goes there instead of to its recipient. `return_path`: where bounces go, which are
    read when `reads_bounces`. `unsubscribe`: the link of a contact to hear no more. `ca_file`: whose certificates are
    believed besides the system's.
    """

    host: str
    port: int
    tls: Tls = "none"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    is_real: bool = True
    redirect_to: str | None = None
    finder: Callable[[str], bool] | None = None
    timeout: float = TIMEOUT_SECONDS
    mail_from: str = "cobranzas@example.com"
    name: str = "email"
    return_path: str | None = None
    reads_bounces: bool = False
    unsubscribe: Callable[[str], str] | None = None
    signer: Signer | None = None
    ca_file: str | None = None
    _client: smtplib.SMTP | None = None

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=None, look_up=self.finder is not None, delivery_reports=self.reads_bounces)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        """Hand over one message. Raises SendError when the server can't be reached: nothing was delivered."""
        if not isinstance(message.content, Rendered):
            return Outcome("refused", f"e-mail sends no {type(message.content).__name__}")
        envelope = Envelope(
            contact_id=message.contact_id,
            message_id=message.key,
            sender=self.mail_from,
            recipient=message.recipient,
            creditor=message.creditor,
            redirect_to=self.redirect_to,
            unsubscribe_url=self.unsubscribe(message.contact_id) if self.unsubscribe else None,
        )
        composed = compose(message.content, envelope, utc_now())
        return self.deliver(composed, self.return_path or self.mail_from, self.redirect_to or message.recipient, at)

    def look_up(self, key: str) -> bool | None:
        return self.finder(key) if self.finder else None

    def reach(self) -> None:
        """Connect, where that is not done. Raises SendError when the server can't be reached."""
        try:
            self._connected()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise self._unreachable(error) from None

    def deliver(self, message: EmailMessage, sender: str, recipient: str, at: AtPoint = nowhere) -> Outcome:
        """Hand over a finished e-mail."""
        content = message.as_bytes()
        if self.signer:
            content = self.signer.signed(content)
        try:
            refused = self._envelope(sender, recipient)
        except smtplib.SMTPServerDisconnected:
            # servers close idle connections; nothing of this message was handed over yet
            self.close()
            refused = self._envelope(sender, recipient, is_last=True)
        if refused:
            self._reset()
            return refused
        at("before_call")
        outcome = self._body(content)
        at("after_call")
        return outcome

    def _envelope(self, sender: str, recipient: str, *, is_last: bool = False) -> Outcome | None:
        """Connect and name sender and recipient; None when the server accepts them."""
        try:
            client = self._connected()
            code, answer = client.mail(sender)
            if code != 250:
                return _refusal(code, answer, of_recipient=False)
            code, answer = client.rcpt(recipient)
            return None if code in (250, 251) else _refusal(code, answer, of_recipient=True)
        except smtplib.SMTPServerDisconnected as error:
            if is_last:
                raise self._unreachable(error) from None
            raise
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise self._unreachable(error) from None

    def _body(self, content: bytes) -> Outcome:
        assert self._client is not None
        try:
            code, answer = self._client.data(content)
        except smtplib.SMTPDataError as error:
            # refused at the word DATA: the body was not handed over
            self._reset()
            return _refusal(error.smtp_code, error.smtp_error, of_recipient=False)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome("unknown", f"the connection was lost while the message was handed over: {error}")
        if code == 250:
            return Outcome("sent", _text(answer))
        return _refusal(code, answer, of_recipient=False)

    def _connected(self) -> smtplib.SMTP:
        if self._client is None:
            context = ssl.create_default_context()
            if self.ca_file:
                context.load_verify_locations(self.ca_file)
            if self.tls == "implicit":
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, _own_name(), timeout=self.timeout, context=context
                )
            else:
                client = smtplib.SMTP(self.host, self.port, _own_name(), timeout=self.timeout)
            self._client = client
            if self.tls == "starttls":
                client.starttls(context=context)
            if self.user:
                client.login(self.user, self.password or "")
            client.ehlo_or_helo_if_needed()
        return self._client

    def _unreachable(self, error: Exception) -> SendError:
        return SendError(
            f"mail server {self.host}:{self.port}: {error}",
            "nothing was lost: correct CARTERA_SMTP_URL or wait for the server, and send again",
        )

    def _reset(self) -> None:
        try:
            if self._client:
                self._client.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        """End the connection; sending opens a new one."""
        client, self._client = self._client, None
        if client:
            try:
                client.quit()
            except (OSError, smtplib.SMTPException):
                client.close()


def _own_name() -> str:
    """How we greet. smtplib would ask the name server, which may take long where there is none."""
    return socket.gethostname() or "localhost"


def _refusal(code: int, answer: bytes | str, *, of_recipient: bool) -> Outcome:
    """4xx: try later. 5xx: no; at RCPT it mostly speaks of the address, else of the message or of us."""
    text = _text(answer)
    if 400 <= code < 500:
        return Outcome("later", f"{code} {text}")
    is_address = of_recipient and (text.startswith(ADDRESS_STATUS) or code in BAD_ADDRESS_CODES and text[:2] != "5.")
    return Outcome("bad_address" if is_address else "refused", f"{code} {text}")


def _text(answer: bytes | str) -> str:
    return one_line(answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer)


def channel_from_url(
    url: str, *, mail_from: str = "cobranzas@example.com", redirect_to: str | None = None
) -> EmailChannel:
    """smtps://user:password@host:465 (TLS from the start) or smtp://user:password@host:587 (STARTTLS).

    Without TLS only to this machine. Raises ConfigError without the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _not_a_url() from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == 0:
        raise _not_a_url()
    tls: Tls = "implicit" if parts.scheme == "smtps" else "none" if parts.hostname in LOOPBACK else "starttls"
    return EmailChannel(
        host=parts.hostname,
        port=port or (465 if parts.scheme == "smtps" else 587),
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        is_real=redirect_to is None,
        redirect_to=redirect_to,
        mail_from=mail_from,
    )


def _not_a_url() -> ConfigError:
    return ConfigError("CARTERA_SMTP_URL is not the URL of a mail server", "write smtps://user:password@host:465")
