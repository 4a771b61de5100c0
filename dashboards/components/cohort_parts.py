"""What became of debts by the month in which they fell past due: curves, liquidation, write-offs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards.charts.recovery import settled_bars, vintage_curves
from dashboards.components.export import csv_button
from dashboards.components.matrix import Line, line_list
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View
from dashboards.queries import recovery
from dashboards.queries.session import Clocks

LIQUIDATION = {
    "cohort": Column("column.cohort", is_pinned=True),
    "placed_items": Column("column.items", "number"),
    "placed_amount": Column("column.placed", "money"),
    "collected_amount": Column("column.collected", "money"),
    "rate": Column("column.liquidation_rate", "percent"),
    "credited_amount": Column("column.credited", "money"),
    "written_off_amount": Column("column.written_off", "money"),
    "lost": Column("column.written_off_pct", "percent"),
    "open_amount": Column("column.open", "money"),
}


def cohort_part(view: View, clocks: Clocks, place: str) -> None:
    words, code = view.words, place.rpartition("/")[2]
    curves = recovery.of_place(recovery.vintages(view.reading, clocks), place)
    cohorts = recovery.of_place(recovery.liquidation(view.reading, clocks), place)
    if cohorts.empty:
        st.info(words("recovery.none"), icon=":material/hourglass_empty:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(words("recovery.vintages"), anchor=False, help=words("recovery.vintages_help"))
        st.caption(words("recovery.vintages_sub"))
        st.plotly_chart(
            vintage_curves(curves, words, view.is_dark),
            key="vintages",
            config={"displayModeBar": False},
            alt=words("recovery.vintages"),
        )
    with right:
        st.subheader(words("recovery.liquidation"), anchor=False, help=words("recovery.liquidation_help"))
        st.caption(words("recovery.liquidation_sub", date=words.date(clocks.as_of)))
        st.plotly_chart(
            settled_bars(cohorts[cohorts["cohort_month"].notna()], code, words, view.is_dark),
            key="liquidation",
            config={"displayModeBar": False},
            alt=words("recovery.liquidation"),
        )
    _curves(view, curves)
    csv_button(view, clocks, code, "vintages", lambda: recovery.vintages_csv(clocks),
               help_text=words("recovery.export_help"))  # fmt: skip
    _liquidation(view, cohorts, code)
    csv_button(view, clocks, code, "liquidation", lambda: recovery.liquidation_csv(clocks),
               help_text=words("recovery.export_help"))  # fmt: skip


def _curves(view: View, rows: pd.DataFrame) -> None:
    """Cohorts by days since placement; ~ marks what a part of the cohort is too young for."""
    words, steps = view.words, sorted(rows["step"].unique())
    days = {row["step"]: row["days_since_placement"] for row in rows.to_dict("records")}
    lines, listed = [], list[Line]()
    for month, line in rows.groupby("cohort_month", sort=False, dropna=False):
        written = {
            f"step_{row['step']}": words.figure(row["collected_pct"], "percent") + ("" if row["is_complete"] else " ~")
            for row in line.to_dict("records")
            if row["collected_pct"] is not None
        }
        name = words("recovery.average") if pd.isna(month) else words.month(month)
        lines.append({"cohort": name, **{f"step_{step}": written.get(f"step_{step}", "") for step in steps}})
        listed.append(Line(name, is_heading=True))
        listed += [
            Line(f"· {words('recovery.after_days', days=days[step])}", written[f"step_{step}"])
            for step in steps
            if f"step_{step}" in written
        ]
    columns = {"cohort": Column("column.cohort", is_pinned=True)}
    columns |= {
        f"step_{step}": Column(words("recovery.after_days", days=days[step]), "figure", is_plain=True) for step in steps
    }
    st.markdown(f"**{words('recovery.curves')}**")
    st.caption(words("recovery.young_sub"))
    if view.is_phone:
        line_list(view, listed, alt=words("recovery.curves"), corner=words("column.cohort"), key="curves")
        return
    table(view, pd.DataFrame(lines, dtype=object), columns, alt=words("recovery.curves"))


def _liquidation(view: View, rows: pd.DataFrame, code: str) -> None:
    words = view.words
    data = rows.assign(
        cohort=[words("recovery.all_cohorts") if pd.isna(m) else words.month(m) for m in rows["cohort_month"]],
        rate=[None if value is None else value / 100 for value in rows["liquidation_rate_pct"]],
        lost=[
            lost / placed if placed else None
            for lost, placed in zip(rows["written_off_amount"], rows["placed_amount"], strict=True)
        ],
    )
    st.markdown(f"**{words('recovery.became')}**")
    st.caption(words("recovery.became_sub"))
    heading = [place for place, month in enumerate(rows["cohort_month"]) if pd.isna(month)]
    columns = foremost(view, LIQUIDATION, "cohort", "placed_amount", "rate", "open_amount")
    table(view, data, columns, alt=words("recovery.became"), currency_code=code, headings=heading)
