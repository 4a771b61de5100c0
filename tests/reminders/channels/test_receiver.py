"""The receiver over real HTTP: only what is signed is read; the vectors are those of the providers."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from incoming_world import PHONE, opted_out, reports, sent, state
from reminder_world import World

from cartera.clock import utc_now
from cartera.reminders.channels.links import unsubscribe_token
from cartera.reminders.channels.webhook import signature
from cartera.reminders.incoming import meta, twilio
from cartera.reminders.incoming.receive import Keys, Receiver

PUBLIC = "https://avisos.empresa.pe"
KEYS = Keys(PUBLIC, "receive-secret", ("12345", "other"), "app-secret", "verify-me")

TWILIO_FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with Receiver(KEYS, 0) as receiver, httpx.Client(base_url=receiver.url) as client:
        yield client


def test_twilios_own_vectors() -> None:
    """From the tests of Twilio's Python library."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature("12345", url, TWILIO_FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert twilio.is_signed("12345", url, TWILIO_FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert twilio.is_signed("12345", url, TWILIO_FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="), "with the port 443"
    http = url.replace("https", "http")
    assert twilio.is_signed("12345", http, TWILIO_FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="), "with the port 80"
    assert not twilio.is_signed("12345", url, TWILIO_FORM | {"To": "+1"}, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert not twilio.is_signed("12345", url, TWILIO_FORM, "")


def post_twilio(client: httpx.Client, path: str, form: dict[str, str], token: str = "12345") -> httpx.Response:
    headers = {"X-Twilio-Signature": twilio.signature(token, PUBLIC + path, form)}
    return client.post(path, data=form, headers=headers)


def test_twilio_reports_a_message_to_its_end(world: World, client: httpx.Client) -> None:
    contact = sent(world, channel="sms", provider_id="SM1")
    path = f"/twilio?channel=sms&contact={contact['id']}"
    for status in ("queued", "sent", "delivered", "sent"):
        form = {"MessageSid": "SM1", "MessageStatus": status, "To": PHONE, "From": "+511"}
        assert post_twilio(client, path, form).status_code == 200
    assert state() == ("delivered", None)
    assert [was for _, was, _ in reports()] == ["known", "applied"]


def test_an_invalid_number_is_bad_and_busy_is_not(world: World, client: httpx.Client) -> None:
    first, second = sent(world, channel="sms"), sent(world, "bea", channel="voice")
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": PHONE}
    post_twilio(client, f"/twilio?channel=sms&contact={first['id']}", form)
    assert state() == ("bounced", "bad_address")
    form = {"CallSid": "CA1", "CallStatus": "busy", "To": PHONE}
    post_twilio(client, f"/twilio?channel=voice&contact={second['id']}", form)
    assert state("bea") == ("bounced", "send_refused")


def test_an_answer_by_sms_and_stop(world: World, client: httpx.Client) -> None:
    sent(world, channel="sms")
    form = {"MessageSid": "SM8", "SmsStatus": "received", "From": PHONE, "To": "+511", "Body": "Ya pagué ñ+&= "}
    assert post_twilio(client, "/twilio", form).text == "<Response/>"
    assert state() == ("answered", None) and opted_out() == []
    post_twilio(client, "/twilio", form | {"MessageSid": "SM9", "Body": "sair"})
    assert opted_out() == [("ana", "sms", PHONE)]


def test_an_answer_on_whatsapp_is_not_one_on_sms(world: World, client: httpx.Client) -> None:
    sent(world, channel="sms")
    form = {"MessageSid": "SM8", "From": f"whatsapp:{PHONE}", "To": "whatsapp:+511", "Body": "STOP"}
    post_twilio(client, "/twilio", form)
    assert state() == ("sent", None) and opted_out() == []


def meta_says(**value: Any) -> bytes:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def post_meta(client: httpx.Client, body: bytes, secret: str = "app-secret") -> httpx.Response:
    given = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return client.post("/meta", content=body, headers={"X-Hub-Signature-256": given})


def test_metas_signature_is_the_hmac_of_the_body() -> None:
    """RFC 4231, test case 2: the HMAC itself, written as Meta writes it."""
    given = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert meta.is_signed("Jefe", b"what do ya want for nothing?", given)
    assert not meta.is_signed("Jefe", b"what do ya want for nothing!", given)


def test_meta_asks_who_we_are(client: httpx.Client) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me"}
    assert client.get("/meta", params=query).text == "1158201444"
    assert client.get("/meta", params=query | {"hub.verify_token": "x"}).status_code == 403


def test_meta_reports_states_and_answers(world: World, client: httpx.Client) -> None:
    contact = sent(world, channel="whatsapp", provider_id="wamid.1")
    base = {"id": "wamid.1", "recipient_id": PHONE[1:], "biz_opaque_callback_data": contact["id"]}
    assert post_meta(client, meta_says(statuses=[base | {"status": "sent"}, base | {"status": "read"}])).is_success
    assert state() == ("delivered", None)
    answer = {
        "from": PHONE[1:],
        "id": "wamid.9",
        "type": "text",
        "text": {"body": "Baja"},
        "context": {"id": "wamid.1"},
    }
    post_meta(client, meta_says(messages=[answer]))
    assert state() == ("answered", None) and opted_out() == [("ana", "whatsapp", PHONE)]


def test_meta_says_that_a_number_is_not_on_whatsapp(world: World, client: httpx.Client) -> None:
    sent(world, channel="whatsapp", provider_id="wamid.1")
    status = {
        "id": "wamid.1",
        "recipient_id": PHONE[1:],
        "status": "failed",
        "errors": [{"code": 131026, "title": "x"}],
    }
    post_meta(client, meta_says(statuses=[status]))
    assert state() == ("bounced", "bad_address")


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"entry": 5}', b'{"entry": [{"changes": [{"field": "messages", "value": {"statuses": [1]}}]}]}'],
)
def test_what_meta_might_send_else_does_nothing(database: str, client: httpx.Client, body: bytes) -> None:
    assert post_meta(client, body).status_code == 200
    assert reports() == []


def post_report(
    client: httpx.Client, said: dict[str, Any], secret: str = "receive-secret", late: int = 0
) -> httpx.Response:
    body, moment = json.dumps(said).encode(), str(int((utc_now() - dt.timedelta(seconds=late)).timestamp()))
    headers = {"X-Cartera-Timestamp": moment, "X-Cartera-Signature": signature(secret, moment, body)}
    return client.post("/reports", content=body, headers=headers)


def test_any_system_reports_by_our_key(world: World, client: httpx.Client) -> None:
    contact = sent(world, channel="push")
    said = {"id": "1", "channel": "push", "key": contact["message_id"], "status": "delivered"}
    assert post_report(client, said).json() == {"applied": 1}
    assert post_report(client, said).json() == {"again": 1}
    assert state() == ("delivered", None)
    assert post_report(client, said | {"status": "exploded"}).status_code == 400
    assert post_report(client, said | {"id": "2"}, late=301).status_code == 403, "an old one played back"


def test_the_link_to_hear_no_more(world: World, client: httpx.Client) -> None:
    contact = sent(world)
    link = "/u/" + unsubscribe_token("receive-secret", contact["id"])
    assert "<button>" in client.get(link).text and opted_out() == [], "a look at the link changes nothing"
    for _ in range(2):
        done = client.post(link, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200 and "cookie" not in str(done.headers).lower()
    assert opted_out() == [("ana", "email", "ana@cliente.pe")]
    assert state() == ("delivered", None)


@pytest.mark.parametrize("change", [lambda link: link[:-1] + ("0" if link[-1] != "0" else "1"), lambda link: link[:30]])
def test_a_link_that_was_made_up_does_nothing(world: World, client: httpx.Client, change: Any) -> None:
    contact = sent(world)
    link = "/u/" + change(unsubscribe_token("receive-secret", contact["id"]))
    assert client.post(link).status_code == 404 and opted_out() == []


def test_what_is_not_signed_is_refused(world: World, client: httpx.Client) -> None:
    contact = sent(world, channel="sms")
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": PHONE}
    path = f"/twilio?channel=sms&contact={contact['id']}"
    assert post_twilio(client, path, form, "wrong").status_code == 403
    assert client.post(path, data=form).status_code == 403
    assert post_meta(client, meta_says(statuses=[]), "wrong").status_code == 403
    assert client.post("/meta", content=b"{}").status_code == 403
    assert post_report(client, {}, "wrong").status_code == 403
    assert client.post("/reports", content=b"{}").status_code == 403
    assert client.get("/").status_code == 404
    assert state() == ("sent", None) and reports() == []


def test_without_keys_nothing_is_signed() -> None:
    with Receiver(Keys(PUBLIC, "s"), 0) as receiver, httpx.Client(base_url=receiver.url) as client:
        body = meta_says()
        assert post_meta(client, body, "").status_code == 403
        assert client.get("/meta", params={"hub.verify_token": ""}).status_code == 403
        assert post_twilio(client, "/twilio", {"MessageSid": "x"}, "").status_code == 403


def test_too_much_is_refused_unread(client: httpx.Client) -> None:
    with pytest.raises((httpx.HTTPError, AssertionError)):
        answer = client.post("/reports", content=b"x" * (3 << 20))
        assert answer.status_code != 413
