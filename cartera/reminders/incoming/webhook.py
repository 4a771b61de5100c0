"""What any other system reports, signed as our own webhook is: X-Cartera-Timestamp and X-Cartera-Signature.

{"id": "1", "channel": "push", "contact_id": "...", "status": "delivered"}
`status`: sent, delivered, bounced, answered or opted_out; with bounced `hard`: the address itself does not work.
Instead of contact_id: `key` (the Idempotency-Key) or `provider_id`. Further: `to`, `text`.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cartera.clock import utc_now
from cartera.reminders.channels.base import ChannelName
from cartera.reminders.channels.webhook import signature
from cartera.reminders.incoming.reports import Report
from cartera.reminders.incoming.wishes import wants_no_more

MOST_SECONDS = 300
"""A signed report that was caught on its way can't be played back later than this."""

Text = Annotated[str, Field(max_length=2000)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    channel: ChannelName
    status: Literal["sent", "delivered", "bounced", "answered", "opted_out"]
    contact_id: Text | None = None
    key: Text | None = None
    provider_id: Text | None = None
    hard: bool = False
    to: Text | None = None
    text: Text = ""


def is_signed(secret: str, timestamp: str, body: bytes, given: str) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15):
        return False
    if abs(utc_now().timestamp() - int(timestamp)) > MOST_SECONDS:
        return False
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode())


def reports(body: bytes) -> list[Report]:
    """Raises ValueError when it is no such report."""
    try:
        said = _Said.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['type']}") from None
    return [
        Report(
            provider="webhook",
            key=f"{said.id}:{said.status}",
            kind=said.status,
            channel=said.channel,
            contact_id=said.contact_id,
            message_id=said.key,
            provider_id=said.provider_id,
            address=said.to,
            is_hard=said.hard,
            opts_out=said.status == "answered" and wants_no_more(said.text),
            said=said.text or said.status,
        )
    ]
