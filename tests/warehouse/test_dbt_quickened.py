"""Quicker, dbt makes the same SQL, says the same from `info` on and fails alike; outside our runs it is as ever."""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import Any, NoReturn

import pytest
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note, SystemStdOut

from cartera.errors import BuildFailed
from cartera.warehouse import dbt_quickened, run_dbt
from cartera.warehouse.dbt_quickened import quickened


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
    with quickened():
        fire_all(events)
    assert made == ["info", "warn", "error"]
    made.clear()
    fire_all(events)
    assert made == ['STDOUT: "by its kind"', "info", "debug", "warn", "error"]


def test_what_an_event_says_is_there_when_it_is_asked_for() -> None:
    with quickened():
        note = Note(msg="of a test")
        assert "pb_msg" not in vars(note)
        assert (note.msg, note.message(), note.to_dict()) == ("of a test", "of a test", {"msg": "of a test"})
        note.msg = "another"
        assert note.message() == "another"
        with pytest.raises(AttributeError):
            _ = note.nothing_of_the_kind
        with pytest.raises(AssertionError, match="positional"):
            SystemStdOut("as ever").message()
    assert vars(Note(msg="made at once"))["pb_msg"]


CLOCKS = {
    "CARTERA_AS_OF_DATE": "2026-06-30",
    "CARTERA_KNOWN_AT": "2026-07-01T00:00:00+00:00",
    "CARTERA_CHANGED_SINCE": "",
}


def _compiled() -> dict[str, Any]:
    with pytest.raises(BuildFailed, match="bucket_edges must begin with 0") as failed:
        run_dbt.invoke(["compile", "--vars", '{"bucket_edges": [30, 0]}'], "a")
    nodes = run_dbt.invoke(
        ["compile", "--exclude", "resource_type:unit_test", "--vars", '{"systems": {}}'], "a", CLOCKS
    )
    return {node["name"]: node["compiled_code"] for node in nodes} | {"failed": str(failed.value)}


def test_the_same_sql_and_the_same_error_come_out(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = _compiled()
    monkeypatch.setattr(dbt_quickened, "quickened", nullcontext)
    assert _compiled() == quick
    assert sum(map(bool, quick.values())) > 100 and "called by macro open_items_as_of" in quick["failed"]


@pytest.mark.parametrize("ended", [SystemExit(143), KeyboardInterrupt()])
def test_who_ends_a_command_is_not_told_to_mend_the_project(
    database: str, monkeypatch: pytest.MonkeyPatch, ended: BaseException
) -> None:
    def end(*_given: Any, **_named: Any) -> NoReturn:
        raise ended

    monkeypatch.setattr("dbt.cli.requires.load_profile", end)
    with pytest.raises(type(ended)):
        run_dbt.invoke(["compile", "--select", "dim_buckets", "--vars", "{}"], "a")
