"""Campaigns: what experiments brought against the hold-out, with intervals, or that it can't be said yet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.charts.campaigns import interval_bars
from dashboards.components import filters
from dashboards.components.matrix import Line, line_list
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import campaigns

WINDOWS = ("14", "30", "60", "90")
ARMS = {
    "arm_name": Column("campaigns.col_arm", is_pinned=True),
    "currency_code": Column("column.currency"),
    "customers": Column("column.customers", "number"),
    "too_new": Column("campaigns.col_too_new", "number"),
    "contacts": Column("campaigns.col_contacts", "number"),
    "paid": Column("campaigns.col_paid_customers", "number"),
    "owed_text": Column("campaigns.col_owed_when_drawn", "figure"),
    "cash_text": Column("campaigns.col_cash", "figure"),
    "days_text": Column("campaigns.col_days_to_pay", "figure"),
    "per_customer_text": Column("campaigns.col_per_customer", "figure"),
    "per_contact_text": Column("campaigns.col_per_contact", "figure"),
    "gained_text": Column("campaigns.col_days_gained", "figure"),
}
COMPARED = {
    "days_gained": ("campaigns.col_days_gained", "gained_text"),
    "incremental_per_customer": ("campaigns.col_per_customer", "per_customer_text"),
    "incremental_per_contact": ("campaigns.col_per_contact", "per_contact_text"),
}
"""Of each interval its heading, and where it stands as text."""


def experiments_part(view: View) -> None:
    words, clocks = view.words, view.reading.clocks
    offered = {days: words("campaigns.days", days=days) for days in WINDOWS}
    window = int(filters.choice(view, "looked_at", offered, "30"))
    rows = campaigns.experiments(clocks.as_of, window)
    if rows.empty:
        st.info(words("campaigns.no_experiments"), icon=":material/science:")
        return
    st.caption(words("campaigns.method", days=window))
    for name, arms in rows.groupby("experiment", sort=False):
        _experiment(view, str(name), arms)


def _experiment(view: View, name: str, arms: pd.DataFrame) -> None:
    words = view.words
    title = words("campaigns.experiment", name=as_text(name))
    with st.container(border=True):
        st.subheader(title, anchor=False)
        rows = [_row(view, arm) for arm in arms.to_dict("records")]
        st.markdown("\n".join(_sentence(view, row) for row in rows))
        _chart(view, rows, "days_gained", name)
        # amounts of two currencies have no scale in common
        for code in dict.fromkeys(row["currency_code"] for row in rows):
            of_code = [row for row in rows if row["currency_code"] == code]
            _chart(view, of_code, "incremental_per_contact", name, code)
        if view.is_phone:
            line_list(view, _lines(view, rows), alt=title, corner=words("campaigns.col_arm"), key=f"arms_{name}")
        else:
            table(view, pd.DataFrame(rows, dtype=object), ARMS, alt=title)


def _lines(view: View, rows: list[dict[str, Any]]) -> list[Line]:
    """On a phone each group heads its figures, as twelve columns would be out of sight."""
    lines = list[Line]()
    for row in rows:
        lines.append(Line(f"{row['arm_name']} · {row['currency_code']}", is_heading=True))
        for name, column in ARMS.items():
            if column.kind == "number":
                lines.append(Line(view.words(column.heading), view.words.number(row[name])))
            elif column.kind == "figure":
                lines.append(Line(view.words(column.heading), row[name]))
    return lines


def _sentence(view: View, row: dict[str, Any]) -> str:
    return f"- **{as_text(row['arm_name'])} · {as_text(row['currency_code'])}:** {as_text(_verdict(view, row))}"


def _row(view: View, arm: dict[Any, Any]) -> dict[str, Any]:
    words, code = view.words, arm["currency_code"]
    return {
        **arm,
        "arm_name": _arm(view, arm),
        "owed_text": words.amount(arm["owed"], code),
        "cash_text": words.amount(arm["cash"], code),
        "days_text": "—" if arm["days_to_pay"] is None else words.days(arm["days_to_pay"]),
        "per_customer_text": _interval(arm["incremental_per_customer"], lambda value: words.amount(value, code)),
        "per_contact_text": _interval(arm["incremental_per_contact"], lambda value: words.amount(value, code)),
        "gained_text": _interval(arm["days_gained"], lambda value: words.days(value, signed=True)),
    }


def _arm(view: View, arm: dict[Any, Any]) -> str:
    """A challenger stands twice: beside the hold-out, as a champion does, and beside its champion, which is said."""
    words, name = view.words, view.words(f"campaigns.arm.{arm['arm']}")
    return words("campaigns.beside_champion", arm=name) if arm["against"] == "champion" else name


def _interval(interval: Any, write: Any) -> str:
    if interval is None:
        return "—"
    return f"{write(interval.estimate)} [{write(interval.low)}; {write(interval.high)}]"


def _verdict(view: View, row: dict[str, Any]) -> str:
    """In words: what is missing for one, or which intervals leave zero out."""
    words, short = view.words, row["shortfall"]
    if row["arm"] == "hold_out":
        return words("campaigns.hold_out")
    if short is not None:
        return words(
            f"campaigns.short_of_{short.what}",
            arm=words(f"campaigns.arm.{short.arm}"),
            count=words.number(short.count),
            needed=words.number(short.needed),
        )
    clear = [
        f"{words(heading)} {row[text]}"
        for name, (heading, text) in COMPARED.items()
        if (interval := row[name]) is not None and (interval.low > 0 or interval.high < 0)
    ]
    return words("campaigns.difference", figures=" · ".join(clear)) if clear else words("campaigns.no_difference")


def _chart(view: View, rows: list[dict[str, Any]], figure: str, name: str, code: str = "") -> None:
    words = view.words
    compared = [row for row in rows if row[figure] is not None]
    if not compared:
        return
    key, text = COMPARED[figure]
    heading = ", ".join(filter(None, (words(key), code)))
    st.markdown(f"**{as_text(heading)}**")
    intervals: list[tuple[Decimal, Decimal, Decimal]] = [
        (row[figure].estimate, row[figure].low, row[figure].high) for row in compared
    ]
    st.plotly_chart(
        interval_bars(
            [f"{row['arm_name']} · {row['currency_code']}" for row in compared],
            intervals,
            [row[text] for row in compared],
            view.is_dark,
        ),
        key=f"{figure}_{name}_{code}",
        config={"displayModeBar": False},
        alt=f"{name}: {heading}",
    )
