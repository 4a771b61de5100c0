"""Worklist: the collector's day, what is worth most first and why; one customer open beside the list, to record on."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components import worklist_parts as parts
from dashboards.components.desk_panel import invoices, panel
from dashboards.components.page import show
from dashboards.components.view import View
from dashboards.queries import receivables, worklist


def page(view: View) -> None:
    words, clocks = view.words, view.reading.clocks
    totals = receivables.totals(view.reading, clocks)
    if totals.empty:
        return states.empty(words, words.date(clocks.as_of))
    with st.container(horizontal=True):
        currency, company = filters.currency(view, totals), filters.company(view, totals)
        collector = parts.choose_collector(view, clocks, currency)
    asked = worklist.Asked(clocks, currency, company, collector)
    st.caption(view.stamp(clocks, currency))
    day = worklist.day(view.reading, asked)
    opened = parts.open_customer(view, asked, day)
    parts.headline(view, asked, day)
    left, right = st.columns(2, gap="medium")
    with left:
        parts.tasks_table(view, asked, day.tasks)
        parts.left_out(view, asked, day)
    with right:
        if opened:
            panel(view, asked, opened, day.tasks)
    if opened:
        invoices(view, asked, opened)


show(page, title="worklist.title")
