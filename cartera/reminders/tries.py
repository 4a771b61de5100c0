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
    found[0]["reference"] = found[0].pop("contact_id")[:8]
    return Try(**found[0])


_LAST = """
with tried as (
    select c.contact_id::text as contact_id, c.channel, c.recipient, max(e.happened_at) as since
    from ops.contacts as c join ops.contact_events as e using (contact_id)
    where c.message_id = %(key)s and e.to_status = 'reserved'
    group by c.contact_id, c.channel, c.recipient
)
select contact_id, recipient, since, not exists (
    select 1 from ops.contacts as other join ops.contact_events as e using (contact_id)
    where other.recipient = tried.recipient and other.channel = tried.channel
        and other.contact_id <> tried.contact_id::uuid and e.to_status = 'reserved'
        and e.happened_at > tried.since - interval '1 day'
) as is_only
from tried
"""
