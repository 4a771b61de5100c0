"""What is to be collected in a month, per company and currency: `targets.yaml`, where there is one."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cartera.settings import get_settings
from cartera.yaml_config import load_yaml_model

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


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


class Targets(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    collected: tuple[Target, ...] = ()

    def of(self, month: dt.date, currency_code: str, companies: list[str]) -> Decimal | None:
        """What the companies together should collect in the month; None where one of them has no target."""
        found = [self._of_company(f"{month:%Y-%m}", currency_code, company) for company in companies]
        amounts = [amount for amount in found if amount is not None]
        return sum(amounts, Decimal(0)) if amounts and len(amounts) == len(found) else None

    def _of_company(self, month: str, currency_code: str, company: str) -> Decimal | None:
        mine = [t for t in self.collected if (t.company, t.currency) == (company, currency_code)]
        exact = next((target.amount for target in mine if target.month == month), None)
        return exact or next((target.amount for target in mine if target.month is None), None)


def load_targets() -> Targets:
    """As the file is now; none where there is no file. Raises ConfigError with file and line."""
    path = get_settings().targets_file
    return load_yaml_model(path, Targets, as_text=True) if path.exists() else Targets()
