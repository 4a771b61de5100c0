"""What acting on a customer now is worth, and why: what is late x the chance that acting moves it. Pure.

The chance begins with the share that a call brings in by age (`policies/shared/calls.yaml`); each fact known of the
customer multiplies it (`policies/shared/worklist.yaml`). Nothing is learned in secret: every factor is in a file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cartera.yaml_config import load_yaml_model

Factor = Annotated[Decimal, Field(ge=0, le=5)]
Share = Annotated[Decimal, Field(ge=0, le=1)]


class Lately(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    within_days: int = Field(ge=0)
    factor: Factor


class WorthRule(BaseModel):
    """By what each fact multiplies the chance that acting now moves the debt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    broken_promise: Factor = Decimal("1.3")
    promise_due_today: Factor = Decimal("1.2")
    within_habit: Factor = Decimal("0.4")
    beyond_habit: Factor = Decimal("1.2")
    contacted_lately: tuple[Lately, ...] = (
        Lately(within_days=2, factor=Decimal("0.3")),
        Lately(within_days=6, factor=Decimal("0.7")),
    )
    highest_chance: Share = Decimal("0.95")


@dataclass(frozen=True)
class Facts:
    """What is known of what a customer owes one company in one currency.

    `overdue`: what may be asked for: late, not disputed, not promised for later, less unapplied credit.
    `age_share`: the share that a call brings in at the age of each item, weighed by amount.
    `usual_days_late`: how late it paid in the last year, weighed by amount; None: it never paid.
    """

    overdue: Decimal
    oldest_days: int
    age_share: Decimal
    broken_on: dt.date | None = None
    promised_today: bool = False
    usual_days_late: Decimal | None = None
    last_contact: dt.date | None = None


@dataclass(frozen=True)
class Reason:
    """One fact and by what it multiplied: `values` is what its text is filled with."""

    name: str
    factor: Decimal
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The key of its text: days late, days early and none are said in different ones."""
        if self.name in ("within_habit", "beyond_habit"):
            days = self.values["days"]
            return "usually_late" if days > 0 else "usually_early" if days < 0 else "usually_on_time"
        if self.name == "contacted_lately" and not self.values["days"]:
            return "contacted_today"
        return self.name


@dataclass(frozen=True)
class Worth:
    """`expected` = overdue x chance; the product of the reasons' factors is the chance, unless it was capped."""

    expected: Decimal
    chance: Decimal
    reasons: tuple[Reason, ...]


def load_worth_rule(policies_dir: Path) -> WorthRule:
    """The factors; those of the product where there is no file. Raises ConfigError with file and line."""
    path = policies_dir / "shared" / "worklist.yaml"
    return load_yaml_model(path, WorthRule, as_text=True) if path.exists() else WorthRule()


def worth(facts: Facts, rule: WorthRule, as_of: dt.date) -> Worth:
    """What acting now is expected to bring in."""
    reasons = tuple(_reasons(facts, rule, as_of))
    chance = Decimal(1)
    for reason in reasons:
        chance *= reason.factor
    chance = min(chance, rule.highest_chance)
    return Worth(max(facts.overdue, Decimal(0)) * chance, chance, reasons)


def _reasons(facts: Facts, rule: WorthRule, as_of: dt.date) -> Iterator[Reason]:
    yield Reason("age", facts.age_share, {"days": facts.oldest_days})
    if facts.promised_today:
        yield Reason("promise_due_today", rule.promise_due_today)
    if facts.broken_on is not None:
        yield Reason("broken_promise", rule.broken_promise, {"date": facts.broken_on})
    if facts.usual_days_late is not None:
        usual = round(facts.usual_days_late)
        within = facts.oldest_days <= max(usual, 0)
        name, factor = ("within_habit", rule.within_habit) if within else ("beyond_habit", rule.beyond_habit)
        yield Reason(name, factor, {"days": usual})
    if facts.last_contact is not None and facts.last_contact <= as_of:
        ago = (as_of - facts.last_contact).days
        lately = sorted(rule.contacted_lately, key=lambda each: each.within_days)
        found = next((each.factor for each in lately if ago <= each.within_days), None)
        if found is not None:
            yield Reason("contacted_lately", found, {"days": ago})
