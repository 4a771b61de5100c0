"""Where people open a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def address_of(values: Mapping[str, str], entity: str, document: str, _record: str) -> str | None:
    """The way of Odoo's own messages to a record: it asks to sign in, changes to the record's company, and leads on to
    `/web#id=...` or `/odoo/...`, whichever the version has.

    Route /mail/view in addons/mail/controllers/mail.py of 16 to 19. Lines, which payments are too, have no page.
    """
    if entity == "payments" or ":" in document:
        return None
    return f"{values['url'].rstrip('/')}/mail/view?model=account.move&res_id={quote(document, safe='')}"
