"""The parts of the overview: chart of buckets, currencies side by side, top debtors."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cartera.warehouse.headline import Asked
from dashboards.charts.aging import CLICKED, aging_columns, aging_over_time
from dashboards.components import filters, states
from dashboards.components.drill import Figure, drill
from dashboards.components.still_table import still_table
from dashboards.components.tables import CUSTOMER, Column
from dashboards.components.view import View
from dashboards.queries import overview
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
    "share": Column("column.share", "percent"),
}
PHONE_DEBTORS = ("customer_name", "open_amount", "overdue_amount")


def aging_chart(
    view: View, clocks: Clocks, buckets: pd.DataFrame, currency_code: str, company_id: str | None
) -> Figure | None:
    """Bars by bucket; the figure of the bar that was clicked."""
    words = view.words
    st.subheader(words("overview.aging"), anchor=False)
    st.caption(words("overview.aging_sub", currency=currency_code, date=words.date(clocks.as_of)))
    offered = {bucket: words.bucket(bucket) for bucket in buckets["bucket"]}
    place = st.container()
    bucket = filters.opened(view, "bar", words("overview.aging"), offered)
    spec = aging_columns(buckets, currency_code, words, view.is_dark, bucket or None)
    with place:
        alt = words("overview.aging_alt", currency=currency_code)
        _clickable_chart(view, spec, "bar", (currency_code, company_id, bucket), alt)
    if not bucket:
        return None
    chosen = buckets[buckets["bucket"] == bucket].iloc[0]
    return Figure(chosen["open_amount"], chosen["open_items"], currency_code, company_id, bucket=chosen["bucket"])


def _clickable_chart(view: View, spec: dict[str, Any], name: str, identity: tuple[str | None, ...], alt: str) -> None:
    """A click chooses what the bar `opens`, under that name of `filters.opened`; a second one takes it away.

    What is open is part of `identity`: after each choice the chart is a new one, in which nothing is selected.
    """
    key = "_".join(map(str, (name, "chart", *identity, view.words.language)))

    def clicked() -> None:
        picked = st.session_state[key]["selection"].get(CLICKED)
        if picked:
            filters.toggle(view, **{name: picked[-1]["opens"]})

    st.vega_lite_chart(spec=spec, key=key, on_select=clicked, width="stretch", alt=alt)


def over_time_chart(view: View, asked: Asked, below: DeltaGenerator) -> None:
    """Aging on the month-ends of a year; `below` has the invoices of the box that was clicked."""
    words, code = view.words, asked.currency_code
    st.subheader(words("overview.over_time"), anchor=False)
    date = words.date(asked.as_of)
    st.caption(words("overview.over_time_sub", currency=code, months=overview.MONTH_ENDS, date=date))
    with states.plainly(words):  # what takes long here takes nothing from what stands above
        _over_time(view, asked, overview.over_time(view.reading, asked), below)


def _over_time(view: View, asked: Asked, rows: pd.DataFrame, below: DeltaGenerator) -> None:
    words, code = view.words, asked.currency_code
    boxes = {f"{row['as_of_date']}/{row['bucket']}": row for row in rows.to_dict("records")}
    offered = {
        name: words("aging.invoices_then", what=words.bucket(row["bucket"]), date=words.date(row["as_of_date"]))
        for name, row in boxes.items()
    }
    place = st.container()
    box = filters.opened(view, "box", words("overview.over_time"), offered)
    spec = aging_over_time(rows, code, words, view.is_dark, box or None)
    with place:
        alt = words("overview.over_time_alt", currency=code)
        _clickable_chart(view, spec, "box", (code, asked.company_id, box), alt)
    if not box:
        return
    row, what = boxes[box], offered[box]
    day: dt.date = row["as_of_date"]
    figure = Figure(row["open_amount"], row["open_items"], code, asked.company_id, bucket=row["bucket"], title=what)
    with below:
        drill(view, replace(view.reading.clocks, as_of=day), figure)


def currencies_table(view: View, clocks: Clocks, lines: list[Headline]) -> None:
    """Each currency in its own row; there is no total, because there is none."""
    words = view.words
    st.subheader(words("overview.currencies"), anchor=False)
    st.caption(words("overview.currencies_sub", date=words.date(clocks.as_of)))
    data = frame([asdict(line) | {"overdue_pct": line.overdue_pct} for line in lines], list(CURRENCIES))
    still_table(view, data, CURRENCIES, alt=words("overview.currencies"))


def debtors_table(
    view: View, clocks: Clocks, line: Headline, company_id: str | None, debtors: pd.DataFrame
) -> Figure | None:
    """The largest debtors of one currency; the figure of the one that was chosen."""
    words, code = view.words, line.currency_code
    st.subheader(words("overview.debtors"), anchor=False)
    st.caption(words("overview.debtors_sub", currency=code, date=words.date(clocks.as_of)))
    data = debtors.assign(
        overdue_pct=[
            float(late / owed) for late, owed in zip(debtors["overdue_amount"], debtors["open_amount"], strict=True)
        ],
        share=[float(amount / line.open_amount) for amount in debtors["open_amount"]],
    )
    names = dict(zip(data["customer_id"], data["customer_name"], strict=True))
    chosen = st.selectbox(
        words("overview.debtor_rows"),
        list(names),
        index=None,
        format_func=lambda customer_id: str(names[customer_id]),
        placeholder=words("overview.debtor_none"),
        key=filters.optional(view, "debtor", words("overview.debtor_rows"), names),
        width=320,
    )
    filters.link("debtor", chosen or "", "")
    columns = {name: DEBTORS[name] for name in PHONE_DEBTORS} if view.is_phone else DEBTORS
    still_table(view, data, columns, alt=words("overview.debtors"), currency_code=code)
    if chosen is None:
        return None
    row = data[data["customer_id"] == chosen].iloc[0]
    return Figure(row["open_amount"], row["open_items"], code, company_id, row["customer_id"], row["customer_name"])
