"""What is known of a customer as of a date, known at a moment: the names that segment rules may use.

Each is computed by the macro customers_measured_as_of of the dbt project; a test holds the two lists together.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

NumberMeasure = Literal[
    "late_payments",
    "amount_owed",
    "oldest_days_past_due",
    "weighted_days_late",
    "paid_late_pct",
    "days_late_trend",
]
TextMeasure = Literal["sector", "customer_type", "country_code", "risk_class"]
Measure = Literal[NumberMeasure, TextMeasure]

LOWEST: dict[Measure, Decimal | None] = {
    "late_payments": Decimal(0),
    "amount_owed": Decimal(0),
    "oldest_days_past_due": Decimal(0),
    "weighted_days_late": None,
    "paid_late_pct": Decimal(0),
    "days_late_trend": None,
}
"""The measures that are numbers, each with the least it can be (None: it can be below zero)."""
