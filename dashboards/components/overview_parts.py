"""The parts of the overview: chart of buckets, currencies side by side, top debtors."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboards.charts.aging import CLICKED, aging_columns
from dashboards.components.drill import Figure
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View
from dashboards.queries.receivables import Headline, frame
from dashboards.queries.session import Clocks

CURRENCIES = {
    "currency_code": Column("column.currency"),
    "open_amount": Column("column.open", "money"),
    "overdue_amount": Column("column.overdue", "money"),
    "overdue_pct": Column("column.overdue_pct", "percent"),
}
DEBTORS = {
    "customer_name": CUSTOMER,
    "open_amount": Column("column.open", "money"),
    "overdue_amount": Column("column.overdue", "money"),
    "overdue_pct": Column("column.overdue_pct", "percent"),
    "open_items": Column("column.items", "number"),
    "share": Column("column.share", "share"),
}


def aging_chart(
    view: View, clocks: Clocks, buckets: pd.DataFrame, currency_code: str, company_id: str | None
) -> Figure | None:
    """Bars by bucket; the figure of the bar that was clicked."""
    words = view.words
    st.subheader(words("overview.aging"), anchor=False)
    st.caption(words("overview.aging_sub", currency=currency_code, date=words.date(clocks.as_of)))
    event = st.vega_lite_chart(
        spec=aging_columns(buckets, currency_code, words, view.is_dark),
        key=f"bars_{currency_code}_{company_id}_{words.language}",
        on_select="rerun",
        width="stretch",
        alt=words("overview.aging_alt", currency=currency_code),
    )
    picked = event["selection"].get(CLICKED) or []
    found = buckets[buckets["bucket"].isin([each["bucket"] for each in picked[:1]])]
    if found.empty:
        return None
    chosen = found.iloc[0]
    return Figure(chosen["open_amount"], chosen["open_items"], currency_code, company_id, bucket=chosen["bucket"])


def currencies_table(view: View, clocks: Clocks, lines: list[Headline]) -> None:
    """Each currency in its own row; there is no total, because there is none."""
    words = view.words
    st.subheader(words("overview.currencies"), anchor=False)
    st.caption(words("overview.currencies_sub", date=words.date(clocks.as_of)))
    data = frame([asdict(line) | {"overdue_pct": line.overdue_pct} for line in lines], list(CURRENCIES))
    table(view, data, CURRENCIES, alt=words("overview.currencies"))


def debtors_table(
    view: View, clocks: Clocks, line: Headline, company_id: str | None, debtors: pd.DataFrame
) -> Figure | None:
    """The largest debtors of one currency; the figure of the row that was clicked."""
    words, code = view.words, line.currency_code
    st.subheader(words("overview.debtors"), anchor=False)
    st.caption(words("overview.debtors_sub", currency=code, date=words.date(clocks.as_of)))
    data = debtors.assign(
        overdue_pct=[
            float(late / owed) for late, owed in zip(debtors["overdue_amount"], debtors["open_amount"], strict=True)
        ],
        share=[float(amount / line.open_amount) for amount in debtors["open_amount"]],
    )
    selection = table(
        view,
        data,
        DEBTORS,
        alt=words("overview.debtors"),
        currency_code=code,
        key=f"debtors_{code}_{company_id}",
        selects="single-cell",
    )
    if not selection["cells"] or selection["cells"][0][0] >= len(data):
        return None
    row = data.iloc[selection["cells"][0][0]]
    return Figure(row["open_amount"], row["open_items"], code, company_id, row["customer_id"], row["customer_name"])
