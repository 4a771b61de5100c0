"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document

CUSTOMER_LEDGER_ENTRIES = "25"
"""The page with all that we read: documents, payments and what came by journal."""


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """The entry in the customer ledger, from which *Find entries* leads to its document.

    https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-web-client-urls, "Filtering data
    on the page".
    """
    if values["url"].rstrip("/") != "https://api.businesscentral.dynamics.com":
        return None
    tenant, environment = quote(values["tenant"], safe=""), quote(values["environment"], safe="")
    number = document.id.replace("'", "''")
    asked = {"company": values["company"], "page": CUSTOMER_LEDGER_ENTRIES, "filter": f"'Entry No.' IS '{number}'"}
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in asked.items())
    return f"https://businesscentral.dynamics.com/{tenant}/{environment}/?{query}"
