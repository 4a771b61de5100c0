"""A dunning policy: its steps before and after the due date, and when it stays silent."""

from __future__ import annotations

import difflib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.errors import ConfigError
from cartera.money import currencies, minor_units
from cartera.yaml_config import load_yaml_model

Language = Literal["es", "en", "pt"]
LANGUAGES: tuple[Language, ...] = ("es", "en", "pt")

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
Address = Annotated[str, Field(max_length=254, pattern=r"^[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Strict):
    """`offset_days` counts from the due date: -3 is three days before, 7 seven days past due."""

    name: Slug
    offset_days: int = Field(ge=-365, le=3650, strict=True)
    template: Slug
    tone: Literal["courteous", "firm", "final"] = "courteous"


class Creditor(Strict):
    """Who writes: named in every message, with whom to talk and where to pay in which currency."""

    name: Line
    contact_name: Line
    email: Address
    phone: Line | None = None
    payment: dict[str, Line] = {}

    @field_validator("payment")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        return {_currency(code): text for code, text in value.items()}


class AutomaticBelow(Strict):
    """Plans of fewer contacts than this are approved without a person."""

    automatic_below: int = Field(ge=1, strict=True)


class Policy(Strict):
    name: Slug
    steps: tuple[Step, ...] = Field(min_length=1)
    minimum_amount: dict[str, Decimal] = {}
    """Per currency: less than this is not worth a message. Others: one minor unit."""
    minimum_days_between: int = Field(default=3, ge=1, strict=True)
    promise_grace_days: int = Field(default=2, ge=0, strict=True)
    max_source_age_days: int = Field(default=7, ge=0, strict=True)
    approval: Literal["required"] | AutomaticBelow = "required"
    default_language: Language = "es"
    creditor: Creditor
    creditors: dict[str, Creditor] = {}
    """By company_id, where it is not `creditor`."""

    @field_validator("minimum_amount")
    @classmethod
    def _amounts(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        for code, amount in value.items():
            _currency(code)
            if not amount.is_finite() or amount < 0:
                raise ValueError(f"{code}: a minimum is an amount of 0 or more, found {amount}")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Policy:
        """Steps in the order of their offsets; a name or an offset twice would make two steps one."""
        for attribute in ("name", "offset_days"):
            values = [getattr(step, attribute) for step in self.steps]
            repeated = {value for value in values if values.count(value) > 1}
            if repeated:
                raise ValueError(f"steps: {attribute} {repeated.pop()!r} is used twice")
        object.__setattr__(self, "steps", tuple(sorted(self.steps, key=lambda step: step.offset_days)))
        return self

    def step_at(self, days_past_due: int) -> Step | None:
        """The latest step that is reached at so many days past due (negative: before)."""
        reached = [step for step in self.steps if step.offset_days <= days_past_due]
        return reached[-1] if reached else None

    def minimum(self, currency_code: str) -> Decimal:
        smallest = Decimal(1).scaleb(-minor_units(currency_code))
        return max(self.minimum_amount.get(currency_code, smallest), smallest)

    def creditor_of(self, company_id: str) -> Creditor:
        return self.creditors.get(company_id, self.creditor)

    def is_automatic(self, contacts: int) -> bool:
        return isinstance(self.approval, AutomaticBelow) and contacts < self.approval.automatic_below


def _currency(code: str) -> str:
    if code not in currencies():
        # the same letters in another order first: that is the usual slip
        close = [known for known in sorted(currencies()) if sorted(known) == sorted(code.upper())]
        close = close or difflib.get_close_matches(code.upper(), currencies(), n=1)
        raise ValueError(f"{code!r} is not an ISO 4217 currency" + (f"; did you mean {close[0]}?" if close else ""))
    return code


def load_policy(path: Path) -> Policy:
    """The policy of a YAML file. Raises ConfigError with file and line."""
    return load_yaml_model(path, Policy)


def find_policy(policies_dir: Path, name: str = "default") -> Policy:
    """The policy `<name>.yaml` of the policies folder. Raises ConfigError naming those that exist."""
    path = policies_dir / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in policies_dir.glob("*.yaml"))) or "none"
        raise ConfigError(f"{path}: there is no such policy", f"known are: {known}; or name a file with --policy")
    return load_policy(path)
