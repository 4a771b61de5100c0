"""The lists that are read, with the columns the staging models use; all other fields land in `other`.

What belongs to purchases is left out while reading: supplier payments, money given to suppliers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cartera.connectors.api import (
    Record,
    Resource,
    amount,
    amounts,
    date,
    integer,
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.landing.entities import Column

OWED = "invoices"
IN_FAVOUR = ("credit_notes", "overpayments", "prepayments")

STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED")
SALES = {
    "payments": ("ACCRECPAYMENT", "ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"),
    "overpayments": ("RECEIVE-OVERPAYMENT", "AROVERPAYMENT"),
    "prepayments": ("RECEIVE-PREPAYMENT", "ARPREPAYMENT"),
}
"""By table, the types that concern customers, where the system can't be asked for these alone."""

PHONES = ("DEFAULT", "MOBILE", "DDI")
"""As they are preferred."""

ALLOCATIONS = json_column(
    "Allocations", *texts("AllocationID", "InvoiceID", required=True), amount("Amount", required=True), date("Date")
)
NAMED = (*texts("ContactID", "CurrencyCode", required=True), *texts("ContactName", "BaseCurrency"))
MONEY = (date("Date", required=True), rate("CurrencyRate"))


def kept(resource: Resource, record: Record) -> bool:
    type_ = record.get("PaymentType" if resource.name == "payments" else "Type")
    return resource.name not in SALES or type_ is None or type_ in SALES[resource.name]


def flat(record: Record) -> Record:
    """Contact by its fields; the parent of a payment, which is under `Invoice` also when it is a credit note."""
    record = dict(record)
    parents = ("Invoice", "CreditNote", "Overpayment", "Prepayment")
    is_payment = "PaymentID" in record
    parent: Record = next((record.pop(name) for name in parents if record.get(name)), {}) if is_payment else {}
    contact = record.pop("Contact", None) or parent.get("Contact") or {}
    flattened = {"ContactID": contact.get("ContactID"), "ContactName": contact.get("Name")}
    if is_payment:
        flattened |= {"CurrencyCode": parent.get("CurrencyCode")}
        flattened |= {"ParentID": next((parent[f"{name}ID"] for name in parents if parent.get(f"{name}ID")), None)}
    if "Allocations" in record:
        flattened |= {"Allocations": allocations(record["Allocations"] or [])}
    return {**record, **flattened}


def person(record: Record) -> Record:
    """A contact with one number to call, and its days to pay where they count from the invoice."""
    parts, phones = ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"), record.get("Phones") or []
    numbers = [
        " ".join(filter(None, map(one.get, parts)))
        for kind in PHONES
        for one in phones
        if one.get("PhoneType") == kind and one.get("PhoneNumber")
    ]
    sales = (record.get("PaymentTerms") or {}).get("Sales") or {}
    days = sales.get("Day") if sales.get("Type") == "DAYSAFTERBILLDATE" else None
    return {**record, "Phone": numbers[0] if numbers else None, "SalesDays": days}


def allocations(given: Sequence[Record]) -> list[Record]:
    """Older ones have no id: then by invoice, numbered where there are several."""
    made, met = [], Counter[str]()
    for one in given:
        if str(one.get("IsDeleted")).lower() != "true":
            invoice = one["Invoice"]["InvoiceID"]
            met[invoice] += 1
            made.append({
                "AllocationID": one.get("AllocationID") or f"{invoice}:{met[invoice]}",
                "InvoiceID": invoice, "Amount": one["Amount"], "Date": one.get("Date"),
            })  # fmt: skip
    return made


def resource(path: str, key: str, *columns: Column, **more: Any) -> Resource:
    """`more`: amount of the table, its `params` and `prepare`."""
    params, prepare = more.pop("params", {}), more.pop("prepare", flat)
    name = re.sub(r"(?<=.)([A-Z])", r"_\1", path).lower()
    changed = timestamp("UpdatedDateUTC", required=True)
    return Resource(
        raw_entity(name, key, changed, *columns, currency="CurrencyCode", changed_at="UpdatedDateUTC", **more),
        path=f"api.xro/2.0/{path}",
        params=params,
        records=path,
        prepare=prepare,
        ignored=frozenset({"HasAttachments", "Attachments", "HasValidationErrors", "HasErrors", "ValidationErrors"}),
    )


def credit(path: str, key: str, *columns: Column, **more: Any) -> Resource:
    """What a customer has in favour: a note, or money that came without an invoice or beyond it."""
    totals = amounts("Total", "RemainingCredit", required=True)
    status = text("Status", required=True, choices=STATUSES)
    return resource(path, key, *columns, status, *NAMED, *MONEY, *totals, ALLOCATIONS, amount="Total", **more)


RESOURCES = (
    # what refers to others comes first
    resource(
        "Payments",
        "PaymentID",
        text("PaymentType", required=True),
        text("Status", required=True, choices=("AUTHORISED", "DELETED")),
        text("ParentID", required=True),
        *NAMED,
        *MONEY,
        amount("Amount", required=True, is_signed=False),
        text("Reference"),
        amount="Amount",
    ),
    credit("CreditNotes", "CreditNoteID", text("CreditNoteNumber"), params={"where": 'Type=="ACCRECCREDIT"'}),
    credit("Overpayments", "OverpaymentID", text("Type", required=True), text("Reference")),
    credit("Prepayments", "PrepaymentID", text("Type", required=True), text("Reference")),
    resource(
        "Invoices",
        "InvoiceID",
        text("Status", required=True, choices=STATUSES),
        *NAMED,
        *MONEY,
        *amounts("Total", "AmountDue", required=True),
        *texts("InvoiceNumber", "Reference"),
        date("DueDate"),
        amount="Total",
        params={"where": 'Type=="ACCREC"'},
    ),
    resource(
        "Contacts",
        "ContactID",
        text("Name", required=True),
        *texts("ContactStatus", "EmailAddress", "TaxNumber", "AccountNumber", "DefaultCurrency", "Phone"),
        integer("SalesDays"),
        text("ContactNumber"),
        params={"includeArchived": "true"},
        prepare=person,
    ),
)
