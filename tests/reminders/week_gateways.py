"""The gateway of the week as a sender asks it: by the client that asks Stripe."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal

from cartera.connectors.api.system import Access
from cartera.connectors.stripe.client import open_session, still_open

SOURCES = ("pay", "sandbox")
PATIENCE_SECONDS = 2.0
NOBODY_THERE = "http://127.0.0.1:1"


class TillGateways:
    """As cartera.connectors.still_open.Gateways, of the one at that address."""

    def __init__(self, url: str) -> None:
        access = Access(
            "till",
            {"api_key": "rk_test_week", "url": url, "account": "", "customer_reference": "", "invoice_reference": ""},
            patience_seconds=PATIENCE_SECONDS,
        )
        self._stack = ExitStack()
        self._session = self._stack.enter_context(open_session(access))

    def can_tell(self, source: str) -> bool:
        return source in SOURCES

    def still_open(self, source: str, document: str) -> Decimal | None:
        return still_open(self._session, f"{source}:{document}")

    def close(self) -> None:
        self._stack.close()
