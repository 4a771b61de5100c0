"""One DAG per declared source: land what it delivers, on its own clock.

A source that can't be read fails alone; the others land, and what serves keeps serving.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, dag, task
from assets import landed
from declared import DeclaredSource, declared_sources
from steps import AS_OF, DEFAULT_POOL, RETRIED, START, as_of_date, secrets_of, triggered_by


def extract(source: DeclaredSource) -> DAG:
    @dag(
        dag_id=f"extract_{source.slug}",
        description=f"Land what the source {source.name} delivers",
        doc_md=__doc__,
        schedule=source.schedule and CronTriggerTimetable(source.schedule, timezone="UTC"),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        params={"as_of": AS_OF},
        tags=["cartera", "extract"],
    )
    def extract_source() -> None:
        outlet = landed(source.slug)

        @task(outlets=[outlet], pool=source.pool or DEFAULT_POOL, **RETRIED | {"retries": source.retries})
        def land(**context: Any) -> str:
            import datetime as dt

            from cartera import scheduled

            as_of = as_of_date(context)
            context["outlet_events"][outlet].extra = {"as_of": as_of}
            day = dt.date.fromisoformat(as_of)
            return scheduled.land(source.name, day, triggered_by(context), secrets_of(source))

        land()

    return extract_source()


for declared in declared_sources():
    globals()[f"extract_{declared.slug}"] = extract(declared)
