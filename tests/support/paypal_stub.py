"""PayPal as its documentation describes the API: a token that expires, transactions in spans of 31 days and 10,000,
three hours late and no older than three years, disputes with the token of the next page in a link, balances.
"""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

CLIENT, SECRET = "AeA1QIZXiflr1", "s3cr3t-of-paypal"
LAG = dt.timedelta(hours=3)
Record = dict[str, Any]


def money(value: str, currency: str = "USD") -> Record:
    return {"currency_code": currency, "value": value}


class PayPal(Stub):
    """`now` moves on by itself for nobody. `uses`: how many requests a token is good for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
        self.transactions: list[Record] = []
        self.disputes: dict[str, Record] = {}
        self.most, self.uses = 10_000, 1_000
        self._tokens: dict[str, int] = {}

    # what happens there

    def tick(self, **passed: float) -> None:
        self.now += dt.timedelta(**passed)

    def happen(self, transaction_id: str, code: str, value: str, payer: str | None = "ana", **values: Any) -> Record:
        """A transaction; money that goes out is negative."""
        fee = f"{-(Decimal(value) * 29 / 1000 + Decimal('0.30')):.2f}" if code.startswith("T00") else None
        info = {
            "transaction_id": transaction_id, "transaction_event_code": code, "transaction_status": "S",
            "transaction_initiation_date": self._written("+0000"), "transaction_updated_date": self._written("+0000"),
            "transaction_amount": money(value), "ending_balance": money("1.00"), "available_balance": money("1.00"),
            "protection_eligibility": "01", **({"fee_amount": money(fee)} if fee else {}),
            **({"paypal_account_id": payer.upper()} if payer else {}), **values}  # fmt: skip
        name = {"given_name": payer, "surname": "Doe", "alternate_full_name": f"{payer} Doe"} if payer else {}
        known = {"account_id": info.get("paypal_account_id"), "email_address": f"{payer}@example.com",
                 "payer_status": "Y", "payer_name": name, "country_code": "US"}  # fmt: skip
        self.transactions.append({"transaction_info": info, "payer_info": known if payer else {}})
        return info

    def dispute(self, dispute_id: str, value: str, **values: Any) -> None:
        self.disputes[dispute_id] = {
            **self.disputes.get(dispute_id, {"create_time": self._written(".000Z")}),
            "dispute_id": dispute_id, "update_time": self._written(".000Z"), "reason": "UNAUTHORISED",
            "status": "UNDER_REVIEW", "dispute_state": "UNDER_PAYPAL_REVIEW", "dispute_amount": money(value),
            "dispute_life_cycle_stage": "CHARGEBACK", "dispute_channel": "INTERNAL", **values}  # fmt: skip

    def _written(self, zone: str) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%S") + zone

    # what the API answers

    def answer(self, request: Request) -> Reply:
        if request.path == "/v1/oauth2/token":
            return self._token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0) <= 0:
            return self._error("AUTHENTICATION_FAILURE", 401)
        self._tokens[token] -= 1
        if request.path == "/v1/reporting/transactions":
            return self._transactions(request)
        if request.path == "/v1/customer/disputes":
            return self._disputes(request)
        if request.path == "/v1/reporting/balances":
            total = money("1234.56")
            balances = [{"currency": "USD", "primary": True, "total_balance": total, "available_balance": total,
                         "withheld_balance": money("0.00")}]  # fmt: skip
            return json_reply({"balances": balances, "account_id": "MRCHNT", "as_of_time": self._written("Z"),
                               "last_refresh_time": (self.now - LAG).isoformat()})  # fmt: skip
        return self._error("RESOURCE_NOT_FOUND", 404)

    def _error(self, name: str, status: int, **more: Any) -> Reply:
        return json_reply({"name": name, "message": f"{name} it is.", "debug_id": "90957fca61718", **more}, status)

    def _token(self, request: Request) -> Reply:
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}" or b"client_credentials" not in request.body:
            return json_reply({"error": "invalid_client", "error_description": "Client Authentication failed"}, 401)
        token = f"A21AA{len(self._tokens)}"
        self._tokens[token] = self.uses
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": 32_400})

    def _transactions(self, request: Request) -> Reply:
        params = request.params
        first, last = (dt.datetime.fromisoformat(params[name]) for name in ("start_date", "end_date"))
        if last - first > dt.timedelta(days=31) or first < self.now - dt.timedelta(days=3 * 365):
            return self._error("INVALID_REQUEST", 400)
        found = [one for one in self.transactions
                 if first <= self._when(one) <= last and self._when(one) <= self.now - LAG]  # fmt: skip
        if len(found) > self.most:
            return self._error("RESULTSET_TOO_LARGE", 400, total_items=len(found), maximum_items=self.most)
        page, size = int(params.get("page", 1)), min(500, int(params.get("page_size", 100)))
        fields = params.get("fields", "transaction_info").split(",")
        shown = [{name: one[name] for name in fields} for one in sorted(found, key=self._when)]
        return json_reply({
            "transaction_details": shown[(page - 1) * size : page * size], "account_number": "MRCHNT", "page": page,
            "total_items": len(found), "total_pages": -(-len(found) // size),
            "last_refreshed_datetime": self._written("+0000")})  # fmt: skip

    def _when(self, one: Record) -> dt.datetime:
        return dt.datetime.fromisoformat(one["transaction_info"]["transaction_initiation_date"])

    def _disputes(self, request: Request) -> Reply:
        after = dt.datetime.fromisoformat(request.params["update_time_after"])
        if after < self.now - dt.timedelta(days=180):
            return self._error("INVALID_REQUEST", 400)
        found = [one for one in reversed(self.disputes.values())
                 if dt.datetime.fromisoformat(one["update_time"]) >= after]  # fmt: skip
        start, size = int(request.params.get("next_page_token", "P0")[1:]), int(request.params["page_size"])
        links = [{"rel": "self", "href": f"https://api.paypal.com{request.path}"}]
        if start + size < len(found):
            href = f"https://api.paypal.com{request.path}?page_size={size}&next_page_token=P{start + size}"
            links.append({"rel": "next", "href": href})
        return json_reply({"items": found[start : start + size], "links": links})
