"""What the ledger knows of the last try of a key, for a provider that is asked whether it has the message."""

from __future__ import annotations

from cartera.db import Role, transaction
from cartera.reminders.channels.twilio import Try
from cartera.warehouse.read import rows


def last_try(key: str) -> Try | None:
    """To whom the contact of a key went last, and since when; None when it was never reserved."""
    with transaction(Role.campaign) as connection:
        found = rows(connection, _LAST, {"key": key})
    if not found:
        return None
    return Try(found[0]["recipient"], found[0]["since"], found[0]["contact_id"][:8])


_LAST = """
select c.contact_id::text as contact_id, c.recipient, max(e.happened_at) as since
from ops.contacts as c join ops.contact_events as e using (contact_id)
where c.message_id = %(key)s and e.to_status = 'reserved'
group by c.contact_id, c.recipient
"""
