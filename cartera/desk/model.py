"""What is recorded at the desk, and who records it. All plain and frozen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

Role = Literal["finance", "collector", "manager", "analyst", "administrator"]
CallOutcome = Literal[
    "right_party_promise", "right_party_paid", "right_party_dispute", "right_party_refusal", "right_party_other",
    "wrong_party", "message_left", "no_answer", "busy", "invalid_number",
]  # fmt: skip
HoldKind = Literal["dispute", "attorney", "insolvency", "breathing_space", "deceased", "vulnerable", "other"]
Thing = Literal["call", "promise", "plan", "dispute", "note", "hold", "repair", "wish"]
Said = Literal["opted_out", "authorised"]

OUTCOMES: tuple[CallOutcome, ...] = get_args(CallOutcome)
HOLD_KINDS: tuple[HoldKind, ...] = get_args(HoldKind)
AGREEMENTS: tuple[Thing, ...] = ("promise", "plan", "dispute", "hold", "wish")
"""What the version of a customer's file counts: a note or a call of somebody else is no conflict."""
ERASED = "erased"
"""Who recorded what an erased customer has agreed: the journal does not tell it any more."""


@dataclass(frozen=True)
class Actor:
    """Who acts. `companies` None: all of them."""

    user: str
    role: Role
    companies: frozenset[str] | None = None

    @classmethod
    def local(cls, user: str = "local") -> Actor:
        """Whoever sits at this machine: there is no sign-in."""
        return cls(user, "administrator")


@dataclass(frozen=True)
class CallRecorded:
    """`had_task`: it finished a task of the call list; else it is a contact of its own."""

    contact_id: str
    customer_id: str
    outcome: CallOutcome
    is_right_party: bool
    channel: Literal["call"]
    phone: str
    note: str
    duration_seconds: int | None
    had_task: bool
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Promise:
    """`item_ids` empty: all that the customer owes the company in that currency. `plan_id`: it is a part of a plan."""

    promise_id: str
    version: int
    customer_id: str
    company_id: str
    currency_code: str
    amount: Decimal
    made_date: dt.date
    promised_date: dt.date
    item_ids: tuple[str, ...]
    note: str
    is_cancelled: bool
    plan_id: str | None
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Part:
    promise_id: str
    promised_date: dt.date
    amount: Decimal


@dataclass(frozen=True)
class Shortfall:
    """Why a plan was ended as broken: so much was paid of what had come due by a day."""

    paid_amount: Decimal
    due_amount: Decimal
    due_date: dt.date


@dataclass(frozen=True)
class Plan:
    """An agreed series of promises; it changes as a whole."""

    plan_id: str
    version: int
    customer_id: str
    company_id: str
    currency_code: str
    made_date: dt.date
    parts: tuple[Part, ...]
    item_ids: tuple[str, ...]
    note: str
    is_cancelled: bool
    by: str
    at: dt.datetime
    shortfall: Shortfall | None = None


@dataclass(frozen=True)
class Dispute:
    """`item_ids` empty: all that the customer owes the company in that currency. `amount` None: the whole of it."""

    dispute_id: str
    version: int
    customer_id: str
    company_id: str
    currency_code: str
    item_ids: tuple[str, ...]
    amount: Decimal | None
    reason: str
    note: str
    opened_date: dt.date
    resolved_date: dt.date | None
    resolution: str
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Note:
    note_id: str
    customer_id: str
    text: str
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Hold:
    """`until`: its last day; None: until it is released. `by`, `at`: of its last change."""

    hold_id: int
    version: int
    customer_id: str
    kind: HoldKind
    until: dt.date | None
    note: str
    held_by: str
    held_at: dt.datetime
    released_by: str | None
    released_at: dt.datetime | None
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Repair:
    """An address that a person found out. `address` as it is stored, e.g. +51987654321."""

    repair_id: str
    customer_id: str
    channel: str
    address: str
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Wish:
    """What a customer said of how to be reached. `channel`: all of them, or one; `address` None: any of the channel.

    `statement`: in the customer's words.
    """

    wish_id: str
    customer_id: str
    channel: str
    address: str | None
    said: Said
    statement: str
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Way:
    """How a customer can be reached by a channel now: the address in use, what was said of it, all that are known."""

    channel: str
    address: str | None
    is_authorised: bool | None
    known: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """One row of the journal: who did what when, and what it was before and is after, as JSON."""

    action_no: int
    action_id: str
    kind: str
    customer_id: str
    company_id: str | None
    thing: Thing
    thing_id: str
    version: int
    by: str
    role: str
    at: dt.datetime
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    def is_of(self, companies: frozenset[str]) -> bool:
        """Of one of them, or of no company, as calls, notes, holds, addresses and wishes are."""
        return self.company_id is None or self.company_id in companies


@dataclass(frozen=True)
class CustomerFile:
    """Everything recorded about a customer: things as they are now, newest first, and the journal, newest first.

    `version`: what a form for a new promise, plan, dispute, hold or authorisation gives as `seen`.
    """

    customer_id: str
    version: int = 0
    calls: tuple[CallRecorded, ...] = ()
    promises: tuple[Promise, ...] = ()
    plans: tuple[Plan, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    notes: tuple[Note, ...] = ()
    holds: tuple[Hold, ...] = ()
    repairs: tuple[Repair, ...] = ()
    wishes: tuple[Wish, ...] = ()
    actions: tuple[Action, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Presence:
    """Somebody else who has the customer's page open."""

    person: str
    seen_at: dt.datetime
