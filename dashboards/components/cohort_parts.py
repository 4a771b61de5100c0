"""What became of debts by the month in which they fell past due: curves, liquidation, write-offs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.charts.recovery import settled_bars, vintage_curves
from dashboards.components.export import csv_button
from dashboards.components.matrix import Line, line_list
from dashboards.components.recovery_rows import Cell, clicked, cohort_debts
from dashboards.components.tables import Column, table
from dashboards.components.view import View
from dashboards.queries import recovery, recovery_rows
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
    clicked_curve = _curves(view, curves, f"curves_{place}_{clocks}")
    if clicked_curve is not None:
        _debts(view, clocks, place, clicked_curve, "collected_amount")
    # of all companies and currencies: neither their names nor the log say the page's
    csv_button(view, clocks, "", "vintages", lambda: recovery.vintages_csv(words, clocks), of="all",
               help_text=words("recovery.export_help"))  # fmt: skip
    cell = _liquidation(view, cohorts, code, f"cohorts_{place}_{clocks}")
    if cell:
        _debts(view, clocks, place, cohorts.iloc[cell[0]], cell[1])
    csv_button(view, clocks, "", "liquidation", lambda: recovery.liquidation_csv(words, clocks), of="all",
               help_text=words("recovery.export_help"))  # fmt: skip


def _debts(view: View, clocks: Clocks, place: str, figures: pd.Series, column: str) -> None:
    """Of a cohort to the as-of date or, of a curve's, for some days."""
    words, after_days = view.words, figures.get("days_since_placement")
    month = None if pd.isna(figures["cohort_month"]) else figures["cohort_month"]
    of_all = "recovery.all_cohorts" if after_days is None else "recovery.complete"
    title = words("recovery.cohort_debts", cohort=words.month(month) if month else words(of_all))
    if after_days is not None:
        title += ", " + words("recovery.after_days", days=after_days)
    cohort_debts(view, clocks, recovery_rows.cohort(place, clocks, month, after_days), figures, column, title=title)


def _curves(view: View, rows: pd.DataFrame, key: str) -> pd.Series | None:
    """Cohorts by days since placement; ~ marks what a part of the cohort is too young for.

    The figures of the one that was clicked.
    """
    words, steps = view.words, sorted(rows["step"].unique())
    days = {row["step"]: row["days_since_placement"] for row in rows.to_dict("records")}
    lines, figures, listed = [], [], list[Line]()
    for month, line in rows.groupby("cohort_month", sort=False, dropna=False):
        known = {f"step_{row['step']}": row for _, row in line.iterrows() if row["collected_pct"] is not None}
        figures.append(known)
        written = {
            step: words.figure(row["collected_pct"], "percent") + ("" if row["is_complete"] else " ~")
            for step, row in known.items()
        }
        name = words("recovery.average") if pd.isna(month) else words.month(month)
        lines.append({"cohort": name, **{f"step_{step}": written.get(f"step_{step}", "") for step in steps}})
        listed.append(Line(name, is_heading=True))
        listed += [
            Line(f"· {words('recovery.after_days', days=row['days_since_placement'])}", written[step], of=row)
            for step, row in known.items()
        ]
    columns = {"cohort": Column("column.cohort", is_pinned=True)}
    columns |= {
        f"step_{step}": Column(words("recovery.after_days", days=days[step]), "figure", is_plain=True) for step in steps
    }
    st.markdown(f"**{words('recovery.curves')}**")
    st.caption(words("recovery.young_sub"))
    if view.is_phone:
        chosen: pd.Series | None = line_list(
            view, listed, alt=words("recovery.curves"), corner=words("column.cohort"), key=key
        )
        return chosen
    data = pd.DataFrame(lines, dtype=object)
    selection = table(view, data, columns, alt=words("recovery.curves"), key=key, selects="single-cell")
    cell = clicked(selection, data)
    return figures[cell[0]].get(cell[1]) if cell else None


def _liquidation(view: View, rows: pd.DataFrame, code: str, key: str) -> Cell | None:
    """The figure that was clicked."""
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
    if view.is_phone:
        return _liquidation_listed(view, data, key)
    heading = [place for place, month in enumerate(rows["cohort_month"]) if pd.isna(month)]
    selection = table(
        view, data, LIQUIDATION, alt=words("recovery.became"), currency_code=code, key=key, selects="single-cell",
        headings=heading,
    )  # fmt: skip
    return clicked(selection, rows)


def _liquidation_listed(view: View, data: pd.DataFrame, key: str) -> Cell | None:
    """Under each cohort what became of it."""
    words = view.words
    written: dict[str, Callable[[Any], str]] = {"money": words.units, "percent": words.percent, "number": words.number}
    lines = list[Line]()
    for row, each in enumerate(data.to_dict("records")):
        lines.append(Line(each["cohort"], is_heading=True))
        for name, column in LIQUIDATION.items():
            if column.kind in written and each[name] is not None:
                lines.append(Line(f"· {words(column.heading)}", written[column.kind](each[name]), of=(row, name)))
    chosen: Cell | None = line_list(view, lines, alt=words("recovery.became"), corner=words("column.cohort"), key=key)
    return chosen
