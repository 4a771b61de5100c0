"""The tables that are read, with the columns the staging models use; all other fields land in `other`."""

from __future__ import annotations

import datetime as dt

from cartera.connectors.api import (
    Record,
    Resource,
    amount,
    amounts,
    date,
    integer,
    raw_entity,
    texts,
    timestamp,
)
from cartera.connectors.api.odata import KeyOrder, where
from cartera.connectors.businesscentral.client import LEDGER, with_currency, with_links

ETAGS = frozenset({"@odata.etag", "auxiliaryIndex1", "auxiliaryIndex2", "auxiliaryIndex3", "auxiliaryIndex4"})


def since(moment: dt.datetime) -> dict[str, str]:
    return where(f"lastModifiedDateTime ge {moment.strftime('%Y-%m-%dT%H:%M:%SZ')}")


def plain(record: Record) -> Record:
    """Names of choices without what OData makes of their spaces; dates that say nothing are none."""
    return {
        name: None
        if value == "0001-01-01"
        else value.replace("_x0020_", " ").strip()
        if isinstance(value, str)
        else value
        for name, value in record.items()
    }


RESOURCES = (
    Resource(
        raw_entity(
            "detailed_customer_ledger_entries",
            "entryNumber",
            timestamp("lastModifiedDateTime", required=True),
            *texts("entryType", "customerNumber", "currency", "company_currency", required=True),
            date("postingDate", required=True),
            *amounts("amount", "amountLocalCurrency", required=True),
            integer("cleEntryNo", required=True),
            integer("dcleAppliedCustLedgerEntryNo"),
            *texts("dcleDocumentType", "dcleDocumentNo"),
            date("dcleInitialEntryDueDate"),
            amount="amount",
            changed_at="lastModifiedDateTime",
        ),
        path=LEDGER,
        paging=KeyOrder(),
        records="value",
        since=since,
        enrich=with_links,
        prepare=plain,
        # what changes with every application of the document stays with the document
        ignored=ETAGS | {"cleOpen", "cleClosedAtDate"},
    ),
    Resource(
        raw_entity(
            "customers",
            "number",
            timestamp("lastModifiedDateTime", required=True),
            *texts("id", "displayName", "type", "country", "email", "phoneNumber", "taxRegistrationNumber"),
            *texts("salespersonCode", "company_currency", "blocked"),
            amount("creditLimit"),
            changed_at="lastModifiedDateTime",
        ),
        path="v2.0/{company}/customers",
        paging=KeyOrder(is_text=True),
        records="value",
        since=since,
        enrich=with_currency,
        prepare=plain,
        ignored=ETAGS | {"balanceDue"},
        swept=True,
    ),
)
