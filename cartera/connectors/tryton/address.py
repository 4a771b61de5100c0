"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def address_of(values: Mapping[str, str], entity: str, document: str, _record: str) -> str:
    """In the web client, which the server gives at its root.

    `#<database>/model/<model>/<id>`: Sao.set_url and Sao.open_url in sao/src/sao.js, and the manual of the client
    (tryton(1)) with tryton:// before it. Server and client 8.0 open the invoice and the line so, also after a sign-in.
    """
    kind, _, number = document.rpartition(":")
    if entity == "payments":
        # the line, and of a mixed one the currency behind it
        kind, number = "line", document.partition(":")[0]
    model = "account.move.line" if kind == "line" else "account.invoice"
    database = quote(values["database"], safe="")
    return f"{values['url'].rstrip('/')}/#{database}/model/{model}/{quote(number, safe='')}"
