"""The gateway where invoices of the week are paid: a server on this machine.

What is paid there is in no books until they are read again, if then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from support.stub_server import Reply, Request, Stub, json_reply
from week_gateways import PATIENCE_SECONDS

from cartera.connectors.stripe.entities import units

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
        # who asked has given up while it was slow
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

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
            time.sleep(1.5 * PATIENCE_SECONDS)
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
