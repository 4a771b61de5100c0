"""What is to be collected in a month, and what the headline figures should be: `targets.yaml`, where there is one."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.settings import get_settings
from cartera.yaml_config import load_yaml_model

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

Amount = Literal["open_amount", "overdue_amount", "expected_amount"]
Figure = Literal[Amount, "overdue_pct", "dso", "cei"]
AT_LEAST: tuple[Figure, ...] = ("cei", "expected_amount")
"""The more the better; of all others the less."""


class Target(BaseModel):
    """Of one month (2026-06), or of every month that has none of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    amount: Decimal = Field(gt=0)
    month: str | None = None

    @field_validator("month")
    @classmethod
    def _is_a_month(cls, month: str | None) -> str | None:
        if month is not None and not MONTH.fullmatch(month):
            raise ValueError("write the month as 2026-06")
        return month


class FigureTarget(BaseModel):
    """What a figure should be at most, or at least (AT_LEAST): a percentage, days, or an amount of one company and
    currency. A share or days may be those of every company, of every currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    figure: Figure
    target: Decimal = Field(gt=0)
    company: str | None = Field(default=None, min_length=1)
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")

    @model_validator(mode="after")
    def _is_of_somebody(self) -> FigureTarget:
        if self.figure in get_args(Amount) and not (self.company and self.currency):
            raise ValueError(f"{self.figure} is an amount: say of which company and currency")
        return self


class Targets(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    collected: tuple[Target, ...] = ()
    figures: tuple[FigureTarget, ...] = ()

    def of(self, month: dt.date, currency_code: str, companies: list[str]) -> Decimal | None:
        """What the companies together should collect in the month; None where one of them has no target."""
        found = [self._of_company(f"{month:%Y-%m}", currency_code, company) for company in companies]
        amounts = [amount for amount in found if amount is not None]
        return sum(amounts, Decimal(0)) if amounts and len(amounts) == len(found) else None

    def _of_company(self, month: str, currency_code: str, company: str) -> Decimal | None:
        mine = [t for t in self.collected if (t.company, t.currency) == (company, currency_code)]
        exact = next((target.amount for target in mine if target.month == month), None)
        return exact or next((target.amount for target in mine if target.month is None), None)

    def of_figure(self, figure: Figure, currency_code: str, companies: list[str]) -> Decimal | None:
        """That of the companies together: amounts are added, of the others there is one only where all have the same.

        None where one of them has none."""
        found = [self._of_place(figure, company, currency_code) for company in companies]
        targets = [target for target in found if target is not None]
        if not targets or len(targets) < len(found):
            return None
        if figure in get_args(Amount):
            return sum(targets, Decimal(0))
        return targets[0] if len(set(targets)) == 1 else None

    def _of_place(self, figure: Figure, company: str, currency_code: str) -> Decimal | None:
        """The one that says most of where it holds; the company says more than the currency."""
        fits = [
            each for each in self.figures
            if each.figure == figure and each.company in (None, company) and each.currency in (None, currency_code)
        ]  # fmt: skip
        fits.sort(key=lambda each: (each.company is None, each.currency is None))
        return fits[0].target if fits else None


def load_targets() -> Targets:
    """As the file is now; none where there is no file. Raises ConfigError with file and line."""
    path = get_settings().targets_file
    return load_yaml_model(path, Targets, as_text=True) if path.exists() else Targets()
