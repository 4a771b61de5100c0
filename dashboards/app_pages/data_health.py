"""Data health: what the last runs did, what the gates saw, whether it ties out, what each source delivered."""

from __future__ import annotations

import streamlit as st

from dashboards.components import health_tables
from dashboards.components.page import show
from dashboards.components.view import View
from dashboards.queries import runs


def data_health(view: View) -> None:
    listed = runs.runs(view.reading)
    if listed.empty:
        st.info(view.words("health.no_runs"), icon=":material/inbox:")
        return
    run = health_tables.runs_table(view, listed)

    steps = runs.steps(view.reading, run["run_id"])
    checks = runs.checks(view.reading, run["run_id"])
    certificate = runs.certificate(view.reading, run["run_id"])
    loads = runs.loads(view.reading)

    health_tables.steps_table(view, run, steps)
    health_tables.checks_table(view, checks)
    health_tables.docs_links(view)
    health_tables.certificate_table(view, certificate)
    health_tables.loads_table(view, loads)


show(data_health, title="health.title", needs_publication=False)
