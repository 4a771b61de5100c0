"""Aging: customers by days past due, as of any date, as known at any date."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.aging_matrix import aging_matrix
from dashboards.components.drill import drill
from dashboards.components.export import csv_button
from dashboards.components.page import show
from dashboards.components.view import View
from dashboards.queries import export, receivables


def aging(view: View) -> None:
    with st.container(horizontal=True):
        clocks = filters.clocks(view)
        # what was open then, which may be in a currency that has nothing open now
        totals = receivables.totals(view.reading, clocks)
        if not totals.empty:
            currency = filters.currency(view, totals)
            company = filters.company(view, totals)
    if totals.empty:
        return states.empty(view.words, view.words.date(clocks.as_of))
    st.caption(view.stamp(clocks, currency))

    customers = receivables.by_customer(view.reading, clocks, currency, company, limit=receivables.LISTED_CUSTOMERS)
    if customers.empty:
        return states.empty(view.words, view.words.date(clocks.as_of))

    figure = aging_matrix(view, clocks, customers, currency, company)
    csv_button(view, clocks, currency, "aging", lambda: export.customers_csv(view.words, clocks, currency, company))
    if figure:
        drill(view, clocks, figure)


show(aging, title="aging.title")
