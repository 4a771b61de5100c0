"""The entities that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
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

CUSTOMERS, OWED, PAID, JOURNAL = "Customer", "Invoice", "Payment", "JournalEntry"
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
    credit memos are used up first, in the order of the lines, then what journal entries credit. What is left of them
    went elsewhere, to a refund.

    `SettledAmt`: the money that invoices and journal entries took, and what is on account.
    """
    debts, credits = journals_used(record)
    settled = spread(used(record, OWED) | debts, used(record, "CreditMemo") | credits)
    applied: list[Record] = [
        {
            "Row": f"{invoice or ''}/{credit or ''}",
            "InvoiceId": invoice,
            "CreditMemoId": None if credit in credits else credit,
            "JournalId": credit if credit in credits else None,
            "Amount": part,
        }
        for invoice, credit, part in settled
    ]
    by_money = sum(
        (one["Amount"] for one in applied if one["CreditMemoId"] is None and one["JournalId"] is None), Decimal(0)
    )
    record = {name: value for name, value in record.items() if name != "Journals"}
    return {**flat(record), "Applied": applied, "SettledAmt": by_money + number(record.get("UnappliedAmt"))}


def journals_used(record: Record) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """How much of which debts that journal entries made, and of which credits, by the ids that we give these.
    `Journals` is what the session found of the entries that the payment names."""
    debts: defaultdict[str, Decimal] = defaultdict(Decimal)
    credits: defaultdict[str, Decimal] = defaultdict(Decimal)
    entries: dict[str, list[Record]] = record.get("Journals") or {}
    customer = dig(record, "CustomerRef.value")
    for line in record.get("Line") or []:
        for link in line.get("LinkedTxn") or []:
            parts = entries.get(link["TxnId"], []) if link["TxnType"] == JOURNAL else []
            # the payment's own customer; one who pays for another has no part in the entry
            if part := next((one for one in parts if one["CustomerId"] == customer), next(iter(parts), None)):
                side = debts if part["Amount"] > 0 else credits
                side[f"{JOURNAL}:{link['TxnId']}:{part['CustomerId']}"] += number(line["Amount"])
    return debts, credits


def receivable_parts(record: Record, accounts: Collection[str]) -> list[Record]:
    """What a journal entry books on receivable accounts by customer: positive, they owe it."""
    sums: dict[str, Record] = {}
    for line in record.get("Line") or []:
        detail = line.get("JournalEntryLineDetail") or {}
        customer = dig(detail, "Entity.EntityRef")
        if dig(detail, "AccountRef.value") in accounts and customer:
            part = sums.setdefault(
                customer["value"],
                {"CustomerId": customer["value"], "CustomerName": customer.get("name"), "Amount": Decimal(0)},
            )
            part["Amount"] += number(line.get("Amount")) * (1 if detail["PostingType"] == "Debit" else -1)
    return [part for part in sums.values() if part["Amount"]]


def journal(record: Record) -> Record:
    """Only what it books on receivable accounts: what else is in it (wages) is not for us."""
    kept = (
        "Id",
        "TxnDate",
        "DocNumber",
        "PrivateNote",
        "ExchangeRate",
        "LastUpdatedTime",
        "HomeCurrency",
        "Receivable",
    )
    currency = dig(record, "CurrencyRef.value") or record["HomeCurrency"]
    total = sum((number(part["Amount"]) for part in record["Receivable"]), Decimal(0))
    return {**{name: record.get(name) for name in kept}, "CurrencyCode": currency, "ReceivableAmt": total}


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
            "Applied",
            text("Row", required=True),
            *texts("InvoiceId", "CreditMemoId", "JournalId"),
            amount("Amount", required=True),
        ),
        amount="TotalAmt",
        prepare=payment,
    ),
    resource(
        JOURNAL,
        text("CurrencyCode", required=True),
        *POSTED,
        text("DocNumber"),
        json_column(
            "Receivable", text("CustomerId", required=True), text("CustomerName"), amount("Amount", required=True)
        ),
        amount("ReceivableAmt", required=True),
        amount="ReceivableAmt",
        prepare=journal,
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
        text("CustomerReference"),
        # without this the inactive ones are left out
        params={"active": "Active in (true, false)"},
        prepare=person,
    ),
)
