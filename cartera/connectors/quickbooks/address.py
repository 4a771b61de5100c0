"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document

PAGES = {"invoices": "invoice", "payments": "recvpayment", "credit_notes": "creditmemo"}


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """A transaction, in its company, as Intuit's own sample opens an invoice (IntuitDeveloper/SampleApp-Projects-Java,
    README); pages of payments and journal entries as in LedgerSync/ledger_sync-quickbooks_online (DashboardURLHelper),
    that of credit memos as public programs open it. Intuit documents none of these.

    The sandbox has another address.
    """
    if values["url"].rstrip("/") != "https://quickbooks.api.intuit.com":
        return None
    kind, _, rest = document.id.partition(":")
    if not rest:
        page, number = PAGES[document.entity], document.id
    elif kind == "JournalEntry":
        # one customer's share of a journal entry
        page, number = "journal", rest.partition(":")[0]
    else:
        return None
    number, company = quote(number, safe=""), quote(values["realm_id"], safe="")
    return f"https://app.qbo.intuit.com/app/{page}?txnId={number}&companyId={company}"
