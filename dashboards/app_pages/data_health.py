"""Data health: how fresh each source is, what waits in quarantine, what the last runs did, whether it ties out."""

from __future__ import annotations

import streamlit as st

from dashboards.components import health_tables
from dashboards.components.page import show
from dashboards.components.quarantine_parts import quarantine_part
from dashboards.components.source_parts import loads_table, sources_part
from dashboards.components.view import View
from dashboards.queries import runs
from dashboards.queries.session import Clocks


def data_health(view: View) -> None:
    listed = runs.runs(view.reading)
    if listed.empty:
        st.info(view.words("health.no_runs"), icon=":material/inbox:")
        return
    newest = listed.iloc[0]
    clocks = view.reading.clocks if view.reading.published else Clocks(newest["as_of_date"], newest["started_at"])
    sources, quarantined = st.container(), st.container()
    loads_table(view, runs.loads(view.reading))
    failed = runs.failed_of(view.reading, list(listed["run_id"]))
    run = health_tables.runs_table(view, listed, failed)

    steps = runs.steps(view.reading, run["run_id"])
    checks = runs.checks(view.reading, run["run_id"])
    certificate = runs.certificate(view.reading, run["run_id"])

    health_tables.steps_table(view, run, steps, failed[run["run_id"]])
    health_tables.checks_table(view, checks)
    health_tables.docs_links(view)
    health_tables.certificate_table(view, certificate)
    # last, as very many rows take their time
    with quarantined:
        waiting = quarantine_part(view, clocks)
    with sources:
        sources_part(view, waiting)


show(data_health, title="health.title", needs_publication=False)
