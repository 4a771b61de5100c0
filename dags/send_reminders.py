"""After each publication of the day: plan reminders, approve what the policy lets through, send.

A publication for another day (a figure asked for in the past) reminds nobody, unless a person starts
this DAG with that `as_of`. Plans that are larger than the policy says wait for a person.

Sending is not retried here. It is safe to run again (a contact is reserved before it is handed over,
and an ambiguous one is never sent again by itself), but the contacts carry their own time of retry:
what the channel refused is for the next run or a person, not for a loop.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from assets import published
from steps import AS_OF, ONCE, RETRIED, START, as_of_of_the_day


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

        as_of = dt.date.fromisoformat(as_of_of_the_day(context))

        from cartera.reminders import plan_reminders

        return plan_reminders(as_of, planned_by="airflow").plan_id

    @task(**RETRIED)
    def approve() -> int:
        from cartera.reminders import approve_small

        return approve_small().approved

    @task(**ONCE)
    def send() -> int:
        from cartera.outgoing import send_approved

        return send_approved().sent

    plan() >> approve() >> send()


send_reminders()
