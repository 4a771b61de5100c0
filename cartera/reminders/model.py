"""The values that planning works on. All plain and frozen; amounts are Decimal in their item's currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from cartera.reminders.policy import Channel, Language, Step


class Status(StrEnum):
    """The life of a contact: planned > approved > reserved > sent, or aside."""

    planned = "planned"
    approved = "approved"
    reserved = "reserved"
    sent = "sent"
    unknown = "unknown"
    failed = "failed"
    skipped = "skipped"
    delivered = "delivered"
    bounced = "bounced"
    answered = "answered"


class Reason(StrEnum):
    """Why a customer, an item or a contact gets no message."""

    not_tied_out = "not_tied_out"
    source_stale = "source_stale"
    inactive = "inactive"
    on_hold = "on_hold"
    to_a_person = "to_a_person"
    no_address = "no_address"
    bad_address = "bad_address"
    opted_out = "opted_out"
    not_allowed = "not_allowed"
    no_policy = "no_policy"
    held_out = "held_out"
    ghost_removed = "ghost_removed"
    stopped = "stopped"
    capped = "capped"
    paid = "paid"
    not_due = "not_due"
    disputed = "disputed"
    promised_not_due = "promised_not_due"
    covered_by_unapplied_cash = "covered_by_unapplied_cash"
    below_minimum = "below_minimum"
    already_contacted_today = "already_contacted_today"
    contacted_recently = "contacted_recently"
    in_flight = "in_flight"
    step_done = "step_done"
    replaced = "replaced"
    send_refused = "send_refused"
    template_failed = "template_failed"
    gateway_silent = "gateway_silent"
    not_now_by_law = "not_now_by_law"
    not_by_law = "not_by_law"


class Item(NamedTuple):
    """An open item. `open_amount` > 0 for an instalment, < 0 for credit not yet applied.

    A tuple, as Line and Answer are: a plan makes millions of them.
    """

    item_id: str
    company_id: str
    customer_id: str
    document_number: str | None
    issue_date: dt.date | None
    due_date: dt.date
    currency_code: str
    item_amount: Decimal
    open_amount: Decimal
    is_disputed: bool = False
    promised_date: dt.date | None = None
    invoice_id: str | None = None
    because: str | None = None
    """What was recorded at the desk that says so."""

    @property
    def is_credit(self) -> bool:
        return self.open_amount < 0


@dataclass(frozen=True)
class Customer:
    customer_id: str
    name: str | None = None
    email: str | None = None
    language_code: str | None = None
    country_code: str | None = None
    is_active: bool = True
    source: str | None = None
    phone: str | None = None
    timezone: str | None = None
    customer_type: str | None = None
    risk_class: str | None = None


@dataclass(frozen=True)
class Consent:
    """What a customer said about a channel (None: all of them) or an address on it (None: any)."""

    channel: Channel | None
    address: str | None
    is_authorised: bool


@dataclass(frozen=True)
class Tried:
    """A contact of one step and cycle: by which channel, what became of it, and the day it went."""

    channel: Channel
    status: Status
    on: dt.date


class Sent(NamedTuple):
    """A message that went out before, and whether it worked: answered, or followed by a payment."""

    channel: Channel
    at: dt.datetime
    worked: bool
    answered_at: dt.datetime | None = None


@dataclass(frozen=True)
class Pending:
    """A contact that is planned, approved or reserved, and not yet sent."""

    contact_id: str
    company_id: str
    step_name: str
    cycle: str
    status: Status
    planned_date: dt.date
    item_ids: frozenset[str] = frozenset()
    channel: Channel = "email"
    policy_name: str = ""


@dataclass(frozen=True)
class History:
    """What a customer has been told. `told`: (item_id, due_date) -> the furthest step's offset in days, and
    `told_on` the day of that. `tried`: (policy, step, cycle) -> its contacts, oldest first. `consents`: oldest
    first. `contact_dates`: the day of every message of the last month. `vulnerable`: who said so and when; then a
    person calls, no machine writes. `repairs`: addresses that a person found out, the last one first. `evidence`: what
    became of the messages of the last year, oldest first; read only where a policy adapts.
    """

    told: Mapping[tuple[str, dt.date], int] = field(default_factory=dict)
    last_contact_date: dt.date | None = None
    bad_addresses: frozenset[str] = frozenset()
    hold_reason: str | None = None
    pending: Pending | None = None
    told_on: Mapping[tuple[str, dt.date], dt.date] = field(default_factory=dict)
    tried: Mapping[tuple[str, str, str], tuple[Tried, ...]] = field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    contact_dates: tuple[dt.date, ...] = ()
    answered_on: dt.date | None = None
    vulnerable: str | None = None
    repairs: tuple[tuple[Channel, str], ...] = ()
    evidence: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Whether the figures are good enough to write to anybody.

    `landed_on`: the day of each source's last landing, UTC. `is_certified`: the publication has a tied
    certificate; `tied`: its (company_id, currency_code) pairs that tie. `asked_on`: the day from which the age
    of a source counts; None: the day that is planned for. `stopped`: sources whose last landing failed.
    """

    landed_on: Mapping[str, dt.date]
    tied: frozenset[tuple[str, str]]
    is_certified: bool = True
    asked_on: dt.date | None = None
    stopped: frozenset[str] = frozenset()


class Answer(NamedTuple):
    """One rule asked: what it saw and whether a contact may go on. `reason`: for a no that has one of its own;
    `window`: the stretch of time for which a yes holds."""

    rule: str
    saw: str
    passed: bool
    reason: Reason | None = None
    window: tuple[dt.datetime, dt.datetime] | None = None


class Line(NamedTuple):
    """One item of a message, at the step that the item itself has reached."""

    item: Item
    step: Step


@dataclass(frozen=True)
class PlannedContact:
    """One message to one customer. `cycle` is the passage of one item down the ladder: `item@due date`.

    `credits`: what is left of unapplied cash per currency after it covered the oldest items; >= 0.
    `statement`: all that is open between customer and company, where the step sends a statement of account.
    `window`: when it may be sent.
    """

    company_id: str
    customer_id: str
    step: Step
    cycle: str
    recipient: str
    language: Language
    lines: tuple[Line, ...]
    credits: Mapping[str, Decimal]
    channel: Channel = "email"
    statement: tuple[Item, ...] = ()
    window: tuple[dt.datetime, dt.datetime] | None = None


@dataclass(frozen=True)
class Decision:
    """A contact, or the reason for silence; with every rule's answer and the items left out."""

    contact: PlannedContact | None
    reason: Reason | None
    answers: tuple[Answer, ...]
    left_out: Mapping[str, Reason] = field(default_factory=dict)
