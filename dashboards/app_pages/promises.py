"""Promises and disputes: what is due today, kept and broken; what is contested, why and for how long."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.desk_parts import desk_part
from dashboards.components.dispute_parts import disputes_part
from dashboards.components.page import show
from dashboards.components.promise_parts import cards, promises_part, weeks
from dashboards.components.view import View
from dashboards.queries import promises


def page(view: View) -> None:
    words = view.words
    with st.container(horizontal=True):
        clocks = filters.clocks(view)
        offered = {str(days): words("promises.days", days=days) for days in promises.WINDOWS}
        days = int(filters.choice(view, "judged_in", offered, str(promises.OPENING_WINDOW)))
        everything = promises.totals(view.reading, promises.Asked(clocks.as_of, clocks.known_at, days))
        totals = promises.offered(view.reading, clocks, everything)
        if not totals.empty:
            currency, company = filters.currency(view, totals), filters.company(view, totals)
    if totals.empty:
        return states.empty(words, words.date(clocks.as_of))
    st.caption(view.stamp(clocks, currency))
    asked = promises.Asked(clocks.as_of, clocks.known_at, days, currency, company)
    sums = promises.of_place(everything, asked)
    if sum(sums["promises"]):
        cards(view, sums, asked)
        weeks(view, asked)
        promises_part(view, sums, asked)
    else:
        st.info(words("promises.no_promises", currency=currency), icon=":material/event_available:")
    disputes_part(view, promises.Disputed(clocks.as_of, clocks.known_at, currency, company))
    desk_part(view)


show(page, title="promises.title")
