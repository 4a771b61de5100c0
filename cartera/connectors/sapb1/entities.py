"""The objects that are read, with the columns the staging models use; all other fields asked for land in `other`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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
from cartera.connectors.api.odata import KeyOrder, quoted, where
from cartera.connectors.sapb1.client import with_currencies, with_customer_lines
from cartera.landing.entities import Column

DOCUMENT = (
    timestamp("UpdateDate"),
    text("CardCode", required=True),
    *texts("DocNum", "CardName", "NumAtCard", "BPLName"),
    text("CancelStatus", choices=("csNo", "csYes", "csCancellation")),
    *texts("currency", "company_currency", required=True),
    date("DocDate", required=True),
    date("DocDueDate"),
    *amounts("DocTotal", "DocTotalFc", required=True),
    rate("DocRate"),
)

INSTALMENTS = json_column(
    "DocumentInstallments",
    integer("InstallmentId", required=True),
    date("DueDate", required=True),
    *amounts("Total", "TotalFC", required=True),
)

APPLIED = json_column(
    "PaymentInvoices",
    *(integer(name, required=True) for name in ("LineNum", "DocEntry")),
    text("InvoiceType", required=True),
    integer("InstallmentId"),
    *amounts("SumApplied", "AppliedFC", required=True),
    *amounts("TotalDiscount", "TotalDiscountFC"),
    # of a journal entry
    integer("DocLine"),
)

RECONCILED = json_column(
    "InternalReconciliationRows",
    *texts("ShortName", "SrcObjTyp", "CreditOrDebit", required=True),
    *(integer(name, required=True) for name in ("SrcObjAbs", "TransId", "TransRowId")),
    amount("ReconcileAmount", required=True),
    amount("ReconcileAmountFC"),
)

ON_CUSTOMERS = json_column(
    "CustomerLines",
    integer("Line_ID", required=True),
    *texts("ShortName", "currency", required=True),
    *amounts("Amount", "LocalAmount", required=True),
    date("DueDate"),
)

OURS = ("currency", "company_currency", "MeansSum", "customer_reference", "CustomerLines", "CustomerSum")
"""What we add to the records."""


def resource(
    path: str, entity: str, key: str, *columns: Column, only: str = "", more: str = "", **options: Any
) -> Resource:
    """`only`: a condition that never changes for a record. `more`: fields beside those of the columns."""
    amount_column, changed_at = options.pop("amount", None), options.pop("changed_at", None)

    def since(moment: dt.datetime) -> dict[str, str]:
        return where(only, f"UpdateDate ge {quoted(moment.date().isoformat())}")

    fields = [key, *(column.name for column in columns if column.name not in OURS), *more.split()]
    return Resource(
        raw_entity(entity, key, *columns, amount=amount_column, currency="company_currency", changed_at=changed_at),
        path=path,
        params={"$select": ",".join(fields), **where(only)},
        paging=KeyOrder(is_text=options.pop("is_text", False)),
        records="value",
        since=since if changed_at else None,
        ignored=frozenset({"odata.etag", "@odata.etag"}),
        **options,
    )


def with_sum(record: Record) -> Record:
    """A payment says its sum only by its means, in local currency; what the means are is not for us. In another
    currency it is worth nothing that can be known without its rate."""
    if record["currency"] != record["company_currency"] and not record.get("DocRate"):
        raise ValueError("a payment in another currency without its rate")
    checks, cards = record.pop("PaymentChecks", None) or [], record.pop("PaymentCreditCards", None) or []
    parts = [record.get(name) or 0 for name in ("CashSum", "TransferSum", "BillOfExchangeAmount")]
    parts += [check["CheckSum"] or 0 for check in checks] + [card["CreditSum"] or 0 for card in cards]
    return {**record, "MeansSum": sum(parts, Decimal(0))}


def payments(path: str, entity: str) -> Resource:
    """Those from or to customers."""
    return resource(
        path,
        entity,
        "DocEntry",
        *texts("DocNum", "TransferReference", "CounterReference"),
        *texts("CardCode", "currency", "company_currency", required=True),
        date("DocDate", required=True),
        text("Cancelled", choices=("tNO", "tYES")),
        amount("MeansSum", required=True),
        rate("DocRate"),
        APPLIED,
        more="DocCurrency CashSum TransferSum BillOfExchangeAmount PaymentChecks PaymentCreditCards",
        only="DocType eq 'rCustomer'",
        amount="MeansSum",
        enrich=with_currencies,
        prepare=with_sum,
    )


RESOURCES = (
    # what refers to others comes first
    resource(
        "InternalReconciliations",
        "internal_reconciliations",
        "ReconNum",
        date("ReconDate", required=True),
        text("ReconType", required=True),
        integer("CancelAbs"),
        RECONCILED,
        only="CardOrAccount eq 'coaCard'",
    ),
    # payments say nowhere when they changed: they are read whole, in the order of their numbers
    payments("IncomingPayments", "incoming_payments"),
    # what is paid back to customers
    payments("VendorPayments", "outgoing_payments"),
    # those made by hand, and opening balances; only what they book on customers. They have no date of change either
    resource(
        "JournalEntries",
        "journal_entries",
        "JdtNum",
        date("ReferenceDate", required=True),
        *texts("Number", "Reference", "OriginalJournal"),
        text("company_currency", required=True),
        ON_CUSTOMERS,
        amount("CustomerSum", required=True),
        more="JournalEntryLines",
        amount="CustomerSum",
        enrich=with_customer_lines,
    ),
    resource(
        "CreditNotes",
        "credit_notes",
        "DocEntry",
        *DOCUMENT,
        more="DocCurrency",
        amount="DocTotal",
        changed_at="UpdateDate",
        enrich=with_currencies,
    ),
    # what is paid moves no date of change for certain: it is read apart, of all invoices
    resource("Invoices", "invoice_balances", "DocEntry", *amounts("PaidToDate", "PaidToDateFC", required=True)),
    resource(
        "Invoices",
        "invoices",
        "DocEntry",
        *DOCUMENT,
        INSTALMENTS,
        more="DocCurrency",
        amount="DocTotal",
        changed_at="UpdateDate",
        enrich=with_currencies,
    ),
    resource(
        "BusinessPartners",
        "business_partners",
        "CardCode",
        *texts("CardName", "FederalTaxID", "Country", "EmailAddress", "Cellular", "Phone1", "FatherCard"),
        text("Frozen", choices=("tNO", "tYES")),
        integer("SalesPersonCode"),
        integer("LanguageCode"),
        amount("CreditLimit"),
        text("CompanyPrivate"),
        *texts("company_currency", "customer_reference"),
        only="CardType eq 'cCustomer'",
        is_text=True,
        enrich=with_currencies,
    ),
)
