"""Which sources are declared, and on what clock: file names and one key of `sources/*.yaml`, nothing more.

The mapping itself is read by the extraction task, which names file, key and mend when it is wrong. Here a
file that can't be read still gets its DAG, on the default clock: one broken mapping must not take the
others' DAGs away, and its own must be there to show the error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from airflow.sdk import CronTriggerTimetable
from airflow.sdk.exceptions import AirflowTimetableInvalid

from cartera.settings import get_settings

EVERY_MORNING = "0 5 * * *"
"""UTC: midnight in Lima and Bogota, so that the day's first publication is the day's."""


@dataclass(frozen=True)
class DeclaredSource:
    """`schedule` is a cron expression in UTC; None: started by hand or from outside only."""

    name: str
    schedule: str | None

    @property
    def slug(self) -> str:
        """The name as Airflow allows it in a dag_id."""
        return re.sub(r"[^A-Za-z0-9_.-]", "_", self.name)


def declared_sources() -> list[DeclaredSource]:
    """By name; a source of the user's own hides one of the sandbox with the same name."""
    settings = get_settings()
    files = {
        file.stem: file
        for folder in (settings.home / "sources", settings.sources_dir)
        for file in folder.glob("*.yaml")
    }
    return [DeclaredSource(name, schedule_of(file)) for name, file in sorted(files.items())]


def schedule_of(file: Path) -> str | None:
    """The top-level `schedule:` of a mapping; `schedule: null` means no clock."""
    try:
        mapping = yaml.safe_load(file.read_text(encoding="utf-8"))
        schedule = mapping.get("schedule", EVERY_MORNING)
        if schedule is None:
            return None
        CronTriggerTimetable(str(schedule), timezone="UTC").validate()
    except (OSError, ValueError, AttributeError, yaml.YAMLError, AirflowTimetableInvalid):
        return EVERY_MORNING
    return str(schedule)
