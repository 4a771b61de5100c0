"""After each publication of the day: plan who gets which message, and who does not and why.

A publication for another day (a figure asked for in the past) reminds nobody, unless a person starts
this DAG with that `as_of`. Planning again plans nothing twice, so it may be retried.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from assets import planned, published
from steps import AS_OF, RETRIED, START, as_of_of_the_day, require_live


@dag(
    description="Plan reminders on the published figures",
    doc_md=__doc__,
    schedule=published,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    params={"as_of": AS_OF},
    tags=["cartera", "reminders"],
)
def plan_reminders() -> None:
    @task(outlets=[planned], **RETRIED)
    def plan(**context: Any) -> int:
        import datetime as dt

        require_live(context)
        as_of = dt.date.fromisoformat(as_of_of_the_day(context))

        from cartera.reminders import plan_reminders as plan_contacts

        return plan_contacts(as_of, planned_by="airflow").plan_id

    plan()


plan_reminders()
