"""The last runs and what the one that is chosen did."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboards.components import health_tables, states
from dashboards.components.load_rows import figure_of, load_rows
from dashboards.components.view import View
from dashboards.queries import runs
from dashboards.queries.session import Clocks


def last_runs(view: View, clocks: Clocks, listed: pd.DataFrame, certified: str) -> None:
    """`certified` is the run whose certificate stands above."""
    failed = runs.failed_of(view.reading, list(listed["run_id"]))
    run = health_tables.runs_table(view, listed, failed)
    run_id = run["run_id"]
    steps = runs.steps(view.reading, run_id)
    cells = health_tables.steps_table(view, run, steps, failed[run_id])
    _step_rows(view, clocks, runs.loads_of_steps(view.reading, run_id, steps), cells)
    health_tables.checks_table(view, runs.checks(view.reading, run_id))
    health_tables.docs_links(view)
    if run_id != certified:
        health_tables.certificate_table(view, runs.certificate(view.reading, run_id))


def _step_rows(view: View, clocks: Clocks, loads: list[int | None], cells: Sequence[tuple[int, str]]) -> None:
    """Of the figure of a step that was clicked, where that is of one load."""
    load_id = loads[cells[0][0]] if cells and cells[0][0] < len(loads) else None
    if load_id is not None:
        with states.plainly(view.words):
            load_rows(view, clocks, load_id, figure_of(cells))
