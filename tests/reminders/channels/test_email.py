"""E-mail against a real SMTP server with TLS; its signature checked by the library's verifier; one-click headers."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dkim
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from messages import CONTACT, MAIL, SHORT, outgoing

from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.build import build
from cartera.reminders.channels.config import Channels
from cartera.reminders.channels.dkim_signing import Signer
from cartera.reminders.channels.email import EmailChannel, channel_from_url
from cartera.reminders.channels.links import contact_of_token
from cartera.settings import Settings

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself; the key is in the same file."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(KEY, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_text(made.public_bytes(Encoding.PEM).decode() + PEM)
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Inbox:
    """A handler of aiosmtpd: keeps what comes."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


class Server(Controller):
    """Asks for STARTTLS and a login, or speaks TLS from the start."""

    def __init__(self, certificate: Path, *, implicit: bool) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        self.inbox = Inbox()
        more = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
        super().__init__(
            self.inbox,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self._login,
            auth_required=True,
            auth_require_tls=not implicit,
            **more,
        )

    def _login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (b"user", b"s3cret@"), handled=False)


# with TLS from the start the library warns that it does not ask for STARTTLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture(params=[False, True], ids=["starttls", "tls"])
def server(certificate: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    running = Server(certificate, implicit=request.param)
    running.is_implicit = request.param  # type: ignore[attr-defined]
    running.start()
    yield running
    running.stop()


def channel_to(server: Any, certificate: Path | None, password: str = "s3cret@") -> EmailChannel:
    return EmailChannel(
        "127.0.0.1",
        server.port,
        "implicit" if server.is_implicit else "starttls",
        user="user",
        password=password,
        mail_from="cobranzas@empresa.pe",
        timeout=10,
        ca_file=str(certificate) if certificate else None,
    )


def test_a_mail_goes_over_tls_to_a_server_that_asks_for_a_login(server: Server, certificate: Path) -> None:
    channel = channel_to(server, certificate)
    channel.return_path = "rebotes@empresa.pe"
    assert channel.send(outgoing(MAIL, "ana@cliente.pe")).result == "sent"
    channel.close()
    ((sender, recipients, content),) = server.inbox.mails
    assert (sender, recipients) == ("rebotes@empresa.pe", ["ana@cliente.pe"])
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert mail["Message-ID"] == f"<{CONTACT}@empresa.pe>" and "cobranzas@empresa.pe" in mail["From"]


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(server: Server) -> None:
    with pytest.raises(SendError, match="certificate"):
        channel_to(server, None).send(outgoing(MAIL, "ana@cliente.pe"))
    assert server.inbox.mails == []


def test_a_wrong_password_stops_and_is_not_told(server: Server, certificate: Path) -> None:
    channel = channel_to(server, certificate, "wr0ng-password")
    with pytest.raises(SendError) as caught:
        channel.send(outgoing(MAIL, "ana@cliente.pe"))
    assert "535" in str(caught.value)
    assert "wr0ng" not in str(caught.value) and "wr0ng" not in repr(channel)


class Taken(EmailChannel):
    """Keeps the bytes instead of handing them over."""

    def _envelope(self, sender: str, recipient: str, *, is_last: bool = False) -> None:
        return None

    def _body(self, content: bytes) -> Any:
        from cartera.reminders.channels.base import Outcome

        self.content = content
        return Outcome("sent", "kept")


def composed(**given: Any) -> bytes:
    channel = Taken("127.0.0.1", 25, mail_from="cobranzas@empresa.pe")
    for name, value in given.items():
        setattr(channel, name, value)
    assert channel.send(outgoing(MAIL, "ana@cliente.pe")).result == "sent"
    return channel.content


def read(content: bytes) -> EmailMessage:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_one_click_as_rfc_8058_asks() -> None:
    link = f"https://avisos.empresa.pe/u/{CONTACT}.{'0123456789abcdef' * 2}"
    content = composed(unsubscribe=lambda contact: link)
    assert f"<{link}>".encode() in content, "neither folded nor encoded"
    mail = read(content)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    https, mailto = mail["List-Unsubscribe"].strip().split(", ")
    assert https == f"<{link}>"
    assert mailto == "<mailto:cobranzas@empresa.pe?subject=stop%203f0b5a52>"
    assert read(composed())["List-Unsubscribe-Post"] is None


def test_the_key_of_a_message_is_the_same_for_every_try() -> None:
    assert read(composed())["Message-ID"] == read(composed())["Message-ID"]


def dns(name: bytes, timeout: int = 5) -> bytes:
    import base64

    assert name == b"s1._domainkey.empresa.pe."
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def test_the_signature_holds_and_covers_what_unsubscribes() -> None:
    content = composed(signer=Signer("empresa.pe", "s1", PEM), unsubscribe=lambda contact: "https://a.pe/u/x")
    assert dkim.verify(content, dnsfunc=dns)
    for before, after in (
        (b"Asunto", b"Ausnto"),
        (b"cobranzas@empresa.pe>\r\nTo", b"otra@empresa.pe>\r\nTo"),
        (b"https://a.pe/u/x", b"https://b.pe/u/x"),
        (b"One-Click", b"Two-Click"),
        (b"<p>Hola</p>", b"<p>Hila</p>"),
    ):
        changed = content.replace(before, after)
        if changed != content:
            assert not dkim.verify(changed, dnsfunc=dns), after
    signed = read(content)["DKIM-Signature"].replace(" ", "").lower()
    assert "list-unsubscribe:list-unsubscribe-post" in signed


def test_a_key_that_is_none_is_said_without_it() -> None:
    with pytest.raises(ConfigError, match="DKIM key of s1._domainkey.empresa.pe") as caught:
        Signer("empresa.pe", "s1", "hunter2 is no key")
    assert "hunter2" not in str(caught.value) and "hunter2" not in repr(caught.value.__context__)


def test_e_mail_is_built_from_its_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SMTP", "smtps://u:p@mail.empresa.pe")
    monkeypatch.setenv("A_KEY", PEM)
    monkeypatch.setenv("A_SECRET", "s")
    section = {
        "server": {"env": "A_SMTP"},
        "from": "cobranzas@empresa.pe",
        "dkim": {"domain": "empresa.pe", "selector": "s1", "private_key": {"env": "A_KEY"}},
        "bounces": {"folder": "/var/mail/x"},
    }
    config = Channels.model_validate(
        {"email": section, "receive": {"public_url": "https://a.pe", "secret": {"env": "A_SECRET"}}}
    )
    assert config.email is not None
    channel = build("email", config.email, Settings(), config)
    assert isinstance(channel, EmailChannel) and channel.signer and channel.promises.delivery_reports
    assert channel.unsubscribe is not None
    link = channel.unsubscribe(CONTACT)
    assert link.startswith("https://a.pe/u/") and contact_of_token("s", link.rpartition("/")[2]) == CONTACT
    section["from"] = "cobranzas@otra.pe"
    other = Channels.model_validate({"email": section})
    assert other.email is not None
    with pytest.raises(ConfigError, match="does not sign for"):
        build("email", other.email, Settings(), other)


def test_an_sms_is_no_e_mail() -> None:
    assert channel_from_url("smtp://127.0.0.1:1").send(outgoing(SHORT)).result == "refused"
