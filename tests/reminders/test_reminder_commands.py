"""`cartera reminders ...`: figures on standard output, the rest on standard error; statuses and messages."""

from __future__ import annotations

import email
import email.policy
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from reminder_world import World, channel_to, contacts, hold, release
from support.connected import connected
from support.stripe_stub import KEY, StripeStub
from typer.testing import CliRunner, Result

from cartera import outgoing
from cartera.cli import reminders as commands
from cartera.errors import ConfigError
from cartera.sandbox.mailbox import Mailbox


@pytest.fixture(autouse=True)
def into_the_mailbox(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "sandbox_channel", lambda: channel_to(mailbox))


def run(*words: str) -> Result:
    app = typer.Typer()
    commands.register(app)
    app.callback()(lambda: None)
    result = CliRunner().invoke(app, ["reminders", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def read(*words: str) -> Any:
    result = run(*words, "--format", "json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_the_whole_way_by_hand(world: World, mailbox: Mailbox) -> None:
    world.owes("ana", due=-10, amount="250.5")
    world.owes("ana", due=-9, amount="70", currency_code="USD")
    world.owes("bea", due=-10, is_disputed=True)
    world.publish()
    plan = read("plan")
    assert plan["planned"] == 1 and plan["skipped"] == {"disputed": 1}
    assert plan["contacts"][0]["amounts"] == "PEN 250.50; USD 70.00"
    assert run("approve", str(plan["run"]), "--yes").exit_code == 0
    assert read("send", str(plan["run"]))["sent"] == 1
    assert len(mailbox.messages()) == 1
    (row,) = read("list", "--status", "sent")["rows"]
    assert (row["customer_id"], row["amounts"], row["items"]) == ("ana", "PEN 250.50; USD 70.00", 2)
    # the words as they went out, not as they would be today
    (said,) = read("explain", row["contact"])["messages"]
    mail = email.message_from_bytes(mailbox.store.read(mailbox.messages()[0].id), policy=email.policy.default)
    text = mail.get_body(("plain",))
    assert (
        text is not None
        and said["words"]["text"].splitlines() == text.get_content().splitlines()
        and said["words"]["html"]
    )
    assert [each.get_filename() for each in mail.iter_attachments()] == [
        f["name"] for f in said["words"]["attachments"]
    ]
    shown = run("explain", row["contact"]).stdout
    assert said["words"]["text"] in shown and said["template_hash"][:12] in shown and "<html" not in shown


def test_who_sends_by_hand_asks_the_gateway_too(world: World, mailbox: Mailbox, tmp_path: Path) -> None:
    with StripeStub() as stripe, connected(tmp_path, "stripe", {"url": stripe.url}, {"api_key": KEY}, name="pay"):
        stripe.customer("ANA")
        for customer in ("ana", "luz"):
            invoice = stripe.invoice("ANA", 10_000)["id"]
            world.owes(customer, due=-10, item_id=f"pay:{invoice}", currency_code="USD")
            stripe.pay(invoice, 4_000 if customer == "ana" else None)
        world.publish()
        run("plan")
        run("approve", "--yes")
        sent = read("send")
    assert (sent["sent"], sent["skipped"]) == (1, {"paid": 1})
    (message,) = mailbox.messages()
    assert "60.00" in mailbox.store.read(message.id).decode()


def test_a_contact_and_a_customer_are_explained(world: World) -> None:
    world.owes("ana", due=-10)
    world.owes("bea", due=-10, is_disputed=True)
    world.publish()
    run("plan")
    (contact,) = contacts()
    found = read("explain", contact["id"][:8])
    assert found["contact"]["step_name"] == "second_reminder"
    assert all(answer["passed"] for answer in found["events"][0]["detail"]["answers"])
    bea = read("explain", "bea")
    assert bea["now"][0]["verdict"] == "is left in peace: disputed"
    assert [skip["reason_code"] for skip in bea["skips"]] == ["disputed"]
    for name in ("bea", contact["id"][:8]):
        table = run("explain", name)
        assert table.exit_code == 0 and "a good e-mail address" in table.stdout
    with pytest.raises(ConfigError, match="no contact 'nobody'"):
        run("explain", "nobody")


def test_approval_asks_and_without_a_terminal_says_how(world: World) -> None:
    world.owes("ana", due=-10)
    world.publish()
    run("plan")
    with pytest.raises(ConfigError, match="no terminal") as caught:
        run("approve")
    assert caught.value.mend == "add --yes"
    assert contacts()[0]["status"] == "planned"
    assert run("approve", contacts()[0]["id"][:8], "--yes", "--limit", "1").exit_code == 0
    assert contacts()[0]["status"] == "approved"


def test_holds_and_settling(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.owes("ana", due=-10)
    world.publish()
    run("plan")
    run("approve", "--yes")
    with Mailbox(tmp_path / "rude", hang_up_after=".*") as rude:
        monkeypatch.setattr(outgoing, "sandbox_channel", lambda: channel_to(rude, can_look_up=False))
        sent = run("send")
        assert "settle ID --as sent|not-sent" in sent.stderr
    assert run("settle", contacts()[0]["id"][:8], "--as", "sent").exit_code == 0
    assert contacts()[0]["status"] == "sent"
    held = hold("ana", "asked")
    assert read("explain", "ana")["now"][0]["verdict"] == "is left in peace: on_hold"
    release(held)
    assert read("explain", "ana")["now"][0]["verdict"] == "is left in peace: already_contacted_today"


def test_hostile_names_break_no_output(world: World) -> None:
    customer = "[bold]x[/] =1+1 \x1b[31m"
    world.customer(customer, email="x@cliente.pe")
    world.owes(customer, due=-10)
    world.publish()
    for format in ("table", "json"):
        result = run("plan", "--format", format, "--dry-run")
        assert result.exit_code == 0
        assert "\x1b" not in result.stdout


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(ConfigError, match="no status"):
        run("list", "--status", "sentt")
