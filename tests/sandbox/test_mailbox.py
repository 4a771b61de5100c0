"""The sandbox mailbox: every message is kept once it is accepted, and none can trick its reader."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartera import services
from cartera.errors import CarteraError, ConfigError
from cartera.sandbox.mailbox import Mailbox, MessageStore, ensure_mailbox, running_mailbox
from cartera.sandbox.mailbox import content as reading
from cartera.sandbox.mailbox.process import CHECK_SECONDS, serve
from cartera.sandbox.mailbox.web import MailboxPages


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path) as started:
        yield started


def a_message(
    subject: str = "Recordatorio: 3 facturas vencidas — señal ñ", to: str = "pagos@example.com"
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "cobranzas@example.com", "pagos@example.com"
    message["Message-ID"] = "<contact-17@cartera.example>"
    message.set_content("Estimada Peña y Cía.:\nDebe S/ 1.234,50\n")
    message.add_alternative("<h1>Peña &amp; Cía.</h1><script>alert(1)</script>", subtype="html")
    return message


def send(mailbox: Mailbox, message: EmailMessage | bytes, to: str = "pagos@example.com") -> None:
    with smtplib.SMTP(*mailbox.address, timeout=10) as client:
        if isinstance(message, bytes):
            client.sendmail("cobranzas@example.com", [to], message, mail_options=["BODY=8BITMIME"])
        else:
            client.send_message(message, to_addrs=[to])


def test_a_message_is_stored_and_read_back(mailbox: Mailbox) -> None:
    send(mailbox, a_message())
    [stored] = mailbox.messages()
    assert stored.id == "000001"
    assert stored.subject == "Recordatorio: 3 facturas vencidas — señal ñ"
    assert (stored.mail_from, stored.recipients) == ("cobranzas@example.com", ("pagos@example.com",))
    assert stored.message_id == "<contact-17@cartera.example>"
    message = reading.parse(mailbox.store.read(stored.id))
    assert reading.text_part(message) == "Estimada Peña y Cía.:\r\nDebe S/ 1.234,50\r\n"
    assert "<h1>Peña" in (reading.html_part(message) or "")


def test_eight_bit_bodies_and_headers_arrive_unchanged(mailbox: Mailbox) -> None:
    raw = (
        "Subject: Señor Núñez\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        "\r\n.línea con punto\r\nñandú €\r\n"
    ).encode()
    send(mailbox, raw)
    [stored] = mailbox.messages()
    assert mailbox.store.read(stored.id).endswith(raw)
    assert (stored.subject, stored.size) == ("Señor Núñez", len(raw))


def test_addresses_beyond_ascii_are_accepted(mailbox: Mailbox) -> None:
    with smtplib.SMTP(*mailbox.address) as client:
        client.ehlo()
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        client.sendmail("a@example.com", ["peña@example.com"], "Subject: ñ\r\n\r\nñ".encode(), mail_options=options)
    assert mailbox.messages()[0].recipients == ("peña@example.com",)


def test_a_double_delivery_is_seen_as_two(mailbox: Mailbox) -> None:
    send(mailbox, a_message())
    send(mailbox, a_message())
    first, second = mailbox.messages()
    assert first.message_id == second.message_id
    assert (first.id, second.id) == ("000001", "000002")


def test_messages_survive_restarts_and_the_loss_of_the_index(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as first:
        send(first, a_message("uno"))
    with Mailbox(tmp_path) as second:
        send(second, a_message("dos"))
        before = second.messages()
    assert [message.subject for message in before] == ["uno", "dos"]
    (tmp_path / "mailbox" / "index.jsonl").unlink()
    assert MessageStore(tmp_path / "mailbox").messages() == before


def test_an_index_cut_short_by_a_crash_loses_nothing(mailbox: Mailbox, tmp_path: Path) -> None:
    send(mailbox, a_message("uno"))
    index = tmp_path / "mailbox" / "index.jsonl"
    index.write_bytes(index.read_bytes()[:40])
    send(mailbox, a_message("dos"))
    assert [message.subject for message in mailbox.messages()] == ["uno", "dos"]


def test_a_sender_cannot_forge_the_envelope(mailbox: Mailbox, tmp_path: Path) -> None:
    send(mailbox, b"X-Mailbox-To: victim@example.com\r\nX-Mailbox-End: -\r\nSubject: x\r\n\r\nbody\r\n")
    (tmp_path / "mailbox" / "index.jsonl").unlink()
    assert mailbox.messages()[0].recipients == ("pagos@example.com",)


def test_two_writers_never_overwrite_each_other(tmp_path: Path) -> None:
    stores = [MessageStore(tmp_path / "mailbox") for _ in range(4)]

    def write(store: MessageStore) -> None:
        for number in range(25):
            store.save("a@example.com", ["b@example.com"], f"Subject: {number}\r\n\r\n".encode())

    threads = [threading.Thread(target=write, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [message.id for message in stores[0].messages()] == [f"{number:06d}" for number in range(1, 101)]


def test_recipients_are_refused_as_told(tmp_path: Path) -> None:
    with Mailbox(tmp_path, refuse={r".*@full\.example": 451, r"gone@.*": 550}) as mailbox:
        for to, code in (("a@full.example", 451), ("GONE@example.com", 550)):
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                send(mailbox, a_message(), to)
            assert refused.value.recipients[to][0] == code
        send(mailbox, a_message(), "here@example.com")
        assert [message.recipients for message in mailbox.messages()] == [("here@example.com",)]


def test_a_connection_cut_after_the_message_leaves_it_stored(tmp_path: Path) -> None:
    """What a sender must take for unknown (law 6): the message is there and the answer is not."""
    with Mailbox(tmp_path, hang_up_after=r".*@cut\.example") as mailbox:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(mailbox, a_message(), "a@cut.example")
        assert len(mailbox.messages()) == 1


def test_messages_above_ten_megabytes_are_refused(mailbox: Mailbox) -> None:
    with pytest.raises(smtplib.SMTPException) as refused:
        send(mailbox, b"Subject: big\r\n\r\n" + b"x" * 70 * 160_000)
    assert "552" in str(refused.value)
    assert mailbox.messages() == []


def test_a_full_disk_is_a_temporary_refusal(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(mailbox, a_message())
    assert refused.value.smtp_code == 452
    send(mailbox, a_message())
    assert len(list(mailbox.store.folder.iterdir())) == 2, "one message, the index, and no rest of the failed one"


def test_stopping_ends_connections_that_are_open(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    with socket.create_connection(mailbox.start()) as client:
        client.recv(100)
        mailbox.stop()
        mailbox.stop()
        client.settimeout(5)
        assert client.recv(100) == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(mailbox.address, timeout=1)


HOSTILE = [
    b"Subject: =?utf-8?b?broken!!?=\r\n\r\nx",
    b"Subject: =?no-such-charset?q?a=F1?=\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xf1\xff",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b'Message-ID: <[@>\r\nFrom: "@[\r\nTo: <<<>>>\r\n\r\n',
    b"Content-Type: text/plain; charset*=bad''%zz\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b'Content-Type: text/plain; charset="utf\x008"\r\n\r\nx',
    b"no header at all",
    b"",
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_malformed_messages_are_read_without_error(raw: bytes, tmp_path: Path) -> None:
    store = MessageStore(tmp_path)
    stored = store.save("a@example.com", ["b@example.com"], raw)
    message = reading.parse(store.read(stored.id))
    assert isinstance(reading.printable(reading.text_part(message) or ""), str)
    assert isinstance(reading.attachments(message), list)
    assert store.messages() == [stored]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=st.binary(max_size=60), kind=st.binary(max_size=60), body=st.binary(max_size=60))
def test_no_bytes_break_the_reader(subject: bytes, kind: bytes, body: bytes) -> None:
    message = reading.parse(b"Subject: %b\r\nContent-Type: text/plain; %b\r\n\r\n%b" % (subject, kind, body))
    shown = [f"{name}: {value}" for name, value in reading.headers(message)]
    for text in [*shown, reading.text_part(message) or "", reading.html_part(message) or ""]:
        reading.printable(text).encode()
    reading.attachments(message)


def test_a_message_nested_too_deep_is_shown_as_text() -> None:
    depth = 3_000
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    message = reading.parse(b"Subject: deep\r\n" + opening + b"\r\nend")
    assert reading.header_texts(message, "Subject") == ["deep"]
    assert "b2999" in (reading.text_part(message) or "")


def test_a_terminal_shows_and_does_not_obey() -> None:
    attack = "\x1b]0;owned\x07\x1b[31mrojo\x9b2J\u202edetrevni\r\noculto\rvisible"
    shown = reading.printable(attack)
    assert not set("\x1b\x07\x9b\u202e\r") & set(shown)
    assert "rojo" in shown and "\noculto" in shown


def get(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[MailboxPages]:
    with MailboxPages(MessageStore(tmp_path / "mailbox")) as started:
        yield started


def test_an_empty_mailbox_says_what_to_do(pages: MailboxPages) -> None:
    status, page, _ = get(pages.url)
    assert status == 200
    assert "cartera reminders plan" in page


def test_the_pages_escape_what_messages_say(pages: MailboxPages, tmp_path: Path) -> None:
    store = MessageStore(tmp_path / "mailbox")
    attack = '"><img src=x onerror=alert(1)>'
    raw = f"Subject: {attack}\r\nX-Evil<b>: {attack}\r\n\r\n</pre>{attack}\r\n".encode()
    store.save(f"{attack}@example.com", [f"{attack}@example.com"], raw)
    for page in ("", "messages/000001", f"?to={urllib.request.quote(attack)}"):
        status, text, headers = get(pages.url + page)
        assert status == 200
        assert "<img" not in text and "<b>" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_html_is_framed_without_scripts_or_remote_content(pages: MailboxPages, mailbox: Mailbox) -> None:
    send(mailbox, a_message())
    _, page, _ = get(pages.url + "messages/000001")
    assert '<iframe sandbox src="/messages/000001/html"' in page
    status, html, headers = get(pages.url + "messages/000001/html")
    assert status == 200 and "<script>alert(1)</script>" in html
    policy = headers["Content-Security-Policy"].split("; ")
    assert "sandbox" in policy and "default-src 'none'" in policy
    assert not any("script" in rule or "http" in rule for rule in policy)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    _, _, source_headers = get(pages.url + "messages/000001/source")
    assert source_headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path", ["messages/000002", "messages/..%2f..%2fcredentials.json", "messages/0x1", "messages/1/../../x", "other"]
)
def test_what_is_not_there_is_404(pages: MailboxPages, mailbox: Mailbox, path: str) -> None:
    send(mailbox, a_message())
    assert get(pages.url + path)[0] == 404


def test_other_names_for_this_machine_are_refused(pages: MailboxPages) -> None:
    assert get(pages.url, Host="evil.example")[0] == 421
    assert get(pages.url, Host=f"localhost:{pages.url.split(':')[2].strip('/')}")[0] == 200


def test_the_list_is_filtered_and_paged(pages: MailboxPages, tmp_path: Path) -> None:
    store = MessageStore(tmp_path / "mailbox")
    for number in range(105):
        store.save("a@example.com", [f"c{number}@example.com"], f"Subject: n{number}.\r\n\r\n".encode())
    _, newest, _ = get(pages.url)
    assert "n104." in newest and "n4." not in newest and "5 older" in newest
    _, oldest, _ = get(pages.url + "?to=&before=000006")
    assert "n4." in oldest and "n5." not in oldest
    _, one, _ = get(pages.url + "?to=C17@")
    assert "n17." in one and one.count("/messages/") == 1
    assert get(pages.url + "?before=x&to=nobody")[0] == 200


@pytest.fixture
def standing(state_folder: Path) -> Iterator[Path]:
    yield state_folder
    services.stop_all()


def test_the_standing_mailbox_is_started_once_and_found_again(standing: Path) -> None:
    assert running_mailbox(standing) is None
    found: list[object] = []
    callers = [threading.Thread(target=lambda: found.append(ensure_mailbox(standing))) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 3 and set(found) == {running_mailbox(standing)}
    address = ensure_mailbox(standing)
    with smtplib.SMTP(address.smtp_host, address.smtp_port) as client:
        client.send_message(a_message())
    assert "facturas vencidas" in get(address.web_address)[1]
    with pytest.raises(ConfigError, match="already"):
        in_main_thread_signals_restored(lambda: serve(standing))


def in_main_thread_signals_restored(call: object) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        call()  # type: ignore[operator]
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_after_kill_9_another_mailbox_starts_with_the_same_messages(standing: Path) -> None:
    address = ensure_mailbox(standing)
    with smtplib.SMTP(address.smtp_host, address.smtp_port) as client:
        client.send_message(a_message())
    service = services.find("mailbox")
    assert service is not None
    os.kill(service.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while running_mailbox(standing) and time.monotonic() < deadline:
        time.sleep(0.02)
    again = ensure_mailbox(standing)
    assert "facturas vencidas" in get(again.web_address)[1]


def test_stop_ends_the_standing_mailbox(standing: Path) -> None:
    address = ensure_mailbox(standing)
    services.stop_all()
    assert running_mailbox(standing) is None
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address.smtp_host, address.smtp_port), timeout=1)
    assert not list((standing / "run").glob("mailbox*.json"))


def test_a_mailbox_whose_folder_is_removed_ends_by_itself(standing: Path) -> None:
    ensure_mailbox(standing)
    service = services.find("mailbox")
    assert service is not None
    process = psutil.Process(service.pid)
    shutil.rmtree(standing)
    with suppress(psutil.NoSuchProcess):
        process.wait(timeout=CHECK_SECONDS + 10)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_another_state_folder_is_not_mistaken_for_ours(standing: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CARTERA_HOME"):
        ensure_mailbox(tmp_path / "other")


def test_an_absent_message_is_named(tmp_path: Path) -> None:
    with pytest.raises(CarteraError, match="no message '7'"):
        MessageStore(tmp_path).read("7")
    with pytest.raises(CarteraError, match="no message"):
        MessageStore(tmp_path).read("../../etc/passwd")
