"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def address_of(values: Mapping[str, str], entity: str, document: str, _record: str) -> str | None:
    """An invoice, in its company, as Intuit's own sample opens it (IntuitDeveloper/SampleApp-Projects-Java, README).

    The sandbox has another address, which is nowhere documented.
    """
    if entity != "invoices" or ":" in document or values["url"].rstrip("/") != "https://quickbooks.api.intuit.com":
        return None
    invoice, company = quote(document, safe=""), quote(values["realm_id"], safe="")
    return f"https://app.qbo.intuit.com/app/invoice?txnId={invoice}&companyId={company}"
