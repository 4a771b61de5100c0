"""A gateway that repeats in its errors what it was sent: nothing of that is told, whatever form it comes back in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api import Access, systems
from cartera.errors import SourceError

SECRET = 's3cr3t+of/the="gateway"'
ISSUED = "issued-token-" + "x" * 3_000
SETTINGS = {
    "stripe": {"api_key": SECRET, "account": "", "customer_reference": "", "invoice_reference": ""},
    "mercadopago": {"access_token": SECRET, "start_date": "2026-01-01"},
    "paypal": {"client_id": "acme", "client_secret": SECRET, "start_date": "2026-01-01"},
    "dlocal": {"login": "acme", "trans_key": SECRET, "secret_key": f"{SECRET}-2"},
}


class Echo(Stub):
    """Answers with all that came in. `lets_in`: a token is given first."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.lets_in = 400, True

    def answer(self, request: Request) -> Reply:
        if self.lets_in and request.path.endswith("oauth2/token"):
            return json_reply({"access_token": ISSUED})
        said = {"told": dict(request.headers), "body": request.body.decode()}
        return json_reply({"message": said, "error": said, "name": said, "code": 1, "debug_id": 1}, self.status)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as made:
        yield made


@pytest.mark.parametrize("lets_in", [True, False])
@pytest.mark.parametrize(
    ("name", "status"),
    # Stripe reports no error with status 200
    [(name, status) for name in SETTINGS for status in (200, 400, 401, 403, 422) if (name, status) != ("stripe", 200)],
)
def test_what_a_gateway_repeats_is_not_told(echo: Echo, tmp_path: Path, name: str, lets_in: bool, status: int) -> None:
    echo.status, echo.lets_in = status, lets_in
    system = systems.get(name)
    settings = {"url": echo.url, "folder": str(tmp_path), **SETTINGS[name]}
    secrets = frozenset(value for key, value in settings.items() if SECRET in value)
    with (
        pytest.raises(SourceError) as error,
        system.open(Access("pay", settings, secrets)) as session,
    ):
        system.check(session)
    told = str(error.value)
    carried = [word for request in echo.requests for word in request.headers.get("authorization", "").split()]
    for secret in (
        SECRET,
        json.dumps(SECRET)[1:-1],
        "s3cr3t",
        ISSUED[:20],
        *(word for word in carried if len(word) > 7),
    ):
        assert secret not in told
