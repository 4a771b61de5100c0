"""What every channel is to the outbox: it hands over one message and says what became of it, and never guesses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from cartera.reminders.policy import Creditor
from cartera.reminders.render import Rendered

AtPoint = Callable[[str], None]
Result = Literal["sent", "bad_address", "refused", "later", "unknown"]


@dataclass(frozen=True)
class Outcome:
    """What became of a message: `later` and `refused` were surely not delivered, `unknown` may have been."""

    result: Result
    answer: str


@dataclass(frozen=True)
class Promises:
    """What a provider promises. `idempotency`: how long it keeps our key, None: it has no keys."""

    idempotency: dt.timedelta | None
    look_up: bool
    delivery_reports: bool


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to be handed over. `key`: the same for every try of this contact."""

    contact_id: str
    key: str
    recipient: str
    language: str
    content: Rendered
    creditor: Creditor
    reference: str


class Channel(Protocol):
    name: str
    is_real: bool

    @property
    def promises(self) -> Promises: ...

    def send(self, message: Outgoing, at: AtPoint) -> Outcome: ...

    def look_up(self, key: str) -> bool | None: ...

    def close(self) -> None: ...
