"""companies.yaml in the home folder: what each company decides for itself.

companies:
  acme:                                # company_id, as the sources name it
    name: Acme S.A.S.
    currency: COP                      # the currency it keeps its books in
    calendar: CO                       # ISO 3166 country, or with a subdivision: BR-SP, US-CA
    due_date_rule: next_business_day   # or previous_business_day, as_stated (the default)
    weekend: [saturday, sunday]        # default: the country's own
    closed: [2026-12-24]               # days beside the calendar's
    open: [2026-07-20]                 # days on which it works although the calendar is closed
    payments_from: [my_erp]            # the sources whose payments count; those of others are kept elsewhere
    invoices_from: [my_erp, my_shop]   # of an invoice that stands in two sources, that of the first one named is kept
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.connectors.companies.calendars import DAYS, supported_calendars
from cartera.errors import ConfigError
from cartera.money import currencies
from cartera.settings import Settings
from cartera.yaml_config import guess, load_yaml_model

SOURCE = "settings"
"""The name under which these settings land."""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class CompanySettings(BaseModel):
    """One company. Without a calendar and days of its own it is open on every day."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    currency: str | None = None
    calendar: str | None = None
    due_date_rule: Literal["as_stated", "next_business_day", "previous_business_day"] = "as_stated"
    weekend: list[Weekday] | None = Field(None, max_length=6)
    closed: list[dt.date] = []
    open: list[dt.date] = []
    payments_from: list[str] | None = Field(None, min_length=1)
    invoices_from: list[str] | None = Field(None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_the_default(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if value not in ("", "null", "~")}

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str | None) -> str | None:
        if code is not None and code not in currencies():
            raise ValueError(f"{code!r} is no ISO 4217 currency code; write e.g. USD, PEN, COP")
        return code

    @field_validator("calendar")
    @classmethod
    def _known_calendar(cls, name: str | None) -> str | None:
        if name is None:
            return None
        country, _, subdivision = name.partition("-")
        known = supported_calendars()
        if country not in known:
            raise ValueError(
                f"there is no calendar of {country!r}: write an ISO 3166 country code such as CO, PE, MX, BR, US,"
                " or with a subdivision US-CA"
            )
        if subdivision and subdivision not in known[country]:
            raise ValueError(f"{country} has no calendar of {subdivision!r}; {guess(subdivision, known[country])}")
        return name

    @model_validator(mode="after")
    def _rule_has_days(self) -> CompanySettings:
        if self.due_date_rule != "as_stated" and not self.has_calendar:
            raise ValueError(
                f"due_date_rule {self.due_date_rule} needs to know when the company is closed: say `calendar`"
                " (a country code), `weekend` or `closed`"
            )
        for key, named in (("payments_from", self.payments_from or []), ("invoices_from", self.invoices_from or [])):
            repeated = [name for number, name in enumerate(named) if name in named[:number]]
            if repeated:
                raise ValueError(f"{key}: {repeated[0]!r} is written twice; keep one of them")
        both = sorted(set(self.closed) & set(self.open))
        if both:
            raise ValueError(f"{both[0]} is written under closed and under open; keep one of them")
        return self

    @property
    def has_calendar(self) -> bool:
        return bool(self.calendar or self.weekend or self.closed)

    @property
    def is_own(self) -> bool:
        """Whether its days differ from those of its country."""
        return self.weekend is not None or bool(self.closed) or bool(self.open)

    @property
    def weekend_days(self) -> frozenset[int] | None:
        """Monday is 0; None: those of the country."""
        return None if self.weekend is None else frozenset(map(DAYS.index, self.weekend))

    def calendar_id(self, company_id: str) -> str | None:
        """The country's code, with the company where it has days of its own; None without a calendar."""
        if not self.has_calendar:
            return None
        return f"{self.calendar or 'own'}:{company_id}" if self.is_own else self.calendar


class Companies(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    companies: dict[str, CompanySettings]


def settings_path(settings: Settings) -> Path:
    return settings.home / "companies.yaml"


def load_companies(path: Path) -> dict[str, CompanySettings]:
    """The settings by company_id; none when there is no such file. Raises ConfigError naming file and line."""
    if not path.exists():
        return {}
    # as text: Norway's code is `NO`, which YAML takes for false
    found = load_yaml_model(path, Companies, as_text=True).companies
    if "" in found:
        raise ConfigError(f"{path}: a company without an id", "write its company_id before the colon")
    return found
