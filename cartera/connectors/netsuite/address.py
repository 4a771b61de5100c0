"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """The page of any transaction; NetSuite leads on to that of its type (custinvc.nl, custcred.nl, custpymt.nl).

    The host as in Oracle's "URLs for Account-Specific Domains" (<account>.<service>.netsuite.com), the folder as in its
    "Retrieve the Relative URL of a Record", transaction.nl as in NetSuiteRails::UrlHelper (NetSweet/netsuite_rails).
    An account that answers elsewhere may have its pages elsewhere too: none then.
    """
    if values["url"]:
        return None
    host = values["account"].lower().replace("_", "-")
    return f"https://{quote(host, safe='')}.app.netsuite.com/app/accounting/transactions/transaction.nl?id=" + quote(
        document.id, safe=""
    )
