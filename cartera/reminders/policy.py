"""Dunning policies: for whom, which steps before and after the due date, and when it stays silent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.money import minor_units
from cartera.reminders.audience import Audience
from cartera.reminders.charges import Charge
from cartera.reminders.currencies import Currency, known_currency
from cartera.reminders.experiment import Experiment

Language = Literal["es", "en", "pt"]
LANGUAGES: tuple[Language, ...] = ("es", "en", "pt")
Channel = Literal["email", "sms", "whatsapp", "voice", "letter", "call", "push"]

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
Address = Annotated[str, Field(max_length=254, pattern=r"^[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+$")]
Link = Annotated[str, Field(max_length=300, pattern=r"^https://[A-Za-z0-9._~:/?#@!$&'()*+,;=%{}\-]+$")]
Days = Annotated[int, Field(ge=1, le=3650, strict=True)]

HAND_OVER = "hand_over"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Strict):
    """`offset_days` counts from the due date: -3 is three days before, 7 seven days past due.

    `days_after_previous` counts from the day the step before was told instead; `offset_days` then only says
    where it stands on the ladder.
    """

    name: Slug
    offset_days: int = Field(default=0, ge=-365, le=7300, strict=True)
    days_after_previous: Days | None = None
    template: Slug
    tone: Literal["courteous", "firm", "final"] = "courteous"
    channels: tuple[Channel, ...] = Field(default=("email",), min_length=1)
    """In order: the first by which the customer can be reached; the next when that failed or had no answer."""
    fallback_after_days: Days | None = None
    attach: tuple[Literal["invoice_list", "statement"], ...] = ()
    """PDFs that go with an e-mail."""

    @model_validator(mode="after")
    def _is_timed(self) -> Step:
        if self.days_after_previous is None and "offset_days" not in self.model_fields_set:
            raise ValueError("say offset_days (from the due date) or days_after_previous")
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("channels: one is named twice")
        if self.fallback_after_days and len(self.channels) == 1:
            raise ValueError("fallback_after_days: there is no second channel to fall back to")
        return self


class EndOfLadder(Strict):
    """What is still open so many days after the last step was told goes to a person, as a call task."""

    days_after_last: Days
    template: Slug = "hand_over"


class Creditor(Strict):
    """Who writes: named in every message, with whom to talk and where to pay in which currency."""

    name: Line
    contact_name: Line
    email: Address
    phone: Line | None = None
    address: tuple[Line, ...] = Field(default=(), max_length=6)
    """The lines of the postal address, on letters."""
    payment: dict[Currency, Line] = {}
    payment_link: dict[Currency, Link] = {}
    """A page to pay on, per currency; `{customer_id}` in it is filled in."""

    @field_validator("payment_link")
    @classmethod
    def _fillable(cls, value: dict[str, str]) -> dict[str, str]:
        for link in value.values():
            if set("{}") & set(link.replace("{customer_id}", "")):
                raise ValueError(f"{link!r}: only {{customer_id}} can be filled in")
        return value


class AutomaticBelow(Strict):
    """Plans of fewer contacts than this are approved without a person."""

    automatic_below: int = Field(ge=1, strict=True)


class Caps(Strict):
    """Messages per customer at most, of all policies and channels, counted back from the day."""

    messages_per_week: int | None = Field(default=None, ge=1, strict=True)
    messages_per_month: int | None = Field(default=None, ge=1, strict=True)
    """Of the last 7 and 30 days."""


class StopWhen(Strict):
    """When the whole customer is left in peace, beyond what no message ever goes out for."""

    any_item_disputed: bool = False
    any_item_promised: bool = False
    answered_within_days: Days | None = None
    """The customer answered a message so lately that a person must have read it first."""
    older_than_days: Days | None = None
    """Items more days past due are not asked for by machine any more."""


class Sms(Strict):
    max_segments: int = Field(default=2, ge=1, le=10, strict=True)
    keep_accents: bool = False
    """With them a segment holds 67 characters instead of 153."""


class Policy(Strict):
    name: Slug
    priority: int = Field(default=100, ge=0, strict=True)
    """Policies are asked from the lowest number on; the first whose audience fits has the debt."""
    audience: Audience = Audience()
    experiment: Experiment | None = None
    steps: tuple[Step, ...] = Field(min_length=1)
    end_of_ladder: EndOfLadder | None = None
    grouping: Literal["company", "currency"] = "company"
    """One message for all that a customer owes a company, or one per currency (on days of their own)."""
    minimum_amount: dict[str, Decimal] = {}
    """Per currency: less than this is not worth a message. Others: one minor unit."""
    minimum_days_between: int = Field(default=3, ge=1, strict=True)
    caps: Caps = Caps()
    promise_grace_days: int = Field(default=2, ge=0, strict=True)
    max_source_age_days: int = Field(default=7, ge=0, strict=True)
    stop_when: StopWhen = StopWhen()
    adapt: bool = False
    """Order a step's channels, and choose the hour, by what worked for the customer before: see adapt.py."""
    ask_gateway: bool = True
    """Where an invoice is of a connected gateway that can tell, ask there once more before the message leaves."""
    charges: tuple[Charge, ...] = ()
    approval: Literal["required"] | AutomaticBelow = "required"
    default_language: Language = "es"
    sms: Sms = Sms()
    creditor: Creditor
    creditors: dict[str, Creditor] = {}
    """By company_id, where it is not `creditor`."""

    @field_validator("minimum_amount")
    @classmethod
    def _amounts(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        for code, amount in value.items():
            known_currency(code)
            if not amount.is_finite() or amount < 0:
                raise ValueError(f"{code}: a minimum is an amount of 0 or more, found {amount}")
        return value

    @field_validator("steps")
    @classmethod
    def _in_order(cls, value: tuple[Step, ...]) -> tuple[Step, ...]:
        """Steps in the order of their offsets; a name or an offset twice would make two steps one."""
        steps = list(_placed(value))
        for attribute in ("name", "offset_days"):
            values = [getattr(step, attribute) for step in steps]
            repeated = {each for each in values if values.count(each) > 1}
            if repeated:
                raise ValueError(f"steps: {attribute} {repeated.pop()!r} is used twice")
        ordered = sorted(steps, key=lambda step: step.offset_days)
        if ordered != steps and any(step.days_after_previous for step in steps):
            raise ValueError("steps: days_after_previous needs the steps written in their order")
        if any(step.name == HAND_OVER for step in steps):
            raise ValueError(f"steps: {HAND_OVER!r} is the name of the end of the ladder")
        return tuple(ordered)

    @cached_property
    def ladder(self) -> tuple[Step, ...]:
        """The steps, and the hand-over to a person after them."""
        if self.end_of_ladder is None:
            return self.steps
        last, days = self.steps[-1], self.end_of_ladder.days_after_last
        end = Step(
            name=HAND_OVER,
            offset_days=last.offset_days + days,
            days_after_previous=days,
            template=self.end_of_ladder.template,
            tone="final",
            channels=("call",),
        )
        return (*self.steps, end)

    def step_at(self, days_past_due: int) -> Step | None:
        """The latest step that the due date alone brings about at so many days past due (negative: before)."""
        offsets, steps = self._by_due_date
        position = bisect_right(offsets, days_past_due)
        return steps[position - 1] if position else None

    @cached_property
    def _by_due_date(self) -> tuple[list[int], list[Step]]:
        steps = [step for step in self.steps if step.days_after_previous is None]
        return [step.offset_days for step in steps], steps

    def minimum(self, currency_code: str) -> Decimal:
        smallest = Decimal(1).scaleb(-minor_units(currency_code))
        return max(self.minimum_amount.get(currency_code, smallest), smallest)

    def creditor_of(self, company_id: str) -> Creditor:
        return self.creditors.get(company_id, self.creditor)

    def is_automatic(self, contacts: int) -> bool:
        return isinstance(self.approval, AutomaticBelow) and contacts < self.approval.automatic_below


def _placed(steps: Iterable[Step]) -> Iterator[Step]:
    """Each step with its place: a step that follows the one before stands so many days behind it."""
    previous: Step | None = None
    for step in steps:
        if step.days_after_previous is not None:
            if previous is None:
                raise ValueError(f"steps: {step.name} is the first; days_after_previous has nothing to follow")
            place = previous.offset_days + step.days_after_previous
            if "offset_days" in step.model_fields_set and step.offset_days != place:
                raise ValueError(f"steps: {step.name} says both offset_days and days_after_previous")
            step = step.model_copy(update={"offset_days": place})
        previous = step
        yield step
