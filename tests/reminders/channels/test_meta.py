"""WhatsApp by Meta's Cloud API: approved templates only, and its error codes as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from messages import CONTACT, SHORT, TEMPLATE, outgoing
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.errors import SendError
from cartera.reminders.channels.meta import MetaChannel

TOKEN = "EAAtoken-of-the-test"


class MetaStub(Stub):
    """Two pages of templates, of which one is approved; every message is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply({"error": {"code": 190, "message": "Invalid OAuth access token."}}, 401)
        if request.path == "/22/message_templates":
            if "after" not in request.params:
                page = [{"name": "overdue", "language": "pt_BR", "status": "PAUSED"}]
                return json_reply(
                    {"data": page, "paging": {"next": f"{self.url}/22/message_templates?after=x&access_token=y"}}
                )
            return json_reply({"data": [{"name": "overdue", "language": "es_LA", "status": "APPROVED"}]})
        assert request.path == "/11/messages"
        self.taken.append(request.json)
        return json_reply({"messaging_product": "whatsapp", "messages": [{"id": "wamid.A1"}]})


@pytest.fixture
def meta() -> Iterator[MetaStub]:
    with MetaStub() as stub:
        yield stub


def channel(stub: Stub, **given: Any) -> MetaChannel:
    given = {"languages": {"es": "es_LA", "pt": "pt_BR"}, "timeout": 5.0} | given
    return MetaChannel("11", "22", TOKEN, base_url=stub.url, **given)


def test_an_approved_template_goes_out_with_our_contact(meta: MetaStub) -> None:
    outcome = channel(meta).send(outgoing(TEMPLATE))
    assert (outcome.result, outcome.provider_id) == ("sent", "wamid.A1")
    (body,) = meta.taken
    assert (body["to"], body["type"], body["biz_opaque_callback_data"]) == ("51987654321", "template", CONTACT)
    assert body["template"] == {
        "name": "overdue",
        "language": {"code": "es_LA"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "PEN 10.00"}]}
        ],
    }


@pytest.mark.parametrize("content", [SHORT, type(TEMPLATE)("overdue", "pt", ()), type(TEMPLATE)("other", "es", ())])
def test_what_is_not_approved_is_refused_before_it_leaves(meta: MetaStub, content: Any) -> None:
    assert channel(meta).send(outgoing(content)).result == "refused"
    assert meta.taken == []


def test_test_mode_sends_all_to_one_number(meta: MetaStub) -> None:
    tried = channel(meta, redirect_to="+51999999999")
    tried.send(outgoing(TEMPLATE))
    assert meta.taken[0]["to"] == "51999999999" and not tried.is_real


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, 131026, "bad_address"),
        (400, 132001, "refused"),
        (400, 131047, "refused"),
        (400, 100, "refused"),
        (429, 130429, "later"),
        (400, 131056, "later"),
        (400, 80007, "later"),
        (503, 2, "later"),
        (500, 131000, "unknown"),
        (500, 1, "unknown"),
    ],
)
def test_what_meta_answers_is_what_we_believe(meta: MetaStub, status: int, code: int, result: str) -> None:
    talk = channel(meta)
    talk.approved()
    meta.fail(json_reply({"error": {"code": code, "message": f"no {TOKEN}"}}, status))
    outcome = talk.send(outgoing(TEMPLATE))
    assert outcome.result == result and TOKEN not in outcome.answer and meta.taken == []


def test_a_token_that_is_no_longer_valid_stops(meta: MetaStub) -> None:
    with pytest.raises(SendError, match="does not accept our login") as caught:
        MetaChannel("11", "22", "old", base_url=meta.url).send(outgoing(TEMPLATE))
    assert "old" not in str(caught.value).replace("old one", "")


def test_a_list_of_templates_that_does_not_come_sends_nothing(meta: MetaStub) -> None:
    meta.fail(json_reply({}, 500))
    with pytest.raises(SendError, match="list of templates"):
        channel(meta).send(outgoing(TEMPLATE))
    assert meta.taken == []


def test_it_can_be_asked_for_nothing(meta: MetaStub) -> None:
    assert channel(meta).look_up("key") is None and not channel(meta).promises.look_up
