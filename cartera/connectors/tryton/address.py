"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document


def address_of(values: Mapping[str, str], document: Document) -> str:
    """In the web client, which the server gives at its root.

    `#<database>/model/<model>/<id>`: Sao.set_url and Sao.open_url in sao/src/sao.js, and the manual of the client
    (tryton(1)) with tryton:// before it. Server and client 8.0 open the invoice and the line so, also after a sign-in.
    """
    kind, _, number = document.id.rpartition(":")
    if document.entity == "payments":
        # the line, and of a mixed one the currency behind it
        kind, number = "line", document.id.partition(":")[0]
    model = "account.move.line" if kind == "line" else "account.invoice"
    database = quote(values["database"], safe="")
    return f"{values['url'].rstrip('/')}/#{database}/model/{model}/{quote(number, safe='')}"
