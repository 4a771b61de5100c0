"""Killed at any point between the first request and the end: the next reading leaves no gap and no repeat."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.connected import Connected
from support.erpnext_stub import ErpNext

from cartera.settings import get_settings

KILLED = 77

SCRIPT = """
import os, sys
from pathlib import Path
from cartera.connectors.api import deliver, extract, http
from cartera.landing import load
from cartera.connectors.api.spec import load_source

place, when, calls = sys.argv[2], sys.argv[3], int(sys.argv[4])
first, *path, name = place.split(".")
target = {{"deliver": deliver, "extract": extract, "http": http, "load": load}}[first]
for part in path:
    target = getattr(target, part)
real = getattr(target, name)

def killed(*given, **more):
    global calls
    calls -= 1
    if calls == 0 and when == "before":
        os._exit({killed})
    result = real(*given, **more)
    if calls == 0:
        os._exit({killed})
    return result

setattr(target, name, killed)
deliver.deliver(load_source(Path(sys.argv[1])))
"""

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
def test_a_kill_leaves_neither_gap_nor_repeat(stub: ErpNext, erp: Connected, place: str, when: str, calls: int) -> None:
    erp.sync()
    stub.tick()
    stub.invoice("NEW", "ANA", "7.00")
    stub.save("Sales Invoice", "I07", customer_name="renamed")
    stub.delete("Sales Invoice", "I09")
    died = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(killed=KILLED), str(erp.source.path), place, when, str(calls)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=60,
    )
    assert died.returncode == KILLED
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
