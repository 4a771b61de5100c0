"""What dbt says below `info` is not even made a line of; outside our own runs of dbt it is as ever."""

from __future__ import annotations

import io

import pytest
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note, SystemStdOut

from cartera.warehouse.dbt_events import from_info_on


@pytest.fixture
def manager() -> tuple[EventManager, list[str]]:
    """A manager of events, and what it makes a line of."""
    made: list[str] = []

    def scrubbed(text: str) -> str:
        made.append(text)
        return text

    manager = EventManager()
    manager.add_logger(
        LoggerConfig(name="of a test", level=EventLevel.INFO, scrubber=scrubbed, output_stream=io.StringIO())
    )
    return manager, made


def fire_all(manager: EventManager) -> None:
    manager.fire_event(SystemStdOut(bmsg="by its kind"))
    manager.fire_event(Note(msg="info"), EventLevel.INFO)
    manager.fire_event(Note(msg="debug"), level=EventLevel.DEBUG)
    manager.fire_event(Note(msg="warn"), level=EventLevel.WARN)
    manager.fire_event(Note(msg="error"), level=EventLevel.ERROR)


def test_no_line_is_made_of_what_nobody_reads(manager: tuple[EventManager, list[str]]) -> None:
    events, made = manager
    with from_info_on():
        fire_all(events)
    assert made == ["info", "warn", "error"]
    made.clear()
    fire_all(events)
    assert made == ['STDOUT: "by its kind"', "info", "debug", "warn", "error"]
