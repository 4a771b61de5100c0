"""What moved DSO: a waterfall of one company and currency, and the parts of all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboards.charts.kpis import PARTS, dso_waterfall
from dashboards.components.kpi_grid import labels, one_place
from dashboards.components.saved_views import opening
from dashboards.components.tables import Column, table
from dashboards.components.view import View
from dashboards.queries import kpis

SAME = ("known_at", "currency_view", "window")
"""What the rows of an end are asked with, too."""


def dso_parts(view: View, asked: kpis.Asked, since: dt.date, rows: pd.DataFrame) -> None:
    """`rows` of dso_bridge.COLUMNS, at least one."""
    words, places = view.words, labels(rows)
    st.subheader(words("bridge.title"), anchor=False)
    dates = {"first": words.date(since), "second": words.date(asked.clocks.as_of)}
    st.caption(words("bridge.sub", days=asked.window_days or kpis.window(), **dates))
    chosen = one_place(view, asked.clocks, rows)
    row = chosen.iloc[0]
    place = places[row["company_id"], row["currency_code"]]
    if row["change_days"] is None:
        st.info(words("bridge.missing", reason=words.reason(row["reason"])), icon=":material/info:")
    else:
        figure = dso_waterfall(row, *dates.values(), words, view.is_dark)
        if view.is_phone:  # upright the names of the parts would run into each other
            figure.update_xaxes(tickangle=-45)
        st.plotly_chart(
            figure,
            key="waterfall",
            config={"displayModeBar": False},
            alt=words("bridge.alt", place=place, **dates),
        )
        moved = words.days(row["change_days"], signed=True)
        st.caption(words("bridge.adds_up", place=place, change=moved))
    _to_rows(view, row, {"from_days": since, "to_days": asked.clocks.as_of})
    if view.is_phone:
        _one_below_the_other(view, _written(view, chosen), _columns(view, dates, chosen))
    else:
        table(view, _written(view, rows), _columns(view, dates, rows), alt=words("bridge.title"))
    with st.expander(words("bridge.how"), icon=":material/function:"):
        st.markdown("\n".join(f"- **{words(f'bridge.{part}')}**: {words(f'bridge.{part}_help')}" for part in PARTS))


def _to_rows(view: View, row: pd.Series, ends: Mapping[str, dt.date]) -> None:
    """Each end is a DSO: the sums that it divides and is divided by lead to their rows, as of its own day."""
    words, metric = view.words, kpis.catalogue().find(kpis.DSO)
    assert metric is not None, "the catalogue has the KPI that the bridge is of"
    same = {name: st.query_params[name] for name in SAME if name in st.query_params}
    for name, day in ends.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(words("bridge.made_of", date=words.date(day), days=words.figure(row[name], "days")))
            for part in metric.made_of:
                place = f"{row['company_id']}/{row['currency_code']}"
                asked = opening(kpi=kpis.DSO, rows=part, place=place, as_of=day.isoformat(), **same)
                st.page_link("app_pages/kpis.py", label=words(f"kpi_part.{part}"), icon=":material/list_alt:",
                             query_params=asked)  # fmt: skip


def _one_below_the_other(view: View, written: pd.DataFrame, columns: dict[str, Column]) -> None:
    """Of one company and currency: a line for each column that a wide screen has."""
    names = {name: c.heading if c.is_plain else view.words(c.heading) for name, c in columns.items() if name != "place"}
    lines = [(label, written[name].iloc[0]) for name, label in names.items()]
    shown = {"part": Column("column.part", width=200), "days": Column("unit.days", "figure")}
    table(view, pd.DataFrame(lines, columns=list(shown), dtype=object), shown, alt=view.words("bridge.title"))


def _written(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    words, places = view.words, labels(rows)
    changes = ("change_days", *(f"{part}_days" for part in PARTS))
    return pd.DataFrame(
        [
            {
                "place": places[row["company_id"], row["currency_code"]],
                **{n: words.figure(row[n], "days") for n in ("from_days", "to_days")},
                **{n: "—" if row[n] is None else words.days(row[n], signed=True) for n in changes},
                "reason": words.reason(row["reason"]),
            }
            for row in rows.to_dict("records")
        ],
        dtype=object,
    )


def _columns(view: View, dates: dict[str, str], rows: pd.DataFrame) -> dict[str, Column]:
    columns = {
        "place": Column("column.place", is_pinned=True),
        "from_days": Column(dates["first"], "figure", is_plain=True),
        **{f"{part}_days": Column(f"bridge.{part}", "figure") for part in PARTS},
        "to_days": Column(dates["second"], "figure", is_plain=True),
        "change_days": Column("column.change", "figure"),
    }
    return columns | ({"reason": Column("column.note", width=300)} if any(rows["reason"]) else {})
