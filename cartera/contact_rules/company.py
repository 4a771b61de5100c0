"""The company's own rules: what it adds to the law, and what it knows of its customers that their data do not say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cartera.contact_rules.model import Debtor
from cartera.contact_rules.pack import Pack, Rule, Scope, Strict, check_rules
from cartera.yaml_config import load_yaml_model

PACK_ID = "COMPANY"


class CompanyRules(Strict):
    """`policies/shared/contact_rules.yaml`. The rules can forbid more than the packs do, never allow more."""

    unknown_debtors: Literal["unknown", "consumer", "business"] = "unknown"
    """What a customer is of whom nothing says so. unknown: the rules for both are kept to."""
    customer_types: dict[str, Debtor] = {}
    """What the words of the source (`customer_type`) mean."""
    unknown_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """Where a customer lives of whom no country is known; else nothing is sent to those."""
    is_strict: bool = False
    """Also the rules that packs keep for a strict mode."""
    rules: tuple[Rule, ...] = ()

    @field_validator("customer_types")
    @classmethod
    def _folded(cls, value: dict[str, Debtor]) -> dict[str, Debtor]:
        return {word.strip().casefold(): debtor for word, debtor in value.items()}

    def is_business(self, customer_type: str | None) -> bool | None:
        found = self.customer_types.get((customer_type or "").strip().casefold())
        if found is None and self.unknown_debtors != "unknown":
            found = Debtor(self.unknown_debtors)
        return None if found is None else found is Debtor.business

    def pack(self) -> Pack | None:
        """The rules as a pack; None where there are none."""
        if not self.rules:
            return None
        return Pack(
            id=PACK_ID,
            name="The company's own rules",
            applies="company",
            is_verified=True,
            confidence="the company's own, not law",
            scope=Scope(consumer=True, business=True),
            rules=self.rules,
        )


def load_company_rules(path: Path | None) -> CompanyRules:
    """The company's rules; none where there is no such file. Raises ConfigError with file and line."""
    if path is None or not path.exists():
        return CompanyRules()
    company = load_yaml_model(path, CompanyRules)
    check_rules(path, company.rules, is_company=True)
    return company
