"""The last question before a message: are its invoices still open at the gateway where they are paid?

What is published may be hours old; a card payment is known to the gateway at once. Asked without a transaction, for a
group of contacts that are reserved and surely not handed over, so that nothing is lost however long a gateway takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from cartera.errors import SourceError
from cartera.reminders.model import PlannedContact, Reason

AT_ONCE = 8
LONGEST_SECONDS = 30.0
"""For all invoices of a group; a fraction of a sender's lease. What was not asked by then waits for the next run."""

RULE = "the gateway says that it is still open"


class Gateways(Protocol):
    """Connected gateways that can be asked (cartera.connectors.still_open)."""

    def can_tell(self, source: str) -> bool: ...

    def still_open(self, source: str, document: str) -> bool | None:
        """None: it does not know the document. Raises SourceError."""

    def close(self) -> None: ...


class NoGateways:
    """Where none is connected."""

    def can_tell(self, source: str) -> bool:
        return False

    def still_open(self, source: str, document: str) -> bool | None:
        return None

    def close(self) -> None: ...


@dataclass(frozen=True)
class Objection:
    """Why a message may not go out now."""

    reason: Reason
    saw: str


@dataclass
class Asked:
    """One run of sending: the gateways, and which of them gave no answer in it; those are not asked again."""

    gateways: Gateways = field(default_factory=NoGateways)
    silent: dict[str, str] = field(default_factory=dict)

    def objections(self, contacts: Mapping[str, PlannedContact]) -> dict[str, Objection]:
        """By contact id, those of which an invoice is not open any more, or can't be asked for."""
        documents = {id: [*self._documents(contact)] for id, contact in contacts.items()}
        wanted = sorted({document for each in documents.values() for document in each})
        if not wanted:
            return {}
        deadline = time.monotonic() + LONGEST_SECONDS
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="cartera-gateway") as pool:
            answers = dict(zip(wanted, pool.map(lambda document: self._ask(document, deadline), wanted), strict=True))
        found: dict[str, Objection] = {}
        for contact_id, each in documents.items():
            said = [answers[document] for document in each if answers[document]]
            # that one is paid says more than that another can't be asked for
            said.sort(key=lambda objection: objection is not None and objection.reason is not Reason.paid)
            if said and said[0]:
                found[contact_id] = said[0]
        return found

    def _documents(self, contact: PlannedContact) -> Iterable[tuple[str, str]]:
        for line in contact.lines:
            source, _, document = (line.item.invoice_id or "").partition(":")
            if document and self.gateways.can_tell(source):
                yield source, document

    def _ask(self, wanted: tuple[str, str], deadline: float) -> Objection | None:
        source, document = wanted
        if source not in self.silent and time.monotonic() < deadline:
            try:
                is_open = self.gateways.still_open(source, document)
            except SourceError as error:
                self.silent[source] = error.problem
            else:
                return Objection(Reason.paid, f"{document} is closed at {source}") if is_open is False else None
        return Objection(Reason.gateway_silent, self.silent.get(source, f"{source} takes too long to answer"))
