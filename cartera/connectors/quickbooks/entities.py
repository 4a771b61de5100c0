"""The entities that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from typing import Any

from cartera.connectors.api import (
    Record,
    Resource,
    amount,
    amounts,
    boolean,
    date,
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.connectors.api.applied import spread
from cartera.connectors.api.system import dig
from cartera.connectors.api.values import OF
from cartera.landing.entities import Column

CUSTOMERS, OWED, PAID = "Customer", "Invoice", "Payment"
NAMED = (text("CustomerId", required=True), text("CustomerName"), text("CurrencyCode", required=True))
POSTED = (date("TxnDate", required=True), rate("ExchangeRate"), *texts("HomeCurrency", "PrivateNote"))


def flat(record: Record) -> Record:
    """Customer and currency by their fields; without several currencies QuickBooks names none."""
    customer = record.get("CustomerRef") or {}
    currency = dig(record, "CurrencyRef.value") or record["HomeCurrency"]
    named = {"CustomerId": customer.get("value"), "CustomerName": customer.get("name"), "CurrencyCode": currency}
    return {**record, **named, "Email": dig(record, "BillEmail.Address")}


def payment(record: Record) -> Record:
    """With what it settles. A line says how much of which invoice or credit memo it uses, not which with which: the
    credit memos are used up first, in the order of the lines. What is left of them went elsewhere, to a refund.

    `SettledAmt`: the money that invoices took, and what is on account.
    """
    applied: list[Record] = [
        {"Row": f"{invoice or ''}/{memo or ''}", "InvoiceId": invoice, "CreditMemoId": memo, "Amount": part}
        for invoice, memo, part in spread(used(record, OWED), used(record, "CreditMemo"))
    ]
    by_money = sum((one["Amount"] for one in applied if one["CreditMemoId"] is None), Decimal(0))
    return {**flat(record), "Applied": applied, "SettledAmt": by_money + number(record.get("UnappliedAmt"))}


def number(value: Any) -> Decimal:
    found: Decimal | None = OF["amount"](value)
    return found or Decimal(0)


def used(record: Record, type_: str) -> dict[str, Decimal]:
    """How much of which transaction of a type."""
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in record.get("Line") or []:
        for link in line.get("LinkedTxn") or []:
            if link["TxnType"] == type_:
                amounts[link["TxnId"]] += number(line["Amount"])
    return amounts


def person(record: Record) -> Record:
    phones = [dig(record, f"{name}.FreeFormNumber") for name in ("PrimaryPhone", "Mobile", "AlternatePhone")]
    return {
        **record,
        "Email": dig(record, "PrimaryEmailAddr.Address"),
        "Phone": next(filter(None, phones), None),
        "ParentId": dig(record, "ParentRef.value"),
        "CurrencyCode": dig(record, "CurrencyRef.value") or record["HomeCurrency"],
    }


def resource(entity: str, *columns: Column, **more: Any) -> Resource:
    """`more`: amount of the table, its `params` (conditions of the query) and `prepare`."""
    params, prepare = more.pop("params", {}), more.pop("prepare", flat)
    name = re.sub(r"(?<=.)([A-Z])", r"_\1", entity).lower()
    changed = timestamp("LastUpdatedTime", required=True)
    return Resource(
        raw_entity(name, "Id", changed, *columns, currency="CurrencyCode", changed_at="LastUpdatedTime", **more),
        path=entity,
        params=params,
        prepare=prepare,
        # counters and states of the screen; MetaData is there as LastUpdatedTime
        ignored=frozenset({"SyncToken", "MetaData", "domain", "sparse", "PrintStatus", "EmailStatus", "DeliveryInfo"}),
        swept=True,
    )


RESOURCES = (
    # what refers to others comes first
    resource(
        PAID,
        *NAMED,
        *POSTED,
        *amounts("TotalAmt", "SettledAmt", required=True),
        amount("UnappliedAmt"),
        text("PaymentRefNum"),
        json_column(
            "Applied", text("Row", required=True), *texts("InvoiceId", "CreditMemoId"), amount("Amount", required=True)
        ),
        amount="TotalAmt",
        prepare=payment,
    ),
    resource(
        "CreditMemo",
        *NAMED,
        *POSTED,
        *amounts("TotalAmt", "Balance", required=True),
        text("DocNumber"),
        amount="TotalAmt",
    ),
    resource(
        OWED,
        *NAMED,
        *POSTED,
        *amounts("TotalAmt", "Balance", required=True),
        amount("Deposit"),
        *texts("DocNumber", "Email"),
        date("DueDate"),
        amount="TotalAmt",
    ),
    resource(
        CUSTOMERS,
        text("DisplayName", required=True),
        *texts("ParentId", "CurrencyCode", "Email", "Phone"),
        boolean("Active"),
        amount("Balance"),
        # without this the inactive ones are left out
        params={"active": "Active in (true, false)"},
        prepare=person,
    ),
)
