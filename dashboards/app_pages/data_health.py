"""Data health: is it certified, is it fresh, what waits in quarantine; below, what the last runs did and brought."""

from __future__ import annotations

import streamlit as st

from dashboards.components import card_grid, filters, health_cards
from dashboards.components.health_tables import certificate_table
from dashboards.components.page import show
from dashboards.components.quarantine_parts import quarantine_part
from dashboards.components.run_parts import last_runs
from dashboards.components.source_parts import loads_part, sources, sources_part
from dashboards.components.view import View
from dashboards.queries import runs
from dashboards.queries.session import Clocks


def data_health(view: View) -> None:
    listed = runs.runs(view.reading)
    if listed.empty:
        words = view.words
        st.info(f"**{words('health.no_runs')}**\n\n{words('state.not_published_do')}", icon=":material/inbox:")
        return
    newest, published = listed.iloc[0], view.reading.published
    clocks = view.reading.clocks if published else Clocks(newest["as_of_date"], newest["started_at"])
    certified, fresh, waiting = card_grid.places(view, 3)
    shown = published.run_id if published else newest["run_id"]
    certificate, found = runs.certificate(view.reading, shown), sources(view)
    health_cards.certified_card(view, certified, certificate)
    health_cards.fresh_card(view, fresh, found)
    certificate_table(view, certificate, clocks if published else None)
    of_sources = st.container()
    groups = quarantine_part(view, clocks)
    health_cards.waiting_card(view, waiting, groups)
    with of_sources:
        sources_part(view, found, groups)
    parts = {name: view.words(f"health.{name}") for name in ("runs", "loads")}
    if filters.choice(view, "details", parts, "runs") == "loads":
        loads_part(view, clocks, runs.loads(view.reading))
    else:
        last_runs(view, clocks, listed, shown)


show(data_health, title="health.title", needs_publication=False)
