"""The last question before a message: what is still open of its invoices at the gateway where they are paid?

What is published may be hours old; a card payment is known to the gateway at once. Asked without a transaction, for a
group of contacts that are reserved and surely not handed over, so that nothing is lost however long a gateway takes.
What is less there than in our books is laid over them, and every rule is asked again (`recheck`). More there changes
nothing: our books may know of money that the gateway does not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from cartera.errors import SourceError
from cartera.reminders.model import Answer, Item, PlannedContact

AT_ONCE = 8
LONGEST_SECONDS = 30.0
"""For all invoices of a group; a fraction of a sender's lease. What was not asked by then waits for the next run."""

GIVEN_UP_AFTER = 3
"""So many questions in a row without an answer, and a gateway is not asked again in this run: it is down, or wants to
be left alone. One alone is the trouble of its invoice, whose message waits; the others go on."""

RULE = "the gateway says that it is still open"
NOTHING = Decimal(0)

Left = Mapping[str, Decimal]
"""What is left to pay at the gateway, by invoice_id."""


class Gateways(Protocol):
    """Connected gateways that can be asked (cartera.connectors.still_open)."""

    def can_tell(self, source: str) -> bool: ...

    def still_open(self, source: str, document: str) -> Decimal | None:
        """What is left to pay. None: it does not know the document. Raises SourceError."""

    def close(self) -> None: ...


class NoGateways:
    """Where none is connected."""

    def can_tell(self, source: str) -> bool:
        return False

    def still_open(self, source: str, document: str) -> Decimal | None:
        return None

    def close(self) -> None: ...


@dataclass(frozen=True)
class Told:
    """What gateways said of the invoices of a contact. `is_less`: of one less is open there than in our books.
    `silence`: why one gave no answer; then nothing goes out."""

    left: Left
    is_less: bool = False
    silence: str | None = None


@dataclass
class Asked:
    """One run of sending: the gateways, what each said last instead of an answer, and how often in a row."""

    gateways: Gateways = field(default_factory=NoGateways)
    silent: dict[str, str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def told(self, contacts: Mapping[str, tuple[PlannedContact, Sequence[Item]]]) -> dict[str, Told]:
        """By contact id, those of which an invoice is known to a gateway, or can't be asked for.

        `contacts`: each with all that is open between the customer and the company.
        """
        invoices = {contact_id: {*self._invoices(contact)} for contact_id, (contact, _) in contacts.items()}
        wanted = sorted({invoice for each in invoices.values() for invoice in each})
        if not wanted:
            return {}
        deadline = time.monotonic() + LONGEST_SECONDS
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="cartera-gateway") as pool:
            heard = dict(zip(wanted, pool.map(lambda invoice: self._ask(invoice, deadline), wanted), strict=True))
        found: dict[str, Told] = {}
        for contact_id, (_, items) in contacts.items():
            said = {invoice: heard[invoice] for invoice in invoices[contact_id]}
            left = {invoice: answer for invoice, answer in said.items() if isinstance(answer, Decimal)}
            is_less = any(amount < _in_our_books(items, invoice) for invoice, amount in left.items())
            silence = next((answer for answer in said.values() if isinstance(answer, str)), None)
            if left or silence:
                found[contact_id] = Told(left, is_less, silence)
        return found

    def _invoices(self, contact: PlannedContact) -> Iterable[str]:
        for line in contact.lines:
            invoice = line.item.invoice_id or ""
            source, _, document = invoice.partition(":")
            if document and self.gateways.can_tell(source):
                yield invoice

    def _ask(self, invoice: str, deadline: float) -> Decimal | str | None:
        """What is left to pay; a text says why there is no answer."""
        source, _, document = invoice.partition(":")
        if self.failures[source] >= GIVEN_UP_AFTER:
            return self.silent[source]
        if time.monotonic() > deadline:
            return f"{source} takes too long to answer"
        try:
            left = self.gateways.still_open(source, document)
        except SourceError as error:
            self.silent[source] = error.problem
            self.failures[source] += 1
            return error.problem
        self.failures[source] = 0
        return left


def _in_our_books(items: Iterable[Item], invoice: str) -> Decimal:
    return sum((item.open_amount for item in items if item.invoice_id == invoice and not item.is_credit), NOTHING)


def laid_over(items: Sequence[Item], left: Left) -> list[Item]:
    """Items, oldest due first, with what is left of their invoices; without those that are paid whole."""
    paid = {invoice: _in_our_books(items, invoice) - amount for invoice, amount in left.items()}
    found = []
    for item in items:
        taken = min(max(paid.get(item.invoice_id or "", NOTHING), NOTHING), item.open_amount)
        if item.is_credit or not taken:
            found.append(item)
            continue
        # as a payment that names no instalment is applied: to the oldest first
        paid[item.invoice_id or ""] -= taken
        if taken < item.open_amount:
            found.append(item._replace(open_amount=item.open_amount - taken))
    return found


def answers(left: Left) -> list[Answer]:
    """What was heard, for the record."""
    return [
        Answer(RULE, f"{invoice}: {f'{amount:f} is left to pay' if amount else 'closed'} there", amount > 0)
        for invoice, amount in sorted(left.items())
    ]
