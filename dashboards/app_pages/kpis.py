"""KPIs: every one of the catalogue as of any date, as known at any date; what each says; what moved DSO."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.dso_parts import dso_parts
from dashboards.components.kpi_detail import definition, in_a_file, trend, values
from dashboards.components.kpi_grid import choose_kpi, kpi_grid, one_place
from dashboards.components.kpi_rows import rows_behind
from dashboards.components.page import show
from dashboards.components.view import View
from dashboards.queries import kpi_export, kpis, looking_back


def page(view: View) -> None:
    with st.container(horizontal=True):
        asked = filters.asked(view)
        looking_back.follow(view.reading, asked.clocks, "kpis")
        figures = kpis.figures(view.reading, asked)
        company = None if figures.empty else filters.company(view, figures)
    if figures.empty:
        return states.nothing_open(view, asked.clocks)
    st.caption(f"{view.stamp(asked.clocks)} · {view.words(f'kpis.currencies.{asked.view}')}")
    if filters.choice(view, "show", {name: view.words(f"kpis.{name}") for name in ("all", "dso")}, "all") == "dso":
        return bridge(view, asked, company)

    catalogue, figures = kpis.catalogue(), kpis.of_company(figures, company)
    if view.is_phone:  # it has room for one
        figures = one_place(view, asked.clocks, figures)
    clicked = kpi_grid(view, catalogue, figures)
    in_a_file(view, asked, company, "kpis", lambda to: kpi_export.kpis_csv(view.words, asked, company, to))
    metric = choose_kpi(view, catalogue, clicked)
    left, right = st.columns(2, gap="medium")
    with left:
        definition(view, catalogue, metric)
        values(view, metric, figures)
    rows = st.container()
    with right:
        trend(view, asked, metric, company)
    with rows:
        rows_behind(view, asked, metric, figures)


def bridge(view: View, asked: kpis.Asked, company: str | None) -> None:
    since = filters.since(view, asked.clocks.as_of, kpis.quarter_before(asked.clocks.as_of))
    rows = kpis.of_company(kpis.bridge(view.reading, asked, since), company)
    if rows.empty:
        return states.empty(view.words, view.words.date(asked.clocks.as_of))
    dso_parts(view, asked, since, rows)
    in_a_file(view, asked, company, "dso-bridge",
              lambda to: kpi_export.bridge_csv(view.words, asked, since, company, to))  # fmt: skip


show(page, title="kpis.title")
