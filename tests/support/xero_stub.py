"""Xero as its documentation says: dates of .NET, pages by number in the order of change, If-Modified-Since to the
second, payments under `Invoice` whatever they pay, over- and prepayments beside them.

It keeps its own books: AmountDue of an invoice and RemainingCredit of what a contact has in favour.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from support.oauth_stub import TokenEndpoint
from support.stub_server import Reply, Request, Stub, json_reply

START = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
KEYS = {"Payments": "PaymentID", "CreditNotes": "CreditNoteID", "Overpayments": "OverpaymentID",
        "Prepayments": "PrepaymentID", "Invoices": "InvoiceID", "Contacts": "ContactID"}  # fmt: skip
REFUND = {"CreditNotes": "ARCREDITPAYMENT", "Overpayments": "AROVERPAYMENTPAYMENT",
          "Prepayments": "ARPREPAYMENTPAYMENT"}  # fmt: skip
Record = dict[str, Any]


def written(moment: dt.datetime, offset: str = "+0000") -> str:
    return f"/Date({int(moment.timestamp() * 1000)}{offset})/"


def day(text: str) -> str:
    return written(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC))


class XeroStub(Stub):
    """`tables`: path -> id -> record."""

    def __init__(self, refresh_token: str | None = None, tenant: str | None = None) -> None:
        super().__init__()
        self.tokens, self.tenant, self.now = TokenEndpoint(refresh_token), tenant, START
        self.tables: dict[str, dict[str, Record]] = {path: {} for path in KEYS}

    # what people do there

    def tick(self, seconds: float = 60) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def save(self, path: str, key: str, **values: Any) -> Record:
        record = self.tables[path].setdefault(key, {KEYS[path]: key})
        record.update(values, UpdatedDateUTC=written(self.now))
        return record

    def contact(self, key: str, **values: Any) -> Record:
        phones = [{"PhoneType": "DEFAULT", "PhoneNumber": "1234567", "PhoneAreaCode": "01", "PhoneCountryCode": "51"},
                  {"PhoneType": "FAX", "PhoneNumber": ""}]  # fmt: skip
        return self.save("Contacts", key, **{
            "Name": f"{key} Ltd", "ContactStatus": "ACTIVE", "EmailAddress": f"{key.lower()}@example.com",
            "TaxNumber": "GB1", "Phones": phones, "Addresses": [{"AddressType": "POBOX"}], "IsCustomer": False,
            "PaymentTerms": {"Sales": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}}, **values})  # fmt: skip

    def _of(self, contact: str) -> Record:
        return {"ContactID": contact, "Name": f"{contact} Ltd", "Addresses": [], "HasValidationErrors": False}

    def invoice(self, key: str, contact: str, total: str, **values: Any) -> Record:
        return self.save("Invoices", key, **{
            "Type": "ACCREC", "InvoiceNumber": f"INV-{key}", "Reference": "", "Contact": self._of(contact),
            "Date": day("2026-03-01"), "DateString": "2026-03-01T00:00:00", "DueDate": day("2026-03-31"),
            "Status": "AUTHORISED", "LineAmountTypes": "Exclusive", "LineItems": [], "CurrencyCode": "GBP",
            "CurrencyRate": Decimal("1.000000"), "Total": Decimal(total), "AmountDue": Decimal(total),
            "AmountPaid": Decimal("0.00"), "AmountCredited": Decimal("0.00"), **values})  # fmt: skip

    def credit(self, path: str, key: str, contact: str, total: str, **values: Any) -> Record:
        """A credit note, overpayment or prepayment, with nothing of it used."""
        types = {"CreditNotes": "ACCRECCREDIT", "Overpayments": "RECEIVE-OVERPAYMENT",
                 "Prepayments": "RECEIVE-PREPAYMENT"}  # fmt: skip
        return self.save(path, key, **{
            "Type": types[path], "Contact": self._of(contact), "Date": day("2026-03-05"), "Status": "AUTHORISED",
            "CurrencyCode": "GBP", "CurrencyRate": Decimal("1.000000"), "Total": Decimal(total),
            "RemainingCredit": Decimal(total), "Allocations": [], **values})  # fmt: skip

    def allocate(self, path: str, key: str, invoice: str, amount: str, allocation_id: str | None = "a1") -> None:
        one = {"Amount": Decimal(amount), "Date": day("2026-03-06"), "Invoice": {"InvoiceID": invoice}}
        credit = self.tables[path][key]
        credit["Allocations"].append({**({"AllocationID": allocation_id} if allocation_id else {}), **one})
        self._use(path, key, Decimal(amount))
        self._settle(invoice, "AmountCredited", Decimal(amount))

    def unallocate(self, path: str, key: str) -> None:
        for one in self.tables[path][key]["Allocations"]:
            self._use(path, key, -one["Amount"])
            self._settle(one["Invoice"]["InvoiceID"], "AmountCredited", -one["Amount"])
        self.tables[path][key]["Allocations"] = []

    def pay(self, key: str, invoice: str, amount: str, **values: Any) -> Record:
        record = self.tables["Invoices"][invoice]
        type_ = "ACCRECPAYMENT" if record["Type"] == "ACCREC" else "ACCPAYPAYMENT"
        self._settle(invoice, "AmountPaid", Decimal(amount))
        return self._payment(key, type_, amount, invoice, record, **values)

    def refund(self, key: str, path: str, credit: str, amount: str) -> Record:
        self._use(path, credit, Decimal(amount))
        return self._payment(key, REFUND[path], amount, credit, self.tables[path][credit])

    def _payment(self, key: str, type_: str, amount: str, parent: str, record: Record, **values: Any) -> Record:
        return self.save("Payments", key, **{
            "PaymentType": type_, "Status": "AUTHORISED", "Date": day("2026-03-10"), "Amount": Decimal(amount),
            "BankAmount": Decimal(amount), "CurrencyRate": record["CurrencyRate"], "Reference": "",
            "Account": {"Code": "090"}, "Invoice": {"InvoiceID": parent, "Type": record["Type"],
            "Contact": record["Contact"], "CurrencyCode": record["CurrencyCode"]}, **values})  # fmt: skip

    def delete_payment(self, key: str) -> None:
        payment = self.save("Payments", key, Status="DELETED")
        parent, types = payment["Invoice"]["InvoiceID"], {type_: path for path, type_ in REFUND.items()}
        if payment["PaymentType"] in types:
            self._use(types[payment["PaymentType"]], parent, -payment["Amount"])
        else:
            self._settle(parent, "AmountPaid", -payment["Amount"])

    def void(self, path: str, key: str) -> None:
        zero = {"AmountDue": Decimal(0)} if path == "Invoices" else {"RemainingCredit": Decimal(0)}
        self.save(path, key, Status="VOIDED", **zero)

    def _settle(self, invoice: str, how: str, amount: Decimal) -> None:
        record = self.tables["Invoices"][invoice]
        due = record["AmountDue"] - amount
        assert due >= 0, "Xero refuses more than is due"
        self.save(
            "Invoices", invoice, AmountDue=due, Status="AUTHORISED" if due else "PAID", **{how: record[how] + amount}
        )

    def _use(self, path: str, key: str, amount: Decimal) -> None:
        left = self.tables[path][key]["RemainingCredit"] - amount
        assert left >= 0, "Xero refuses more than remains"
        self.save(path, key, RemainingCredit=left, Status="AUTHORISED" if left else "PAID")

    def outstanding(self, contact: str) -> Decimal:
        """What it says itself: AccountsReceivable.Outstanding of a contact, less the credit that remains."""
        total = Decimal(0)
        for path, sign in (("Invoices", 1), ("CreditNotes", -1), ("Overpayments", -1), ("Prepayments", -1)):
            for record in self.tables[path].values():
                is_open = record["Status"] == "AUTHORISED" and not record["Type"].startswith(("ACCPAY", "SPEND"))
                if is_open and record["Contact"]["ContactID"] == contact:
                    total += sign * record["AmountDue" if path == "Invoices" else "RemainingCredit"]
        return total

    # what the API answers

    def answer(self, request: Request) -> Reply:
        if request.path == "/connect/token":
            return self.tokens.answer(request)
        if not self.tokens.accepts(request):
            return json_reply({"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired"}, 401)
        if self.tenant and request.headers.get("xero-tenant-id") != self.tenant:
            return json_reply({"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"}, 403)
        path = request.path.removeprefix("/api.xro/2.0/")
        if path == "Organisation":
            return self._ok("Organisations", [{"Name": "Acme Ltd", "BaseCurrency": "GBP", "OrganisationID": "o1"}])
        if path not in KEYS:
            return Reply(404, b"The resource you're looking for cannot be found")
        return self._list(path, request)

    def _list(self, path: str, request: Request) -> Reply:
        params = request.params
        found = list(self.tables[path].values())
        for name, value in re.findall(r'(\w+)=="(\w+)"', params.get("where", "")):
            found = [record for record in found if record[name] == value]
        if since := request.headers.get("if-modified-since"):
            moment = dt.datetime.fromisoformat(since).replace(tzinfo=dt.UTC)
            found = [record for record in found if self._changed(record) > moment]
        order = params.get("order", "UpdatedDateUTC ASC").removesuffix(" ASC")
        found.sort(key=lambda one: (one[order] if order in KEYS.values() else self._changed(one), one[KEYS[path]]))
        size, number = min(1000, max(1, int(params.get("pageSize", 100)))), int(params["page"])
        page = found[(number - 1) * size : number * size]
        paged = {"page": number, "pageSize": size, "pageCount": -(-len(found) // size), "itemCount": len(found)}
        return self._ok(path, page, pagination=paged)

    def _changed(self, record: Record) -> dt.datetime:
        milliseconds = int(re.findall(r"\d+", record["UpdatedDateUTC"])[0])
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=milliseconds)

    def _ok(self, name: str, records: list[Record], **more: Any) -> Reply:
        return json_reply({"Id": "1", "Status": "OK", "ProviderName": "Cartera", **more, name: records})
