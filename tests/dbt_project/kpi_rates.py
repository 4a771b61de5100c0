"""Currencies for the random histories: what documents state of their rate, and rates that come, change and lack."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ledger_history import DELIVERIES, FIRST_DAY, Version

from cartera.clock import FOREVER


def with_rates(seed: int, versions: list[Version]) -> list[Version]:
    """Most companies keep their books in PEN; a third of the documents of some states a rate, others none.

    Drawn from no dice: by the day of the document. Customer C1 belongs to C2 in every second history.
    """
    return [replace(version, values=version.values | _stated(seed, version)) for version in versions]


def _stated(seed: int, version: Version) -> dict[str, Any]:
    if version.entity == "customers" and seed % 2:
        return {"parent_id": "C2"}
    if version.entity not in ("invoices", "credit_notes", "payments") or seed % 6 == 0:
        return {}
    day = version.values.get("issue_date") or version.values["received_date"]
    is_rated = version.values["currency_code"] == "USD" and (day.day % 3 == 0 or seed % 3 == 0)
    return {
        "company_currency_code": "PEN",
        "document_fx_rate": Decimal("3.5") + Decimal(day.day) / 100 if is_rated else None,
    }


def _rate(number: int, days: int, rate: str, company: str | None, delivery: int, until: int | None = None) -> Version:
    values = {
        "fx_rate_id": f"R{number}",
        "company_id": company,
        "currency_code": "USD",
        "company_currency_code": "PEN",
        "rate_date": FIRST_DAY + dt.timedelta(days=days),
        "rate": Decimal(rate),
    }
    end = FOREVER if until is None else DELIVERIES[until]
    return Version("fx", "fx_rates", f"R{number}", DELIVERIES[delivery], end, False, values)


RATES = [
    *(_rate(n, days, f"3.{60 + n}", None, n % 4) for n, days in enumerate(range(-4, 40, 4))),
    *(_rate(n + 50, days, f"3.{40 + n}", None, n % 4) for n, days in enumerate(range(60, 160, 9))),
    _rate(90, 20, "4.1", "company 101", 0),
    _rate(91, 64, "4.2", "company 103", 1, until=5),
    Version("fx", "fx_rates", "R91", DELIVERIES[5], FOREVER, False, _rate(91, 64, "4.3", "company 103", 1).values),
]
"""Every four days until 40 days in, none then until day 60, then every nine; two of single companies, one corrected."""
