"""Channels that are not switched on: every kind of message is caught in the sandbox mailbox, and seen in its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from messages import CALL, LETTER, MAIL, SHORT, TEMPLATE, outgoing

from cartera.reminders.channels.caught import CaughtChannel
from cartera.reminders.content import CallTask, Content
from cartera.sandbox.mailbox import MessageStore
from cartera.sandbox.mailbox.web import MailboxPages

CONTENTS: dict[str, Content] = {
    "email": MAIL, "sms": SHORT, "whatsapp": TEMPLATE, "voice": SHORT, "letter": LETTER, "call": CALL, "push": SHORT,
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> MessageStore:
    return MessageStore(tmp_path / "mailbox")


@pytest.fixture
def page(store: MessageStore) -> Iterator[httpx.Client]:
    with MailboxPages(store) as pages, httpx.Client(base_url=pages.url) as client:
        yield client


def caught(store: MessageStore, name: str) -> CaughtChannel:
    return CaughtChannel(name, store.save, store.has)


@pytest.mark.parametrize("name", CONTENTS)
def test_each_channel_is_caught_and_can_be_asked(store: MessageStore, name: str) -> None:
    channel, message, points = caught(store, name), outgoing(CONTENTS[name]), list[str]()
    assert channel.look_up(message.key) is False
    assert channel.send(message, points.append).result == "sent"
    assert channel.look_up(message.key) is True and not channel.is_real
    (stored,) = store.messages()
    assert (stored.channel, stored.recipients, stored.message_id) == (name, (message.recipient,), message.key)
    assert points == ["before_call", "after_call"]


def test_the_page_shows_all_channels_and_each_alone(store: MessageStore, page: httpx.Client) -> None:
    for name, content in CONTENTS.items():
        caught(store, name).send(outgoing(content))
    everything = page.get("/").text
    assert all(f"<td>{name}</td>" in everything for name in CONTENTS)
    letters = page.get("/", params={"channel": "letter"}).text
    assert letters.count("<tr>") == 2 and "<td>letter</td>" in letters
    sms = page.get("/messages/000002").text
    assert "Channel: sms" in sms and "Debe PEN 10.00 &lt;F1 &amp; F2&gt; ref 3f0b5a52" in sms
    assert "1: Ana" in page.get("/messages/000003").text
    assert "Diga hola" in page.get("/messages/000006").text


def test_a_letter_is_given_as_the_pdf_that_it_is(store: MessageStore, page: httpx.Client) -> None:
    caught(store, "letter").send(outgoing(LETTER))
    assert 'href="/messages/000001/attachments/0"' in page.get("/messages/000001").text
    answer = page.get("/messages/000001/attachments/0")
    assert answer.content == LETTER.pdf and answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="000001-0.pdf"'
    for path in ("attachments/1", "attachments/x", "attachments/99999"):
        assert page.get(f"/messages/000001/{path}").status_code == 404


def test_hostile_text_breaks_neither_message_nor_page(store: MessageStore, page: httpx.Client) -> None:
    hostile = "x\r\nBcc: all@x.pe\r\n\r\n<script>alert(1)</script> =?utf-8?q?=0A?= \u202e"
    caught(store, "call").send(outgoing(CallTask(hostile, hostile), recipient=hostile))
    (stored,) = store.messages()
    assert len(stored.recipients) == 1 and "\n" not in stored.recipients[0]
    assert b"\nBcc:" not in store.read(stored.id).partition(b"\r\n\r\n")[0]
    shown = page.get("/").text + page.get("/messages/000001").text
    assert "<script>" not in shown


def test_a_full_disk_stops_and_loses_nothing() -> None:
    from cartera.errors import SendError

    def full(*_message: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(SendError, match="No space left"):
        CaughtChannel("sms", full, lambda key: False).send(outgoing(SHORT))
