"""What a dollar is worth on each day in the two companies' currencies, and the companies themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np

from cartera.sandbox.customers import COMPANIES, COMPANY_CURRENCY
from cartera.sandbox.dice import Ints
from cartera.sandbox.plan import Plan

COMPANY_HEADER = ("Company", "Name", "Currency")
RATE_HEADER = ("From", "To", "Date", "Rate")
_COMPANY_NAMES = ("Andes Perú S.A.C.", "Andes Colombia S.A.S.")


def usd_rates(company: Ints, day: Ints) -> Ints:
    """Ten-thousandths of local currency for one US dollar: a slow wave. `day` counts from the plan's first."""
    wave = np.abs(day % 360 - 180)
    return np.where(company == 0, 36_800 + wave * 7, 39_500_000 + wave * 11_111)


def company_rows() -> list[tuple[object, ...]]:
    return list(zip(COMPANIES, _COMPANY_NAMES, COMPANY_CURRENCY, strict=True))


def rate_rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    """One rate of the dollar per company's currency and day, up to `until`: those that the invoices state."""
    days = np.arange(plan.until_day + 1, dtype=np.int64)
    for company, currency in enumerate(COMPANY_CURRENCY):
        rates = usd_rates(np.full(len(days), company), days).tolist()
        for day, rate in enumerate(rates):
            date = plan.first_day + dt.timedelta(days=day)
            yield "USD", currency, date.isoformat(), f"{rate // 10_000}.{rate % 10_000:04d}"
