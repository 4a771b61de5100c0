"""Push: the signed webhook, with providers that keep keys or not; and Firebase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from messages import CONTACT, LETTER, SHORT, outgoing
from support.provider_stub import SECRET, ProviderStub
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.errors import ConfigError, SendError
from cartera.reminders.channels.firebase import SCOPE, FirebaseChannel
from cartera.reminders.channels.webhook import WebhookChannel, signature


def test_the_signature_is_of_time_and_body() -> None:
    import hashlib
    import hmac

    expected = hmac.new(b"k", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert signature("k", "1700000000", b'{"a":1}') == f"v1={expected}"


@pytest.mark.parametrize("keeps_keys", [True, False])
def test_a_message_handed_over_twice(keeps_keys: bool) -> None:
    with ProviderStub(keeps_keys=keeps_keys, can_look_up=True) as provider:
        channel, message = provider.channel(is_real=True), outgoing(SHORT, "device-1")
        assert channel.look_up(message.key) is False
        assert [channel.send(message).result for _ in range(2)] == ["sent", "sent"]
        assert provider.delivered[message.key] == (1 if keeps_keys else 2)
        assert channel.look_up(message.key) is True
        assert provider.messages[0]["to"] == "device-1" and provider.messages[0]["text"] == SHORT.text
        assert channel.promises.idempotency == (dt.timedelta(hours=24) if keeps_keys else None)


def test_taken_and_then_silent_is_unknown() -> None:
    with ProviderStub(keeps_keys=False, can_look_up=False) as provider:
        provider.hang_up = 1
        message = outgoing(SHORT)
        assert provider.channel().send(message).result == "unknown"
        assert provider.delivered[message.key] == 1
        assert provider.channel().look_up(message.key) is None
        provider.hang_seconds = 0.6
        assert provider.channel(timeout=0.2).send(message).result == "unknown"


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (json_reply({}, 409), "sent"),
        (json_reply({}, 404), "bad_address"),
        (json_reply({}, 410), "bad_address"),
        (json_reply({}, 422), "refused"),
        (json_reply({}, 429), "later"),
        (Reply(503, b"", {"Retry-After": "5"}), "later"),
        (json_reply({}, 503), "unknown"),
        (json_reply({}, 500), "unknown"),
        (json_reply({}, 408), "unknown"),
    ],
)
def test_what_the_receiver_answers_is_what_we_believe(reply: Reply, result: str) -> None:
    with ProviderStub(keeps_keys=False, can_look_up=False) as provider:
        provider.fail(reply)
        assert provider.channel().send(outgoing(SHORT)).result == result


def test_a_secret_that_is_not_theirs_stops_and_is_not_told() -> None:
    with ProviderStub(keeps_keys=False, can_look_up=False) as provider:
        channel = WebhookChannel(provider.url, "another secret", timeout=5)
        with pytest.raises(SendError) as caught:
            channel.send(outgoing(SHORT))
        assert "another secret" not in str(caught.value) + repr(channel) and SECRET not in repr(channel)


def test_no_secret_goes_over_an_open_line() -> None:
    with pytest.raises(ConfigError, match="unprotected"):
        WebhookChannel("http://push.example.org", "s").send(outgoing(SHORT))


def test_a_letter_is_no_push() -> None:
    with ProviderStub(keeps_keys=False, can_look_up=False) as provider:
        assert provider.channel().send(outgoing(LETTER)).result == "refused"
        assert provider.requests == []


KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class FirebaseStub(Stub):
    def __init__(self) -> None:
        super().__init__()
        self.taken: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        if request.path == "/token":
            form = dict(parse_qsl(request.body.decode()))
            claims = jwt.decode(form["assertion"], KEY.public_key(), algorithms=["RS256"], audience=f"{self.url}/token")
            assert (claims["iss"], claims["scope"]) == ("s@p.iam", SCOPE)
            return json_reply({"access_token": "ya29.token", "expires_in": 3599})
        assert request.headers["authorization"] == "Bearer ya29.token"
        self.taken.append(request.json["message"])
        return json_reply({"name": "projects/p/messages/1"})

    def channel(self, **given: Any) -> FirebaseChannel:
        return FirebaseChannel("p", "s@p.iam", PEM, f"{self.url}/token", base_url=self.url, timeout=5, **given)


@pytest.fixture
def firebase() -> Iterator[FirebaseStub]:
    with FirebaseStub() as stub:
        yield stub


def test_firebase_logs_in_once_and_sends(firebase: FirebaseStub) -> None:
    channel = firebase.channel()
    outcomes = [channel.send(outgoing(SHORT, "device-1")) for _ in range(2)]
    assert [(each.result, each.provider_id) for each in outcomes] == [("sent", "projects/p/messages/1")] * 2
    assert [request.path for request in firebase.requests].count("/token") == 1
    assert firebase.taken[0]["token"] == "device-1" and firebase.taken[0]["data"]["contact"] == CONTACT
    assert PEM not in repr(channel) and "ya29" not in repr(channel)


def fcm_error(status: int, name: str, code: str | None, message: str = "no") -> Reply:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return json_reply({"error": {"code": status, "message": message, "status": name, "details": details}}, status)


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (fcm_error(404, "NOT_FOUND", "UNREGISTERED"), "bad_address"),
        (
            fcm_error(
                400,
                "INVALID_ARGUMENT",
                "INVALID_ARGUMENT",
                "The registration token is not a valid FCM registration token",
            ),
            "bad_address",
        ),
        (fcm_error(400, "INVALID_ARGUMENT", None, "Invalid value"), "refused"),
        (fcm_error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), "refused"),
        (fcm_error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), "later"),
        (fcm_error(503, "UNAVAILABLE", "UNAVAILABLE"), "later"),
        (fcm_error(500, "INTERNAL", "INTERNAL"), "unknown"),
        (Reply(502, b"<html>"), "unknown"),
    ],
)
def test_what_firebase_answers_is_what_we_believe(firebase: FirebaseStub, reply: Reply, result: str) -> None:
    channel = firebase.channel()
    channel._session()
    firebase.fail(reply)
    assert channel.send(outgoing(SHORT)).result == result


def test_firebase_without_a_login_stops(firebase: FirebaseStub) -> None:
    firebase.fail(json_reply({"error": "invalid_grant"}, 400))
    with pytest.raises(SendError, match="no access token"):
        firebase.channel().send(outgoing(SHORT))
    broken = FirebaseChannel("p", "s@p.iam", "no key", f"{firebase.url}/token", base_url=firebase.url)
    with pytest.raises(ConfigError, match="private key") as caught:
        broken.send(outgoing(SHORT))
    assert "no key" not in str(caught.value)
