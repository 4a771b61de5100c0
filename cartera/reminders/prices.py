"""What a message costs, by the price list that the company writes: `policies/shared/prices.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cartera.reminders.content import Content, ShortText
from cartera.reminders.currencies import Currency
from cartera.reminders.policy import Channel
from cartera.reminders.sms import length
from cartera.yaml_config import load_yaml_model

Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
OTHER = "other"


@dataclass(frozen=True)
class Cost:
    amount: Decimal
    currency_code: str


class Prices(BaseModel):
    """By channel and country, `other` for all that are not named. An SMS is charged per segment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Currency
    email: dict[str, Price]
    sms: dict[str, Price]
    whatsapp: dict[str, Price]
    voice: dict[str, Price]
    letter: dict[str, Price]
    call: dict[str, Price]
    push: dict[str, Price]

    @field_validator("email", "sms", "whatsapp", "voice", "letter", "call", "push")
    @classmethod
    def _has_other(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        if OTHER not in value:
            raise ValueError(f"say what `{OTHER}` countries cost")
        return value

    def of(self, channel: Channel, content: Content, country_code: str | None) -> Decimal:
        """What one message costs."""
        by_country: dict[str, Decimal] = getattr(self, channel)
        each = by_country.get((country_code or "").upper(), by_country[OTHER])
        return each * length(content.text).segments if channel == "sms" and isinstance(content, ShortText) else each

    def cost(self, channel: Channel, content: Content, country_code: str | None) -> Cost:
        return Cost(self.of(channel, content, country_code), self.currency)


def find_prices(policies_dir: Path) -> Prices | None:
    """None where the company wrote no price list. Raises ConfigError."""
    return load_prices(policies_dir) if path_of(policies_dir).exists() else None


def load_prices(policies_dir: Path) -> Prices:
    """Raises ConfigError with file and line."""
    return load_yaml_model(path_of(policies_dir), Prices, as_text=True)


def path_of(policies_dir: Path) -> Path:
    return policies_dir / "shared" / "prices.yaml"
