"""Build and publish when any source has landed: gate 1, dbt, gate 2, tie-out, publication.

One task, because one database session holds the build lock from the plan to the publication: a
`cartera run` meanwhile waits its turn instead of filling the same slot. The task's log and
`cartera status` show each step.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import AssetAny, dag, task
from assets import landed, published
from declared import declared_sources
from steps import AS_OF, RETRIED, START, as_of_date, triggered_by

LANDED = [landed(source.slug) for source in declared_sources()]


@dag(
    description="Gate, build, tie out and publish what has landed",
    doc_md=__doc__,
    schedule=AssetAny(*LANDED) if LANDED else None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    params={"as_of": AS_OF},
    tags=["cartera", "build"],
)
def build_warehouse() -> None:
    @task(outlets=[published], **RETRIED)
    def build_and_publish(**context: Any) -> str:
        import datetime as dt

        from cartera import scheduled

        as_of = as_of_date(context)
        context["outlet_events"][published].extra = {"as_of": as_of}
        return scheduled.build_and_publish(dt.date.fromisoformat(as_of), triggered_by(context))

    build_and_publish()


build_warehouse()
