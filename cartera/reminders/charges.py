"""Interest and fees that a message may mention: information, computed exactly, never a ledger entry.

A policy says where contract and law allow each; without both said, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cartera.money import minor_units
from cartera.reminders.audience import Country, Word
from cartera.reminders.currencies import Currency

Basis = Annotated[str, Field(min_length=5, max_length=300, pattern=r"^[^\r\n]+$")]
Positive = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


class Charge(BaseModel):
    """Simple interest on each overdue balance, or a fixed fee per overdue document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["interest", "fee"]
    contract: Basis
    """Where the contract grants it; printed nowhere, asked by the auditor."""
    law: Basis
    """What law allows it, as the message cites it."""
    countries: tuple[Country, ...] = Field(min_length=1)
    companies: tuple[Word, ...] = ()
    customer_types: tuple[Word, ...] = ()
    annual_rate_percent: Positive | None = None
    days_in_year: Literal[360, 365] = 365
    amount: dict[Currency, Positive] = {}
    after_days: int = Field(default=0, ge=0, strict=True)
    """Not before an item is more than so many days past due; the days count from the due date."""

    @model_validator(mode="after")
    def _is_whole(self) -> Charge:
        if self.kind == "interest" and (self.annual_rate_percent is None or self.amount):
            raise ValueError("interest has an annual_rate_percent, and no amount")
        if self.kind == "fee" and (not self.amount or self.annual_rate_percent is not None):
            raise ValueError("a fee has an amount per currency, and no annual_rate_percent")
        return self

    def applies(self, company_id: str, country_code: str | None, customer_type: str | None) -> bool:
        return (
            (country_code or "").upper() in self.countries
            and (not self.companies or company_id in self.companies)
            and (not self.customer_types or (customer_type or "") in self.customer_types)
        )


@dataclass(frozen=True)
class ChargeLine:
    """What one charge comes to in one currency. `parts`: (open amount, days past due) of each item it counts."""

    charge: Charge
    currency_code: str
    amount: Decimal
    parts: tuple[tuple[Decimal, int], ...]


def charge_lines(charges: Sequence[Charge], overdue: Sequence[tuple[Decimal, int]], currency: str) -> list[ChargeLine]:
    """What each charge comes to on `overdue` items of one currency: (open amount, days past due).

    Interest = open amount x rate / 100 x days / days in the year, summed exactly over the items and rounded
    once, half to even, to the currency's smallest coin.
    """
    lines = []
    for charge in charges:
        parts = tuple((amount, days) for amount, days in overdue if days > charge.after_days)
        amount = _amount(charge, currency, parts)
        if amount > 0:
            lines.append(ChargeLine(charge, currency, amount, parts))
    return lines


def _amount(charge: Charge, currency: str, parts: Sequence[tuple[Decimal, int]]) -> Decimal:
    if charge.kind == "fee":
        return charge.amount.get(currency, Decimal(0)) * len(parts)
    assert charge.annual_rate_percent is not None
    day_amounts = sum((amount * days for amount, days in parts), Decimal(0))
    exact = day_amounts * charge.annual_rate_percent / (100 * charge.days_in_year)
    return exact.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_EVEN)
