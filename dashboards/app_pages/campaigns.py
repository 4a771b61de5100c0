"""Campaigns: what waits for approval, what came of what was sent, experiments, calendar, ghost shoppers."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters
from dashboards.components.actor import current_actor
from dashboards.components.campaign_calendar import calendar_part
from dashboards.components.campaign_experiments import experiments_part
from dashboards.components.campaign_ghosts import ghosts_part
from dashboards.components.campaign_results import results_part
from dashboards.components.campaign_waiting import waiting_part
from dashboards.components.page import show
from dashboards.components.view import View, as_text

PARTS = {
    "waiting": waiting_part,
    "results": results_part,
    "calendar": calendar_part,
    "experiments": experiments_part,
    "ghosts": ghosts_part,
}

# an experiment draws its customers from all companies at once, and a test debtor stands for none
OF_ALL_COMPANIES = ("experiments", "ghosts")


def page(view: View) -> None:
    words, companies = view.words, current_actor().companies
    st.caption(f"{view.stamp(view.reading.clocks)} · {words('campaigns.live')}")
    part = filters.choice(view, "look", {name: words(f"campaigns.part_{name}") for name in PARTS}, "waiting")
    if companies is not None and part in OF_ALL_COMPANIES:
        st.info(words("campaigns.of_all_companies"), icon=":material/domain:")
        return
    if companies is not None:
        st.caption(words("campaigns.of_yours", companies=as_text(", ".join(sorted(companies)))))
    PARTS[part](view)


show(page, title="campaigns.title")
