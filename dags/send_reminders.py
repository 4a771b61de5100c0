"""After each publication: plan the day's reminders, approve what is small enough, send what is approved.

Sending is not retried here. It is safe to run again (a contact is reserved before it is handed over,
and an ambiguous one is never sent again by itself), but what failed at the channel is for the next
run or a person, not for a loop.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from assets import published
from steps import AS_OF, ONCE, RETRIED, START, as_of_date


@dag(
    description="Plan, approve and send reminders on the published figures",
    doc_md=__doc__,
    schedule=published,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    params={"as_of": AS_OF},
    tags=["cartera", "reminders"],
)
def send_reminders() -> None:
    @task(**RETRIED)
    def plan(**context: Any) -> int:
        import datetime as dt

        from cartera.reminders import plan_reminders

        return plan_reminders(dt.date.fromisoformat(as_of_date(context))).planned

    @task(**RETRIED)
    def approve() -> int:
        from cartera.reminders import approve_reminders

        return approve_reminders()

    @task(**ONCE)
    def send() -> int:
        from cartera.reminders import send_reminders as send_approved

        return send_approved().sent

    plan() >> approve() >> send()


send_reminders()
