"""What the DAGs' tasks call: the pipeline's own steps, in a recorded run per task.

`cartera run` lands and builds in one run; a scheduler lands each source on its own clock and builds
when something landed, so here each has a run of its own. The steps, and so the figures, are the same.

Building is one task, not one per step: one database session holds the build lock from the plan to
the publication, so that a run by hand meanwhile waits instead of filling the same slot.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cartera import pipeline
from cartera.errors import CarteraError, GateFailed
from cartera.landing_steps import land_source
from cartera.runs import RunStatus, StepReport, Watcher, alive, finish_run, start_run, watcher

log = logging.getLogger(__name__)


class Logged(Watcher):
    """Every step goes to the task's log when it ends."""

    def finished(self, report: StepReport) -> None:
        level = logging.INFO if report.status in ("ok", "skipped") else logging.WARNING
        rows = f"rows in {report.rows_in}, out {report.rows_out}, quarantined {report.rows_quarantined}"
        log.log(
            level, "%s: %s, %s, %.1f s. %s", report.step.strip(), report.status, rows, report.seconds, report.message
        )


def land(source: str, as_of: dt.date, triggered_by: str, secrets: Mapping[str, str] | None = None) -> str:
    """Land one source in a run of its own and return the run's id.

    `secrets`: what the scheduler keeps for it.
    Raises SourceError (nothing of this source is landed), ConfigError or DatabaseError.
    """
    with _recorded(as_of, triggered_by) as run_id:
        land_source(run_id, source, secrets)
        finish_run(run_id, "landed")
    return run_id


def build_and_publish(as_of: dt.date, triggered_by: str) -> RunStatus:
    """Gate, build, gate, tie out and publish all that has landed: 'published', or 'unchanged'.

    Raises GateFailed, BuildFailed, SourceError, ConfigError or DatabaseError; the last publication
    keeps serving.
    """
    with _recorded(as_of, triggered_by) as run_id:
        status = pipeline.build_and_publish(run_id, as_of)
        finish_run(run_id, status)
    return status


@contextmanager
def _recorded(as_of: dt.date, triggered_by: str) -> Iterator[str]:
    """A run that is closed as stopped or failed, with its message, when an error goes through."""
    seen = watcher.set(Logged())
    run_id = start_run(as_of, triggered_by)
    try:
        with alive(run_id):
            yield run_id
    except CarteraError as error:
        finish_run(run_id, "stopped" if isinstance(error, GateFailed) else "failed", str(error))
        raise
    finally:
        watcher.reset(seen)
