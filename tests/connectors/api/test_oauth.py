"""Access tokens: the one that is kept is tried first, the one that was given next, and no message shows either."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.oauth_stub import TokenEndpoint
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api import Access, secrets
from cartera.connectors.api.oauth import Tokens
from cartera.errors import ConfigError, SourceError
from cartera.settings import get_settings


class Service(Stub):
    """Its tokens, and one answer for those who have one; that quotes what it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoint = TokenEndpoint("refresh-0")

    def answer(self, request: Request) -> Reply:
        if request.path == "/token":
            return self.endpoint.answer(request)
        if self.endpoint.accepts(request):
            return json_reply({"ok": True})
        return json_reply({"error": f"{request.headers.get('authorization')} has expired"}, 401)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch, Service() as made:
        patch.setenv("CARTERA_HOME", str(tmp_path / "home"))
        get_settings.cache_clear()
        yield made
    get_settings.cache_clear()


def tokens(service: Service, refresh_token: str = "refresh-0") -> Tokens:
    secret = frozenset({"s3cr3t-of-client", refresh_token})
    return Tokens(Access("books", {}, secret), f"{service.url}/token", "client", "s3cr3t-of-client", refresh_token)


def kept() -> Path:
    return secrets.path_of(get_settings(), "books.oauth")


def test_each_refresh_token_is_used_once_and_the_next_is_kept_before_it_is_used(service: Service) -> None:
    with tokens(service).session(service.url) as http:
        assert http.get("thing").json == {"ok": True}
        service.endpoint.expire()
        assert http.get("thing").json == {"ok": True}
    assert secrets.read(get_settings(), "books.oauth")["refresh_token"] == "refresh-2"
    assert kept().stat().st_mode & 0o077 == 0
    with tokens(service).session(service.url) as http:
        assert http.get("thing").json == {"ok": True}


def test_one_that_came_from_a_backup_does_not_lock_out_the_one_that_was_given(service: Service) -> None:
    tokens(service).token()
    service.endpoint.refresh_token = "refresh-0"
    assert tokens(service).token() == "access-2"


def test_one_that_a_person_gives_anew_replaces_what_was_kept(service: Service) -> None:
    tokens(service).token()
    service.endpoint.refresh_token = "anew"
    assert tokens(service, "anew").token() == "access-2"
    assert tokens(service, "anew").token() == "access-3"


def test_what_others_may_read_is_refused(service: Service) -> None:
    tokens(service).token()
    os.chmod(kept(), 0o644)
    with pytest.raises(ConfigError, match="others than its owner may read it"):
        tokens(service).token()


def test_no_message_shows_a_token(service: Service) -> None:
    with tokens(service).session(service.url) as http:
        service.endpoint.expire()
        service.faults += [lambda _request: None, lambda _request: None]
        service.endpoint.accepts = lambda _request: False  # type: ignore[method-assign]
        with pytest.raises(SourceError) as raised:
            http.get("thing")
    assert "has expired" in str(raised.value) and "access-" not in str(raised.value)
    service.endpoint.refresh_token = "revoked"
    with pytest.raises(SourceError, match="invalid_grant") as raised:
        tokens(service).token()
    assert "refresh-" not in str(raised.value)


def test_an_answer_that_is_no_token_is_an_error(service: Service) -> None:
    for reply in (json_reply({"access_token": None}), json_reply({"error": {"code": 1}}, 400), json_reply([])):
        service.fail(reply)
        with pytest.raises(SourceError, match="gives no access token"):
            tokens(service).token()
