"""DSO by counting back, month by month: the sales that what is owed reaches back to.

Worked out from the single invoices and credit notes, where the KPI (dbt_project/macros/kpis/kpi_countback.sql) has
their sums by day: the one proves the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from cartera.warehouse import kpi_rows

Months = Iterator[tuple[dt.date, dt.date]]
"""The first and last day of each, from the latest back, without end."""
SALES = "counted_sales_amount"
"""The part of kpi_rows that is counted."""
SPAN = dt.timedelta(days=30)
DAY = dt.timedelta(days=1)


def calendar_months(as_of: dt.date) -> Months:
    """The month of the day up to it, then whole months back."""
    first, last = as_of.replace(day=1), as_of
    while True:
        yield first, last
        last = first - DAY
        first = last.replace(day=1)


def spans_of_30_days(as_of: dt.date) -> Months:
    """30 days back from the day, which is the last of the first."""
    last = as_of
    while True:
        yield last - SPAN + DAY, last
        last -= SPAN


MONTHS = {"dso_countback_calendar": calendar_months, "dso_countback_30_day_months": spans_of_30_days}
"""The KPIs, and what a month is to each."""


@dataclass(frozen=True)
class Counted:
    """A month whose sales were taken off: `taken_amount` of them, which counts as `counted_days`."""

    first_day: dt.date
    last_day: dt.date
    sales_amount: Decimal
    taken_amount: Decimal

    @property
    def days(self) -> int:
        """Those that the month has had by the as-of date."""
        return (self.last_day - self.first_day).days + 1

    @property
    def counted_days(self) -> Decimal:
        return self.days * self.taken_amount / self.sales_amount


def counted(connection: Connection, asked: kpi_rows.Asked, kpi: str, ar_amount: Decimal) -> list[Counted]:
    """The months from the latest back until `ar_amount`, of the same company and currency, is used up.

    They end before a month without sales above zero, or with one whose sales lack a rate.
    """
    since_ever = replace(asked, days=(dt.date.min, asked.as_of))
    sales = dict(kpi_rows.by_day(connection, since_ever, SALES))
    return list(taken_off(sales, MONTHS[kpi](asked.as_of), ar_amount))


def taken_off(sales: Mapping[dt.date, Decimal | None], months: Months, left: Decimal) -> Iterator[Counted]:
    """Of sales by day (None: without a rate) the months that use up what is `left`."""
    for first, last in months:
        amounts = [amount for day, amount in sales.items() if first <= day <= last]
        if left <= 0 or None in amounts:
            return
        sold = sum((amount for amount in amounts if amount is not None), Decimal(0))
        if sold <= 0:
            return
        taken = min(sold, left)
        yield Counted(first, last, sold, taken)
        left -= taken
