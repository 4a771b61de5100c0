"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document

WITH_PAGE = ("pi_", "ch_", "py_")
"""How ids of payment intents and charges begin; records of payments made elsewhere have no page."""


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """The page of an invoice, or of what paid it, which is the number of a payment
    (https://docs.stripe.com/stripe-apps/reference/viewports). Before it stand a connected account and the test mode
    (https://docs.stripe.com/stripe-apps/deep-links). No page of a credit note is documented.
    """
    if values["url"].rstrip("/") != "https://api.stripe.com":
        return None
    if document.entity == "invoices":
        page = f"invoices/{quote(document.id, safe='')}"
    elif document.entity == "payments" and document.number.startswith(WITH_PAGE):
        page = f"payments/{quote(document.number, safe='')}"
    else:
        return None
    account = quote(values["account"], safe="") + "/" if values["account"] else ""
    return f"https://dashboard.stripe.com/{account}{'test/' if document.is_test else ''}{page}"
