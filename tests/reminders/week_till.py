"""The gateway where invoices of the week are paid: a server on this machine, asked by the client that asks Stripe.

What is paid there is in no books until they are read again, if then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from support.stub_server import Reply, Request, Stub, json_reply

from cartera.connectors.api.system import Access
from cartera.connectors.stripe.client import open_session, still_open
from cartera.connectors.stripe.entities import units

SOURCES = ("pay", "sandbox")
PATIENCE_SECONDS = 0.4
NOBODY_THERE = "http://127.0.0.1:1"
NONSENSE = (
    Reply(200, b"<html>Please log in</html>"),
    Reply(404, b"<html>no such page</html>"),
    json_reply({"id": "of somebody else", "status": "open", "amount_remaining": 0, "currency": "pen"}),
    json_reply({"id": None, "status": "paid"}),
)
TROUBLE = ("down", "429", "slow", "nonsense")


class WeekTill(Stub):
    """`open_now`: items as published; `paid`: by invoice what was paid here and is in no books; `trouble`: one of
    TROUBLE."""

    def __init__(self) -> None:
        super().__init__()
        self.open_now: Mapping[str, Mapping[str, Any]] = {}
        self.paid: dict[str, Decimal] = {}
        self.trouble: str | None = None

    def left(self, invoice: str) -> tuple[Decimal, str]:
        """What is left to pay, and its currency."""
        items = [item for item in self.open_now.values() if item["invoice_id"] == invoice and item["open_amount"] > 0]
        owed = sum((item["open_amount"] for item in items), Decimal(0)) - self.paid.get(invoice, Decimal(0))
        return max(owed, Decimal(0)), items[0]["currency_code"] if items else "PEN"

    def pay(self, invoice: str, part: Decimal) -> None:
        """A part of what is left, to the coin."""
        left, currency = self.left(invoice)
        coin = units(1, currency)
        self.paid[invoice] = self.paid.get(invoice, Decimal(0)) + (left * part // coin) * coin

    def _reply(self, request: Request) -> Reply:
        if self.trouble == "slow":
            time.sleep(2 * PATIENCE_SECONDS)
        return super()._reply(request)

    def answer(self, request: Request) -> Reply:
        if self.trouble == "429":
            return json_reply({"error": {"message": "Too many requests"}}, 429, **{"Retry-After": "3600"})
        if self.trouble == "nonsense":
            return NONSENSE[len(self.requests) % len(NONSENSE)]
        invoice = unquote(request.path.rpartition("/")[2])
        left, currency = self.left(invoice)
        return json_reply({
            "id": invoice, "currency": currency.lower(), "amount_remaining": int(left / units(1, currency)),
            "status": "open" if left else "paid",
        })  # fmt: skip


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
