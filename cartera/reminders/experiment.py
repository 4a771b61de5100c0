"""Experiments: a policy against a challenger and a small hold-out that gets no reminder. Pure.

The arm is a matter of a hash of experiment and customer, so nobody chooses it; it is stored when a customer is drawn
and never drawn again (`draws.py`).
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class Arm(StrEnum):
    champion = "champion"
    challenger = "challenger"
    hold_out = "hold_out"


class Experiment(BaseModel):
    """`challenger`: a policy file, relative to the folder of this one; or a name: `challengers/NAME.yaml` there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    challenger: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_./-]+$")] | None = None
    challenger_pct: Percent = Decimal(0)
    holdout_pct: Percent = Decimal(0)

    @model_validator(mode="after")
    def _adds_up(self) -> Experiment:
        if self.challenger_pct + self.holdout_pct > 100:
            raise ValueError("challenger_pct and holdout_pct are more than 100 together")
        if (self.challenger is not None) != (self.challenger_pct > 0):
            raise ValueError("challenger and challenger_pct go together")
        if not self.challenger_pct and not self.holdout_pct:
            raise ValueError("say challenger_pct, holdout_pct or both: else there is nothing to compare")
        return self

    @property
    def challenger_file(self) -> str | None:
        name = self.challenger
        return name if name is None or name.endswith(".yaml") else f"challengers/{name}.yaml"

    def arm_of(self, customer_id: str) -> Arm:
        """The arm that a customer is drawn for who has none yet."""
        place = place_of(self.name, customer_id)
        if place < Fraction(self.holdout_pct):
            return Arm.hold_out
        return Arm.challenger if place < Fraction(self.holdout_pct + self.challenger_pct) else Arm.champion


def place_of(experiment: str, customer_id: str) -> Fraction:
    """A customer's place in an experiment: from 0 to below 100, evenly spread, the same for ever."""
    digest = hashlib.sha256(f"{experiment}\n{customer_id}".encode()).digest()
    return Fraction(int.from_bytes(digest[:8], "big") * 100, 1 << 64)
