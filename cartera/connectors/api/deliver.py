"""From the spool into raw: all tables of a source in one transaction with one recording time, and the cursors with
them. Killed before the commit nothing has happened, after it everything has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain

from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.connectors.api import controls, guards, secrets, spool
from cartera.connectors.api.extract import Extracted, Place, Watch, extract
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.api.typed import Typer
from cartera.db import Role, connect, transaction
from cartera.errors import SourceError
from cartera.landing import LoadReport, Quarantined, Reader, cursors, land_all, raw_schema
from cartera.landing.delivery import Batch, DeliveredFile, Delivery
from cartera.settings import get_settings


def deliver(
    source: ApiSource,
    given: Mapping[str, str] | None = None,
    *,
    watch: Watch = lambda _table, _records: None,
    clock: Callable[[], dt.datetime] = utc_now,
) -> tuple[list[LoadReport], list[str]]:
    """Read what the system has and land it; what was landed, and what the operator should know.

    `given`: secrets that neither the environment nor the secrets file has. Raises SourceError (nothing is landed) or
    ConfigError.
    """
    settings = get_settings()
    access = secrets.access(source, settings, given)
    raw_schema.ensure(source.system, source.declared.entities)
    with _only_reader(source.name):
        now = clock()
        folder = spool.fresh_folder(settings.home, source.name)
        with transaction(Role.loader) as connection:
            found = cursors.read(connection, source.name)
        places = {table: Place.from_json(value) for table, value in found.items()}
        with source.declared.open(access) as session:
            before = controls.read(source, session)
            extracted = extract(source, session, places, now, folder, watch)
            totals = before, controls.read(source, session)
            said = source.declared.notes(session) if source.declared.notes else ()
        with transaction(Role.loader) as connection:
            reports, notes = _land(connection, source, extracted, totals, now)
        spool.remove(folder)
    return reports, [*said, *notes]


def _land(
    connection: Connection,
    source: ApiSource,
    extracted: Sequence[Extracted],
    totals: tuple[controls.Totals, controls.Totals],
    now: dt.datetime,
) -> tuple[list[LoadReport], list[str]]:
    typers = [Typer(one.resource, source.our_company) for one in extracted]
    pairs = list(zip(extracted, typers, strict=True))
    control, note = controls.delivery(connection, source, *totals)
    deliveries = chain((_delivery(source, one, typer) for one, typer in pairs), control)
    reports = land_all(connection, source.name, deliveries, now)
    places, notes = {}, [note] if note else []
    for (one, typer), report in zip(pairs, reports[: len(pairs)], strict=True):
        place, said = guards.after(one, typer, report)
        places[one.resource.name] = place.as_json()
        notes += said
    cursors.write(connection, source.name, places, now)
    return reports, notes


def _delivery(source: ApiSource, one: Extracted, typer: Typer) -> Delivery:
    table = one.resource.name
    parts = (one.spool.fingerprint, one.kind, source.fingerprint(one.resource))
    return Delivery(
        source=source.name,
        system=source.system,
        entity=one.resource.entity,
        kind=one.kind,
        fingerprint=":".join(parts),
        files=(DeliveredFile(table, one.spool.fingerprint, ""),),
        batches=_judged(source, one, typer),
        max_shrink_pct=source.max_shrink_pct,
        originals=None,
        repeats="keep_last",
        gone=one.spool.gone_keys(),
        keys=one.spool.keys(),
        is_watched=True,
        max_fall_pct=source.max_fall_pct,
        accepts_older=source.accept_older,
        clock_skew=source.overlap,
    )


def _judged(source: ApiSource, one: Extracted, typer: Typer) -> Iterator[Batch]:
    yield from typer.batches(one.spool.lines(), one.resource.name)
    guards.check_shape(source, one, typer)


@contextmanager
def _only_reader(source: str) -> Iterator[None]:
    """Two readings of one source would share a spool; the second waits for the first. The lock goes with us."""
    connection = connect(Role.loader, autocommit=True, application_name="cartera extract")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext(%s))", (f"cartera.extract.{source}",))
        yield
    finally:
        connection.close()


def reader_of(source: ApiSource) -> Reader:
    """How `cartera quarantine replay` reads this source's records: by the present declaration."""
    resources = {resource.name: resource for resource in source.declared.resources}

    def read(record: Quarantined) -> Batch:
        if record.entity not in resources:
            raise SourceError(f"{source.system} has no table {record.entity} any more", "leave it in quarantine")
        typer = Typer(resources[record.entity], source.our_company)
        return typer.batch([record.row_number], [record.raw_bytes], record.file_name)

    return Reader(source.system, read, {entity.name: entity for entity in source.declared.entities})
