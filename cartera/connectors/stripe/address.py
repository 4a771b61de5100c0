"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def address_of(values: Mapping[str, str], entity: str, document: str, _record: str) -> str | None:
    """The page of an invoice (https://docs.stripe.com/stripe-apps/reference/viewports), of a connected account with the
    account before it (https://docs.stripe.com/stripe-apps/deep-links). A live one: only the key knows of test mode.
    """
    if entity != "invoices" or values["url"].rstrip("/") != "https://api.stripe.com":
        return None
    account = quote(values["account"], safe="") + "/" if values["account"] else ""
    return f"https://dashboard.stripe.com/{account}invoices/{quote(document, safe='')}"
