"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def address_of(values: Mapping[str, str], entity: str, document: str, _record: str) -> str | None:
    """An invoice, in its organisation: https://developer.xero.com/documentation/api-guides/deep-link-xero

    Without the short code Xero would look for it in the organisation that was open last.
    """
    if entity != "invoices" or not values["short_code"]:
        return None
    page = f"/AccountsReceivable/View.aspx?InvoiceID={quote(document, safe='')}"
    code = quote(values["short_code"], safe="!")
    return f"https://go.xero.com/organisationlogin/default.aspx?shortcode={code}&redirecturl={page}"
