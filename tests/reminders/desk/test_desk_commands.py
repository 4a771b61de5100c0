"""`cartera desk`: the same functions, from the terminal."""

from __future__ import annotations

import json

import pytest
from desk_world import file_of, in_days, new_id
from reminder_world import World
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.cli.reminders import current_user
from cartera.desk.broken import end_broken_plans

OWED = ["--company", "main", "--currency", "PEN"]


@pytest.fixture
def owing(world: World) -> World:
    world.owes("ana", due=-10, amount="100", item_id="files:i")
    world.publish()
    return world


def run(*words: str) -> str:
    result = CliRunner().invoke(commands(), ["desk", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_day_at_the_desk(owing: World) -> None:
    day, later = in_days(5).isoformat(), in_days(40).isoformat()
    id = new_id()
    for _ in range(2):
        run("call", "ana", "--outcome", "right_party_promise", "--seconds", "90", "--action-id", id)
    run("promise", "ana", *OWED, "--amount", "100", "--by", day, "--item", "files:i")
    run("plan", "ana", *OWED, "--part", f"{day}=50", "--part", f"{later}=50")
    run("dispute", "ana", *OWED, "--reason", "not delivered", "--amount", "10")
    run("note", "ana", "calls back")
    run("hold", "ana", "--kind", "insolvency", "--until", later)
    run("release", "ana")
    run("repair", "ana", "--channel", "email", "--address", "new@cliente.pe")
    found = file_of("ana")
    run("close", "ana", found.disputes[0].dispute_id[:8], "--note", "it was")
    run("close", "ana", found.plans[0].plan_id[:8], "--note", "too long")
    run("close", "ana", next(p.promise_id for p in found.promises if not p.plan_id)[:8], "--note", "withdrawn")
    told = json.loads(run("file", "ana", "--format", "json"))
    assert [each["kind"] for each in told["actions"]] == [
        "cancel_promise", "cancel_plan", "close_dispute", "repair", "release_hold", "hold", "note", "dispute", "plan",
        "promise", "call",
    ]  # fmt: skip
    assert told["disputes"][0]["resolution"] == "it was" and {each["by"] for each in told["actions"]} == {
        current_user()
    }
    assert "right_party_promise" in run("file", "ana")


def test_the_file_says_how_far_a_broken_plan_was_kept(owing: World) -> None:
    first, last = in_days(5).isoformat(), in_days(35).isoformat()
    run("plan", "ana", *OWED, "--part", f"{first}=40", "--part", f"{last}=60", "--note", "by mail")
    owing.publish(in_days(20))
    assert end_broken_plans() == 1
    told = run("file", "ana", "--format", "csv")
    assert f"PEN, by mail, 0.00 paid of 40.00 due by {first}" in told and "break_plan" in told


@pytest.mark.parametrize(
    "words",
    [
        ["call", "ana", "--outcome", "hello"],
        ["promise", "ana", *OWED, "--amount", "x", "--by", "2026-01-01"],
        ["hold", "ana", "--kind", "x"],
        ["release", "ana"],
        ["close", "ana", "abc", "--note", "x"],
        ["note", "nobody", "x"],
    ],
)
def test_what_can_not_be_is_said_in_words(owing: World, words: list[str]) -> None:
    from cartera.errors import ConfigError

    result = CliRunner().invoke(commands(), ["desk", *words])
    assert result.exit_code != 0 and isinstance(result.exception, ConfigError)
