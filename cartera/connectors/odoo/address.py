"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cartera.connectors.api.system import Document


def address_of(values: Mapping[str, str], document: Document) -> str | None:
    """The way of Odoo's own messages to a record: it asks to sign in, changes to the record's company, and leads on to
    `/web#id=...` or `/odoo/...`, whichever the version has.

    Route /mail/view in addons/mail/controllers/mail.py of 16 to 19. Lines have no page, and of
    a payment only its line is known here.
    """
    if document.entity == "payments" or ":" in document.id:
        return None
    return f"{values['url'].rstrip('/')}/mail/view?model=account.move&res_id={quote(document.id, safe='')}"
