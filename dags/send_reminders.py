"""Every hour, and when something was approved: send what is approved and may go out now.

Nothing is lost by an hour that is missed, and nothing is sent twice by a run that is repeated: a contact
is reserved before it is handed over, all rules are asked again at that moment, and one whose fate is not
known is handed over again only under a key that its provider still keeps. So the task is not retried:
the next hour's run is the retry, for what surely was not handed over and for those keys alone.

A backfill, and a run that is cleared days later, send nothing.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from assets import approved
from steps import ONCE, START, require_live


@dag(
    description="Send approved reminders",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("7 * * * *", timezone="UTC"), assets=approved),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["cartera", "reminders"],
)
def send_reminders() -> None:
    @task(**ONCE)
    def send(**context: Any) -> int:
        require_live(context)

        from cartera.outgoing import send_approved

        return send_approved().sent

    send()


send_reminders()
