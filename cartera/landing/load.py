"""Lands one delivery in one transaction: stage, compare, write, and account for every row and cent.

Everything is decided in temporary tables before the first lasting row is written, and a failure at any
line leaves the transaction as it was; so a landing that was killed is simply run again.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from decimal import Decimal

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from cartera.errors import SourceError
from cartera.landing import absences, guards, quarantine, versions
from cartera.landing.delivery import DeliveredFile, Delivery, LoadReport
from cartera.landing.stage import Delivered, fill_stage, rejected, staged
from cartera.landing.tables import Tables


def next_recorded_at(connection: Connection, source: str, now: dt.datetime) -> dt.datetime:
    """When `source` is recorded next: later than any landing so far, and `now` unless the clock went backwards.

    Later than the landings of every source, and until the transaction ends no other one starts, so that the
    order of these moments is the order of commits: what was known at some moment never grows later (law 4).
    """
    if now.tzinfo is None:
        raise TypeError(f"{source} needs a moment with its time zone, not {now}")
    with connection.cursor() as cursor:
        one_at_a_time(cursor)
        cursor.execute("select max(recorded_at) from ops.loads")
        ((last,),) = cursor.fetchall()
    return now if last is None else max(now, last + dt.timedelta(microseconds=1))


def one_at_a_time(cursor: Cursor) -> None:
    """Until the transaction ends no other landing starts."""
    cursor.execute("select pg_advisory_xact_lock(hashtext('cartera.landing'))")


def land(connection: Connection, delivery: Delivery, recorded_at: dt.datetime) -> LoadReport:
    """Make a delivery the current state of its source and entity from `recorded_at` on.

    The caller commits. The same fingerprint as last time: nothing is done. Raises SourceError (ShrunkDelivery,
    whatever the connector raises while it reads) and leaves the transaction as it was before the call.
    """
    started = time.perf_counter()
    with all_or_nothing(connection) as cursor:
        one_at_a_time(cursor)
        if _last_fingerprint(cursor, delivery) == delivery.fingerprint:
            report = LoadReport(None, delivery.source, delivery.entity.name, delivery.kind, is_unchanged=True)
        else:
            _check_order(cursor, delivery, recorded_at)
            report = _land(cursor, delivery, recorded_at)
    return replace(report, seconds=time.perf_counter() - started)


def land_all(connection: Connection, source: str, deliveries: Iterable[Delivery], now: dt.datetime) -> list[LoadReport]:
    """Land what one source delivers now. The caller commits. Raises SourceError.

    All entities share one recording time; where an entity comes a second time (incremental files), the next begins.
    """
    reports: list[LoadReport] = []
    landed: set[str] = set()
    recorded_at = next_recorded_at(connection, source, now)
    for delivery in deliveries:
        if delivery.entity.name in landed:
            recorded_at = next_recorded_at(connection, source, now)
            landed.clear()
        reports.append(land(connection, delivery, recorded_at))
        landed.add(delivery.entity.name)
    return reports


@contextmanager
def all_or_nothing(connection: Connection) -> Iterator[Cursor]:
    """A cursor whose work is undone when the block fails, without ending the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("savepoint cartera_landing")
        try:
            yield cursor
            cursor.execute("release savepoint cartera_landing")
        except BaseException:
            with suppress(psycopg2.Error):  # a lost connection rolls back by itself; what was raised first says why
                cursor.execute("rollback to savepoint cartera_landing")
            raise


def _last_fingerprint(cursor: Cursor, delivery: Delivery) -> str | None:
    """Of the last delivery; a replay in between only completed it."""
    cursor.execute(
        "select fingerprint from ops.loads where source = %s and entity = %s and kind <> 'replay'"
        " order by load_id desc limit 1",
        [delivery.source, delivery.entity.name],
    )
    found = cursor.fetchone()
    return found[0] if found else None


def _check_order(cursor: Cursor, delivery: Delivery, recorded_at: dt.datetime) -> None:
    cursor.execute(
        "select max(recorded_at) from ops.loads where source = %s and entity = %s",
        [delivery.source, delivery.entity.name],
    )
    ((last,),) = cursor.fetchall()
    if last is not None and last >= recorded_at:
        raise SourceError(
            f"{delivery.source}, {delivery.entity.name}: a delivery of {last.isoformat()} has landed already;"
            f" one of {recorded_at.isoformat()} can't follow it",
            "another run landed meanwhile: run again",
        )


def _land(cursor: Cursor, delivery: Delivery, recorded_at: dt.datetime) -> LoadReport:
    # enough to hash a few million keys in memory; compiling queries costs more than it saves here
    cursor.execute("set local work_mem = '256MB'; set local jit = off")
    delivered = fill_stage(cursor, delivery)
    is_first = versions.is_first(cursor, delivery)
    report = _account(cursor, delivery, delivered)
    changes = (
        versions.Changes(new=report.rows_loaded, changed=0, unchanged=0, deleted=0)
        if is_first
        else versions.compare(cursor, delivery, report.rows_loaded)
    )
    report = replace(report, **{f"rows_{change}": count for change, count in asdict(changes).items()})
    if delivery.is_watched:
        guards.check(cursor, delivery)
        report = replace(report, unknown_keys=absences.unknown_keys(cursor, delivery))
        if not (changes.new or changes.changed or changes.deleted or report.rows_quarantined):
            # asked again and nothing new: a load would only make everyone build anew
            _drop_temporary_tables(cursor)
            return replace(report, is_unchanged=True)
    load_id = _record(cursor, delivery, recorded_at, report)
    write = versions.write_all if is_first else versions.write_differences
    written = write(cursor, delivery, load_id, recorded_at)
    kept = quarantine.keep(cursor, delivery, load_id, recorded_at)
    _check("versions written", written, changes.new + changes.changed + changes.deleted)
    _check("rows in quarantine", kept, report.rows_quarantined)
    if delivery.kind != "replay":
        quarantine.supersede(cursor, delivery, load_id, recorded_at)
    _drop_temporary_tables(cursor)
    return replace(report, load_id=load_id)


def _drop_temporary_tables(cursor: Cursor) -> None:
    cursor.execute(
        "drop table if exists landing_stage, landing_rejects, landing_repeats, landing_differences, landing_gone,"
        " landing_keys"
    )


def _account(cursor: Cursor, delivery: Delivery, delivered: Delivered) -> LoadReport:
    """Law 1: what came in, counted on the way, is what the database holds as good plus what it holds as bad."""
    tables = Tables(delivery.system, delivery.entity)
    rows_loaded, loaded = staged(cursor, tables)
    rows_quarantined, quarantined = rejected(cursor, tables)
    _check("rows", rows_loaded + rows_quarantined, delivered.rows)
    amounts = {
        currency: {
            "in": delivered.amounts.get(currency, Decimal(0)),
            "loaded": loaded.get(currency, Decimal(0)),
            "quarantined": quarantined.get(currency, Decimal(0)),
        }
        for currency in sorted({*delivered.amounts, *loaded, *quarantined})
    }
    for currency, amount in amounts.items():
        _check(f"amount in {currency}", amount["loaded"] + amount["quarantined"], amount["in"])
    return LoadReport(
        load_id=None,
        source=delivery.source,
        entity=delivery.entity.name,
        kind=delivery.kind,
        is_unchanged=False,
        rows_in=delivered.rows,
        rows_loaded=rows_loaded,
        rows_quarantined=rows_quarantined,
        rows_repeated=delivered.repeated,
        amounts=amounts,
    )


def _check(what: str, found: int | Decimal, expected: int | Decimal) -> None:
    if found != expected:
        raise RuntimeError(f"landing lost count of {what}: {found} instead of {expected}; nothing was landed")


def _record(cursor: Cursor, delivery: Delivery, recorded_at: dt.datetime, report: LoadReport) -> int:
    row = {
        "source": delivery.source,
        "entity": delivery.entity.name,
        "kind": delivery.kind,
        "fingerprint": delivery.fingerprint,
        "files": json.dumps([_noted(file) for file in delivery.files]),
        "recorded_at": recorded_at,
        "amounts": json.dumps(report.amounts, default=str),
    }
    counts = {name: value for name, value in asdict(report).items() if name.startswith("rows_")}
    values: Mapping[str, object] = row | counts
    cursor.execute(_INSERT_LOAD, values)
    ((load_id,),) = cursor.fetchall()
    return int(load_id)


def _noted(file: DeliveredFile) -> dict[str, str | None]:
    return {name: quarantine.storable(text) for name, text in asdict(file).items()}


_INSERT_LOAD = """
insert into ops.loads (
    source, entity, kind, fingerprint, files, recorded_at,
    rows_in, rows_loaded, rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts
) values (
    %(source)s, %(entity)s, %(kind)s, %(fingerprint)s, %(files)s, %(recorded_at)s,
    %(rows_in)s, %(rows_loaded)s, %(rows_quarantined)s,
    %(rows_new)s, %(rows_changed)s, %(rows_unchanged)s, %(rows_deleted)s, %(amounts)s
) returning load_id
"""
