"""Customer measures and segments once more, in plain Python, straight from landed versions: what the SQL must say.

It knows one kind of document, the wide invoice with its own payment, so that it needs no ledger: an invoice is open
from its issue until it is paid, and it is paid on the later of both days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
Measures = dict[str, Fraction | str | None]
TEXTS = ("sector", "customer_type", "country_code", "risk_class")
OLDEST_RATE_DAYS = 10


@dataclass
class World:
    """What one company knew at a moment: rows of each entity; `customers` by id with what its list says, if it has."""

    company_id: str
    company_currency: str | None
    invoices: list[Row]
    customers: dict[str, Row]
    rates: list[Row]

    def measures(self, as_of: dt.date) -> dict[str, Measures]:
        """By customer."""
        debts, paid = self._debts(as_of), self._paid(as_of, 365)
        currencies = {row["currency_code"] for row in [*debts, *paid]}
        own = self.company_currency or (currencies.pop() if len(currencies) == 1 else None)
        rates = {row["currency_code"]: self._rate(row["currency_code"], own, as_of) for row in [*debts, *paid]}
        return {
            customer_id: _number_measures(
                as_of,
                [row for row in debts if row["customer_id"] == customer_id],
                [row for row in paid if row["customer_id"] == customer_id],
                rates,
            )
            | {text: (listed.get(text) or "").strip() or None for text in TEXTS}
            for customer_id, listed in self.customers.items()
        }

    def _debts(self, as_of: dt.date) -> list[Row]:
        found = []
        for row in self.invoices:
            settled = row["paid_amount"] if row["paid_date"] and row["paid_date"] <= as_of else 0
            owed = Fraction(row["total_amount"]) - Fraction(settled or 0)
            if row["issue_date"] <= as_of and owed > 0:
                found.append(row | {"owed": owed})
        return found

    def _paid(self, as_of: dt.date, days: int) -> list[Row]:
        found = []
        for row in self.invoices:
            if row["paid_date"] and row["paid_amount"] >= row["total_amount"]:
                day = max(row["paid_date"], row["issue_date"])
                if as_of - dt.timedelta(days=days) < day <= as_of:
                    found.append(row | {"day": day, "late": (day - row["due_date"]).days})
        return found

    def _rate(self, currency: str, own: str | None, as_of: dt.date) -> Fraction | None:
        if currency == own:
            return Fraction(1)
        for company_id in (self.company_id, None):
            fits = [
                (row["rate_date"], row["rate"])
                for row in self.rates
                if (row["company_id"], row["currency_code"], row["company_currency_code"])
                == (company_id, currency, own)
                and 0 <= (as_of - row["rate_date"]).days <= OLDEST_RATE_DAYS
            ]
            if fits:
                return Fraction(max(fits)[1])
        return None


def _number_measures(as_of: dt.date, debts: list[Row], paid: list[Row], rates: dict[str, Fraction | None]) -> Measures:
    owed = [(row["owed"], rates[row["currency_code"]]) for row in debts]
    is_one = len({row["currency_code"] for row in paid}) == 1
    weights = [Fraction(1) if is_one else rates[row["currency_code"]] for row in paid]
    # amount, days late, how long ago
    weighed = (
        [
            (Fraction(row["total_amount"]) * weight, row["late"], (as_of - row["day"]).days)
            for row, weight in zip(paid, weights, strict=True)
            if weight is not None
        ]
        if None not in weights
        else []
    )
    recent = _average((a, late) for a, late, ago in weighed if ago < 90)
    before = _average((a, late) for a, late, ago in weighed if ago >= 90)
    share = _average((a, 100 if late > 0 else 0) for a, late, _ago in weighed)
    return {
        "late_payments": Fraction(sum(row["late"] > 0 for row in paid)),
        "amount_owed": None
        if any(rate is None for _, rate in owed)
        else sum((o * (r or 0) for o, r in owed), Fraction(0)),
        "oldest_days_past_due": Fraction(max(max((as_of - row["due_date"]).days, 0) for row in debts))
        if debts
        else None,
        "weighted_days_late": _average((a, late) for a, late, _ago in weighed),
        "paid_late_pct": share,
        "days_late_trend": None if recent is None or before is None else recent - before,
    }


def _average(pairs: Iterable[tuple[Fraction, int]]) -> Fraction | None:
    found = list(pairs)
    total = sum((amount for amount, _ in found), Fraction(0))
    return sum((amount * value for amount, value in found), Fraction(0)) / total if total else None


def classify(scheme: Row, measures: Measures) -> str:
    """The segment by a scheme of segments.yaml, as it is written there."""
    if scheme.get("each_value"):
        return str(measures[scheme["measure"]] or scheme.get("otherwise", "unclassified"))
    for segment in scheme["segments"]:
        conditions = segment.get("when") or {scheme["measure"]: segment}
        if all(_holds(condition, measures[measure]) for measure, condition in conditions.items()):
            return str(segment["name"])
    return str(scheme.get("otherwise", "unclassified"))


def _holds(condition: Row, value: Fraction | str | None) -> bool:
    if value is None:
        return False
    if isinstance(value, str):
        return value.lower() in [str(each).strip().lower() for each in condition["values"]]
    # figures are kept to six decimals
    rounded = round(value, 6)
    least, below = condition.get("at_least"), condition.get("below")
    return (least is None or rounded >= Fraction(str(least))) and (below is None or rounded < Fraction(str(below)))
