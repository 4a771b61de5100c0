"""Mercado Pago as its documentation describes the API: search by date of change with offset and limit, 50 records a
page and no offset beyond 10,000, refunds inside payments, chargebacks apart, settlement reports as CSV files.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

TOKEN = "APP_USR-s3cr3t-of-mercadopago"
ACCOUNT = 446566691
ZONE = dt.timezone(dt.timedelta(hours=-4))
Record = dict[str, Any]

HEADER = ("EXTERNAL_REFERENCE;SOURCE_ID;USER_ID;TRANSACTION_TYPE;TRANSACTION_AMOUNT;TRANSACTION_CURRENCY;"
          "TRANSACTION_DATE;FEE_AMOUNT;SETTLEMENT_NET_AMOUNT;SETTLEMENT_DATE;REAL_AMOUNT;TAXES_AMOUNT")  # fmt: skip


def shown(name: str) -> Record:
    return {"id": f"{name}-1", "email": f"{name}@example.com", "first_name": name.title(), "last_name": "Quispe",
            "identification": {"type": "RUC", "number": f"20-{name}"}}  # fmt: skip


class MercadoPago(Stub):
    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 3, 1, 22, 30, tzinfo=ZONE)
        self.payments: dict[int, Record] = {}
        self.chargebacks: dict[str, Record] = {}
        self.reports: dict[str, tuple[Record, str]] = {}
        self.furthest = 10_000

    # what happens there

    def tick(self, seconds: float = 60) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def pay(
        self, number: int, total: str, reference: str | None, payer: str | Record | None = "ana", **values: Any
    ) -> Record:
        """A payment by card, approved at once; the payer by name, or as he is shown."""
        amount, fee = Decimal(total), (Decimal(total) * 41 / 1000).quantize(Decimal("0.01"))
        self.payments[number] = {
            "id": number, **dict.fromkeys(("date_created", "date_approved", "date_last_updated"), self.written),
            "operation_type": "regular_payment", "payment_type_id": "credit_card", "payment_method_id": "visa",
            "status": "approved", "status_detail": "accredited", "currency_id": "PEN", "collector_id": ACCOUNT,
            "external_reference": reference, "transaction_amount": amount, "transaction_amount_refunded": Decimal(0),
            "payer": shown(payer) if isinstance(payer, str) else payer,
            "fee_details": [{"type": "mercadopago_fee", "amount": fee, "fee_payer": "collector"},
                            {"type": "financing_fee", "amount": Decimal("1.00"), "fee_payer": "payer"}],
            "transaction_details": {"net_received_amount": amount - fee, "total_paid_amount": amount},
            "installments": 1, "refunds": [], "build_version": "2.105.0", **values}  # fmt: skip
        return self.payments[number]

    def change(self, number: int, **values: Any) -> None:
        self.payments[number].update(values, date_last_updated=self.written)

    def refund(self, number: int, refund_id: int, total: str, status: str = "approved") -> None:
        payment = self.payments[number]
        refund = {"id": refund_id, "payment_id": number, "amount": Decimal(total), "status": status,
                  "date_created": self.written, "reason": None, "refund_mode": "standard",
                  "source": {"id": str(ACCOUNT), "name": "Acme", "type": "collector"}}  # fmt: skip
        payment["refunds"] = [one for one in payment["refunds"] if one["id"] != refund_id] + [refund]
        refunded = sum((one["amount"] for one in payment["refunds"] if one["status"] == "approved"), Decimal(0))
        whole = refunded == payment["transaction_amount"]
        detail = "refunded" if whole else "partially_refunded" if refunded else "accredited"
        status = "refunded" if whole else "approved"
        self.change(number, transaction_amount_refunded=refunded, status=status, status_detail=detail)

    def charge_back(self, chargeback_id: str, number: int, **values: Any) -> None:
        payment = self.payments[number]
        self.chargebacks[chargeback_id] = {
            "id": chargeback_id, "payments": [number], "currency": payment["currency_id"],
            "amount": payment["transaction_amount"], "reason": "general", "coverage_applied": None,
            "coverage_elegible": True, "documentation_required": True, "documentation_status": "pending",
            "documentation": [], "date_documentation_deadline": None, "date_created": self.written,
            "date_last_updated": self.written, "live_mode": True, **values}  # fmt: skip
        self.change(number, status="charged_back", status_detail="in_process")

    def cover(self, chargeback_id: str) -> None:
        """The case is decided for the seller."""
        case = self.chargebacks[chargeback_id]
        case.update(coverage_applied=True, documentation_status="valid", date_last_updated=self.written)
        self.change(case["payments"][0], status_detail="reimbursed")

    def report(self, name: str, *lines: str) -> None:
        made = {"id": len(self.reports) + 1, "user_id": ACCOUNT, "begin_date": "2026-03-01T00:00:00Z",
                "end_date": "2026-03-31T23:59:59Z", "file_name": name, "created_from": "schedule",
                "date_created": self.written}  # fmt: skip
        self.reports[name] = made, "\n".join([HEADER, *lines]) + "\n"

    @property
    def written(self) -> str:
        return self.now.isoformat(timespec="milliseconds")

    # what the API answers

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply({"message": "invalid access token", "error": "unauthorized", "status": 401}, 401)
        if request.path == "/users/me":
            return json_reply({"id": ACCOUNT, "nickname": "ACME", "site_id": "MPE"})
        if request.path == "/v1/payments/search":
            return self._found(request, self._searched(request))
        if request.path == "/v1/chargebacks/search":
            number = request.params.get("payment_id")
            if number is None:
                return json_reply({"message": "payment_id is required", "error": "bad_request", "status": 400}, 400)
            return self._found(request, [one for one in self.chargebacks.values() if int(number) in one["payments"]])
        if request.path == "/v1/account/settlement_report/list":
            return json_reply([made for made, _content in self.reports.values()])
        name = request.path.removeprefix("/v1/account/settlement_report/")
        if name in self.reports:
            return Reply(200, self.reports[name][1].encode(), {"Content-Type": "text/csv"})
        return json_reply({"message": "not found", "error": "not_found", "status": 404}, 404)

    def _searched(self, request: Request) -> list[Record]:
        params = request.params
        begin = dt.datetime.fromisoformat(params["begin_date"])
        end = self.now if params["end_date"] == "NOW" else dt.datetime.fromisoformat(params["end_date"])
        field = params["range"]
        found = [one for one in self.payments.values() if begin < dt.datetime.fromisoformat(one[field]) <= end]
        if "collector.id" in params:
            found = [one for one in found if str(one["collector_id"]) == params["collector.id"]]
        return sorted(found, key=lambda one: one[params["sort"]], reverse=params["criteria"] == "desc")

    def _found(self, request: Request, found: list[Record]) -> Reply:
        offset, limit = int(request.params.get("offset", 0)), min(50, int(request.params.get("limit", 30)))
        if offset > self.furthest:
            return json_reply({"message": "Invalid value for offset", "error": "bad_request", "status": 400}, 400)
        paging = {"total": len(found), "limit": limit, "offset": offset}
        return json_reply({"paging": paging, "results": found[offset : offset + limit]})
