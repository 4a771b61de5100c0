"""Killed at any line and run again, landing leaves no gap and no repeat."""

from __future__ import annotations

import linecache
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg2
import pytest
from payments import NOON, Bad, Payment, deliver, land_now, quarantine, rows, versions
from psycopg2.extensions import connection as Connection

import cartera.landing
from cartera.db import Role, connect
from cartera.landing import land, next_recorded_at

FOLDER = str(Path(cartera.landing.__file__).parent)
BEFORE = [Payment("A"), Payment("B"), Payment("C"), Bad("D")]
AFTER = [Payment("A", reference="changed"), Payment("C"), Payment("E"), Payment("E"), Bad("B"), Payment("F")]


class Killed(BaseException):
    """Like a signal: nobody may catch it on the way."""


Place = tuple[str, int]


class Killer:
    """A trace function that notes each line of landing that runs, in any thread, and dies at one of them."""

    def __init__(self, at: Place | None = None) -> None:
        self.at = at
        self.seen: dict[Place, None] = {}

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(FOLDER) or frame.f_code.co_name in ("abandon", "end"):
            return None
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            self.seen[place] = None
            if place == self.at:
                self.at = None
                raise Killed(place)
        return self

    def land(self, connection: Connection) -> None:
        threading.settrace(self)
        sys.settrace(self)
        try:
            recorded_at = next_recorded_at(connection, "erp", NOON)
            land(connection, deliver(AFTER), recorded_at)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]


def everything(connection: Connection) -> list[object]:
    loads = rows(connection, "select kind, rows_in, rows_loaded, rows_quarantined, rows_deleted from ops.loads")
    return [versions(connection), quarantine(connection), loads]


@pytest.fixture
def uninterrupted(connection: Connection) -> list[object]:
    """What the database holds when nothing goes wrong; it is left as before the second delivery."""
    land_now(connection, deliver(BEFORE))
    land(connection, deliver(AFTER), next_recorded_at(connection, "erp", NOON))
    held = everything(connection)
    connection.rollback()
    return held


def test_killed_at_any_line(connection: Connection, uninterrupted: list[object]) -> None:
    before = everything(connection)
    watcher = Killer()
    watcher.land(connection)
    connection.rollback()
    assert len(watcher.seen) > 150
    for place in filter(is_work, watcher.seen):
        # COPY turns what its reader raises into an error of its own, before the stream has it in hand
        with pytest.raises((Killed, psycopg2.errors.QueryCanceled)):
            Killer(place).land(connection)
        connection.rollback()
        assert everything(connection) == before, place
        connection.rollback()
    land_now(connection, deliver(AFTER))
    assert everything(connection) == uninterrupted


def is_work(place: Place) -> bool:
    """Not the clean-up of a thread, which runs when something has gone wrong already."""
    file, line = place
    return Path(file).name != "ahead.py" or not re.search(r"belt\.(abandon|end)", linecache.getline(file, line))


class Fragile:
    """A connection whose server goes away before the n-th statement."""

    def __init__(self, connection: Connection, statements: int) -> None:
        self.connection, self.left = connection, statements

    def cursor(self) -> Any:
        return FragileCursor(self, self.connection.cursor())


class FragileCursor:
    def __init__(self, owner: Fragile, cursor: Any) -> None:
        self.owner, self.real = owner, cursor

    def __enter__(self) -> FragileCursor:
        return self

    def __exit__(self, *_error: object) -> None:
        self.real.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def execute(self, *arguments: Any) -> None:
        self._count()
        self.real.execute(*arguments)

    def copy_expert(self, *arguments: Any, **options: Any) -> None:
        self._count()
        self.real.copy_expert(*arguments, **options)

    def _count(self) -> None:
        self.owner.left -= 1
        if self.owner.left == 0:
            self.owner.connection.close()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")


def test_the_server_goes_away_before_any_statement(connection: Connection, uninterrupted: list[object]) -> None:
    before = everything(connection)
    connection.rollback()
    for statements in range(1, 100):
        fragile: Any = Fragile(connect(Role.loader), statements)
        try:
            land(fragile, deliver(AFTER), next_recorded_at(fragile, "erp", NOON))
        except psycopg2.OperationalError as error:
            assert "unexpectedly" in str(error), "the first error says why, not the attempt to roll back"
            assert everything(connection) == before
            connection.rollback()
        else:
            break
    assert statements > 20
    fragile.connection.commit()
    fragile.connection.close()
    assert everything(connection) == uninterrupted


VICTIM = """
import sys
sys.path.insert(0, {folder!r})
from payments import NOON, Payment, deliver, land_now
from cartera.db import Role, connect
import pyarrow.csv, pyarrow.compute
connection = connect(Role.loader)
records = [Payment(str(n), reference="second") for n in range(30_000)]
delivery = deliver(records, fingerprint="second")
print("ready", flush=True)
land_now(connection, delivery)
"""


@pytest.mark.parametrize("seed", range(4))
def test_kill_dash_nine_at_any_moment(connection: Connection, seed: int) -> None:
    first, second = ([Payment(str(n), reference=text) for n in range(30_000)] for text in (None, "second"))
    land_now(connection, deliver(first))
    victim = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM).format(folder=str(Path(__file__).parent))],
        stdout=subprocess.PIPE,
    )
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.8))
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    land_now(connection, deliver(second, fingerprint="second"))
    lives = rows(
        connection, "select reference, recorded_to = 'infinity' or recorded_to > now() from raw_files.payments"
    )
    assert sorted(set(lives), key=str) == [("second", True), (None, False)]
    assert len(lives) == 60_000
    assert len(rows(connection, "select from ops.loads")) == 2
