"""The assets that carry one DAG to the next, declared once.

    extract_<source>  --landed(source)-->  build_warehouse  --published-->  plan_reminders
                      --planned-->  approve_reminders  --approved-->  send_reminders

Extraction has a clock, and what comes back of messages; sending has one too, as it waits for the hours that the
rules allow. Every event of the first two carries `as_of` (ISO date), so that a run started for a past date builds
for that date all the way down.
"""

from __future__ import annotations

from airflow.sdk import Asset

published = Asset(name="published", uri="cartera://published")
planned = Asset(name="planned", uri="cartera://reminders/planned")
approved = Asset(name="approved", uri="cartera://reminders/approved")


def landed(source: str) -> Asset:
    """What `extract_<source>` lands in raw."""
    return Asset(name=f"landed_{source}", uri=f"cartera://landed/{source}")
