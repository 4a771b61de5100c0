"""Recovery: how debts age, what becomes of them by cohort, and what is expected to be lost."""

from __future__ import annotations

import streamlit as st

from dashboards.components import filters, states
from dashboards.components.cohort_parts import cohort_part
from dashboards.components.kpi_grid import labels
from dashboards.components.loss_parts import loss_part
from dashboards.components.page import show
from dashboards.components.roll_parts import roll_part
from dashboards.components.view import View
from dashboards.queries import looking_back, receivables

PARTS = {"rolling": roll_part, "cohorts": cohort_part, "losses": loss_part}


def page(view: View) -> None:
    words = view.words
    with st.container(horizontal=True):
        clocks = filters.clocks(view)
        looking_back.follow(view.reading, clocks, "recovery")
        totals = receivables.totals(view.reading, clocks)
        if not totals.empty:
            places = {"/".join(place): label for place, label in labels(totals).items()}
            place = filters.place(view, "where", places, totals)
    if totals.empty or not totals["open_items"].sum():
        return states.nothing_open(view, clocks)
    st.caption(view.stamp(clocks, place.rpartition("/")[2]))
    part = filters.choice(view, "part", {name: words(f"recovery.{name}") for name in PARTS}, "rolling")
    PARTS[part](view, clocks, place)


show(page, title="recovery.title")
