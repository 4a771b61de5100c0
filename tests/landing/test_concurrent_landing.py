"""Two runs at once follow each other."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from payments import NOON, Payment, current, deliver, land_now, rows, versions
from psycopg2.extensions import connection as Connection

from cartera.db import Role, connect
from cartera.landing import land, next_recorded_at


def test_a_second_run_waits_for_the_first(connection: Connection) -> None:
    recorded_at = next_recorded_at(connection, "erp", NOON)
    land(connection, deliver([Payment("A", reference="first")]), recorded_at)
    other = connect(Role.loader)
    with ThreadPoolExecutor(1) as executor:
        second = executor.submit(land_now, other, deliver([Payment("A", reference="second")]))
        assert not threading.Event().wait(0.2)
        assert not second.done()
        connection.commit()
        assert second.result(timeout=20).rows_changed == 1
    other.close()
    assert [version[2] for version in versions(connection)] == ["first", "second"]


def test_many_runs_at_once_leave_one_history(connection: Connection) -> None:
    def run(number: int) -> None:
        own = connect(Role.loader)
        land_now(own, deliver([Payment("A", reference=str(number)), Payment(f"only {number}")], kind="incremental"))
        own.close()

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(run, range(8)))
    of_a = [version for version in versions(connection) if version[0] == "A"]
    assert len(of_a) == 8
    assert all(earlier[5] == later[4] for earlier, later in itertools.pairwise(of_a))
    assert len(current(connection)) == 9
    assert len(set(rows(connection, "select recorded_at from ops.loads"))) == 8
