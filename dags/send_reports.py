"""Every quarter of an hour: e-mail the scheduled reports that are due.

A schedule keeps its own hour; this is only how soon after it. However many times were missed, one report goes out, of
what is published now. A row is written before anything is made, so a run that is repeated sends nothing twice: the task
is not retried, the next run is the retry. A backfill, and a run that is cleared days later, send nothing.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from steps import ONCE, START, require_live


@dag(
    description="E-mail scheduled reports",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["cartera", "reports"],
)
def send_reports() -> None:
    @task(**ONCE)
    def send(**context: Any) -> int:
        require_live(context)

        from cartera.outgoing import send_due_reports

        return send_due_reports().sent

    send()


send_reports()
