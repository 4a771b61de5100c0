"""The warehouse at size against DuckDB, in one run, from landed data to answers.

    python benchmarks/warehouse.py [--invoices 1000000] [--keep] [--home DIR]

Makes a company (benchmarks/company_at_size.py), lands it through cartera.landing as typed records (reading files
has its own benchmark, landing.py), then measures

- how long dbt reads the project for both slots, which it does once until the project changes;
- the full build from landed data: `transform.build`, and the whole way to publication, step by step;
- two next runs with 5,000 changed records each, one per slot;
- aging as of past dates, as known then and as known now, by bucket and by customer (median and slowest, warm);
- all KPIs as of one date;

and the same work done by DuckDB from Parquet files of the same raw versions. Their answers must agree to the cent.
`--home DIR` keeps all state there; what is landed there already is used again. DuckDB comes with
`make benchmarks`, or `pip install -r benchmarks/requirements.txt`.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gc
import io
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import company_at_size as company
from duckdb_yardstick import SUMS, Yardstick, differences

CHANGES = 5_000
TIMES = 3
BUDGETS = {
    "full build": 90.0,
    "next run": 15.0,
    "aging by bucket": 0.3,
    "aging by customer": 1.0,
    "kpis": 3.0,
}
"""Seconds at one million invoices on 2 cores."""

POINTS = [
    (dt.date(2026, 6, 30), dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)),
    (dt.date(2026, 6, 15), dt.datetime(2026, 6, 15, 23, tzinfo=dt.UTC)),
    (dt.date(2026, 3, 31), dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)),
    (dt.date(2025, 12, 31), dt.datetime(2026, 6, 10, tzinfo=dt.UTC)),
    (dt.date(2025, 3, 15), dt.datetime(2026, 6, 30, 22, tzinfo=dt.UTC)),
    (dt.date(2024, 6, 30), dt.datetime(2026, 6, 20, tzinfo=dt.UTC)),
]
"""As of, known at: past dates as known now, and as they were known earlier."""


@contextlib.contextmanager
def state(home: Path | None, keep: bool) -> Iterator[Path]:
    """A state folder with a server of its own."""
    folder = home or Path(tempfile.mkdtemp(prefix="cartera-benchmark-")) / "home"
    os.environ["CARTERA_HOME"] = str(folder)
    os.environ.pop("CARTERA_DATABASE_URL", None)
    from cartera import db

    db.ensure_ready()
    try:
        yield folder
    finally:
        if not keep:
            db.stop()
            shutil.rmtree(folder)


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def show(what: str, seconds: float, budget: float | None, theirs: float | None, note: str = "") -> None:
    limit = f"{budget:8.1f}" if budget else " " * 8
    other = f"{theirs:8.2f} {seconds / theirs:8.2f}" if theirs else " " * 17
    verdict = "" if budget is None else "ok" if seconds <= budget else "OVER"
    print(f"{what:<46} {seconds:8.2f} {limit} {other}  {verdict:<4} {note}".rstrip(), flush=True)


def land(made: dict[str, company.Records]) -> None:
    """All deliveries until the last day, unless they are there."""
    from cartera.db import Role, transaction

    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from ops.loads where source = %s", [company.SOURCE])
        if cursor.fetchone() != (0,):
            return
    started = time.perf_counter()
    written = sum(company.deliver(date, tables)[0] for date, tables in company.deliveries_until_last(made))
    show("landing (for information)", time.perf_counter() - started, None, None, f"{written:,} versions")


def build(as_of: dt.date) -> tuple[float, dict[str, float]]:
    """The whole way to publication: seconds, and those of each step."""
    from cartera import pipeline
    from cartera.db import Role, transaction
    from cartera.runs import finish_run, start_run
    from cartera.warehouse import read_runs

    run_id = start_run(as_of, "benchmark")
    seconds, status = seconds_of(lambda: pipeline.build_and_publish(run_id, as_of))
    finish_run(run_id, status)
    with transaction(Role.reader) as connection:
        steps = {row["step"]: float(row["seconds"]) for row in read_runs.run_steps(connection, run_id)}
    return seconds, steps


def forget_builds() -> None:
    """So that the next build is a whole one, also in a state folder that was used before."""
    from cartera.db import Role, transaction

    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.slots set built_known_at = null, code_hash = null")


def read_project() -> None:
    """For both slots, as the first run after the project changed does for each."""
    import json

    from cartera.db import Role, transaction
    from cartera.warehouse import build_plan, run_dbt, transform

    with transaction(Role.transformer) as connection:
        variables = json.dumps(transform.system_variables(connection))
    clocks = run_dbt.clocks_of(build_plan.choose(*POINTS[0]))
    for slot in ("a", "b"):
        with contextlib.redirect_stdout(io.StringIO()):
            run_dbt.invoke(["compile", "--select", "dim_buckets", "--vars", variables], slot, clocks)


def publish(invoices: int) -> dt.date:
    """Land and publish, unless there is a publication; the date that is published."""
    from cartera.db import Role, transaction
    from cartera.errors import NotPublished
    from cartera.warehouse import read

    try:
        with transaction(Role.reader) as connection:
            found = read.publication(connection)
        print(f"published as of {found.as_of_date}, used again")
        return found.as_of_date
    except NotPublished:
        made = company.make(invoices)
        print(", ".join(f"{records.table.num_rows:,} {name}" for name, records in made.items()))
        land(made)
        seconds, _steps = build(POINTS[0][0])
        print(f"built and published in {seconds:.0f} s")
        return POINTS[0][0]


def runs_landed() -> int:
    """How many next runs this state folder has had."""
    from cartera.db import Role, transaction

    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct recorded_at) from ops.loads where source = %s and recorded_at > %s",
            [company.SOURCE, POINTS[0][1]],
        )
        return int(cursor.fetchone()[0])


def full_build(yardstick: Yardstick) -> None:
    as_of, known_at = POINTS[0]
    forget_builds()
    show("dbt reads the project, once", seconds_of(read_project)[0], None, None)
    seconds, steps = build(as_of)
    yardstick.export()
    theirs, _ = seconds_of(lambda: yardstick.build(as_of, known_at))
    show("full build: transform.build (dbt, with its tests)", steps["build: dbt"], None, None)
    for step in ("gate 1: landed", "gate 2: marts", "tie-out", "publish"):
        show(f"  {step}", steps[step], None, None)
    seconds -= steps["second slot"]
    show("  second slot, after publication", steps["second slot"], None, None)
    show("full build, landed to published", seconds, BUDGETS["full build"], theirs)
    agree("ledger", ledger(as_of, known_at), yardstick.ledger(as_of, known_at))


def next_run(made: dict[str, company.Records], yardstick: Yardstick, number: int, what: str) -> None:
    """Land 5,000 changed records, build and publish."""
    date = company.NEXT + dt.timedelta(days=number)
    tables = company.changed_records(made, CHANGES, CHANGES * number)
    landing, (written, known_at) = seconds_of(lambda: company.deliver(date, tables))
    seconds, steps = build(date)
    yardstick.export()
    theirs, _ = seconds_of(lambda: yardstick.build(date, known_at))
    note = ", ".join(f"{step} {took:.1f}" for step, took in steps.items())
    show(what, landing + seconds, BUDGETS["next run"], theirs, f"{written:,} records: landing {landing:.1f}, {note}")
    agree("ledger", ledger(date, known_at), yardstick.ledger(date, known_at))


def ledger(as_of: dt.date, known_at: dt.datetime) -> dict[tuple[str, ...], Any]:
    from cartera.db import Role, transaction
    from cartera.warehouse.read import rows

    query = SUMS.format(entries="serve.fct_ledger_entries", as_of="%(as_of)s", known_at="%(known_at)s")
    with transaction(Role.reader) as connection:
        found = rows(connection, query, {"as_of": as_of, "known_at": known_at})
    return {(row["company_id"], row["currency_code"], row["entry_type"]): row["amount"] for row in found}


def aging(yardstick: Yardstick, by: str) -> None:
    from cartera.db import Role, transaction
    from cartera.warehouse import read

    group = "customer_id" if by == "customer" else by
    ours: list[float] = []
    theirs: list[float] = []
    for as_of, known_at in POINTS:
        for _ in range(TIMES):
            with transaction(Role.reader) as connection:
                took, rows = seconds_of(lambda: read.aging(connection, as_of, known_at, by))  # noqa: B023
            ours.append(took)
        took, other = seconds_of(lambda: yardstick.aging(as_of, known_at, by))  # noqa: B023
        theirs.append(took)
        mine = {(r["company_id"], r["currency_code"], r[group]): (r["open_items"], r["open_amount"]) for r in rows}
        agree(f"aging by {by} as of {as_of}", mine, other)
    typical, other_typical = statistics.median(ours), statistics.median(theirs)
    show(f"aging by {by}, median of {len(ours)}", typical, BUDGETS[f"aging by {by}"], other_typical)
    show(f"aging by {by}, slowest", max(ours), BUDGETS[f"aging by {by}"], max(theirs))


def kpis(yardstick: Yardstick) -> None:
    from cartera.db import Role, transaction
    from cartera.warehouse import metrics

    as_of, known_at = POINTS[2]
    ours = []
    for _ in range(TIMES):
        with transaction(Role.reader) as connection:
            took, rows = seconds_of(lambda: metrics.kpis(connection, as_of, known_at, "company"))
        ours.append(took)
    theirs, other = seconds_of(lambda: yardstick.kpis(as_of, known_at))
    names = {row["kpi"] for row in rows}
    note = f"{len(names)} KPIs, DuckDB {len({kpi for _, _, kpi in other})} of them; slowest {max(ours):.2f}"
    show("all KPIs as of one date, median", statistics.median(ours), BUDGETS["kpis"], theirs, note)
    mine = {
        (row["company_id"], row["currency_code"], row["kpi"]): row["value"]
        for row in rows
        if (row["company_id"], row["currency_code"], row["kpi"]) in other
    }
    agree("KPIs", mine, other, 1e-6)


FAILED: list[str] = []


def agree(
    what: str, ours: dict[tuple[str, ...], Any], theirs: dict[tuple[str, ...], Any], tolerance: float = 0
) -> None:
    """Say where the two answers differ; ratios are compared within `tolerance`, amounts to the cent."""
    found = differences(ours, theirs, tolerance)
    if found:
        FAILED.append(what)
        print(f"  {what} DIFFERS from DuckDB in {len(found)} of {len(theirs)}: {'; '.join(found[:3])}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="leave the state folder and the server")
    parser.add_argument("--home", type=Path, help="the state folder")
    arguments = parser.parse_args()
    with state(arguments.home, arguments.keep) as folder:
        made = company.make(arguments.invoices)
        counts = ", ".join(f"{records.table.num_rows:,} {name}" for name, records in made.items())
        print(f"{counts}; {os.cpu_count()} cores")
        print(f"{'what':<46} {'seconds':>8} {'budget':>8} {'DuckDB':>8} {'ratio':>8}")
        land(made)
        yardstick = Yardstick(folder / "yardstick")
        yardstick.export()
        yardstick.prepare()
        full_build(yardstick)
        # who reads is another process, without a million objects of dbt for the collector to walk through
        gc.collect()
        gc.freeze()
        for by in ("bucket", "customer"):
            aging(yardstick, by)
        kpis(yardstick)
        first = runs_landed()
        next_run(made, yardstick, first, "next run")
        next_run(made, yardstick, first + 1, "next run, the other slot")
    print("every answer agrees with DuckDB's" if not FAILED else f"differing answers: {', '.join(FAILED)}")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
