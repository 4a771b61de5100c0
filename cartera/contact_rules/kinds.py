"""The kinds of rules that a pack may have, and what each of them says."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.contact_rules.model import (
    Channel,
    Debtor,
    HoldKind,
    Level,
    Place,
    Recipient,
    Standing,
    Unit,
    Window,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
ALL_CHANNELS = tuple(Channel)
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Span = tuple[int, int]
"""Minutes after midnight; the end is not part of it."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleBase(Strict):
    id: Id
    text: Text
    level: Level
    debtors: dict[Debtor, Standing] = Field(min_length=1)
    """Whom it is asked for, and how much it weighs there."""
    channels: tuple[Channel, ...]
    sources: tuple[Id, ...] = ()
    strict_only: bool = False
    note: Text | None = None

    @field_validator("channels", mode="before")
    @classmethod
    def _all(cls, value: object) -> object:
        return ALL_CHANNELS if value == "all" else value


class HoldRule(RuleBase):
    kind: Literal["hold"]
    holds: tuple[HoldKind, ...] = Field(min_length=1)
    days: int | None = Field(default=None, ge=1, strict=True)
    """How long it lasts from its first day, where the law says so."""


class OptOutRule(RuleBase):
    kind: Literal["opt_out"]


class RecipientsRule(RuleBase):
    kind: Literal["recipients"]
    allowed: tuple[Recipient, ...] = Field(min_length=1)


class PlaceRule(RuleBase):
    kind: Literal["place"]
    forbidden: tuple[Place, ...] = Field(min_length=1)


class ChannelRule(RuleBase):
    """These channels are not used at all."""

    kind: Literal["channel"]


class AuthorisationRule(RuleBase):
    """Only with the debtor's own consent to the channel."""

    kind: Literal["authorisation"]


class Hours(Strict):
    """`mon_fri` stands for five days. A holiday has its own hours, whatever weekday it falls on; [] is never."""

    mon_fri: tuple[str, ...] | None = None
    mon: tuple[str, ...] | None = None
    tue: tuple[str, ...] | None = None
    wed: tuple[str, ...] | None = None
    thu: tuple[str, ...] | None = None
    fri: tuple[str, ...] | None = None
    sat: tuple[str, ...]
    sun: tuple[str, ...]
    holiday: tuple[str, ...]

    @field_validator("*")
    @classmethod
    def _spans(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        end = -1
        for text in value or ():
            start, stop = span_of(text)
            if start < end:
                raise ValueError(f"{text!r} begins before the span in front of it ends")
            end = stop
        return value

    @model_validator(mode="after")
    def _every_day(self) -> Hours:
        for day in DAYS[:5]:
            if self.mon_fri is None and getattr(self, day) is None:
                raise ValueError(f"nothing is said of {day}; write its hours, or [] for never")
        return self

    def of(self, day: str) -> tuple[Span, ...]:
        """The spans of `mon` ... `sun` or `holiday`."""
        own = getattr(self, day)
        return tuple(span_of(text) for text in (self.mon_fri if own is None else own) or ())


class HoursRule(RuleBase):
    kind: Literal["hours"]
    open: Hours


class Counting(RuleBase):
    unit: Unit
    window: Window
    days: int | None = Field(default=None, ge=1, le=366, strict=True)

    @model_validator(mode="after")
    def _days(self) -> Counting:
        if (self.window is Window.rolling_days) != (self.days is not None):
            raise ValueError("`days` goes with `window: rolling_days`, and only with it")
        return self


class CapRule(Counting):
    """At most so many of these channels together in the window."""

    kind: Literal["cap"]
    max: int = Field(ge=0, strict=True)
    scope: Literal["debtor", "debt"] = "debtor"
    places: tuple[Place, ...] = tuple(Place)


class DistinctChannelsRule(Counting):
    """At most so many different channels in the window."""

    kind: Literal["distinct_channels"]
    max: int = Field(ge=1, strict=True)


class SpacingRule(RuleBase):
    """So many days between one and the next: on the calendar and by the clock, the later of the two."""

    kind: Literal["spacing"]
    unit: Unit
    days: int = Field(ge=1, le=366, strict=True)


class SilenceRule(RuleBase):
    """After a conversation, whoever called, no more for so many days; its own day is the first of them."""

    kind: Literal["silence"]
    days: int = Field(ge=1, le=366, strict=True)
    after: tuple[Channel, ...] = Field(min_length=1)
    scope: Literal["debtor", "debt"] = "debtor"


class WordingBase(RuleBase):
    key: Id
    when: Literal["every_message", "first_contact", "voicemail", "before_first_contact"] = "every_message"
    phrases: dict[Literal["es", "en", "pt"], tuple[Text, ...]] = {}


class DisclosureRule(WordingBase):
    """Must be said."""

    kind: Literal["disclosure"]


class WordingRule(WordingBase):
    """Must not be said or done."""

    kind: Literal["wording"]


class NoteRule(RuleBase):
    """What the law also says, and no question about a moment can ask: records, fees, credit files."""

    kind: Literal["note"]


Rule = Annotated[
    HoldRule
    | OptOutRule
    | RecipientsRule
    | PlaceRule
    | ChannelRule
    | AuthorisationRule
    | HoursRule
    | CapRule
    | DistinctChannelsRule
    | SpacingRule
    | SilenceRule
    | DisclosureRule
    | WordingRule
    | NoteRule,
    Field(discriminator="kind"),
]


def span_of(text: str) -> Span:
    """`08:00-20:00` in minutes after midnight. Raises ValueError."""
    found = SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no span of hours; write it as 08:00-20:00")
    start, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    if not start < end <= 24 * 60:
        raise ValueError(f"{text!r} ends before it begins; a day ends at 24:00")
    return start, end
