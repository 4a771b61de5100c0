"""Aging: who owes by days past due, as of any date, as known at any date, narrowed by a click."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.aging_figures import bars, beside
from dashboards.components.aging_filters import choose
from dashboards.components.aging_matrix import customers_matrix, invoices_of, parts_matrix
from dashboards.components.drill import drill
from dashboards.components.page import show
from dashboards.components.view import View
from dashboards.queries import aging as queries
from dashboards.queries import looking_back, receivables


def aging(view: View) -> None:
    with st.container(horizontal=True):
        clocks = filters.clocks(view)
        looking_back.follow(view.reading, clocks, "aging")
        # what was open then, which may be in a currency that has nothing open now
        totals = receivables.totals(view.reading, clocks)
        if not totals.empty:
            currency, company = filters.currency(view, totals), filters.company(view, totals)
            chosen = choose(view, clocks, currency, company)
    if totals.empty:
        return states.nothing_open(view, clocks)
    st.caption(view.stamp(clocks, currency))
    filters.chips(view, chosen.labels)

    buckets = queries.buckets(view.reading, chosen.asked)
    bars(view, chosen.asked, buckets)
    # drawn last: the earlier dates are not in the prebuilt tables, and nothing waits for them
    earlier = st.container()
    parts_matrix(view, chosen)
    if chosen.customers.empty:
        states.empty(view.words, view.words.date(clocks.as_of))
    else:
        customers_matrix(view, chosen)
        figure = invoices_of(view, chosen)
        if figure:
            drill(view, clocks, figure)
    with earlier:
        beside(view, chosen, buckets)


show(aging, title="aging.title")
