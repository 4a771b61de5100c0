"""One KPI: its figures with what they are made of, its definition, its trend; the figures as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.warehouse.metrics import Catalogue, Metric
from dashboards.charts.kpis import kpi_trend
from dashboards.components import states
from dashboards.components.export import csv_button
from dashboards.components.kpi_grid import labels
from dashboards.components.narrowed import narrowed
from dashboards.components.tables import Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import kpis


def definition(view: View, catalogue: Catalogue, metric: Metric) -> None:
    """What it says, in a sentence; how it is computed, on demand."""
    words = view.words
    st.subheader(as_text(metric.label.of(words.language)), anchor=False)
    st.markdown(as_text(metric.definition.of(words.language)))
    variants = [variant.label.of(words.language) for variant in catalogue.variants(metric)]
    with st.expander(words("kpis.how"), icon=":material/function:"):
        st.code(metric.formula, language=None, wrap_lines=True)
        parts = (
            ("kpis.convention", metric.convention),
            ("kpis.edge_cases", metric.edge_cases),
            ("kpis.variants", variants),
            ("kpis.owner", [metric.owner]),
            ("kpis.source", metric.source),
            ("kpis.name", [metric.kpi]),
        )
        for key, sentences in parts:
            if sentences:
                st.markdown(f"**{words(key)}**\n\n" + "\n".join(f"- {as_text(sentence)}" for sentence in sentences))
        st.caption(words("kpis.how_language"))


def values(view: View, metric: Metric, figures: pd.DataFrame) -> None:
    """The figure of each company and currency with its numerator, its denominator, and why it is missing."""
    rows, places = figures[figures["kpi"] == metric.name], labels(figures)
    if metric.command or rows.empty:
        st.info(view.words("kpis.command_do", command=metric.command or "cartera kpis"), icon=":material/terminal:")
        return
    data = pd.DataFrame(
        [
            {
                "place": places[row["company_id"], row["currency_code"]],
                "value": view.words.figure(row["value"], metric.unit, row["currency_code"]),
                **{part: _plain(view, row[part]) for part in ("numerator", "denominator")},
                "reason": view.words.reason(row["reason"]),
            }
            for row in rows.sort_values(["company_id", "currency_code"]).to_dict("records")
        ],
        dtype=object,
    )
    columns = {
        "place": Column("column.place"),
        "value": Column(f"unit.{metric.unit}", "figure"),
        "numerator": Column("column.numerator", "figure"),
        "denominator": Column("column.denominator", "figure"),
    }
    if any(data["reason"]):
        columns["reason"] = Column("column.note", width=300)
    table(view, data, columns, alt=view.words("kpis.values"))


def _plain(view: View, value: Decimal | None) -> str:
    """An amount, a count, or amounts times days: to two decimals where there are any."""
    whole = value is not None and value == value.to_integral_value()
    return view.words.figure(value, "count" if whole else "ratio")


def trend(view: View, asked: kpis.Asked, metric: Metric, company_id: str | None) -> None:
    """The month-ends up to the as-of date, each as known at the same moment. Drawn last: it may take seconds."""
    if not metric.command:
        with states.plainly(view.words):  # what takes long here takes nothing from what stands beside
            _trend(view, metric, kpis.of_company(kpis.trend(view.reading, asked), company_id))


def _trend(view: View, metric: Metric, rows: pd.DataFrame) -> None:
    words = view.words
    rows = rows[rows["kpi"] == metric.name]
    if rows["value"].notna().sum() == 0:
        return
    places = labels(rows)
    rows = rows.sort_values(["company_id", "currency_code", "as_of_date"])
    series = [places[place] for place in zip(rows["company_id"], rows["currency_code"], strict=True)]
    st.markdown(f"**{words('kpis.trend')}**")
    st.caption(words("kpis.trend_sub", unit=words(f"unit.{metric.unit}"), months=kpis.MONTHS))
    st.plotly_chart(
        kpi_trend(rows.assign(series=series), metric.unit, words, view.is_dark),
        key=f"trend_{metric.name}",
        config={"displayModeBar": False},
        alt=words("kpis.trend_alt", kpi=metric.label.of(words.language)),
    )


def in_a_file(
    view: View, asked: kpis.Asked, company_id: str | None, name: str, content: Callable[[Sequence[str]], bytes]
) -> None:
    """`content` is given what the figures are narrowed to."""
    to = narrowed(view.words, company=company_id)
    csv_button(view, asked.clocks, asked.view, name, lambda: content(to), narrowed=to,
               help_text=view.words("kpis.export_help"))  # fmt: skip
