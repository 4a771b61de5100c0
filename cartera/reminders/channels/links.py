"""The link of a contact to hear no more: nobody can make one for another contact."""

from __future__ import annotations

import hashlib
import hmac
import uuid


def unsubscribe_token(secret: str, contact_id: str) -> str:
    """What the link ends in: nobody can make one for another contact."""
    return f"{contact_id}.{_signed(secret, contact_id)}"


def contact_of_token(secret: str, given: str) -> str | None:
    """The contact of a link; None when it is not one of ours."""
    contact_id, _, signed = given.partition(".")
    try:
        known = str(uuid.UUID(contact_id))
    except ValueError:
        return None
    return known if hmac.compare_digest(_signed(secret, known).encode(), signed.encode()) else None


def _signed(secret: str, contact_id: str) -> str:
    return hmac.new(secret.encode(), b"unsubscribe." + contact_id.encode(), hashlib.sha256).hexdigest()[:32]
