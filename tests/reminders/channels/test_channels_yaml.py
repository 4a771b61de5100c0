"""channels.yaml: nothing leaves unless it is configured and switched on; secrets are named, never written or told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.errors import ConfigError
from cartera.outgoing import where_to
from cartera.reminders.channels.base import CHANNELS, Channel
from cartera.reminders.channels.build import choose_channels, overview
from cartera.reminders.channels.caught import CaughtChannel
from cartera.reminders.channels.config import Channels, load_channels
from cartera.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[3] / "channels.example.yaml"
SECRETS = {
    "CARTERA_RECEIVE_SECRET": "r-secret",
    "CARTERA_SMTP_URL": "smtps://u:p-secret@mail.empresa.pe",
    "CARTERA_BOUNCES_URL": "imaps://u:b-secret@mail.empresa.pe",
    "CARTERA_TWILIO_TOKEN": "t-secret",
    "CARTERA_META_TOKEN": "m-secret",
    "CARTERA_META_APP_SECRET": "a-secret",
    "CARTERA_META_VERIFY": "v-secret",
    "CARTERA_PUSH_SECRET": "h-secret",
}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)


def caught(name: str) -> Channel:
    return CaughtChannel(name, lambda *message: None, lambda key: False)


def write(folder: Path, text: str) -> Settings:
    path = folder / "channels.yaml"
    path.write_text(text)
    return Settings(channels_file=path)


def choose(folder: Path, text: str) -> dict[str, Channel]:
    settings = write(folder, text)
    return choose_channels(settings, load_channels(settings), caught)


def example(*switched_on: str) -> str:
    """The example, with some channels switched on and DKIM left out (it needs a key)."""
    text = EXAMPLE.read_text()
    for name in switched_on:
        head, section, rest = text.partition(f"\n{name}:\n")
        assert section
        text = head + section + rest.replace("switched_on: false", "switched_on: true", 1)
    head, _, rest = text.partition("  dkim:")
    return head + rest[rest.index("  bounces:") :]


def test_without_a_file_everything_is_caught(tmp_path: Path, nothing_set: None) -> None:
    settings = Settings(channels_file=tmp_path / "none.yaml")
    chosen = choose_channels(settings, load_channels(settings), caught)
    assert list(chosen) == list(CHANNELS)
    assert not any(channel.is_real for channel in chosen.values())
    assert where_to(chosen) == "the sandbox mailbox"


def test_what_is_configured_and_not_switched_on_reaches_nobody(tmp_path: Path, secrets: None) -> None:
    chosen = choose(tmp_path, example())
    assert list(chosen) == list(CHANNELS)
    assert all(isinstance(channel, CaughtChannel) for channel in chosen.values())


def test_what_is_switched_on_goes_out_and_the_rest_of_the_file_is_caught(tmp_path: Path, secrets: None) -> None:
    chosen = choose(tmp_path, example("voice", "push"))
    assert {name for name, channel in chosen.items() if channel.is_real} == {"voice", "push"}
    assert isinstance(chosen["sms"], CaughtChannel)
    assert where_to(chosen) == "voice, push to real addresses; the rest to the sandbox mailbox"


def test_beside_a_real_channel_those_that_nobody_configured_wait(
    tmp_path: Path, secrets: None, monkeypatch: Any
) -> None:
    """What the mailbox catches counts as sent: a debtor who was to get an SMS would never hear of it."""
    monkeypatch.delenv("CARTERA_SMTP_URL")
    chosen = choose(tmp_path, "letter: {switched_on: true, folder: /srv/letters}\nsms:" + section("sms"))
    assert list(chosen) == ["sms", "letter"]
    assert isinstance(chosen["sms"], CaughtChannel) and chosen["letter"].is_real


def section(name: str) -> str:
    return EXAMPLE.read_text().partition(f"\n{name}:")[2].partition("\n\n")[0]


def test_test_mode_is_not_real(tmp_path: Path, secrets: None) -> None:
    chosen = choose(tmp_path, example("email", "sms"))
    assert not chosen["sms"].is_real and not chosen["email"].is_real
    assert where_to(chosen) == "email, sms in test mode; the rest to the sandbox mailbox"


def test_a_missing_secret_is_named_when_it_is_needed(tmp_path: Path, nothing_set: None) -> None:
    choose(tmp_path, example())
    with pytest.raises(ConfigError, match="CARTERA_TWILIO_TOKEN holds no secret"):
        choose(tmp_path, example("voice"))


@pytest.mark.parametrize(
    "written", ["hunter2secret", "{env: hunter2secret}", "{env: A_NAME, file: hunter2secret}", "[hunter2secret]", "{}"]
)
def test_a_secret_in_the_file_is_refused_and_not_told(tmp_path: Path, written: str) -> None:
    text = example().replace("{env: CARTERA_TWILIO_TOKEN}", written, 1)
    with pytest.raises(ConfigError, match=r"channels\.yaml:\d+: sms\.auth_token: a secret is never written") as caught:
        load_channels(write(tmp_path, text))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("switched_on: false", "switched_on: maybe", "switched_on"),
        ("provider: meta", "provider: metta", "whatsapp"),
        ("account_sid: AC0", "account_sid: XX0", "account_sid"),
        ("public_url: https://avisos", "public_url: http://avisos", "public_url"),
        ('test_to: "+51999999999"', "test_to: 51 999", "test_to"),
        ("return_path:", "returnpath:", "did you mean return_path"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = example()
    assert before in text
    with pytest.raises(ConfigError, match=said) as caught:
        load_channels(write(tmp_path, text.replace(before, after, 1)))
    assert "channels.yaml:" in str(caught.value)


def test_the_overview_shows_promises_and_what_is_missing(tmp_path: Path, secrets: None, monkeypatch: Any) -> None:
    monkeypatch.delenv("CARTERA_META_TOKEN")
    settings = write(tmp_path, example("email", "letter"))
    lines = {line.channel: line for line in overview(settings, load_channels(settings))}
    assert "CARTERA_META_TOKEN" in lines["whatsapp"].configured and lines["whatsapp"].promises is None
    assert lines["email"].test_to == "yo@empresa.pe" and lines["email"].switched_on
    sms = lines["sms"].promises
    assert sms and sms.idempotency is None and sms.look_up and sms.delivery_reports
    assert lines["letter"].promises and lines["letter"].promises.look_up


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_the_command_tells_no_secret(tmp_path: Path, secrets: None, monkeypatch: Any, format: str) -> None:
    from cartera.settings import get_settings

    monkeypatch.setenv("CARTERA_CHANNELS_FILE", str(write(tmp_path, example("push")).channels_file))
    get_settings.cache_clear()
    try:
        result = CliRunner().invoke(commands(), ["channels", "--format", format])
    finally:
        get_settings.cache_clear()
    assert result.exit_code == 0 and "webhook" in result.stdout
    assert not any(value in result.output for value in SECRETS.values())


def test_an_empty_file_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="channels.yaml:1"):
        load_channels(write(tmp_path, ""))
    assert Channels().way("email") is None
