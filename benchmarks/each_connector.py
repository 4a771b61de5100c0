"""Every connector from answer to landed, against its stub: a first reading of one table with so many records.

    python benchmarks/each_connector.py [SYSTEM ...] [--records 10000 50000] [--keep]

The stubs are those of the tests, in a process of their own: they look up and sort, so they do not answer at once, and
what is measured is the processor time of the process that reads (GET, parse with exact decimals, spool, type, judge,
hash, stage) and of the database server (versions, totals, commit), both together: as if one waited for the other.
benchmarks/connectors.py measures the time that passes, with a stub that answers at once and up to a million records;
benchmarks/bank_files.py the connector of bank files.

Claims: at least 5,000 records for each second of both; with several numbers of records, peak memory of the reading
process that does not grow from the second of them on (the first may be too few to fill what is read ahead).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from landing import checkpoint, scratch
from stubbed_systems import MADE, NOW, serve

PAGE = 1_000
CLAIM = 5_000
SETTLED = 1.25
"""So much more memory for several times the records is flat."""


def read(system: str, name: str, told: tuple[dict[str, str], dict[str, str], dict[str, Any]], answer: Any) -> None:
    """In a process that does nothing else: records, seconds of processor time, peak megabytes."""
    from cartera.connectors.api.deliver import deliver
    from cartera.connectors.api.spec import load_source
    from cartera.db import Role, transaction

    connection, secrets, more = told
    path = Path(os.environ["CARTERA_SOURCES_DIR"]) / f"{name}.yaml"
    path.write_text(json.dumps({"system": system, "connection": connection, "page_size": PAGE, **more}))
    source = load_source(path)
    with transaction(Role.loader):
        pass  # what is made once is no part of a reading
    _ = source.declared
    started = time.process_time()
    reports, _notes = deliver(source, secrets, clock=lambda: NOW)
    seconds = time.process_time() - started
    refused = sum(report.rows_quarantined for report in reports)
    assert not refused, f"{system}: {refused} records in quarantine"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    answer.send((sum(report.rows_new for report in reports), seconds, peak))


def of_server() -> float:
    """Seconds of processor time of the database server, with its children that have ended."""
    state = json.loads((Path(os.environ["CARTERA_HOME"]) / "run" / "postgres.json").read_text())
    server = psutil.Process(state["pid"])
    spent = []
    for process in [server, *server.children(recursive=True)]:
        # one that ends meanwhile is among those that have ended
        with suppress(psutil.NoSuchProcess):
            spent.append(process.cpu_times())
    ended = server.cpu_times()
    return sum(times.user + times.system for times in spent) + ended.children_user + ended.children_system


def measure(system: str, records: int) -> tuple[float, float]:
    """Records a second, peak megabytes."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(system, records, theirs), daemon=True)
    server.start()
    told = ours.recv()
    checkpoint()
    before = of_server()
    here, there = context.Pipe()
    reader = context.Process(target=read, args=(system, f"{system}_{records}", told, there))
    reader.start()
    there.close()  # else a process that failed would be waited for
    try:
        landed, seconds, peak = here.recv()
    except EOFError:
        return 0, 0  # it has said why
    finally:
        reader.join()
        server.terminate()
    of_database = of_server() - before
    assert landed >= records, (system, landed)
    speed = landed / (seconds + of_database)
    print(
        f"{system:<16} {landed:>9,} records   reading {seconds:7.2f} s   database server {of_database:7.2f} s"
        f"   {speed:9,.0f}/s {peak:6,.0f} MB",
        flush=True,
    )
    return speed, peak


def is_kept(system: str, sizes: Sequence[int]) -> bool:
    found = [measure(system, records) for records in sizes]
    settled = found[:2][-1][1]
    return all(speed >= CLAIM for speed, _peak in found) and all(
        peak <= SETTLED * settled for _speed, peak in found[1:]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--records",
        type=int,
        nargs="+",
        default=[20_000],
        help="of the main table of each system; several: also whether memory grows",
    )
    parser.add_argument("--keep", action="store_true", help="leave the state folder")
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=", ".join(MADE))
    arguments = parser.parse_args()
    print("seconds of processor time, from answer to landed; records for each; peak memory of the reading process")
    with scratch(arguments.keep):
        kept = [is_kept(system, sorted(arguments.records)) for system in arguments.systems or MADE]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
