"""What the runs did. Not cached: a run changes while it goes on, and these tables are small."""

from __future__ import annotations

import datetime as dt

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
    "source", "entity", "recorded_at", "rows_in", "rows_loaded", "rows_quarantined", "rows_new", "rows_changed",
    "rows_deleted",
)  # fmt: skip


def runs(reading: Reading) -> pd.DataFrame:
    return frame(read_runs.runs(reading.connection, LISTED_RUNS), RUNS)


def steps(reading: Reading, run_id: str) -> pd.DataFrame:
    return frame(read_runs.run_steps(reading.connection, run_id), STEPS)


def checks(reading: Reading, run_id: str) -> pd.DataFrame:
    """The checks of a run, failed and critical ones first."""
    return frame(read_runs.check_results(reading.connection, run_id), CHECKS)


def certificate(reading: Reading, run_id: str) -> pd.DataFrame:
    return frame(read_runs.certificate(reading.connection, run_id), CERTIFICATE)


def loads(reading: Reading) -> pd.DataFrame:
    return frame(read_runs.latest_loads(reading.connection), LOADS)


def stopped_since(reading: Reading, moment: dt.datetime | None) -> read.Row | None:
    """The newest run, when a gate or an error ended it and nothing was published after it began."""
    newest = read_runs.runs(reading.connection, 1)
    if not newest or newest[0]["status"] not in ("stopped", "failed"):
        return None
    return newest[0] if moment is None or newest[0]["started_at"] > moment else None


def stopped_sources(reading: Reading) -> list[read.Row]:
    """Sources whose last landing failed: source, stopped_at, message, read_at."""
    return read_runs.stopped_sources(reading.connection)


def failed_checks(reading: Reading, run_id: str, severity: str) -> list[read.Row]:
    """Checks of a run that did not pass, of one severity ('critical' or 'warning')."""
    results = read_runs.check_results(reading.connection, run_id)
    return [check for check in results if not check["passed"] and check["severity"] == severity]
