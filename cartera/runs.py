"""The record of every run and step: `ops.runs`, `ops.run_steps`, `ops.check_results`."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from psycopg2.extras import Json, execute_values

from cartera.clock import utc_now
from cartera.db import Role, connect, transaction
from cartera.errors import CarteraError, GateFailed

StepStatus = Literal["ok", "warning", "stopped", "failed", "skipped"]
RunStatus = Literal["running", "landed", "published", "unchanged", "stopped", "failed"]

Amounts = dict[str, Decimal]


@dataclass
class StepReport:
    """What one step did. Rows are counts; amounts are by currency, in the currency's own unit."""

    step: str
    status: StepStatus = "ok"
    rows_in: int | None = None
    rows_out: int | None = None
    rows_quarantined: int | None = None
    amounts: Amounts = field(default_factory=dict)
    seconds: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class Check:
    """One expectation, dbt test or tie-out line, with what was seen."""

    gate: Literal["landed", "marts", "dbt", "tie-out"]
    subject: str
    name: str
    severity: Literal["critical", "warning"]
    passed: bool
    observed: str = ""
    message: str = ""


class Watcher:
    """Whoever wants to see steps while they go: the terminal. The default sees nothing."""

    def started(self, step: str) -> None:
        pass

    def finished(self, report: StepReport) -> None:
        pass


watcher: ContextVar[Watcher] = ContextVar("watcher", default=Watcher())  # noqa: B039 - it has no state


def start_run(as_of: dt.date, triggered_by: str) -> str:
    """Open a run and return its id."""
    run_id = str(uuid.uuid4())
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.runs (run_id, as_of_date, started_at, status, triggered_by)"
            " values (%s, %s, %s, 'running', %s)",
            (run_id, as_of, utc_now(), triggered_by),
        )
    return run_id


def finish_run(run_id: str, status: RunStatus, message: str = "", known_at: dt.datetime | None = None) -> None:
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.runs set status = %s, message = %s, finished_at = %s,"
            " known_at = coalesce(%s, known_at) where run_id = %s",
            (status, message, utc_now(), known_at, run_id),
        )


@contextmanager
def alive(run_id: str) -> Iterator[None]:
    """Hold the run's lock while this process walks it, and close runs whose process died.

    The lock goes with the connection, so a run marked running without its lock was killed.
    """
    connection = connect(Role.loader, autocommit=True, application_name="cartera run")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext(%s))", (run_id,))
            cursor.execute(
                "update ops.runs set status = 'failed', finished_at = %s, message = 'killed before it ended'"
                # one that has only just begun has not taken its lock yet
                " where status = 'running' and run_id <> %s and started_at < %s - interval '1 minute'"
                " and pg_try_advisory_xact_lock(hashtext(run_id::text))",
                (utc_now(), run_id, utc_now()),
            )
        yield
    finally:
        connection.close()


@contextmanager
def step(run_id: str, name: str) -> Iterator[StepReport]:
    """Time a step and store its report, also when it fails; the error goes on to the caller."""
    report, started_at, started = StepReport(name), utc_now(), time.perf_counter()
    watcher.get().started(name)
    try:
        yield report
    except CarteraError as error:
        report.status = "stopped" if isinstance(error, GateFailed) else "failed"
        report.message = str(error)
        raise
    finally:
        report.seconds = time.perf_counter() - started
        _store(run_id, report, started_at)
        watcher.get().finished(report)


def record(run_id: str, report: StepReport) -> None:
    """Store the report of a step that measured itself."""
    _store(run_id, report, utc_now())
    watcher.get().finished(report)


def _store(run_id: str, report: StepReport, started_at: dt.datetime) -> None:
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        # one run's steps follow each other, so the next ordinal can't be taken twice
        cursor.execute(
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, rows_in, rows_out,"
            " rows_quarantined, amounts, message)"
            " select %(run)s, coalesce(max(ordinal), 0) + 1, %(step)s, %(status)s, %(at)s, %(seconds)s, %(in)s,"
            " %(out)s, %(quarantined)s, %(amounts)s, %(message)s from ops.run_steps where run_id = %(run)s",
            {
                "run": run_id,
                "step": report.step,
                "status": report.status,
                "at": started_at,
                "seconds": round(report.seconds, 3),
                "in": report.rows_in,
                "out": report.rows_out,
                "quarantined": report.rows_quarantined,
                "amounts": Json({currency: f"{amount:f}" for currency, amount in report.amounts.items()}),
                "message": report.message,
            },
        )


def record_checks(run_id: str, checks: list[Check]) -> None:
    """Store what a gate saw; a gate run again replaces its former results."""
    if not checks:
        return
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "insert into ops.check_results"
            " (run_id, gate, subject, check_name, severity, passed, observed, message) values %s"
            " on conflict (run_id, gate, subject, check_name) do update set severity = excluded.severity,"
            " passed = excluded.passed, observed = excluded.observed, message = excluded.message",
            [(run_id, c.gate, c.subject, c.name, c.severity, c.passed, c.observed, c.message) for c in checks],
        )


def judge(report: StepReport, checks: list[Check]) -> None:
    """Let the step fail when a critical check failed, warn when another did. Raises GateFailed."""
    failed = [check for check in checks if not check.passed]
    report.rows_in, report.rows_out = len(checks), len(checks) - len(failed)
    critical = [check for check in failed if check.severity == "critical"]
    if critical:
        raise GateFailed(
            f"{report.step}: " + "; ".join(f"{check.subject}: {check.message or check.name}" for check in critical[:5]),
            "the last publication keeps serving; correct the rows at the source or in the mapping and run again"
            " (`cartera status` shows every check)",
        )
    if failed:
        report.status = "warning"
        report.message = "; ".join(f"{check.subject}: {check.message or check.name}" for check in failed)
