"""The company's own rules: what it adds to the law, and what it knows of its customers that their data do not say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cartera.contact_rules.kinds import Rule, Strict
from cartera.contact_rules.model import Debtor
from cartera.contact_rules.pack import Pack, Scope, check_rules
from cartera.yaml_config import load_yaml_model

PACK_ID = "COMPANY"

KNOWN_TYPES = {
    **dict.fromkeys(
        ("business", "company", "organization", "organisation", "empresa", "persona jurídica", "persona juridica",
         "pessoa jurídica", "pessoa juridica"),
        Debtor.business,
    ),
    **dict.fromkeys(
        ("consumer", "individual", "person", "persona", "persona natural", "persona física", "persona fisica",
         "pessoa física", "pessoa fisica"),
        Debtor.consumer,
    ),
}  # fmt: skip
"""Words of sources that mean one thing everywhere; `customer_types` goes before them."""


class CompanyRules(Strict):
    """`policies/shared/contact_rules.yaml`. The rules can forbid more than the packs do, never allow more."""

    unknown_debtors: Literal["unknown", "consumer", "business"] = "unknown"
    """What a customer is of whom nothing says so. unknown: the rules for both are kept to."""
    customer_types: dict[str, Debtor] = {}
    """What the words of the source (`customer_type`) mean, where they mean more than KNOWN_TYPES say."""
    regions: dict[str, str] = {}
    """In which region of its country a customer lives, by customer_id: no source says so."""
    default_regions: dict[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], str] = {}
    """By country, where all live of whom `regions` says nothing. Else the rules of every region are kept to."""
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
        word = (customer_type or "").strip().casefold()
        found = self.customer_types.get(word) or KNOWN_TYPES.get(word)
        if found is None and self.unknown_debtors != "unknown":
            found = Debtor(self.unknown_debtors)
        return None if found is None else found is Debtor.business

    def region_of(self, customer_id: str, country_code: str | None) -> str | None:
        return self.regions.get(customer_id) or self.default_regions.get((country_code or "").strip().upper())

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
