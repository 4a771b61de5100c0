"""Twilio as its documentation says: what it takes, what it refuses, and what can't be told."""

from __future__ import annotations

import base64
import datetime as dt
import time
from dataclasses import replace
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from messages import CONTACT, LETTER, SHORT, TEMPLATE, outgoing
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.clock import utc_now
from cartera.errors import SendError
from cartera.reminders.channels.twilio import Try, TwilioChannel

SID = "AC" + "0" * 32
TOKEN = "0123456789abcdef-token"
HX = "HX" + "1" * 32


class TwilioStub(Stub):
    """Messages and Calls of one account, listed by number and day as Twilio lists them."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        expected = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return json_reply({"code": 20003, "message": "Authenticate", "status": 401}, 401)
        _, version, accounts, account, resource = request.path.split("/")
        assert (version, accounts, account) == ("2010-04-01", "Accounts", SID)
        name = resource.removesuffix(".json").lower()
        if request.method == "POST":
            form = dict(parse_qsl(request.body.decode(), strict_parsing=True))
            sid = f"{'CA' if name == 'calls' else 'SM'}{len(self.taken):032d}"
            self.taken.append({"form": form, "sid": sid, "resource": name, "at": utc_now()})
            return json_reply({"sid": sid, "status": "queued", "body": form.get("Body", "")}, 201)
        found = [
            {
                "sid": each["sid"],
                "to": each["form"]["To"],
                "from": each["form"]["From"],
                "body": each["form"].get("Body"),
                "direction": "outbound-api",
                "date_created": format_datetime(each["at"]),
            }
            for each in self.taken
            if each["resource"] == name and each["form"]["To"] == request.params["To"]
        ]
        return json_reply({name: found, "next_page_uri": None})


@pytest.fixture
def twilio() -> Any:
    with TwilioStub() as stub:
        yield stub


def channel(stub: Stub, name: str = "sms", **given: Any) -> TwilioChannel:
    given = {"timeout": 5.0, "templates": {"overdue": {"es": HX}}} | given
    return TwilioChannel(name, SID, TOKEN, "+51111111111", base_url=stub.url, **given)


def test_an_sms_says_its_text_and_where_its_reports_go(twilio: TwilioStub) -> None:
    outcome = channel(twilio, status_url="https://avisos.empresa.pe/twilio").send(outgoing(SHORT))
    assert (outcome.result, outcome.provider_id) == ("sent", twilio.taken[0]["sid"])
    assert twilio.taken[0]["form"] == {
        "To": "+51987654321",
        "From": "+51111111111",
        "Body": SHORT.text,
        "StatusCallback": f"https://avisos.empresa.pe/twilio?channel=sms&contact={CONTACT}",
    }


def test_a_voice_call_says_the_text_as_data(twilio: TwilioStub) -> None:
    assert channel(twilio, "voice").send(outgoing(SHORT)).result == "sent"
    (call,) = twilio.taken
    assert call["resource"] == "calls"
    (said,) = ElementTree.fromstring(call["form"]["Twiml"])
    assert (said.tag, said.text, said.get("language")) == ("Say", SHORT.text, "es-MX")


def test_whatsapp_sends_approved_templates_alone(twilio: TwilioStub) -> None:
    whatsapp = channel(twilio, "whatsapp")
    assert whatsapp.send(outgoing(TEMPLATE)).result == "sent"
    form = twilio.taken[0]["form"]
    assert (form["To"], form["From"]) == ("whatsapp:+51987654321", "whatsapp:+51111111111")
    assert (form["ContentSid"], form["ContentVariables"]) == (HX, '{"1": "Ana", "2": "PEN 10.00"}')
    for content in (SHORT, LETTER, type(TEMPLATE)("overdue", "pt", ())):
        assert whatsapp.send(outgoing(content)).result == "refused"
    assert len(twilio.taken) == 1


def test_test_mode_sends_all_to_one_number(twilio: TwilioStub) -> None:
    tried = channel(twilio, redirect_to="+51999999999")
    tried.send(outgoing(SHORT))
    assert twilio.taken[0]["form"]["To"] == "+51999999999" and not tried.is_real
    assert channel(twilio).is_real


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, 21211, "bad_address"),
        (400, 21614, "bad_address"),
        (400, 21610, "refused"),
        (400, 21408, "refused"),
        (403, 20403, "refused"),
        (404, 20404, "refused"),
        (429, 20429, "later"),
        (400, 21611, "later"),
        (503, 20503, "later"),
        (500, 20500, "unknown"),
        (502, None, "unknown"),
        (302, None, "unknown"),
    ],
)
def test_what_twilio_answers_is_what_we_believe(twilio: TwilioStub, status: int, code: int | None, result: str) -> None:
    twilio.fail(json_reply({"code": code, "message": f"no {TOKEN}", "status": status}, status))
    outcome = channel(twilio).send(outgoing(SHORT))
    assert outcome.result == result
    assert TOKEN not in outcome.answer and twilio.taken == []
    assert len(twilio.requests) == 1, "a call is made once"


def test_a_page_for_people_is_no_yes(twilio: TwilioStub) -> None:
    twilio.fail(Reply(200, b"<html>log in</html>", {"Content-Type": "text/html"}))
    assert channel(twilio).send(outgoing(SHORT)).result == "unknown"


def test_a_refused_login_stops_and_tells_no_secret(twilio: TwilioStub) -> None:
    twilio.fail(json_reply({"code": 20003, "message": f"bad {TOKEN}"}, 401))
    with pytest.raises(SendError, match="does not accept our login") as caught:
        channel(twilio).send(outgoing(SHORT))
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(channel(twilio))


def test_no_connection_is_surely_not_sent() -> None:
    nobody = TwilioChannel("sms", SID, TOKEN, "+51111111111", base_url="http://127.0.0.1:1", timeout=2)
    with pytest.raises(SendError, match="can't be reached"):
        nobody.send(outgoing(SHORT))


def test_silence_after_the_message_was_taken_is_unknown(twilio: TwilioStub) -> None:
    points: list[str] = []

    def late(request: Request) -> Reply | None:
        twilio.answer(request)
        time.sleep(0.6)
        return None

    twilio.faults = [late]
    outcome = channel(twilio, timeout=0.3).send(outgoing(SHORT), points.append)
    assert outcome.result == "unknown" and points == ["before_call", "after_call"]


def test_a_connection_cut_after_the_message_was_taken_is_unknown(twilio: TwilioStub) -> None:
    twilio.fail(Reply(201, b"{}" * 50, cut=3))
    assert channel(twilio).send(outgoing(SHORT)).result == "unknown"


def tried(minutes_ago: float, recipient: str = "+51987654321") -> Try:
    return Try(recipient, utc_now() - dt.timedelta(minutes=minutes_ago), CONTACT[:8])


def test_a_message_is_looked_up_by_our_reference(twilio: TwilioStub) -> None:
    asked = channel(twilio, last_try=lambda key: tried(10))
    assert asked.promises.look_up
    assert asked.look_up("key") is False, "nothing went to that number"
    asked.send(outgoing(SHORT))
    assert asked.look_up("key") is True


def test_what_cant_be_told_is_not_guessed(twilio: TwilioStub) -> None:
    asked = channel(twilio, last_try=lambda key: tried(10))
    asked.send(outgoing(type(SHORT)("another text")))
    assert asked.look_up("key") is None, "something went there; whether it is ours does not show"
    assert channel(twilio, last_try=lambda key: tried(0.5)).look_up("key") is None, "it may not be listed yet"
    assert channel(twilio, last_try=lambda key: None).look_up("key") is None
    twilio.fail(json_reply({}, 500))
    assert channel(twilio, last_try=lambda key: tried(10, "+51900000000")).look_up("key") is None
    assert channel(twilio).look_up("key") is None and not channel(twilio).promises.look_up


def test_what_went_out_before_the_try_is_not_it(twilio: TwilioStub) -> None:
    asked = channel(twilio, last_try=lambda key: tried(10))
    asked.send(outgoing(SHORT))
    twilio.taken[0]["at"] = utc_now() - dt.timedelta(hours=3)
    assert asked.look_up("key") is False


def test_where_nobody_else_uses_the_sender_one_message_is_told_apart(twilio: TwilioStub) -> None:
    text = outgoing(type(SHORT)("a text without a reference"))
    channel(twilio).send(text)
    only = replace(tried(10), is_only=True)
    assert channel(twilio, sender_is_ours=True, last_try=lambda key: only).look_up("key") is True
    assert channel(twilio, sender_is_ours=True, last_try=lambda key: tried(10)).look_up("key") is None
    assert channel(twilio, last_try=lambda key: only).look_up("key") is None
    twilio.taken[0]["form"]["From"] = "+51222222222"
    assert channel(twilio, sender_is_ours=True, last_try=lambda key: only).look_up("key") is None, "another's message"
