"""Fifty collectors on one customer: nothing lost, no gap, every conflict told; killed in between, all or nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from desk_world import BOSS, file_of, in_days, new_id, promise
from psycopg2.extensions import connection as Connection
from reminder_world import World, query

from cartera import db, desk
from cartera.db import Role
from cartera.desk import Actor
from cartera.errors import CarteraError, Conflict
from cartera.settings import get_settings

PEOPLE, OPERATIONS = 50, 10_000


@dataclass
class Tally:
    """What one collector was told. `done`: action ids of agreements that were said to be recorded."""

    done: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    conflicts: int = 0
    untold: int = 0
    errors: list[BaseException] = field(default_factory=list)


@pytest.fixture
def kept_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One login for each thread: this is a test of what is recorded, not of logging in."""
    own, opened = threading.local(), list[Connection]()

    @contextmanager
    def transaction(role: Role) -> Iterator[Connection]:
        if not hasattr(own, "connection"):
            own.connection = db.connect(role)
            opened.append(own.connection)
        try:
            yield own.connection
            own.connection.commit()
        finally:
            own.connection.rollback()

    monkeypatch.setattr("cartera.desk.journal.transaction", transaction)
    yield
    for each in opened:
        each.close()


def collector(number: int, tally: Tally, versions: dict[str, int]) -> None:
    """Read the version, act on it, twice now and then; a conflict is looked at and tried again with what is new."""
    dice, actor = random.Random(number), Actor(f"c{number}@acme.pe", "collector")
    for _ in range(OPERATIONS // PEOPLE):
        id, kind = new_id(), dice.random()
        try:
            if kind < 0.25:
                for _ in range(1 + (kind < 0.05)):
                    desk.note(actor, id, "ana", f"note of {number}")
                tally.notes.append(id)
            elif kind < 0.95:
                seen = versions["ana"]
                for _ in range(1 + (kind < 0.4)):
                    desk.promise(actor, id, "ana", "main", "PEN", Decimal(10), in_days(9), seen=seen)
                tally.done.append(id)
                versions["ana"] = max(versions["ana"], seen + 1)
            else:
                held = desk.hold(actor, id, "ana", "other", seen=versions["ana"])
                tally.done.append(id)
                end = new_id()
                desk.release_hold(actor, end, "ana", held.hold_id, seen=1)
                tally.done.append(end)
        except Conflict as conflict:
            tally.conflicts += 1
            tally.untold += not conflict.theirs
            versions["ana"] = query_version()
        except (CarteraError, psycopg2.Error) as error:
            tally.errors.append(error)


def query_version() -> int:
    from cartera.desk import journal

    with journal.transaction(Role.desk) as connection, connection.cursor() as cursor:
        cursor.execute("select version from ops.desk_files where customer_id = 'ana'")
        ((version,),) = cursor.fetchall()
    return int(version)


def test_fifty_on_one_customer_lose_nothing(world: World, kept_connections: None) -> None:
    world.owes("ana", due=-10)
    world.publish()
    tallies, versions = [Tally() for _ in range(PEOPLE)], {"ana": 0}
    threads = [
        threading.Thread(target=collector, args=(number, tally, versions)) for number, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # a hold that is there already is refused in words, which is the one other answer there may be
    errors = [str(error) for tally in tallies for error in tally.errors]
    assert {error for error in errors if "on hold already" not in error} == set()
    done = Counter(id for tally in tallies for id in tally.done)
    notes = Counter(id for tally in tallies for id in tally.notes)
    assert max(done.values()) == max(notes.values()) == 1
    journal = query(
        "select action_id::text as id, kind, thing, thing_id, version from ops.desk_actions order by action_no"
    )
    assert sorted(row["id"] for row in journal) == sorted([*done, *notes])
    (file,) = query("select actions, version from ops.desk_files")
    assert file == {"actions": len(done) + len(notes), "version": len(done)}
    conflicts = sum(tally.conflicts for tally in tallies)
    assert conflicts + len(errors) + len(done) + len(notes) >= OPERATIONS
    assert conflicts > 0 and sum(tally.untold for tally in tallies) == 0
    of_things: dict[tuple[str, str], list[int]] = {}
    for row in journal:
        of_things.setdefault((row["thing"], row["thing_id"]), []).append(row["version"])
    assert all(found == list(range(1, len(found) + 1)) for found in of_things.values())


def test_of_fifty_who_change_one_thing_one_does_and_the_others_are_told(world: World, kept_connections: None) -> None:
    world.owes("ana", due=-10)
    world.publish()
    made, told, barrier = promise("ana"), list[Conflict](), threading.Barrier(PEOPLE)

    def cancel(number: int) -> None:
        barrier.wait()
        try:
            desk.cancel_promise(Actor(f"c{number}", "collector"), new_id(), "ana", made.promise_id, seen=1)
        except Conflict as conflict:
            told.append(conflict)

    threads = [threading.Thread(target=cancel, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (changed,) = (each for each in file_of("ana").actions if each.version == 2)
    assert len(told) == PEOPLE - 1
    assert {conflict.theirs[0].by for conflict in told} == {changed.by}


def test_fifty_clicks_of_one_form_are_one_action(world: World, kept_connections: None) -> None:
    world.owes("ana", due=-10)
    world.publish()
    id, answers, barrier = new_id(), list[desk.Promise](), threading.Barrier(PEOPLE)

    def click() -> None:
        barrier.wait()
        answers.append(promise("ana", id=id, seen=0))

    threads = [threading.Thread(target=click) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == PEOPLE and len(set(answers)) == 1
    assert query("select actions, version from ops.desk_files") == [{"actions": 1, "version": 1}]


KILLED = """
import os, signal, sys
from decimal import Decimal
from cartera import desk
from cartera.desk import Actor, journal
from cartera.clock import utc_now
place, id = sys.argv[1:]
whole = getattr(journal, place)
def die(*given):
    result = whole(*given) if place == "_write" else None
    os.kill(os.getpid(), signal.SIGKILL)
setattr(journal, place, die)
parts = [(utc_now().date().replace(year=utc_now().year + 1), Decimal(5)), (utc_now().date(), Decimal(5))]
desk.plan(Actor("ana@acme.pe", "collector"), id, "ana", "main", "PEN", parts)
"""


@pytest.mark.parametrize("place", ["_take_file", "_write"])
def test_killed_in_the_middle_nothing_is_there_and_sent_again_it_is_done_once(
    world: World, tmp_path: Path, place: str
) -> None:
    """Killed with the customer's row held, and with everything written but not committed."""
    world.owes("ana", due=-10)
    world.publish()
    id = str(uuid.uuid4())
    environment = os.environ | {"CARTERA_DATABASE_NAME": get_settings().database_name or ""}
    child = subprocess.run([sys.executable, "-c", KILLED, place, id], env=environment, timeout=60, check=False)
    assert child.returncode == -signal.SIGKILL
    tables = ("desk_files", "desk_actions", "desk_plans", "desk_promises")
    assert [query(f"select 1 from ops.{table}") for table in tables] == [[], [], [], []]
    parts = [(in_days(1), Decimal(5)), (in_days(2), Decimal(5))]
    for _ in range(2):
        desk.plan(BOSS, id, "ana", "main", "PEN", parts)
    assert len(file_of("ana").actions) == 1
