"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document

PAGES = {
    "invoices": "/AccountsReceivable/View.aspx?InvoiceID=",
    "credit_notes": "/AccountsPayable/ViewCreditNote.aspx?creditNoteID=",
}


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """An invoice or credit note, in its organisation: https://developer.xero.com/documentation/api-guides/deep-link-xero

    Of credit notes only one address is documented, which Xero's own XeroAPI/xero-mcp-server gives for those of
    customers too. A payment's id does not tell an overpayment or prepayment, which have other pages, from the rest.
    Without the short code Xero would look for it in the organisation that was open last.
    """
    page = PAGES.get(document.entity)
    if page is None or not values["short_code"]:
        return None
    page += quote(document.id, safe="")
    code = quote(values["short_code"], safe="!")
    return f"https://go.xero.com/organisationlogin/default.aspx?shortcode={code}&redirecturl={page}"
