"""Whom a policy is for: asked in the order of the policies' priority, the first that says yes has the debt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.reminders.currencies import known_currency

Word = Annotated[str, Field(min_length=1, max_length=100)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Range(BaseModel):
    """`at_least` is in it, `below` is not; one of them may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: Decimal | None = None
    below: Decimal | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Range:
        if self.at_least is None and self.below is None:
            raise ValueError("say at_least, below or both")
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            raise ValueError(f"nothing is at least {self.at_least} and below {self.below}")
        return self

    def holds(self, value: Decimal | int) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)


@dataclass(frozen=True)
class Debt:
    """What one customer owes one company, as an audience sees it on a day.

    `net`: open instalments less credit per currency. `oldest_days`: days past due of the oldest instalment.
    """

    company_id: str
    country_code: str | None = None
    customer_type: str | None = None
    risk_class: str | None = None
    net: Mapping[str, Decimal] = field(default_factory=dict)
    oldest_days: int = 0
    segments: Mapping[str, str] = field(default_factory=dict)


class Audience(BaseModel):
    """Every condition that is written must hold; within one, any of its values. Nothing written: everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    companies: tuple[Word, ...] = ()
    countries: tuple[Country, ...] = ()
    customer_types: tuple[Word, ...] = ()
    risk_classes: tuple[Word, ...] = ()
    segments: dict[str, tuple[Word, ...]] = {}
    """By scheme of segments.yaml: the segments, as of the day that is planned for."""
    open_amount: dict[str, Range] = {}
    """By currency: one of the currencies named must be in its range. Currencies are never added."""
    oldest_days: Range | None = None
    """Days past due of the oldest open instalment; below 0 when none is due yet."""
    saved_segments: tuple[Word, ...] = ()
    """Segments that were saved on the dashboard, by name: any of them."""
    saved: dict[str, Audience] = {}
    """What the saved segments ask, filled in when policies are loaded and kept with the plan."""

    @field_validator("open_amount")
    @classmethod
    def _known(cls, value: dict[str, Range]) -> dict[str, Range]:
        return {known_currency(code): each for code, each in value.items()}

    def holds(self, debt: Debt) -> bool:
        return all(passed for _, _, passed in self.asked(debt))

    def asked(self, debt: Debt) -> Iterator[tuple[str, str, bool]]:
        """Each condition: what it asks, what it saw, whether it holds."""
        for name, among, seen in (
            ("company", self.companies, debt.company_id),
            ("country", self.countries, (debt.country_code or "").upper()),
            ("customer type", self.customer_types, debt.customer_type or ""),
            ("risk class", self.risk_classes, debt.risk_class or ""),
        ):
            if among:
                yield f"{name} is {_or(among)}", seen or "none", seen in among
        for scheme, segments in self.segments.items():
            seen = debt.segments.get(scheme, "")
            yield f"segment of {scheme} is {_or(segments)}", seen or "none", seen in segments
        if self.open_amount:
            rule = _or([f"{code} {_range(each)}" for code, each in self.open_amount.items()])
            saw = ", ".join(f"{code} {debt.net[code]:f}" for code in self.open_amount if code in debt.net)
            passed = any(code in debt.net and each.holds(debt.net[code]) for code, each in self.open_amount.items())
            yield f"what is open is {rule}", saw or "nothing in these currencies", passed
        if self.oldest_days:
            passed = self.oldest_days.holds(debt.oldest_days)
            yield f"the oldest item is {_range(self.oldest_days)} days past due", str(debt.oldest_days), passed
        if self.saved_segments:
            rule = _or(f"{name} ({self.saved[name].in_words()})" for name in self.saved_segments)
            met = [name for name in self.saved_segments if self.saved[name].holds(debt)]
            yield f"saved segment is {rule}", ", ".join(met) or "none of them", bool(met)

    def in_words(self) -> str:
        """Its conditions, of whatever debt."""
        return "; ".join(rule for rule, _, _ in self.asked(Debt("")))

    @property
    def asks_segments(self) -> bool:
        return bool(self.segments) or any(each.segments for each in self.saved.values())


def _or(words: Sequence[str] | Iterable[str]) -> str:
    return " or ".join(words)


def _range(each: Range) -> str:
    low = f"at least {each.at_least:f}" if each.at_least is not None else ""
    high = f"below {each.below:f}" if each.below is not None else ""
    return " and ".join(part for part in (low, high) if part)
