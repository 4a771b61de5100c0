"""The last runs and what the one that is chosen did."""

from __future__ import annotations

import pandas as pd

from dashboards.components import health_tables
from dashboards.components.view import View
from dashboards.queries import runs


def last_runs(view: View, listed: pd.DataFrame, certified: str) -> None:
    """`certified` is the run whose certificate stands above."""
    failed = runs.failed_of(view.reading, list(listed["run_id"]))
    run = health_tables.runs_table(view, listed, failed)
    run_id = run["run_id"]
    health_tables.steps_table(view, run, runs.steps(view.reading, run_id), failed[run_id])
    health_tables.checks_table(view, runs.checks(view.reading, run_id))
    health_tables.docs_links(view)
    if run_id != certified:
        health_tables.certificate_table(view, runs.certificate(view.reading, run_id))
