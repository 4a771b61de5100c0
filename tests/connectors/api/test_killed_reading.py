"""Killed at any point between the first request and the end: the next reading leaves no gap and no repeat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.connected import Connected
from support.erpnext_stub import ErpNext

from cartera.settings import get_settings

KILLED = 77

SERVER = """
import json, os, sys
from pathlib import Path
from cartera.connectors.api import deliver, extract, http
from cartera.connectors.api.spec import load_source
from cartera.landing import load
from cartera.settings import get_settings

def read_and_die(path, place, when, calls):
    first, *rest, name = place.split(".")
    target = {"deliver": deliver, "extract": extract, "http": http, "load": load}[first]
    for part in rest:
        target = getattr(target, part)
    real = getattr(target, name)

    def killed(*given, **more):
        nonlocal calls
        calls -= 1
        if calls == 0 and when == "before":
            os._exit(77)
        result = real(*given, **more)
        if calls == 0:
            os._exit(77)
        return result

    setattr(target, name, killed)
    get_settings.cache_clear()
    deliver.deliver(load_source(Path(path)))

for line in sys.stdin:
    environment, asked = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ.update(environment)
        try:
            read_and_die(*asked)
        finally:
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Loads once what a reading needs; each reading is a child of it, and dies."""


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


POINTS = {
    "the tables of the system are made": ("deliver.raw_schema.ensure", "after", 1),
    "the spool is empty": ("deliver.spool.fresh_folder", "after", 1),
    "the cursors are read": ("deliver.cursors.read", "after", 1),
    "the control totals are read": ("deliver.controls.read", "after", 1),
    "a request goes out": ("http.Http.get", "before", 3),
    "its answer is here": ("http.Http.get", "after", 3),
    "a page is about to be spooled": ("extract.Spool.add", "before", 1),
    "a page is spooled": ("extract.Spool.add", "after", 2),
    "the keys are spooled": ("extract.Spool.add_keys", "after", 1),
    "one table is read, the others not": ("extract._Reading.read", "after", 2),
    "all is read": ("deliver.extract", "after", 1),
    "the control totals are read again": ("deliver.controls.read", "after", 2),
    "landing begins": ("deliver._land", "before", 1),
    "one table is landed, the others not": ("load.land", "after", 2),
    "a version is ended and its successor written": ("load.versions.write_differences", "after", 1),
    "all is landed": ("deliver.land_all", "after", 1),
    "the cursors are about to be written": ("deliver.cursors.write", "before", 1),
    "the cursors are written": ("deliver.cursors.write", "after", 1),
    "the commit is about to come": ("deliver._land", "after", 1),
    "all is committed": ("deliver.spool.remove", "before", 1),
    "the spool is removed": ("deliver.spool.remove", "after", 1),
}
"""From before the first request to the end, in their order: what has just happened, or is about to."""


@pytest.mark.parametrize(("place", "when", "calls"), POINTS.values(), ids=POINTS)
def test_a_kill_leaves_neither_gap_nor_repeat(
    server: subprocess.Popen[str], stub: ErpNext, erp: Connected, place: str, when: str, calls: int
) -> None:
    erp.sync()
    stub.tick()
    stub.invoice("NEW", "ANA", "7.00")
    stub.save("Sales Invoice", "I07", customer_name="renamed")
    stub.delete("Sales Invoice", "I09")
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps([dict(os.environ), [str(erp.source.path), place, when, calls]]) + "\n")
    server.stdin.flush()
    assert int(server.stdout.readline()) == KILLED
    erp.sync()
    assert set(erp.current("sales_invoice")) == set(stub.tables["Sales Invoice"])
    versions = "select record_key, count(*) from raw_erpnext.sales_invoice group by 1 having count(*) > 1 order by 1"
    assert erp.rows(versions) == [("I07", 2), ("I09", 2)]
    loads = "select count(*) from ops.loads where entity = 'sales_invoice'"
    assert erp.rows(loads) == [(2,)]
    assert not any((get_settings().home / "spool").glob("*/*"))


def test_an_error_of_the_system_leaves_everything_as_it_was(stub: ErpNext, erp: Connected) -> None:
    from support.stub_server import Reply

    from cartera.errors import SourceError

    erp.sync()
    before = erp.rows("select source, entity, cursor, recorded_at from ops.cursors order by 1, 2")
    stub.tick()
    stub.invoice("NEW", "ANA", "7.00")
    # the third request: after the payments were read
    stub.faults = [lambda _request: None] * 3 + [lambda _request: Reply(200, b"<html>", {"Content-Type": "text/html"})]
    with pytest.raises(SourceError, match="a page for people"):
        erp.sync()
    assert erp.rows("select source, entity, cursor, recorded_at from ops.cursors order by 1, 2") == before
    assert "NEW" not in erp.current("sales_invoice")
    assert erp.sync()["sales_invoice"].rows_new == 1


def test_the_spool_is_for_its_owner_alone(stub: ErpNext, erp: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    from cartera.connectors.api import deliver

    seen: list[Path] = []
    monkeypatch.setattr(deliver.spool, "remove", seen.append)
    erp.sync()
    (folder,) = seen
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.iterdir()} >= {"sales_invoice.jsonl", "customer.jsonl"}
