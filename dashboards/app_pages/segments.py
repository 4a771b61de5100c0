"""Segments: what each kind of customer owes, how old it is, who is in it, how customers moved."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.page import show
from dashboards.components.segment_moves import moves_part
from dashboards.components.segment_parts import choose_scheme, segment_customers, segments_table, treemap
from dashboards.components.segment_saved import save_for_policies
from dashboards.components.view import View
from dashboards.queries import looking_back, receivables, segments


def page(view: View) -> None:
    words = view.words
    with st.container(horizontal=True):
        clocks = filters.clocks(view)
        looking_back.follow(view.reading, clocks, "segments")
        totals = receivables.totals(view.reading, clocks)
        rules = segments.rules(view.reading, clocks.known_at)
        if not totals.empty and not rules.empty:
            currency, company = filters.currency(view, totals), filters.company(view, totals)
            asked = segments.Asked(clocks, choose_scheme(view, rules), currency, company)
    if totals.empty:
        return states.nothing_open(view, clocks)
    if rules.empty:
        st.info(words("segments.no_rules", moment=words.moment(clocks.known_at)), icon=":material/rule:")
        return
    st.caption(view.stamp(clocks, currency))
    line = next((line for line in receivables.headlines(totals, company) if line.currency_code == currency), None)
    rows = segments.owed(segments.totals(view.reading, clocks, asked.scheme), asked)
    if line is None or rows.empty:
        return states.empty(words, words.date(clocks.as_of))

    left, right = st.columns([5, 12], gap="medium")
    with right:
        segment = segments_table(view, asked, rows, line.open_amount)
    with left:  # drawn last: it shows which segment is chosen
        treemap(view, asked, rows, segment)
    if segment:
        segment_customers(view, asked, segment, rows)
        save_for_policies(view, asked, segment)
    with states.plainly(words):  # what takes long here takes nothing from what stands above
        moves_part(view, asked, rules)


show(page, title="segments.title")
