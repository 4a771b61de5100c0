"""Every hour: fetch what came back of the messages - bounces, answers, states that providers are asked for.

What was read is marked as read after the ledger has it, and a report that comes twice changes nothing: it may
be retried. Reports that providers send by themselves come in by `cartera reminders receive`.
"""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task
from steps import RETRIED, START


@dag(
    description="Fetch delivery reports, bounces and answers",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("37 * * * *", timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["cartera", "reminders"],
)
def collect_delivery_reports() -> None:
    @task(**RETRIED)
    def collect() -> int:
        from cartera.reminders.channels.config import load_channels
        from cartera.reminders.incoming.collect import collect as fetch
        from cartera.settings import get_settings

        settings = get_settings()
        return fetch(settings, load_channels(settings)).total()

    collect()


collect_delivery_reports()
