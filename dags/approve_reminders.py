"""Between planning and sending: the policy lets small plans through, a person is asked about the others.

Airflow shows the question under Required Actions: how many contacts of which steps. Yes approves what was
shown, no later plan. No answer within `ANSWER_WITHIN` is a no: the contacts stay planned, and the next plan
keeps them or puts the step that is due then in their place. `cartera reminders approve` and the dashboard
approve too; what they have approved meanwhile is no longer asked about.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import dag, task
from assets import approved, planned
from steps import RETRIED, START, require_live

ANSWER_WITHIN = dt.timedelta(hours=18)


@dag(
    description="Approve planned reminders: by the policy, else by a person",
    doc_md=__doc__,
    schedule=planned,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["cartera", "reminders"],
)
def approve_reminders() -> None:
    @task(outlets=[approved], **RETRIED)
    def let_through(**context: Any) -> int:
        require_live(context)

        from cartera.reminders import approve_small

        return approve_small().approved

    @task.short_circuit(**RETRIED)
    def what_waits() -> dict[str, Any]:
        from cartera.reminders.approve import waiting_summary

        return waiting_summary()

    ask = ApprovalOperator(
        task_id="ask",
        subject="{{ ti.xcom_pull(task_ids='what_waits')['contacts'] }} reminders wait for approval",
        body="{{ ti.xcom_pull(task_ids='what_waits')['text'] }}",
        defaults="Reject",
        response_timeout=ANSWER_WITHIN,
    )

    @task(outlets=[approved], **RETRIED)
    def approve(**context: Any) -> int:
        require_live(context)
        waiting = context["ti"].xcom_pull(task_ids="what_waits")
        answer = context["ti"].xcom_pull(task_ids="ask")
        who = (answer.get("responded_by_user") or {}).get("name") or "a person"

        from cartera.reminders import approve_reminders as approve_contacts

        return sum(approve_contacts(plan_id, approved_by=f"{who} in Airflow").approved for plan_id in waiting["plans"])

    let_through() >> what_waits() >> ask >> approve()


approve_reminders()
