"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """The form of a document: frappe.utils.get_url_to_form in 14 and 15; 16 leads from /app to /desk
    (website_redirects in frappe/hooks.py).

    A debt that is a row of a journal entry bears the name of the entry as its record.
    """
    if document.entity == "payments":
        # a row of a journal entry, or what was paid at the counter
        form = None if "/" in document.id or ":" in document.id else "payment-entry"
    else:
        form = "sales-invoice" if document.id == document.record else "journal-entry"
    return form and f"{values['url'].rstrip('/')}/app/{form}/{quote(document.record, safe='')}"
