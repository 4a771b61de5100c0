"""ERPNext as its REST API shows it: lists without child tables, filters, order, docstatus, `modified` in local time.

It keeps its own books: `outstanding_amount` of an invoice is what its payments and credit notes left of it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

TOKEN = "token key:s3cr3t-of-erpnext"
START = dt.datetime(2026, 3, 1, 9, 0)  # noqa: DTZ001 - the site's local time, as the system writes it
Record = dict[str, Any]

CHILDREN = {"Payment Schedule": ("Sales Invoice", "payment_schedule"),
            "Payment Entry Reference": ("Payment Entry", "references"),
            "Journal Entry Account": ("Journal Entry", "accounts")}  # fmt: skip
OPERATORS = {
    "=": lambda one, other: one == other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "in": lambda one, other: one in other,
}


class ErpNext(Stub):
    """`tables`: doctype -> name -> record, children inside."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.is_16 = START, False
        self.tables: dict[str, dict[str, Record]] = {
            doctype: {}
            for doctype in (
                "Company",
                "Customer",
                "Sales Invoice",
                "Payment Entry",
                "Journal Entry",
                "Currency Exchange",
            )
        }
        self.save("Company", "Acme S.A.", default_currency="PEN", country="Peru")

    # what people do there

    def tick(self, seconds: float = 60) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def save(self, doctype: str, name: str, **values: Any) -> Record:
        """Make or change a record; `modified` is now, and other things may happen in the same moment."""
        record = self.tables[doctype].setdefault(name, {"name": name, "docstatus": 0, "creation": self._written()})
        record.update(values, modified=self._written())
        return record

    def delete(self, doctype: str, name: str) -> None:
        del self.tables[doctype][name]

    def customer(self, name: str, **values: Any) -> Record:
        return self.save("Customer", name, **{
            "customer_name": f"{name} S.A.", "customer_type": "Company", "tax_id": f"20{len(self.tables['Customer'])}",
            "language": "es", "email_id": f"{name.lower()}@example.com", "disabled": 0, **values})  # fmt: skip

    def invoice(
        self, name: str, customer: str, total: str, instalments: Sequence[tuple[str, str]] = (), **values: Any
    ) -> Record:
        """A submitted one. `instalments`: (due date, amount); default: one, a month later."""
        amount, day = Decimal(total), values.pop("posting_date", self.now.date().isoformat())
        due = (dt.date.fromisoformat(day) + dt.timedelta(days=30)).isoformat()
        rows = [
            {"name": f"{name}-{number}", "parent": name, "parenttype": "Sales Invoice",
             "parentfield": "payment_schedule", "idx": number, "due_date": when, "payment_amount": Decimal(part),
             "base_payment_amount": Decimal(part)}
            for number, (when, part) in enumerate(instalments or [(due, total)], 1)
        ]  # fmt: skip
        record = self.save("Sales Invoice", name, **{
            "docstatus": 1, "is_return": 0, "return_against": None, "update_outstanding_for_self": 1,
            "customer": customer, "customer_name": f"{customer} S.A.", "contact_email": None, "company": "Acme S.A.",
            "status": "Unpaid", "posting_date": day, "due_date": rows[-1]["due_date"], "currency": "PEN",
            "party_account_currency": "PEN", "conversion_rate": Decimal("1.0"), "grand_total": amount,
            "base_grand_total": amount, "rounded_total": Decimal("0.0"), "base_rounded_total": Decimal("0.0"),
            "outstanding_amount": amount, "payment_schedule": [] if values.get("is_return") else rows,
            **values})  # fmt: skip
        self._settle()
        return record

    def credit_note(self, name: str, against: str, total: str, *, for_self: bool = False, **values: Any) -> Record:
        """A return: its totals are negative. Not `for_self`: it lowers what the invoice leaves open."""
        customer = self.tables["Sales Invoice"][against]["customer"]
        return self.invoice(name, customer, f"-{total}", is_return=1, return_against=against,
                            update_outstanding_for_self=int(for_self), **values)  # fmt: skip

    def payment(self, name: str, customer: str, total: str, references: dict[str, str], *, deducted: str = "0",
                **values: Any) -> Record:  # fmt: skip
        """A submitted one, allocated to invoices; the rest is on account. Of a return the part is negative."""
        rows = [
            {"name": f"{name}-{number}", "parent": name, "parenttype": "Payment Entry", "parentfield": "references",
             "idx": number, "reference_name": invoice,
             "reference_doctype": "Journal Entry" if invoice in self.tables["Journal Entry"] else "Sales Invoice",
             "allocated_amount": Decimal(part)}
            for number, (invoice, part) in enumerate(references.items(), 1)
        ]  # fmt: skip
        used = sum((Decimal(part) for part in references.values()), Decimal(0))
        record = self.save("Payment Entry", name, **{
            "unallocated_amount": Decimal(total) + Decimal(deducted) - abs(used),
            "docstatus": 1, "payment_type": "Receive", "party_type": "Customer", "party": customer,
            "company": "Acme S.A.", "posting_date": self.now.date().isoformat(), "paid_amount": Decimal(total),
            "received_amount": Decimal(total), "paid_from_account_currency": "PEN", "paid_to_account_currency": "PEN",
            "mode_of_payment": "Transfer", "reference_no": None, "references": rows, **values})  # fmt: skip
        self._settle()
        return record

    def journal(self, name: str, *accounts: tuple[str | None, str, str], voucher_type: str = "Journal Entry") -> Record:
        """A submitted one. `accounts`: (customer or None, amount, document that it names); negative: a credit."""
        rows = [
            {"name": f"{name}-{number}", "parent": name, "parenttype": "Journal Entry", "parentfield": "accounts",
             "idx": number, "party_type": "Customer" if customer else None, "party": customer,
             "account_currency": "PEN", "debit_in_account_currency": max(Decimal(amount), Decimal(0)),
             "credit_in_account_currency": max(-Decimal(amount), Decimal(0)), "reference_name": document or None,
             "reference_type": next((doctype for doctype, records in self.tables.items() if document in records), None)}
            for number, (customer, amount, document) in enumerate(accounts, 1)
        ]  # fmt: skip
        record = self.save("Journal Entry", name, docstatus=1, company="Acme S.A.", voucher_type=voucher_type,
                           posting_date=self.now.date().isoformat(), title=name, cheque_no=None, user_remark=None,
                           accounts=rows)  # fmt: skip
        self._settle()
        return record

    def ledger(self, customer: str | None = None, currency: str = "PEN") -> Decimal:
        """What the ledger of the receivable accounts in a currency says of a customer, or of all."""
        found = Decimal(0)
        for invoice in self.tables["Sales Invoice"].values():
            is_of = customer in (None, invoice["customer"]) and invoice["party_account_currency"] == currency
            if invoice["docstatus"] == 1 and is_of:
                found += invoice["grand_total" if invoice["currency"] == currency else "base_grand_total"]
                found -= settled_in_itself(invoice)
        for payment in self.tables["Payment Entry"].values():
            is_of = customer in (None, payment["party"]) and payment["paid_from_account_currency"] == currency
            if payment["docstatus"] == 1 and is_of:
                used = sum((row["allocated_amount"] for row in payment["references"]), Decimal(0))
                part = abs(used) + payment["unallocated_amount"]
                found += part if payment["payment_type"] == "Pay" else -part
        for row in self._journal_rows():
            if row["party"] and customer in (None, row["party"]) and row["account_currency"] == currency:
                found += row["debit_in_account_currency"] - row["credit_in_account_currency"]
        return found

    def _journal_rows(self) -> list[Record]:
        entries = self.tables["Journal Entry"].values()
        return [row for entry in entries if entry["docstatus"] == 1 for row in entry["accounts"]]

    def cancel(self, doctype: str, name: str) -> None:
        self.save(doctype, name, docstatus=2)
        self._settle()

    def outstanding(self, customer: str) -> Decimal:
        """What the system itself says a customer owes on invoices and credit notes."""
        return sum(
            (invoice["outstanding_amount"] for invoice in self.tables["Sales Invoice"].values()
             if invoice["customer"] == customer and invoice["docstatus"] == 1), Decimal(0))  # fmt: skip

    def _settle(self) -> None:
        invoices = self.tables["Sales Invoice"]
        left = {name: invoice["grand_total"] - settled_in_itself(invoice) for name, invoice in invoices.items()}
        for name, invoice in invoices.items():
            if invoice["is_return"] and invoice["docstatus"] == 1 and not invoice["update_outstanding_for_self"]:
                left[invoice["return_against"]] += left[name]
                left[name] = Decimal(0)
        for payment in self.tables["Payment Entry"].values():
            if payment["docstatus"] == 1:
                for row in filter(lambda one: one["reference_doctype"] == "Sales Invoice", payment["references"]):
                    left[row["reference_name"]] -= row["allocated_amount"]
        for row in self._journal_rows():
            if row["reference_type"] == "Sales Invoice":
                left[row["reference_name"]] += row["debit_in_account_currency"] - row["credit_in_account_currency"]
        for name, amount in left.items():
            if invoices[name]["outstanding_amount"] != amount:
                # the system writes this without touching the rest of the record, but it moves `modified`
                self.save("Sales Invoice", name, outstanding_amount=amount)

    def _written(self) -> str:
        return self.now.strftime("%Y-%m-%d %H:%M:%S.%f")

    # what the API answers

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != TOKEN:
            return json_reply({"exc_type": "AuthenticationError"}, 401)
        if request.path == "/api/method/frappe.auth.get_logged_user":
            return json_reply({"message": "reader@example.com"})
        if request.path == "/api/method/frappe.client.get_count":
            return json_reply({"message": len(self.tables[request.params["doctype"]])})
        doctype = request.path.removeprefix("/api/resource/").replace("%20", " ")
        if doctype == "GL Entry":
            return self._sums(request)
        if not request.path.startswith("/api/resource/") or doctype not in {*self.tables, *CHILDREN}:
            return json_reply({"exc_type": "DoesNotExistError"}, 404)
        return json_reply({"data": self._list(doctype, request)})

    def _sums(self, request: Request) -> Reply:
        """From 16 on sums are asked for in other words."""
        words = json.loads(request.params["fields"])[2]
        if isinstance(words, dict) != self.is_16:
            return json_reply({"exc_type": "ValidationError"}, 417)
        assert request.params["group_by"] == "company, account_currency"
        assert ["party_type", "=", "Customer"] in json.loads(request.params["filters"])
        sums = {currency: self.ledger(currency=currency) for currency in ("PEN", "USD")}
        rows = [{"company": "Acme S.A.", "account_currency": currency, "debit": amount, "credit": Decimal("0.0")}
                for currency, amount in sums.items() if amount]  # fmt: skip
        return json_reply({"data": rows})

    def _list(self, doctype: str, request: Request) -> list[Record]:
        found = self._rows(doctype)
        for name, operator, value in json.loads(request.params.get("filters", "[]")):
            asked = frozenset(value) if operator == "in" else value
            found = [record for record in found if OPERATORS[operator](record[name], asked)]
        for part in reversed(request.params.get("order_by", "modified desc").split(", ")):
            name, _, direction = part.partition(" ")
            found.sort(key=lambda record: record[name], reverse=direction == "desc")
        start, length = int(request.params.get("limit_start", 0)), int(request.params.get("limit_page_length", 20))
        page = found[start : start + length] if length else found[start:]
        fields = json.loads(request.params.get("fields", '["name"]'))
        if fields == ["*"]:
            tables = {field for _parent, field in CHILDREN.values()}
            return [{name: value for name, value in record.items() if name not in tables} for record in page]
        return [{name: record[name] for name in fields} for record in page]

    def _rows(self, doctype: str) -> list[Record]:
        if doctype in CHILDREN:
            parent, field = CHILDREN[doctype]
            return [row for record in self.tables[parent].values() for row in record[field]]
        return list(self.tables[doctype].values())


def settled_in_itself(invoice: Record) -> Decimal:
    """What an invoice of the point of sale credits the customer, and what any invoice writes off."""
    paid = Decimal(invoice.get("paid_amount", 0)) - Decimal(invoice.get("change_amount", 0))
    return (paid if invoice.get("is_pos") else Decimal(0)) + Decimal(invoice.get("write_off_amount", 0))
