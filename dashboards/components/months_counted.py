"""The months whose sales a DSO by counting back has counted: what each adds to it; one of them can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.warehouse import kpi_rows
from cartera.warehouse.counting_back import Counted
from cartera.warehouse.metrics import Metric
from dashboards.components import filters
from dashboards.components.rows_behind import CLOSE
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View, as_text
from dashboards.queries import kpis

COLUMNS = {
    "month": Column("column.month_counted", width=200, is_pinned=True),
    "sales_amount": Column("column.sales", "money"),
    "taken_amount": Column("column.sales_taken", "money"),
    "days": Column("column.days_of_month", "number"),
    "counted_days": Column("column.days_counted", "figure"),
}


def counted_back(view: View, place: kpi_rows.Asked, metric: Metric, row: pd.Series) -> kpi_rows.Asked | None:
    """The months as a table that adds up to the figure of the row; the same place, of the days of the month that is
    chosen there, or of all of them. None where nothing was counted."""
    words, ar_amount = view.words, row["numerator"]
    if ar_amount is None or row["value"] is None:
        st.info(as_text(words.reason(row["reason"])), icon=":material/block:")
        return None
    months = kpis.counted_back(view.reading, place, metric.name, ar_amount)
    if not months:  # nothing is owed, or nothing was sold
        st.info(words("kpis.nothing_counted"), icon=":material/block:")
        return None
    _sum_up(view, months, row)
    named = {month.first_day.isoformat(): month for month in months}
    data = pd.DataFrame(
        [
            {
                "month": f"{words.date(month.first_day)} – {words.date(month.last_day)}",
                "sales_amount": month.sales_amount,
                "taken_amount": month.taken_amount,
                "days": month.days,
                "counted_days": words.days(month.counted_days),
            }
            for month in months
        ],
        dtype=object,
    )
    columns = foremost(view, COLUMNS, "month", "counted_days")
    selection = table(view, data, columns, alt=words("kpis.months_counted"), currency_code=row["currency_code"],
                      key=f"months_{metric.name}_{place}", selects="single-cell")  # fmt: skip
    clicked = [list(named)[cell[0]] for cell in selection["cells"] if cell[0] < len(named)]
    offered = {"": words("kpis.all_months")} | dict(zip(named, data["month"], strict=True))
    chosen = filters.clickable(view, "counted", offered, clicked[0] if clicked else None)
    of = [named[chosen]] if chosen else months
    return replace(place, days=(of[-1].first_day, of[0].last_day))


def _sum_up(view: View, months: Sequence[Counted], row: pd.Series) -> None:
    """What the months add up to is the figure; where it is not, both are said."""
    words = view.words
    days = sum((month.counted_days for month in months), Decimal(0))
    sold = sum((month.sales_amount for month in months), Decimal(0))
    said = {
        "days": words.days(days),
        "amount": as_text(words.money(sold, row["currency_code"])),
        "owed": as_text(words.money(row["numerator"], row["currency_code"])),
    }
    if abs(days - row["value"]) < CLOSE and abs(sold - row["denominator"]) < CLOSE:
        st.markdown(":material/check_circle: " + words.counted("kpis.months_add_up", len(months), **said))
    else:
        st.error(words("kpis.months_differ", **said, value=words.figure(row["value"], "days")))
