"""What is asked and what is answered. All plain and frozen; every moment carries its offset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Channel(StrEnum):
    """`voice` is a machine's call, `call` a person's; `letter` is post."""

    email = "email"
    sms = "sms"
    whatsapp = "whatsapp"
    push = "push"
    letter = "letter"
    voice = "voice"
    call = "call"
    visit = "visit"


SPOKEN = frozenset({Channel.voice, Channel.call, Channel.visit})


class Outcome(StrEnum):
    """What became of an earlier contact. `sent` and `unknown`: it may have arrived."""

    failed = "failed"
    no_answer = "no_answer"
    sent = "sent"
    unknown = "unknown"
    delivered = "delivered"
    answered = "answered"


class Unit(StrEnum):
    """What a rule counts.

    attempt: everything that was tried. delivered: what arrived or may have, a message on an answering machine too.
    contact: the same of messages; of calls and visits only those in which somebody was, or may have been, spoken to.
    """

    attempt = "attempt"
    delivered = "delivered"
    contact = "contact"


class Window(StrEnum):
    """`rolling_days`: so many days in a row, today the last of them. All are days of the debtor's calendar."""

    day = "day"
    calendar_week = "calendar_week"
    rolling_days = "rolling_days"


class HoldKind(StrEnum):
    dispute = "dispute"
    attorney = "attorney"
    insolvency = "insolvency"
    breathing_space = "breathing_space"
    mental_health_crisis = "mental_health_crisis"
    deceased = "deceased"
    cease_request = "cease_request"
    litigation = "litigation"
    other = "other"


class Recipient(StrEnum):
    debtor = "debtor"
    co_debtor = "co_debtor"
    guarantor = "guarantor"
    representative = "representative"
    reference = "reference"
    family = "family"
    employer = "employer"
    minor = "minor"
    third_party = "third_party"


class Place(StrEnum):
    """Whose number or address it is. `home`: the debtor's own, wherever it rings."""

    home = "home"
    work = "work"


class Debtor(StrEnum):
    consumer = "consumer"
    business = "business"


class Standing(StrEnum):
    """How much a rule weighs. All are kept to; they differ in what may be said of them.

    law: seen in a statute, an official summary or two sources. caution: not verified, or the strict reading of
    what is unclear. platform: the terms of a platform. default: the product's own, no law. policy: the company's.
    """

    law = "law"
    platform = "platform"
    caution = "caution"
    default = "default"
    policy = "policy"


class Level(StrEnum):
    primary_text = "primary_text"
    official_summary = "official_summary"
    secondary_multiple = "secondary_multiple"
    secondary_single = "secondary_single"
    memory = "memory"
    product_default = "product_default"
    company = "company"


@dataclass(frozen=True, slots=True)
class Event:
    """An earlier contact, or one from the debtor (`is_inbound`). `debts`: none means it is not known which."""

    at: dt.datetime
    channel: Channel
    outcome: Outcome = Outcome.sent
    debts: frozenset[str] = frozenset()
    is_inbound: bool = False
    place: Place | None = Place.home

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _in_utc(self.at))


@dataclass(frozen=True, slots=True)
class Hold:
    """Stops everything until the end of its last day (`until`); without one, as long as the law says, or until
    it is released. `debt`: only that one; None: the whole customer."""

    kind: HoldKind
    since: dt.date | None = None
    until: dt.date | None = None
    debt: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """May this debtor be contacted at this moment? What is None is not known, and answered the strict way."""

    at: dt.datetime
    channel: Channel
    country: str | None = None
    region: str | None = None
    timezone: str | None = None
    is_business: bool | None = None
    debts: frozenset[str] = frozenset()
    history: tuple[Event, ...] = ()
    holds: tuple[Hold, ...] = ()
    opted_out: frozenset[Channel] = frozenset()
    authorised: frozenset[Channel] | None = None
    recipient: Recipient = Recipient.debtor
    place: Place = Place.home
    is_strict: bool = False
    """Also the rules that packs keep for a strict mode."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _in_utc(self.at))


def _in_utc(moment: dt.datetime) -> dt.datetime:
    """Moments of one time zone compare and add by its clock, which daylight saving sets: so UTC. Raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("the moment has no UTC offset")
    return moment.astimezone(dt.UTC)


class Source(Protocol):
    """Where a fact is from."""

    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def level(self) -> Level: ...


class Asked(Protocol):
    """A rule of a pack that was asked."""

    @property
    def id(self) -> str: ...
    @property
    def pack_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def standing(self) -> Standing: ...
    @property
    def level(self) -> Level: ...
    @property
    def sources(self) -> tuple[Source, ...]: ...
    def say(self, seen: Any) -> str: ...


class Answer(NamedTuple):
    """One rule asked. `seen` is what it saw; `saw` says it."""

    rule: Asked
    passed: bool
    seen: Any

    @property
    def saw(self) -> str:
        return self.rule.say(self.seen)

    def as_json(self) -> dict[str, Any]:
        rule = self.rule
        return {
            "rule": rule.id,
            "pack": rule.pack_id,
            "kind": rule.kind,
            "passed": self.passed,
            "saw": self.saw,
            "text": rule.text,
            "standing": str(rule.standing),
            "level": str(rule.level),
            "sources": [{"title": each.title, "url": each.url, "level": str(each.level)} for each in rule.sources],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """`answers`: every rule that was asked, holds first. `notes`: what was not known, and what that led to."""

    is_allowed: bool
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()
    time_zones: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[Answer, ...]:
        return tuple(answer for answer in self.answers if not answer.passed)

    @property
    def reason(self) -> str | None:
        """The kind of the first rule that says no: hold, opt_out, hours, cap ..."""
        return next((answer.rule.kind for answer in self.answers if not answer.passed), None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a message must say, or must not. `phrases`: by language, one of which has to appear (or none may)."""

    rule: Asked
    key: str
    must: bool
    when: str
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
