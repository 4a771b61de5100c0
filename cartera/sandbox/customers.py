"""The customers: who they are, how much they buy, how they pay. One index per customer, in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from cartera.sandbox import names
from cartera.sandbox.dice import Flags, Ints
from cartera.sandbox.plan import Plan

COMPANIES = ("andes-pe", "andes-co")
CURRENCIES = ("PEN", "COP", "USD")
COMPANY_CURRENCY = ("PEN", "COP")
COUNTRIES = ("PE", "CO", "US")
TIME_ZONES = ("America/Lima", "America/Bogota", "America/New_York", "America/Chicago", "America/Los_Angeles")
COLLECTORS = ("Lucía Ramírez", "Andrés Núñez", "María José Peña", "Daniel Cárdenas", "Emily Carter", "Iván Ochoa")
_TERMS = np.asarray((15, 30, 45, 60, 90))
_TERMS_WEIGHTS = np.cumsum((15, 48, 20, 14, 3))


class Behaviour(IntEnum):
    prompt = 0
    late = 1
    very_late = 2
    partial = 3
    disputing = 4
    promise_breaker = 5
    defaulter = 6


_BEHAVIOUR_WEIGHTS = np.cumsum((38, 30, 12, 7, 5, 5, 3))


@dataclass(frozen=True)
class Customers:
    """Indices into the tuples above, days, and shares in thousandths."""

    company: Ints
    country: Ints
    currency: Ints
    also_usd: Flags
    terms_days: Ints
    behaviour: Ints
    is_statement_payer: Flags
    """Pays a half-month's invoices at once; only with terms of 30 days and more."""
    size: Ints
    """How large their invoices are, 1000 = ordinary."""
    cumulative_share: Ints
    """How often an invoice is theirs."""
    collector: Ints
    previous_collector: Ints
    collector_since: Ints


def make_customers(plan: Plan) -> Customers:
    """All customers of a plan: a few large ones, many small ones."""
    dice, ids = plan.dice, np.arange(plan.customers, dtype=np.int64)
    rank = np.argsort(np.argsort(dice.below("rank", ids, 2**31 - 1), kind="stable"), kind="stable").astype(np.int64)
    company = dice.chance("company", ids, 4000).astype(np.int64)
    is_foreign = dice.chance("foreign", ids, 1700)
    behaviour = dice.pick("behaviour", ids, _BEHAVIOUR_WEIGHTS)
    # one large defaulter would drown every other figure
    behaviour = np.where((rank < 12) & (behaviour > Behaviour.late), Behaviour.late, behaviour)
    terms_days = _TERMS[dice.pick("terms", ids, _TERMS_WEIGHTS)]
    collector = dice.below("collector", ids, len(COLLECTORS))
    return Customers(
        company=company,
        country=np.where(is_foreign, 2, company),
        currency=np.where(is_foreign, 2, company),
        also_usd=dice.chance("also_usd", ids, 800) & ~is_foreign,
        terms_days=terms_days,
        behaviour=behaviour,
        is_statement_payer=(terms_days >= 30) & dice.chance("statement_payer", ids, 3500),
        size=600 + 16_000 // (rank + 14),
        cumulative_share=np.cumsum(1 + 16_000 // (rank + 14)),
        collector=collector,
        previous_collector=(collector + 1) % len(COLLECTORS),
        collector_since=np.where(dice.chance("reassigned", ids, 600), dice.below("reassigned_on", ids, 900), 0),
    )


def customer_id(index: int) -> str:
    return f"C{index:06d}"


def customer_rows(plan: Plan, customers: Customers) -> Iterator[tuple[object, ...]]:
    """Rows for the export, as text and whole numbers, in the order of `files.CUSTOMER_HEADER`."""
    ids = np.arange(plan.customers, dtype=np.int64)
    draws = plan.dice.below("identity", ids, 1_000_000)
    for index in range(plan.customers):
        draw = int(draws[index])
        country = COUNTRIES[customers.country[index]]
        is_person = names.is_person(index, draw, country)
        name = names.person_name(index) if is_person else names.company_name(index, draw, country)
        is_reassigned = customers.collector_since[index] <= plan.until_day
        collector = customers.collector if is_reassigned else customers.previous_collector
        yield (
            customer_id(index),
            COMPANIES[customers.company[index]],
            name,
            names.tax_id(index, country),
            country,
            "en" if country == "US" or draw % 50 == 7 else "es",
            TIME_ZONES[2 + draw % 3 if country == "US" else customers.country[index]],
            names.email(index, name, draw) if draw % 40 else "",
            f"+1 555 01{index % 100:02d}" if country == "US" else "",
            int(customers.terms_days[index]),
            _credit_limit(customers, index),
            CURRENCIES[customers.currency[index]],
            COLLECTORS[collector[index]],
            "No" if draw % 60 == 1 else "Sí",
            "Persona natural" if is_person else "Empresa",
        )


def _credit_limit(customers: Customers, index: int) -> int:
    base = (40_000, 45_000_000, 20_000)[customers.currency[index]]
    return int(base * customers.size[index] // 1000 // 1000 * 1000)
