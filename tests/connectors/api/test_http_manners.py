"""How the other system is asked: what is tried again, what is refused, and that no secret is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from email.utils import format_datetime

import pytest
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.clock import utc_now
from cartera.connectors.api import Access
from cartera.connectors.api.again import TRIES
from cartera.connectors.api.http import Http
from cartera.errors import SourceError

SECRET = "s3cr3t-and-long"
ACCESS = Access("erp", {"token": SECRET}, frozenset({SECRET}))
JSON = {"Content-Type": "application/json"}


class Echo(Stub):
    def answer(self, request: Request) -> Reply:
        return json_reply({"path": request.path, "token": request.headers.get("authorization"), **request.params})


@pytest.fixture
def stub() -> Iterator[Echo]:
    with Echo() as made:
        yield made


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def http(stub: Echo, waits: list[float]) -> Iterator[Http]:
    with Http(stub.url, ACCESS, headers={"Authorization": SECRET}, sleep=waits.append) as made:
        yield made


def test_what_passes_by_itself_is_tried_again(stub: Echo, http: Http, waits: list[float]) -> None:
    stub.fail(Reply(503), Reply(500, b"<html>"), Reply(429), Reply(502))
    assert http.get("things", {"a": "1"}).json["a"] == "1"
    assert len(stub.requests) == 5
    assert len(waits) == 4 and all(0 <= wait <= 30 for wait in waits)


def test_waits_grow_and_are_jittered(
    stub: Echo, http: Http, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many who were refused together must not come again together."""
    bounds: list[float] = []

    def drawn(low: float, high: float) -> float:
        bounds.append(high)
        return low + (high - low) / 2

    monkeypatch.setattr("random.uniform", drawn)
    stub.fail(*[Reply(503)] * 4)
    http.get("things")
    assert waits == [bound / 2 for bound in bounds]
    assert len(bounds) == 4 and all(later == 2 * earlier for earlier, later in zip(bounds, bounds[1:], strict=False))


def test_a_time_that_is_asked_for_is_waited(stub: Echo, http: Http, waits: list[float]) -> None:
    later = format_datetime(utc_now() + dt.timedelta(seconds=40), usegmt=True)
    stub.fail(Reply(429, headers={"Retry-After": "7"}), Reply(503, headers={"Retry-After": later}))
    assert http.get("things").status == 200
    assert 7 <= waits[0] <= 8 and 30 < waits[1] <= 41


def test_it_ends_after_a_bounded_number_of_tries(stub: Echo, http: Http) -> None:
    stub.fail(*[Reply(500, b"out of order")] * 50)
    with pytest.raises(SourceError, match="answered 500: out of order"):
        http.get("things")
    assert len(stub.requests) == TRIES


def test_it_does_not_wait_for_an_hour(stub: Echo, http: Http, waits: list[float]) -> None:
    stub.fail(Reply(429, headers={"Retry-After": "3600"}))
    with pytest.raises(SourceError, match="asks to wait 3,600 s"):
        http.get("things")
    assert waits == [] and len(stub.requests) == 1


def test_a_body_cut_short_is_asked_for_again(stub: Echo, http: Http) -> None:
    stub.fail(Reply(200, b'{"data": [1, 2, 3]}', JSON, cut=7))
    assert http.get("things").json["path"] == "/things"
    stub.fail(*[Reply(200, b'{"data": [1, 2, 3]}', JSON, cut=7)] * 50)
    with pytest.raises(SourceError, match="the connection failed"):
        http.get("things")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(200, b"<html><body>Log in</body></html>", {"Content-Type": "text/html"}), "a page for people"),
        (Reply(200, b"<!doctype html>", JSON), "a page for people"),
        (Reply(200, b'{"a": 1', JSON), "no JSON"),
        (Reply(200, b'{"a": 1, "a": 2}', JSON), "'a' comes twice"),
        (Reply(200, b'{"a": NaN}', JSON), "NaN is no JSON number"),
        (Reply(200, b'{"a": "\xff"}', JSON), "no JSON"),
        (Reply(200, b"[" * 100_000, JSON), "no JSON"),
    ],
)
def test_what_is_not_the_promised_json_is_an_error(stub: Echo, http: Http, reply: Reply, said: str) -> None:
    stub.fail(reply)
    with pytest.raises(SourceError, match=said):
        _ = http.get("things").json


def test_numbers_are_exact(stub: Echo, http: Http) -> None:
    stub.fail(Reply(200, b'{"a": 0.1, "b": 1234567890123456789.123456, "c": 12345678901234567890}', JSON))
    found = http.get("things").json
    assert found == {"a": Decimal("0.1"), "b": Decimal("1234567890123456789.123456"), "c": 12345678901234567890}
    assert not any(isinstance(value, float) for value in found.values())


def test_a_redirect_within_the_host_is_followed_and_another_is_refused(stub: Echo, http: Http) -> None:
    stub.fail(Reply(302, headers={"Location": "/elsewhere"}))
    assert http.get("things").json["path"] == "/elsewhere"
    with Echo() as other:
        stub.fail(Reply(307, headers={"Location": f"{other.url}/things"}))
        with pytest.raises(SourceError, match="leads to another host"):
            http.get("things")
        with pytest.raises(SourceError, match="leads to another host"):
            http.get(f"{other.url}/next?page=2")
        assert other.requests == []
    stub.fail(Reply(302, headers={"Location": "https://[broken/"}))
    with pytest.raises(SourceError, match="what should be an address is none"):
        http.get("things")


def test_a_secret_that_no_header_can_carry_stops_this_source_alone(stub: Echo) -> None:
    pasted = Access("erp", {"token": "“s3cr3t”"}, frozenset({"“s3cr3t”"}))
    with pytest.raises(SourceError, match="a secret holds a letter that no header can carry") as told:
        Http(stub.url, pasted, headers={"Authorization": pasted["token"]})
    assert "s3cr3t" not in str(told.value)
    with Http(stub.url, ACCESS) as http, pytest.raises(SourceError, match="no header can carry"):
        http.get("things", headers={"Authorization": pasted["token"]})


def test_no_login_stands_in_an_address() -> None:
    with pytest.raises(SourceError, match="the address holds a login") as told:
        Http("https://me:s3cr3t@erp.acme.pe", ACCESS)
    assert "s3cr3t" not in str(told.value)


def test_an_expired_token_is_renewed_once(stub: Echo, waits: list[float]) -> None:
    renewed = []

    def renew() -> dict[str, str]:
        renewed.append(1)
        return {"Authorization": "new"}

    with Http(stub.url, ACCESS, headers={"Authorization": "old"}, renew=renew, sleep=waits.append) as http:
        stub.fail(Reply(401))
        assert http.get("things").json["token"] == "new"
        stub.fail(Reply(401), Reply(401))
        with pytest.raises(SourceError, match="does not accept the login"):
            http.get("things")
    assert len(renewed) == 2


def test_a_200_that_carries_an_error_is_one(stub: Echo) -> None:
    stub.fail(json_reply({"error": "no such table"}))
    with (
        Http(stub.url, ACCESS, problem_in=lambda answer: answer.json.get("error")) as http,
        pytest.raises(SourceError, match="no such table"),
    ):
        http.get("things")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_no_secret_is_in_an_error(stub: Echo, http: Http, status: int) -> None:
    stub.fail(*[Reply(status, f"bad token {SECRET}".encode())] * 50)
    with pytest.raises(SourceError) as caught:
        http.get("things", {"token": SECRET})
    assert SECRET not in str(caught.value) and "***" in str(caught.value)
    assert SECRET not in repr(ACCESS)


def test_no_secret_goes_over_an_open_line() -> None:
    with pytest.raises(SourceError, match="https"):
        Http("http://erp.example.com", ACCESS)


def test_one_session_is_reused(stub: Echo, http: Http) -> None:
    for _ in range(3):
        http.get("things")
    pool = http._client._transport._pool  # type: ignore[attr-defined]
    assert len(pool.connections) == 1


@pytest.mark.parametrize(
    "echoed",
    [
        "Bearer t0ken-of-this-session",
        "t0ken%2Fwith%2Fslashes",
        '{"assertion": "eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJhcHAifQ.c2lnbmF0dXJl"}',
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "B1SESSION=0f8fad5b-d9cb-469f-a165-70867728950e",
    ],
)
def test_what_an_error_repeats_of_tokens_and_keys_is_not_told(stub: Echo, echoed: str) -> None:
    key = "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\\n-----END PRIVATE KEY-----"
    access = Access("erp", {}, frozenset({key, "t0ken/with/slashes"}))
    headers = {
        "Authorization": "Bearer t0ken-of-this-session",
        "Cookie": "B1SESSION=0f8fad5b-d9cb-469f-a165-70867728950e; ROUTEID=.node3",
    }
    stub.fail(Reply(400, f"you sent {echoed}, which is wrong".encode()))
    with (
        Http(stub.url, access, headers=headers) as http,
        pytest.raises(SourceError, match=r"you sent .*\*\*\*") as told,
    ):
        http.get("things")
    for secret in ("t0ken", "eyJ", "MIIE", "0f8fad5b"):
        assert secret not in str(told.value)


def test_a_login_that_gives_no_token_is_told_without_what_it_said(stub: Echo) -> None:
    stub.fail(json_reply({"access": "s0me-other-token"}))
    with Http(stub.url, ACCESS) as http, pytest.raises(SourceError, match="gives no access_token") as told:
        http.post("token").word("access_token")
    assert "s0me" not in str(told.value)
