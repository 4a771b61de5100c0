"""The worked examples of roll rates, cures, vintages and expected losses (shared/facts/kpi_examples.yaml) as documents.

Each example is a company of its own. Its inputs are repeated here so that a change of the facts is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kpi_examples import Company
from ledger_history import Version

INPUTS: dict[str, dict[str, Any]] = {
    "roll_rate_trap": {"bucket_30": 1000000, "bucket_60": 600000},
    "flow_through_to_loss": {
        "sales": 100000,
        "unpaid_after_due": 50000,
        "unpaid_after_30": 23000,
        "unpaid_after_60": 8000,
        "unpaid_after_90": 2000,
    },
    "ifrs9_provision_matrix": {
        "history": {"sales": 100000, "entering": [100000, 50000, 23000, 8000, 2000], "never_paid": 2000},
        "balances": {"not_due": 300000, "d1_30": 140000, "d31_60": 60000, "d61_90": 23000, "d91_plus": 5000},
    },
    "ifrs9_ie_example_12": {
        "gross": [15000000, 7500000, 4000000, 2500000, 1000000],
        "rates_pct": [0.3, 1.6, 3.6, 6.6, 10.6],
    },
    "cure_rate_constructed": {"delinquent_t0": 200, "current_t1": 46},
    "recovery_vintage_waterfall": {
        "stages_pct": [56, 20, 8, 6, 4, 3, 2],
        "days": [0, 10, 20, 30, 44, 58, 88],
        "bad_debt_pct": 1,
    },
    "liquidation_rate_constructed": {"placed": 500000, "collected_to_date": 90000},
}


def _history(company: Company, entering: Sequence[int], lost: int, due: int = 280) -> Company:
    """Sales of which so much entered each bucket; `lost` of it was written off before the loss horizon of 180 days."""
    left = [*entering, lost]
    for number, amount in enumerate(a - b for a, b in zip(left, left[1:], strict=False)):
        if amount:
            paid = due if number == 0 else due - (number - 1) * 30 - 15
            company.invoice(amount, due + 30, due, (amount, paid))
    company.invoice(lost, due + 30, due)
    company.write_off(lost, due - 170)
    return company


def _owed(company: Company, amounts: Sequence[int]) -> Company:
    """Open as of the date: not due, then in each bucket."""
    for number, amount in enumerate(amounts):
        company.invoice(amount, 200, number * 30 - 15)
    return company


def _roll_rate() -> Company:
    company = Company("roll_rate_trap")
    company.invoice(1000000, 80, 40, (400000, 5))
    return company


def _flow_through() -> Company:
    company, left = Company("flow_through_to_loss"), [100000, 50000, 23000, 8000, 2000]
    for number, (before, after) in enumerate(zip(left, [*left[1:], 2000], strict=True)):
        company.invoice(before, 200, 20 + 30 * number, (before - after, 5))
    return company


def _cured() -> Company:
    company = Company("cure_rate_constructed")
    for number in range(200):
        company.invoice(100, 160, 130, (100, 60) if number < 46 else (0, 0), customer_id=f"cured {number}")
    return company


def _waterfall(due: int = 150) -> Company:
    company, inputs = Company("recovery_vintage_waterfall"), INPUTS["recovery_vintage_waterfall"]
    for share, day in zip(inputs["stages_pct"], inputs["days"], strict=True):
        company.invoice(share, due + 30, due, (share, due - day))
    company.invoice(1, due + 30, due)
    company.write_off(1, due - 120)
    return company


def _liquidated() -> Company:
    company = Company("liquidation_rate_constructed")
    company.invoice(500000, 130, 100, (90000, 20))
    return company


def _illustrative() -> Company:
    """Loss rates of 0.3% and so on: what entered each bucket is what was lost over that rate, in whole units."""
    lost = 10494
    rates = [Decimal(str(rate)) / 100 for rate in INPUTS["ifrs9_ie_example_12"]["rates_pct"]]
    company = _history(Company("ifrs9_ie_example_12"), [int(lost / rate) for rate in rates], lost)
    return _owed(company, INPUTS["ifrs9_ie_example_12"]["gross"])


def _provision_matrix() -> Company:
    inputs = INPUTS["ifrs9_provision_matrix"]
    company = _history(Company("ifrs9_provision_matrix"), inputs["history"]["entering"], 2000)
    return _owed(company, list(inputs["balances"].values()))


def risk_versions() -> list[Version]:
    """All examples as raw records, known from the first delivery on."""
    companies = [
        _roll_rate(),
        _flow_through(),
        _cured(),
        _waterfall(),
        _liquidated(),
        _illustrative(),
        _provision_matrix(),
    ]
    assert {company.name for company in companies} == INPUTS.keys()
    return [version for company in companies for version in company.versions]
