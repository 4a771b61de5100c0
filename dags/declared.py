"""Which sources are declared, on what clock and with what manners: file names and a few keys of `sources/*.yaml`.

The mapping itself is read by the extraction task, which names file, key and mend when it is wrong. Here a
file that can't be read still gets its DAG, on the default clock: one broken mapping must not take the
others' DAGs away, and its own must be there to show the error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from airflow.sdk import CronTriggerTimetable
from airflow.sdk.exceptions import AirflowTimetableInvalid

from cartera.settings import get_settings

EVERY_MORNING = "0 5 * * *"
"""UTC: midnight in Lima and Bogota, so that the day's first publication is the day's."""

RETRIES = 3
MOST_RETRIES = 20


@dataclass(frozen=True)
class DeclaredSource:
    """`system`: what it is read from; None where the file does not say. `schedule` is a cron expression in UTC;
    None: started by hand or from outside only. `pool`: Airflow's, so that one system is not asked by many sources at
    once; None: the default one.
    """

    name: str
    system: str | None
    schedule: str | None
    pool: str | None = None
    retries: int = RETRIES

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
    return [_declared(name, _mapping(file)) for name, file in sorted(files.items())]


def _declared(name: str, mapping: dict[str, Any]) -> DeclaredSource:
    pool, retries = mapping.get("pool"), mapping.get("retries")
    system = mapping.get("system")
    return DeclaredSource(
        name,
        system if isinstance(system, str) else None,
        schedule_in(mapping),
        pool if isinstance(pool, str) and pool else None,
        retries if isinstance(retries, int) and 0 <= retries <= MOST_RETRIES else RETRIES,
    )


def _mapping(file: Path) -> dict[str, Any]:
    try:
        mapping = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return mapping if isinstance(mapping, dict) else {}


def schedule_in(mapping: dict[str, Any]) -> str | None:
    """The top-level `schedule:` of a mapping; `schedule: null` means no clock."""
    schedule = mapping.get("schedule", EVERY_MORNING)
    if schedule is None:
        return None
    try:
        CronTriggerTimetable(str(schedule), timezone="UTC").validate()
    except (ValueError, AirflowTimetableInvalid):
        return EVERY_MORNING
    return str(schedule)
