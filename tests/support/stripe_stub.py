"""Stripe as its API shows it: lists newest first of at most 100, `created[gte]`, events, objects whole where asked.

It keeps its own books: `amount_remaining` of an invoice is what its payments and credit notes left of it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

KEY = "rk_test_s3cr3t"
START = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
Record = dict[str, Any]
TRANSITIONS = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
KINDS = ("customer", "invoice", "invoice_payment", "charge", "payment_intent", "refund", "dispute", "credit_note",
         "balance_transaction", "payout", "event")  # fmt: skip


class StripeStub(Stub):
    """`objects`: kind -> id -> object, oldest first. Amounts are in the smallest unit."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.objects: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self.forbidden: set[str] = set()
        self.granted: dict[str, Record] = {}
        self._numbers: Counter[str] = Counter()

    # what people do there

    def tick(self, seconds: float = 60) -> None:
        self.now += dt.timedelta(seconds=seconds)

    @property
    def _epoch(self) -> int:
        return int(self.now.timestamp())

    def create(self, kind: str, prefix: str, event: str = "", **values: Any) -> Record:
        made = self.objects[kind]
        key = values.pop("id", f"{prefix}_{self._numbers[kind]:04}")
        self._numbers[kind] += 1
        made[key] = {"id": key, "object": kind, "created": self._epoch, "livemode": False, "metadata": {}, **values}
        if event:
            self._tell(event, made[key])
        return made[key]

    def change(self, kind: str, key: str, event: str, **values: Any) -> Record:
        self.objects[kind][key].update(values)
        self._tell(event, self.objects[kind][key])
        return self.objects[kind][key]

    def delete(self, kind: str, key: str) -> None:
        self._tell(f"{kind}.deleted", self.objects[kind].pop(key))

    def forget_events(self) -> None:
        """As after 30 days."""
        self.objects["event"].clear()

    def _tell(self, event: str, record: Record) -> None:
        self.create("event", "evt", type=event, data={"object": dict(record)}, api_version="2017-08-15")

    def customer(self, name: str, **values: Any) -> Record:
        return self.create("customer", "cus", "customer.created", **{
            "id": f"cus_{name}", "name": name, "email": f"{name.lower()}@example.com", "phone": None, "balance": 0,
            "currency": None, "preferred_locales": ["es"], "address": {"country": "PE"}, "next_invoice_sequence": 1,
            "tax_ids": {"data": [{"type": "pe_ruc", "value": "20123456789"}]}, **values})  # fmt: skip

    def grant(self, name: str, balance: int) -> None:
        """The customer's balance, negative for credit, and what moved it there."""
        self.granted[f"cus_{name}"] = {"object": "customer_balance_transaction", "created": self._epoch}
        self.change("customer", f"cus_{name}", "customer.updated", balance=balance)

    def invoice(self, customer: str, total: int, currency: str = "usd", **values: Any) -> Record:
        """A finalized one, due in a month."""
        made = self.create("invoice", "in", "invoice.created", **{
            "customer": f"cus_{customer}", "customer_name": customer, "customer_email": None, "currency": currency,
            "status": "open", "collection_method": "send_invoice", "total": total, "amount_due": total,
            "amount_paid": 0, "amount_remaining": total, "pre_payment_credit_notes_amount": 0, "starting_balance": 0,
            "effective_at": self._epoch, "due_date": self._epoch + 30 * 86_400, "number": None,
            "status_transitions": dict.fromkeys(TRANSITIONS) | {"finalized_at": self._epoch},
            "hosted_invoice_url": "https://invoice.stripe.com/i/1", "lines": {"data": []}, **values})  # fmt: skip
        return self.change("invoice", made["id"], "invoice.finalized", number=f"N-{made['id'][3:]}")

    def _settle(self, invoice: str, event: str, **values: Any) -> Record:
        record = self.objects["invoice"][invoice]
        record.update(values)
        record["amount_remaining"] = record["amount_due"] - record["amount_paid"]
        if record["status"] in ("open", "uncollectible") and not record["amount_remaining"]:
            record["status"] = "paid"
            record["status_transitions"] = record["status_transitions"] | {"paid_at": self._epoch}
        return self.change("invoice", invoice, event)

    def charge(self, customer: str | None, amount: int, currency: str = "usd") -> Record:
        """A card is charged: with its payment intent and balance transaction."""
        owner = f"cus_{customer}" if customer else None
        intent = self.create("payment_intent", "pi", amount=amount, amount_received=amount, currency=currency,
                             status="succeeded", customer=owner, client_secret="pi_secret_of_stripe")  # fmt: skip
        charge = self.create("charge", "ch", "charge.succeeded", amount=amount, amount_captured=amount, paid=True,
                             amount_refunded=0, currency=currency, customer=owner, status="succeeded", disputed=False,
                             payment_intent=intent["id"])  # fmt: skip
        moved = self.create("balance_transaction", "txn", amount=amount, fee=30, net=amount - 30, currency=currency,
                            type="charge", source=charge["id"], status="pending")  # fmt: skip
        charge["balance_transaction"] = moved["id"]
        self.change("payment_intent", intent["id"], "payment_intent.succeeded", latest_charge=charge["id"])
        return charge

    def pay(self, invoice: str, amount: int | None = None) -> Record:
        """By card, in part where there is an amount; the charge."""
        record = self.objects["invoice"][invoice]
        paid = record["amount_remaining"] if amount is None else amount
        charge = self.charge(record["customer"][4:], paid, record["currency"])
        self.create("invoice_payment", "inpay", "invoice_payment.paid", invoice=invoice, amount_paid=paid,
                    amount_requested=paid, currency=record["currency"], status="paid",
                    payment={"type": "payment_intent", "payment_intent": charge["payment_intent"]},
                    status_transitions={"canceled_at": None, "paid_at": self._epoch})  # fmt: skip
        self._settle(invoice, "invoice.payment_succeeded", amount_paid=record["amount_paid"] + paid)
        return charge

    def pay_out_of_band(self, invoice: str) -> None:
        self._settle(invoice, "invoice.paid", amount_paid=self.objects["invoice"][invoice]["amount_due"])

    def credit_note(self, invoice: str, amount: int, **values: Any) -> Record:
        """Of an open invoice: it lowers what is due."""
        record = self.objects["invoice"][invoice]
        made = self.create("credit_note", "cn", "credit_note.created", **{
            "amount": amount, "total": amount, "currency": record["currency"], "customer": record["customer"],
            "invoice": invoice, "status": "issued", "type": "pre_payment", "pre_payment_amount": amount,
            "post_payment_amount": 0, "number": f"{record['number']}-CN-1", "effective_at": self._epoch,
            "reason": None, **values})  # fmt: skip
        lower = made["pre_payment_amount"]
        record["amount_due"] -= lower
        record["pre_payment_credit_notes_amount"] += lower
        self._settle(invoice, "invoice.updated")
        return made

    def refund(self, charge: str, amount: int) -> Record:
        record = self.objects["charge"][charge]
        made = self.create("refund", "re", "refund.created", amount=amount, currency=record["currency"], charge=charge,
                           payment_intent=record["payment_intent"], status="succeeded", reason=None)  # fmt: skip
        self.change("charge", charge, "charge.refunded", amount_refunded=record["amount_refunded"] + amount)
        return made

    def dispute(self, charge: str) -> Record:
        """The bank takes the money at once."""
        record = self.objects["charge"][charge]
        made = self.create("dispute", "dp", "charge.dispute.created", amount=record["amount"], charge=charge,
                           currency=record["currency"], payment_intent=record["payment_intent"], reason="fraudulent",
                           status="needs_response", balance_transactions=[])  # fmt: skip
        self._move(made, -record["amount"], "charge.dispute.funds_withdrawn")
        return made

    def decide(self, dispute: str, status: str) -> None:
        record = self.change("dispute", dispute, "charge.dispute.closed", status=status)
        if status == "won":
            self._move(record, record["amount"], "charge.dispute.funds_reinstated")

    def _move(self, dispute: Record, amount: int, event: str) -> None:
        moved = self.create("balance_transaction", "txn", amount=amount, fee=0, net=amount,
                            currency=dispute["currency"], type="adjustment", source=dispute["id"])  # fmt: skip
        dispute["balance_transactions"] = [*dispute["balance_transactions"], moved]
        self._tell(event, dispute)

    def mark(self, invoice: str, status: str, moment: str) -> None:
        """`void`, or `uncollectible`."""
        passed = self.objects["invoice"][invoice]["status_transitions"] | {moment: self._epoch}
        self.change("invoice", invoice, f"invoice.{moment[:-3]}", status=status, status_transitions=passed)

    def outstanding(self, customer: str) -> int:
        """What Stripe says is open of a customer's invoices."""
        found = (record for record in self.objects["invoice"].values() if record["customer"] == f"cus_{customer}")
        return sum(record["amount_remaining"] for record in found if record["status"] == "open")

    # what the API answers

    def answer(self, request: Request) -> Reply:
        reply = self._answer(request)
        return replace(reply, headers={**reply.headers, "Date": format_datetime(self.now, usegmt=True)})

    def _answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return error(401, f"Invalid API Key provided: {request.headers.get('authorization')}")
        _, version, path, *key = request.path.split("/")
        kind = path.removesuffix("s")
        if version != "v1" or kind not in self.objects:
            return error(404, f"Unrecognized request URL ({request.path})")
        if kind in self.forbidden:
            return error(403, f"The provided key does not have the 'rak_{kind}_read' permission")
        expand = [value for name, value in request.params.items() if name.startswith("expand[")]
        if key[1:] == ["balance_transactions"]:
            return json_reply(listed([self.granted[key[0]]] if key[0] in self.granted else [], False))
        if key:
            return self._one(kind, key[0], expand)
        return self._list(kind, request, [field.removeprefix("data.") for field in expand])

    def _one(self, kind: str, key: str, expand: list[str]) -> Reply:
        if key in self.objects[kind]:
            return json_reply(self._shown(self.objects[kind][key], expand))
        if kind == "customer":
            return json_reply({"id": key, "object": kind, "deleted": True})
        return error(404, f"No such {kind}: '{key}'", code="resource_missing", param="id")

    def _list(self, kind: str, request: Request, expand: list[str]) -> Reply:
        limit = int(request.params.get("limit", 10))
        if not 1 <= limit <= 100:
            return error(400, "This value must be between 1 and 100", param="limit")
        found = list(reversed(self.objects[kind].values()))
        for name, value in request.params.items():
            if name == "created[gte]":
                found = [record for record in found if record["created"] >= int(value)]
            elif name == "invoice":
                found = [record for record in found if record["invoice"] == value]
            elif name == "starting_after":
                if value not in self.objects[kind]:
                    return error(400, f"No such {kind}: '{value}'", code="resource_missing", param=name)
                place = next((place for place, record in enumerate(found) if record["id"] == value), len(found))
                found = found[place + 1 :]
            elif name != "limit" and not name.startswith("expand["):
                return error(400, f"Received unknown parameter: {name}", param=name)
        return json_reply(listed((self._shown(record, expand) for record in found[:limit]), len(found) > limit))

    def _shown(self, record: Record, expand: list[str]) -> Record:
        """A charge whole, the payments of an invoice and the tax ids of a customer only where they are asked for."""
        shown = {name: value for name, value in record.items() if name != "tax_ids"}
        for field in expand:
            if field == "charge":
                shown[field] = self.objects["charge"][record[field]]
            elif field == "payments":
                of_it = [p for p in self.objects["invoice_payment"].values() if p["invoice"] == record["id"]][::-1]
                shown[field] = listed(of_it[:10], len(of_it) > 10)
            else:
                shown[field] = record[field]
        return shown


def listed(records: Iterable[Record], has_more: bool) -> Record:
    return {"object": "list", "data": list(records), "has_more": has_more}


def error(status: int, message: str, **more: str) -> Reply:
    return json_reply({"error": {"type": "invalid_request_error", "message": message, **more}}, status)
