"""What dbt says while it works, made only where it is written. Importing this imports dbt: only where it runs.

dbt makes an event of each step, thousands in a build, and writes out each of them for the console and for its log
before either looks whether its level is asked for. Of those below `info` nothing is ever written here: they took a
fifth of dbt's own work. dbt has no setting for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager

UNHEARD = (EventLevel.DEBUG, EventLevel.TEST)

_fire_event: Any = EventManager.fire_event


def _fire_heard_event(manager: EventManager, e: Any, level: EventLevel | None = None, *more: Any, **named: Any) -> None:
    if (level or e.level_tag()) not in UNHEARD:
        _fire_event(manager, e, level, *more, **named)


@contextmanager
def from_info_on() -> Iterator[None]:
    """For one invocation of dbt."""
    manager: Any = EventManager
    manager.fire_event = _fire_heard_event
    try:
        yield
    finally:
        manager.fire_event = _fire_event
