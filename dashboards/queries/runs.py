"""What the runs did. Not cached: a run changes while it goes on, and these tables are small."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from cartera.warehouse import read, read_runs
from dashboards.queries.receivables import frame
from dashboards.queries.session import Reading

LISTED_RUNS = 20
RUNS = ("run_id", "started_at", "status", "as_of_date", "triggered_by", "message")
STEPS = ("step", "status", "rows_in", "rows_out", "rows_quarantined", "amounts", "seconds", "message")
CHECKS = ("gate", "subject", "check_name", "severity", "passed", "message")
CERTIFICATE = (
    "company_id", "currency_code", "buckets_amount", "open_items_amount", "ledger_amount", "unapplied_amount",
    "source_control_amount", "is_tied",
)  # fmt: skip
LOADS = (
    "load_id", "source", "entity", "kind", "recorded_at", "rows_in", "rows_loaded", "rows_quarantined", "rows_new",
    "rows_changed", "rows_unchanged", "rows_deleted",
)  # fmt: skip


def runs(reading: Reading) -> pd.DataFrame:
    return frame(read_runs.runs(reading.connection, LISTED_RUNS), RUNS)


def steps(reading: Reading, run_id: str) -> pd.DataFrame:
    return frame(read_runs.run_steps(reading.connection, run_id), STEPS)


def loads_of_steps(reading: Reading, run_id: str, steps: pd.DataFrame) -> list[int | None]:
    """The load of each step, None of a step that is of none."""
    found = read_runs.loads_of_run(reading.connection, run_id).items()
    loads = {f"  {source}.{entity}": load_id for (source, entity), load_id in found}
    return [loads.get(step) for step in steps["step"]]


def checks(reading: Reading, run_id: str) -> pd.DataFrame:
    """The checks of a run, failed and critical ones first."""
    return frame(read_runs.check_results(reading.connection, run_id), CHECKS)


def failed_of(reading: Reading, run_ids: Sequence[str]) -> dict[str, list[read.Row]]:
    """The checks that did not pass, by run."""
    found: dict[str, list[read.Row]] = {run_id: [] for run_id in run_ids}
    for check in read_runs.failed_checks(reading.connection, run_ids):
        found[check["run_id"]].append(check)
    return found


def certificate(reading: Reading, run_id: str) -> pd.DataFrame:
    return frame(read_runs.certificate(reading.connection, run_id), CERTIFICATE)


def loads(reading: Reading) -> pd.DataFrame:
    return frame(read_runs.latest_loads(reading.connection), LOADS)


def sources(reading: Reading) -> list[read.Row]:
    """source, read_at (None: never), and where its last landing failed stopped_at and message."""
    stopped = {row["source"]: row for row in stopped_sources(reading)}
    nothing = {"stopped_at": None, "message": None}
    known = {row["source"]: nothing | row for row in read_runs.sources_read(reading.connection)}
    return [known.get(name, {}) | stopped.get(name, {}) for name in sorted({*known, *stopped})]


def stopped_since(reading: Reading, moment: dt.datetime | None) -> read.Row | None:
    """The newest run, when a gate or an error ended it and nothing was published after it began."""
    newest = read_runs.newest_run(reading.connection)
    if newest is None or newest["status"] not in ("stopped", "failed"):
        return None
    return newest if moment is None or newest["started_at"] > moment else None


def message(reading: Reading, run_id: str) -> str | None:
    """What ended a run; None too where it may speak of companies that the reader does not see."""
    return read_runs.run_message(reading.connection, run_id) if reading.companies is None else None


def stopped_sources(reading: Reading) -> list[read.Row]:
    """Sources whose last landing failed: source, stopped_at, message, read_at."""
    return read_runs.stopped_sources(reading.connection, with_message=reading.companies is None)


def failed_checks(reading: Reading, run_id: str, severity: str) -> list[read.Row]:
    """Checks of a run that did not pass, of one severity ('critical' or 'warning').

    None are said to who sees some companies alone: a check speaks of all of them.
    """
    if reading.companies is not None:
        return []
    results = read_runs.check_results(reading.connection, run_id)
    return [check for check in results if not check["passed"] and check["severity"] == severity]
