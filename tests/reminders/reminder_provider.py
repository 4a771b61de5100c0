"""A provider on disk, that senders in many processes share: what it delivered, each call it was sent; and a gateway."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from cartera.errors import SourceError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises

KEEPS = {"keys": dt.timedelta(hours=24), "none": None, "look-up": None}


@dataclass
class Provider:
    """`kind`: "keys": it keeps our keys and delivers each once; "look-up": it can be asked; "none": neither."""

    folder: Path
    kind: str
    name: str = "email"
    is_real: bool = False

    @property
    def promises(self) -> Promises:
        return Promises(KEEPS[self.kind], look_up=self.kind == "look-up", delivery_reports=False)

    def send(self, message: Outgoing, at: AtPoint) -> Outcome:
        at("before_call")
        if not (self.kind == "keys" and message.key in self.deliveries()):
            # a single write of a line: whole or not at all, whoever is killed
            with (self.folder / "delivered").open("ab", buffering=0) as file:
                file.write(f"{message.key} {digest(*said_by(message))}\n".encode())
        at("during_call")
        at("after_call")
        return Outcome("sent", "taken")

    def look_up(self, key: str) -> bool | None:
        return key in self.deliveries() if self.kind == "look-up" else None

    def close(self) -> None: ...

    def delivered(self) -> list[list[str]]:
        """The key of each message that was taken and the digest of what it says, in order."""
        path = self.folder / "delivered"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def deliveries(self) -> Counter[str]:
        """How often each key was delivered."""
        return Counter(key for key, _ in self.delivered())


def said_by(message: Outgoing) -> list[str]:
    """To whom, and the subject and texts that it has."""
    content = message.content
    texts = (getattr(content, name, None) for name in ("subject", "text", "html"))
    return [message.recipient, *(text for text in texts if text is not None)]


def digest(*said: str) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass
class Till:
    """A gateway that knows the invoices of the source `pay`. `left`: what is left to pay of a document, None of one
    that it does not know; 100 of all others."""

    left: dict[str, Decimal | None] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def can_tell(self, source: str) -> bool:
        return source == "pay"

    def still_open(self, source: str, document: str) -> Decimal | None:
        self.asked.append(document)
        if self.is_down:
            raise SourceError("pay: GET v1/invoices: the connection failed")
        return self.left.get(document, Decimal(100))

    def close(self) -> None: ...
