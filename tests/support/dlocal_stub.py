"""dLocal: an API that knows single payments and wants each request signed, and reports written to a folder.

Reports are laid out as the files that Wikimedia's fundraising code reads: a daily one with a line for each payment,
refund, chargeback and fee, and a settlement with two tables in one file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
from pathlib import Path
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

LOGIN, TRANS_KEY, SECRET_KEY = "sak223k2wdksdl2", "fm12-trans-of-dlocal", "s3cr3t-of-dlocal"
DAILY = ("Type,Creation date,Settlement date,Reference,Invoice,Country,Payment Method,Payment Method Type,"
         "Net Amount (local),Amount (USD),currency,Status,User Mail,Transaction Reference,Transaction Invoice,"
         "Fee,IOF")  # fmt: skip
HEADER = "ROW_TYPE,TRANSFER_ID,TRANSFER_DATE,SETTLEMENT_CURRENCY,NET_TOTAL_AMOUNT"
SETTLED = ("ROW_TYPE,DLOCAL_TRANSACTION_ID,TRANSACTION_ID,CREATION_DATE,APPROVED_DATE,LOCAL_AMOUNT,LOCAL_CURRENCY,"
           "FX_RATE,GROSS_AMOUNT,FEE_AMOUNT,NET_AMOUNT,USER_EMAIL")  # fmt: skip


class Dlocal(Stub):
    """`payments`: what the API says, by id."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.now = folder, dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)
        self.payments: dict[str, dict[str, Any]] = {}
        self.lines: list[str] = []

    # what happens there

    def pay(self, reference: str, total: str, invoice: str, payer: str = "ana", status: str = "Cleared") -> None:
        known = {"name": f"{payer.title()} Silva", "email": f"{payer}@example.com", "document": f"530-{payer}",
                 "user_reference": payer.upper()}  # fmt: skip
        self.payments[reference] = {
            "id": reference,
            "amount": 1,
            "payer": known,
            "status": "PAID",
            "status_code": "200",
        }
        self.line("Payment", reference, total, status, invoice=invoice, mail=f"{payer}@example.com")

    def line(self, kind: str, reference: str, total: str, status: str, *, of: str = "", invoice: str = "",
             mail: str = "", fee: str = "0.03") -> None:  # fmt: skip
        moment = f"{self.now:%Y-%m-%d %H:%M:%S}"
        self.lines.append(
            f"{kind},{moment},,{reference},{invoice},BR,MC,CREDIT_CARD,{total},1.50,BRL,{status},{mail},{of},,{fee},0.01"
        )

    def deliver(self, name: str, content: str | None = None) -> None:
        """A report comes to the folder: the lines since the last one."""
        content = content if content is not None else "\n".join([DAILY, *self.lines]) + "\n"
        self.lines = []
        path = self.folder / name
        path.write_text(content)
        os.utime(path, (self.now.timestamp(), self.now.timestamp()))

    def settle(self, name: str, *lines: str) -> None:
        head = f"{HEADER}\nHEADER,642926,2026/03/02,USD,7.40"
        self.deliver(name, "\n".join([head, SETTLED, *lines]) + "\n")

    def tick(self, **passed: float) -> None:
        self.now += dt.timedelta(**passed)

    # what the API answers

    def answer(self, request: Request) -> Reply:
        headers = request.headers
        signed = f"{headers.get('x-login')}{headers.get('x-date')}".encode() + request.body
        signature = hmac.new(SECRET_KEY.encode(), signed, hashlib.sha256).hexdigest()
        expected = (LOGIN, TRANS_KEY, f"V2-HMAC-SHA256, Signature: {signature}")
        if (headers.get("x-login"), headers.get("x-trans-key"), headers.get("authorization")) != expected:
            return json_reply({"code": 3001, "message": "Invalid Credentials"}, 403)
        if request.path == "/payments-methods":
            return json_reply([{"id": "MC", "type": "CARD", "name": "MasterCard", "countries": ["BR"]}])
        reference = request.path.removeprefix("/payments/")
        if reference in self.payments:
            return json_reply(self.payments[reference])
        return json_reply({"code": 4000, "message": "Payment not found"}, 404)
