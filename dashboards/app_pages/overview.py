"""Overview: what is owed, how much of it is late, how collection goes, what wants attention, who owes most."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.attention import attention
from dashboards.components.cards import headline_cards
from dashboards.components.drill import drill
from dashboards.components.headline_extras import extra_cards
from dashboards.components.overview_parts import aging_chart, currencies_table, debtors_table, over_time_chart
from dashboards.components.page import show
from dashboards.components.target_note import goals
from dashboards.components.view import View
from dashboards.queries import overview as extras
from dashboards.queries import receivables


def overview(view: View) -> None:
    clocks, date = view.reading.clocks, view.words.date(view.reading.clocks.as_of)
    totals = receivables.totals(view.reading, clocks)
    if totals.empty:
        return states.empty(view.words, date)
    with st.container(horizontal=True):
        currency, company = filters.currency(view, totals), filters.company(view, totals)
    st.caption(view.stamp(clocks, currency))
    lines = receivables.headlines(totals, company)
    line = next((line for line in lines if line.currency_code == currency), None)
    if line is None:
        return states.empty(view.words, date)
    buckets = receivables.by_bucket(view.reading, clocks, currency, company)
    debtors = receivables.by_customer(view.reading, clocks, currency, company, limit=extras.TOP_DEBTORS)

    asked = extras.asked(view.reading, currency, company)
    points = extras.trend_in_time(view.reading, asked)
    aims = goals(view, currency, receivables.companies(totals, currency, company))
    headline_cards(view, clocks, company, line, aims, points)
    extra_cards(view, asked, aims, points)
    left, right = st.columns([10, 9], gap="medium")
    with left:
        wanting = attention(view, asked)
    with right:
        currencies_table(view, clocks, lines)
    if wanting:
        drill(view, clocks, wanting)
    left, right = st.columns([9, 10], gap="large")
    with left:
        bucket = aging_chart(view, clocks, buckets, currency, company)
    below = st.container()
    if bucket:
        drill(view, clocks, bucket)
    debtor = debtors_table(view, clocks, line, company, debtors.iloc[1:])
    if debtor:
        drill(view, clocks, debtor)
    with right:  # drawn last: nothing waits for the past days of a large ledger
        over_time_chart(view, asked, below)


show(overview, title="overview.title")
