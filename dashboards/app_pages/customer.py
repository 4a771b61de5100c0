"""Customer: what one customer owes, how it pays, all that happened, how to reach it, its statement of account."""

from __future__ import annotations

import streamlit as st

from dashboards.components import customer_parts as parts
from dashboards.components import filters
from dashboards.components.actor import current_actor
from dashboards.components.contact_parts import contacts
from dashboards.components.export import audit_view
from dashboards.components.page import show
from dashboards.components.timeline_parts import timeline
from dashboards.components.view import View


def page(view: View) -> None:
    words = view.words
    with st.container(horizontal=True):
        clocks = filters.clocks(view)
        text = parts.search_box(view)
    customer_id = parts.choose(view, clocks, text)
    if customer_id is None:
        return
    audit_view(current_actor(), customer_id)
    profile = parts.header(view, clocks, customer_id)
    st.caption(view.stamp(clocks))
    if profile.empty:
        return
    parts.others(view, customer_id)
    parts.agreed(view, clocks, customer_id, profile)
    parts.note(view, customer_id)
    parts.owes(view, clocks, customer_id, profile)
    parts.behaviour(view, clocks, customer_id)
    offered = {name: words(f"customer.part_{name}") for name in ("timeline", "contacts", "statement")}
    part = filters.choice(view, "part", offered, "timeline")
    if part == "timeline":
        timeline(view, clocks, customer_id)
    elif part == "contacts":
        contacts(view, customer_id)
    else:
        parts.statements(view, clocks, customer_id)


show(page, title="customer.title")
