"""Sign-in is on as soon as it is begun, refuses to be half set up, and keeps its secrets to its owner."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.signed_in import SETTINGS, require_sign_in

from cartera import sign_in
from cartera.errors import ConfigError
from cartera.settings import get_settings

SECRET = "a\"b\\c'd\té"


@pytest.fixture(autouse=True)
def home_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_nothing_set_means_no_sign_in() -> None:
    assert not sign_in.is_required(get_settings())
    sign_in.check(get_settings())


@pytest.mark.parametrize("missing", sorted(SETTINGS))
def test_one_setting_is_enough_to_close_the_door_and_too_few_to_open_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    require_sign_in(monkeypatch)
    monkeypatch.delenv(missing)
    get_settings.cache_clear()
    assert sign_in.is_required(get_settings())
    with pytest.raises(ConfigError, match=missing):
        sign_in.check(get_settings())


@pytest.mark.parametrize("name", ["CARTERA_SIGN_IN_PROVIDER", "CARTERA_SIGN_IN_ADDRESS"])
def test_secrets_travel_encrypted_or_not_at_all(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    require_sign_in(monkeypatch, **{name: "http://cartera.example.com"})
    with pytest.raises(ConfigError, match=f"{name} is no https address"):
        sign_in.check(get_settings())
    require_sign_in(monkeypatch, **{name: "http://127.0.0.1:8501"})
    sign_in.check(get_settings())


def test_the_file_is_its_owners_and_says_what_was_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stored = tmp_path / "secret"
    stored.write_text(SECRET + "\n", encoding="utf-8")
    require_sign_in(monkeypatch, CARTERA_SIGN_IN_CLIENT_SECRET_FILE=str(stored))
    monkeypatch.delenv("CARTERA_SIGN_IN_CLIENT_SECRET")
    get_settings.cache_clear()
    path = sign_in.secrets_file(get_settings())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = tomllib.loads(path.read_text(encoding="utf-8"))["auth"]
    assert said["client_secret"] == SECRET
    assert said["redirect_uri"] == "https://cartera.example.com/oauth2callback"
    assert len(said["cookie_secret"]) >= 32
    again = tomllib.loads(sign_in.secrets_file(get_settings()).read_text(encoding="utf-8"))["auth"]
    assert again == said, "a new secret would sign everybody out"
    assert SECRET not in repr(get_settings())
