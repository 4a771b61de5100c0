"""Random companies whose customers pay, late or not: landed versions for tests of segments.

Each company has wide invoices over sixteen months, in one or two currencies, with or without a currency of its own
and rates; payments come late, move, and vanish; customers change what they are.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal

from ledger_history import DELIVERIES, Values, Version
from support.segment_model import World

from cartera.clock import FOREVER

FIRST_ISSUE = dt.date(2025, 2, 1)
CUSTOMERS = ("C1", "C2", "C3", "C4")
"""C4 is on no list: its invoices alone name it."""


def payers(seed: int) -> list[Version]:
    dice, company = random.Random(seed), f"payers {seed}"
    versions = [v for n in range(40) for v in _lives(dice, f"p{seed}", "invoices", f"I{n}", _invoice(dice, seed, n))]
    for customer in CUSTOMERS[:3]:
        versions += _lives(dice, f"p{seed}", "customers", customer, _customer(dice, company, customer))
    if seed % 4 in (1, 2):
        values: Values = {"company_id": company, "currency_code": "PEN", "due_date_rule": "as_stated"}
        versions.append(Version("settings", "companies", company, DELIVERIES[seed % 3], FOREVER, False, values))
    for n in range(30 if seed % 4 == 1 else 3):
        key = f"{seed}/{n}"
        values = {
            "fx_rate_id": key,
            "company_id": company,
            "currency_code": "USD",
            "company_currency_code": "PEN",
            "rate_date": FIRST_ISSUE + dt.timedelta(days=dice.randrange(480)),
            "rate": Decimal(dice.randrange(3300, 4100)) / 1000,
        }
        if n % 3 == 0:  # for all companies: dates of their own, so that the latest is one
            values |= {"company_id": None, "rate_date": FIRST_ISSUE + dt.timedelta(days=(seed * 7 + n * 16) % 480)}
        versions.append(Version("rates", "fx_rates", key, dice.choice(DELIVERIES[:5]), FOREVER, False, values))
    return versions


def world(versions: list[Version], seed: int, known_at: dt.datetime) -> World:
    """What the company of that seed knew then."""
    company, source = f"payers {seed}", f"p{seed}"
    known = [v for v in versions if v.recorded_from <= known_at < v.recorded_to]
    ever = [v for v in versions if v.source == source and v.recorded_from <= known_at]
    # once listed or named, a customer stays known
    customers: dict[str, Values] = {
        v.values["customer_id"]: {} for v in ever if v.entity == "customers" or not v.is_deleted
    }
    customers |= {v.key: v.values for v in known if v.source == source and v.entity == "customers"}
    set_currency = [v.values["currency_code"] for v in known if v.entity == "companies" and v.key == company]
    return World(
        company,
        set_currency[0] if set_currency else None,
        [v.values for v in known if v.source == source and v.entity == "invoices" and not v.is_deleted],
        customers,
        [v.values for v in known if v.entity == "fx_rates"],
    )


def _lives(dice: random.Random, source: str, entity: str, key: str, values: Values) -> list[Version]:
    """One version, or two with a change, the last of them perhaps a deletion."""
    first, second = sorted(dice.sample(DELIVERIES, 2))
    version = Version(source, entity, key, first, FOREVER, False, values)
    if dice.random() < 0.5:
        return [version]
    changed, is_deleted = values, dice.random() < 0.2
    if entity == "customers":
        changed = _customer(dice, values["company_id"], key)
    elif not is_deleted:
        changed = values | _payment(dice, values)
    return [replace(version, recorded_to=second), Version(source, entity, key, second, FOREVER, is_deleted, changed)]


def _customer(dice: random.Random, company: str, key: str) -> Values:
    return {
        "customer_id": key,
        "company_id": company,
        "sector": dice.choice([None, "retail", " mining ", ""]),
        "customer_type": dice.choice([None, "company", "person"]),
        "country_code": dice.choice(["PE", "pe", "CO", "NO", None]),
        "risk_class": dice.choice([None, "A", "B"]),
    }


def _invoice(dice: random.Random, seed: int, number: int) -> Values:
    issued = FIRST_ISSUE + dt.timedelta(days=dice.randrange(450))
    values: Values = {
        "invoice_id": f"I{number}",
        "company_id": f"payers {seed}",
        "customer_id": dice.choice(CUSTOMERS),
        "issue_date": issued,
        "due_date": issued + dt.timedelta(days=dice.choice([0, 15, 30])),
        "currency_code": "USD" if seed % 4 == 0 or dice.random() < 0.6 else "PEN",
        "total_amount": Decimal(dice.choice([100, 100, 2500, 10000])),
    }
    return values | _payment(dice, values)


def _payment(dice: random.Random, values: Values) -> Values:
    """Paid in full, on the day, early (even before the issue), late; or in part, or beyond; or not."""
    if dice.random() < 0.3:
        return {"paid_date": None, "paid_amount": None}
    late = dice.choice([-40, -3, 0, 0, 1, 10, 45, 120])
    return {
        "paid_date": values["due_date"] + dt.timedelta(days=late),
        "paid_amount": values["total_amount"] * dice.choice([Decimal(1)] * 6 + [Decimal("0.5"), Decimal("1.3")]),
    }
