"""Contact rules: what the law, the platform and the company allow. An engine and one pack of YAML per country."""

from cartera.contact_rules.company import CompanyRules, load_company_rules
from cartera.contact_rules.model import (
    Answer,
    Channel,
    Event,
    Hold,
    HoldKind,
    Outcome,
    Place,
    Question,
    Recipient,
    Requirement,
    Standing,
    Verdict,
)
from cartera.contact_rules.pack import Pack, load_pack, load_packs
from cartera.contact_rules.rulebook import Rulebook, product_rulebook, rulebook

__all__ = [
    "Answer",
    "Channel",
    "CompanyRules",
    "Event",
    "Hold",
    "HoldKind",
    "Outcome",
    "Pack",
    "Place",
    "Question",
    "Recipient",
    "Requirement",
    "Rulebook",
    "Standing",
    "Verdict",
    "load_company_rules",
    "load_pack",
    "load_packs",
    "product_rulebook",
    "rulebook",
]
