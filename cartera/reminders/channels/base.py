"""What every channel is to the outbox: it hands one message over and says what became of it.

A channel never guesses. What it surely did not hand over is `later`, `refused` or `bad_address`; what may have
arrived is `unknown`, and is settled by looking it up by its key, where the provider can, or by a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from cartera.reminders.content import Content
from cartera.reminders.policy import Creditor

Result = Literal["sent", "bad_address", "refused", "later", "unknown"]
AtPoint = Callable[[str], None]
"""Called with the name of each point passed: `before_call`, `after_call`."""

ChannelName = Literal["email", "sms", "whatsapp", "voice", "letter", "call", "push"]
CHANNELS: tuple[ChannelName, ...] = ("email", "sms", "whatsapp", "voice", "letter", "call", "push")

MAX_ANSWER = 500


@dataclass(frozen=True)
class Outcome:
    """What became of a message. `answer`: the provider's words, one line without secrets. `provider_id`: its name
    for the message, by which its reports may come back."""

    result: Result
    answer: str
    provider_id: str | None = None


@dataclass(frozen=True)
class Promises:
    """What the provider promises, as its documentation says. `idempotency`: how long it keeps our key and takes a
    message once; None: it has no keys. `look_up`: can be asked by our key whether it has the message."""

    idempotency: dt.timedelta | None
    look_up: bool
    delivery_reports: bool


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to be handed over. `key` is the same for every try of this contact; `reference` is what
    the message itself shows of it."""

    contact_id: str
    key: str
    recipient: str
    language: str
    content: Content
    creditor: Creditor
    reference: str


class Channel(Protocol):
    """One way out. `is_real`: what it takes may reach a debtor."""

    @property
    def name(self) -> str: ...

    @property
    def is_real(self) -> bool: ...

    @property
    def promises(self) -> Promises: ...

    def send(self, message: Outgoing, at: AtPoint) -> Outcome:
        """Hand over one message. Raises SendError when the provider can't be reached or does not take us at all:
        nothing was delivered, and the next message would fare alike."""

    def look_up(self, key: str) -> bool | None:
        """Whether the provider has the message of a key; None: it can't be told, now or ever."""

    def close(self) -> None:
        """End connections; sending opens new ones."""


def nowhere(_point: str) -> None:
    """The `at` of everybody but tests."""


def one_line(text: str) -> str:
    """Words of a provider as they are kept: one line, visible, bounded."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())[:MAX_ANSWER]
