"""Stripe is asked whether an invoice is still open: one request, a short time-out, no second try."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.connected import connected
from support.stripe_stub import KEY, StripeStub
from support.stub_server import Reply, json_reply

from cartera.connectors import still_open
from cartera.connectors.still_open import Gateways
from cartera.errors import SourceError
from cartera.settings import get_settings


@pytest.fixture
def there() -> Iterator[StripeStub]:
    with StripeStub() as stub:
        stub.customer("ANA")
        yield stub


@pytest.fixture
def gateways(there: StripeStub, tmp_path: Path) -> Iterator[Gateways]:
    with connected(tmp_path, "stripe", {"url": there.url}, {"api_key": KEY}, name="pay"):
        made = Gateways(get_settings())
        yield made
        made.close()


def test_what_is_left_to_pay(there: StripeStub, gateways: Gateways) -> None:
    names = ("open", "part", "paid", "elsewhere", "void", "given_up", "credited")
    made = {name: there.invoice("ANA", 10_000)["id"] for name in names}
    there.pay(made["part"], 4_000)
    there.pay(made["paid"])
    there.pay_out_of_band(made["elsewhere"])
    there.mark(made["void"], "void", "voided_at")
    there.mark(made["given_up"], "uncollectible", "marked_uncollectible_at")
    there.credit_note(made["credited"], 10_000)
    assert gateways.can_tell("pay") and not gateways.can_tell("files")
    made["in_yen"] = there.invoice("ANA", 10_000, "jpy")["id"]
    assert {name: gateways.still_open("pay", invoice) for name, invoice in made.items()} == {
        "open": 100, "part": 60, "paid": 0, "elsewhere": 0, "void": 0, "given_up": 0, "credited": 0, "in_yen": 10_000,
    }  # fmt: skip
    assert gateways.still_open("pay", "in_of_another_account") is None


def test_an_id_stays_in_its_place_in_the_address(there: StripeStub, gateways: Gateways) -> None:
    assert gateways.still_open("pay", "../customers/cus_ANA?x=") is None


IN_TROUBLE = (
    Reply(500),
    Reply(429, headers={"Retry-After": "120"}),
    Reply(403),
    Reply(200),
    Reply(200, b"<html>log in</html>"),
    Reply(404, b"<html>no such page</html>"),
    json_reply({"error": {"message": "Unrecognized request URL"}}, 404),
    json_reply({"id": "in_another", "status": "open", "amount_remaining": 0, "currency": "usd"}),
    json_reply({"id": "in_0000", "status": "open", "amount_remaining": "0", "currency": "usd"}),
    json_reply({"id": "in_0000", "status": "open", "amount_remaining": True, "currency": "usd"}),
    json_reply({"id": "in_0000", "status": "open", "amount_remaining": 0}),
    json_reply([]),
)


@pytest.mark.parametrize("reply", IN_TROUBLE, ids=range(len(IN_TROUBLE)))
def test_a_gateway_in_trouble_is_asked_once_and_not_waited_for(
    there: StripeStub, gateways: Gateways, reply: Reply
) -> None:
    invoice = there.invoice("ANA", 10_000)["id"]
    there.fail(reply)
    before = len(there.requests)
    with pytest.raises(SourceError) as caught:
        gateways.still_open("pay", invoice)
    assert len(there.requests) == before + 1
    assert KEY not in str(caught.value)


def test_one_that_falls_silent_is_given_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_open, "PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connected(tmp_path, "stripe", {"url": url}, {"api_key": KEY}, name="pay"):
            gateways = Gateways(get_settings())
            started = time.monotonic()
            with pytest.raises(SourceError, match="connection failed"):
                gateways.still_open("pay", "in_1")
            assert time.monotonic() - started < 2
            gateways.close()


def test_a_lost_secret_is_an_answer_that_never_came(there: StripeStub, tmp_path: Path) -> None:
    with connected(tmp_path, "stripe", {"url": there.url}, {}, name="pay"), pytest.raises(SourceError, match="api_key"):
        Gateways(get_settings()).still_open("pay", "in_1")
