"""From channels.yaml through sending: what leaves by a provider, what waits, and what Twilio is asked for."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from incoming_world import PHONE, sent, state
from reminder_world import World, contacts, query
from support.provider_stub import SECRET, ProviderStub
from support.stub_server import Reply, Request, Stub, json_reply
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.clock import utc_now
from cartera.outgoing import reminder_channels, waiting
from cartera.reminders import approve_reminders, plan_reminders, send_reminders
from cartera.reminders.channels.config import Channels
from cartera.reminders.incoming.collect import collect
from cartera.reminders.tries import last_try
from cartera.settings import Settings, get_settings

SID = "AC" + "0" * 32


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(text: str) -> None:
        (tmp_path / "channels.yaml").write_text(text)
        monkeypatch.setenv("CARTERA_CHANNELS_FILE", str(tmp_path / "channels.yaml"))
        get_settings.cache_clear()

    monkeypatch.setenv("A_SECRET", SECRET)
    return write


def to_push(world: World, *customers: str) -> None:
    """Approved contacts whose channel is push: this test's planner knows e-mail alone."""
    for customer in customers:
        world.owes(customer, due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    query("update ops.contacts set channel = 'push' where status = 'approved' returning 1 as one")


def push(url: str, *, switched_on: bool, test_to: str = "a device of ours") -> str:
    return (
        f"push:\n  provider: webhook\n  switched_on: {str(switched_on).lower()}\n  url: {url}/messages\n"
        f"  secret: {{env: A_SECRET}}\n  test_to: {test_to}\n"
    )


def test_a_switched_on_channel_sends_and_its_test_mode_redirects(world: World, configure: Any) -> None:
    to_push(world, "ana", "bea")
    with ProviderStub(keeps_keys=True, can_look_up=False) as provider:
        configure(push(provider.url, switched_on=True))
        assert send_reminders(reminder_channels()).sent == 2
        assert {message["to"] for message in provider.messages} == {"a device of ours"}
        assert set(provider.delivered) == {contact["message_id"] for contact in contacts()}
    events = query("select detail ->> 'provider_id' as id from ops.contact_events where to_status = 'sent' order by 1")
    assert [event["id"] for event in events] == ["m1", "m2"]


def test_a_channel_that_is_not_switched_on_reaches_nobody(world: World, configure: Any) -> None:
    to_push(world, "ana")
    with ProviderStub(keeps_keys=True, can_look_up=False) as provider:
        configure(push(provider.url, switched_on=False))
        assert send_reminders({"push": reminder_channels()["push"]}).sent == 1
        assert provider.requests == []
    from cartera.sandbox.mailbox import MessageStore

    stored = MessageStore(get_settings().home / "mailbox").messages()[-1]
    assert (stored.channel, stored.message_id) == ("push", contacts()[0]["message_id"])


def test_what_has_no_way_to_leave_waits_and_the_command_says_so(world: World, configure: Any, tmp_path: Path) -> None:
    to_push(world, "ana")
    configure(f"letter: {{switched_on: true, folder: {tmp_path}}}\n")
    assert waiting(reminder_channels()) == {"push": 1}
    result = CliRunner().invoke(commands(), ["reminders", "send", "--format", "json"], catch_exceptions=False)
    said = json.loads(result.stdout)
    assert (said["sent"], said["waiting"]) == (0, {"push": 1}) and "push is not configured" in result.stderr
    assert state() == ("approved", None)


def test_what_the_ledger_knows_of_the_last_try(world: World) -> None:
    contact = sent(world, channel="sms", status="unknown")
    assert last_try(contact["message_id"]) is None, "it was never reserved"
    query(
        "insert into ops.contact_events (contact_id, from_status, to_status, actor) values"
        f" ('{contact['id']}', 'approved', 'reserved', 'sender 1') returning 1 as one"
    )
    tried = last_try(contact["message_id"])
    assert tried and (tried.recipient, tried.reference, tried.is_only) == (PHONE, contact["id"][:8], True)
    assert abs(utc_now() - tried.since) < dt.timedelta(minutes=1)
    other = sent(world, "bea", channel="sms")
    query(
        "insert into ops.contact_events (contact_id, from_status, to_status, actor) values"
        f" ('{other['id']}', 'approved', 'reserved', 'sender 1') returning 1 as one"
    )
    again = last_try(contact["message_id"])
    assert again and not again.is_only, "another customer has the same number"


class States(Stub):
    """What Twilio says of each message now."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Reply:
        sid = request.path.rpartition("/")[2].removesuffix(".json")
        found = self.states.get(sid)
        return json_reply({"sid": sid, **found}) if found else json_reply({"code": 20404}, 404)


def test_twilio_is_asked_what_became_of_messages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "token")
    for customer, sid in (("ana", "SM1"), ("bea", "SM2"), ("eva", "SM3")):
        sent(world, customer, "sms", provider_id=sid)
    with States() as stub:
        stub.states = {
            "SM1": {"status": "delivered", "to": PHONE, "error_code": None},
            "SM2": {"status": "undelivered", "to": PHONE, "error_code": 30006},
        }
        way = {
            "provider": "twilio", "switched_on": True, "account_sid": SID, "auth_token": {"env": "A_TOKEN"},
            "from": "+5111111111", "api": stub.url,
        }  # fmt: skip
        config = Channels.model_validate({"sms": way})
        assert collect(Settings(), config) == {"applied": 2}
        assert [state(customer)[0] for customer in ("ana", "bea", "eva")] == ["delivered", "bounced", "sent"]
        asked = len(stub.requests)
        assert collect(Settings(), config) == {}
        assert len(stub.requests) == asked + 1, "only what is still open is asked for"
