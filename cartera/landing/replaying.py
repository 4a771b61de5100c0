"""Reads quarantined records again, by the present mapping, and lands those that are good now.

A record is not landed when something newer is known of its key: a version recorded since, or a newer
record in quarantine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from cartera.errors import ConfigError
from cartera.landing.delivery import Batch, DeliveredFile, Delivery, LoadReport
from cartera.landing.encode import schema
from cartera.landing.entities import Entity
from cartera.landing.inspect import Group, Quarantined, read
from cartera.landing.load import all_or_nothing, land, next_recorded_at, one_at_a_time
from cartera.landing.quarantine import storable
from cartera.landing.reading import Outcome, Reader, Reading, one_for_each_key, read_again
from cartera.landing.tables import Tables

AT_ONCE = 10_000
"""Records read and landed together, so that memory does not depend on how many there are."""


@dataclass(frozen=True)
class ReplayReport:
    outcomes: tuple[Outcome, ...]
    loads: tuple[LoadReport, ...]

    def count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)


def replay(
    connection: Connection,
    quarantine_ids: Sequence[int] | None,
    now: dt.datetime,
    reader_of: Callable[[str], Reader],
    group: Group | None = None,
) -> ReplayReport:
    """Replay the given records, or all that are open, of a group or of all. The caller commits.

    `reader_of` gives the reader of a source by its name. Raises ConfigError for an id that is not open,
    and what `reader_of` raises; then nothing is changed.
    """
    outcomes: list[Outcome] = []
    loads: list[LoadReport] = []
    with all_or_nothing(connection) as cursor:
        # before the records are locked, as every landing does: each would wait for what the other holds
        one_at_a_time(cursor)
        for (source, entity), ids in _open_ids(cursor, quarantine_ids, group):
            reader = reader_of(source)
            for start in range(0, len(ids), AT_ONCE):
                page = read(connection, ids[start : start + AT_ONCE])
                recorded_at = next_recorded_at(connection, source, now)
                done, load = _replay(connection, reader, reader.entities[entity], page, recorded_at)
                outcomes += done
                loads += [load] if load else []
    return ReplayReport(tuple(outcomes), tuple(loads))


def _open_ids(
    cursor: Cursor, wanted: Sequence[int] | None, group: Group | None
) -> Iterator[tuple[tuple[str, str], list[int]]]:
    """The ids to replay by source and entity. Raises ConfigError for a wanted one that is not open."""
    cursor.execute(
        "select source, entity, quarantine_id from quarantine.records"
        " where status = 'open' and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))"
        " and (%(source)s::text is null or source = %(source)s)"
        " and (%(entity)s::text is null or entity = %(entity)s)"
        " and (%(reason_code)s::text is null or reason_code = %(reason_code)s)"
        " order by source, entity, record_key, quarantine_id for update",
        {"ids": None if wanted is None else list(wanted), **asdict(group or Group())},
    )
    rows = cursor.fetchall()
    missing = sorted(set(wanted or ()) - {quarantine_id for _source, _entity, quarantine_id in rows})
    if missing:
        raise ConfigError(
            f"not in quarantine, or settled already: {', '.join(map(str, missing))}",
            "see `cartera quarantine list`",
        )
    for source_and_entity, members in itertools.groupby(rows, key=lambda row: (row[0], row[1])):
        yield source_and_entity, [quarantine_id for _source, _entity, quarantine_id in members]


def _replay(
    connection: Connection, reader: Reader, entity: Entity, records: Sequence[Quarantined], recorded_at: dt.datetime
) -> tuple[list[Outcome], LoadReport | None]:
    outcomes, readings = read_again(reader, entity, records)
    tables = Tables(reader.system, entity)
    with connection.cursor() as cursor:
        outdated = _outdated(cursor, tables, readings)
        outcomes += [
            Outcome(reading.record, "superseded", message="something newer is known of this key")
            for reading in readings
            if reading.record.quarantine_id in outdated
        ]
        good, others = one_for_each_key(
            entity, [reading for reading in readings if reading.record.quarantine_id not in outdated]
        )
        outcomes += [*others, *(Outcome(reading.record, "replayed") for reading in good)]
        load = land(connection, _delivery(reader, entity, good), recorded_at) if good else None
        _settle(cursor, outcomes, recorded_at, load)
        _supersede_older(cursor, good, recorded_at, load)
    return outcomes, load


def _outdated(cursor: Cursor, tables: Tables, readings: Sequence[Reading]) -> set[int]:
    """The records of whose key a later delivery has said something, good or bad."""
    statement = """
        select asked.quarantine_id
        from unnest(%(ids)s::bigint[], %(keys)s::text[]) as asked (quarantine_id, record_key)
        join quarantine.records as record on record.quarantine_id = asked.quarantine_id
        where exists (
            select from {raw} as version
            where version.source = record.source and version.record_key = asked.record_key
                and version.recorded_from >= record.quarantined_at
        ) or exists (
            select from quarantine.records as newer
            where newer.status = 'open' and newer.source = record.source and newer.entity = record.entity
                and newer.record_key = asked.record_key and newer.load_id > record.load_id
        )
    """
    ids = [reading.record.quarantine_id for reading in readings]
    cursor.execute(tables.sql(statement), {"ids": ids, "keys": [reading.key for reading in readings]})
    return {quarantine_id for (quarantine_id,) in cursor}


def _delivery(reader: Reader, entity: Entity, readings: Sequence[Reading]) -> Delivery:
    import pyarrow as pa

    by_file: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_file[reading.record.file_name].append(reading)
    ids = ",".join(str(reading.record.quarantine_id) for reading in readings)
    return Delivery(
        source=readings[0].record.source,
        system=reader.system,
        entity=entity,
        kind="replay",
        fingerprint="replay:" + hashlib.blake2b(ids.encode(), digest_size=16).hexdigest(),
        files=tuple(DeliveredFile(name, "", group[0].record.header) for name, group in by_file.items()),
        batches=[
            Batch(pa.Table.from_pylist([reading.values for reading in group], schema(entity)), [], name)
            for name, group in by_file.items()
        ],
    )


def _settle(cursor: Cursor, outcomes: Iterable[Outcome], recorded_at: dt.datetime, load: LoadReport | None) -> None:
    for outcome in outcomes:
        quarantine_id = outcome.record.quarantine_id
        if outcome.status == "open":
            cursor.execute(
                "update quarantine.records set reason_code = %s, message = %s where quarantine_id = %s",
                [outcome.reason_code, storable(outcome.message), quarantine_id],
            )
        else:
            cursor.execute(
                "update quarantine.records set status = %s, settled_at = %s, settled_by_load_id = %s"
                " where quarantine_id = %s",
                [outcome.status, recorded_at, load and load.load_id, quarantine_id],
            )


def _supersede_older(
    cursor: Cursor, landed: Sequence[Reading], recorded_at: dt.datetime, load: LoadReport | None
) -> None:
    """What older loads left in quarantine of the keys that landed now."""
    cursor.execute(
        """
        update quarantine.records as older
        set status = 'superseded', settled_at = %(recorded_at)s, settled_by_load_id = %(load_id)s
        from unnest(%(ids)s::bigint[], %(keys)s::text[]) as landed (quarantine_id, record_key)
        join quarantine.records as record on record.quarantine_id = landed.quarantine_id
        where older.status = 'open' and older.source = record.source and older.entity = record.entity
            and older.record_key = landed.record_key and older.load_id < record.load_id
        """,
        {
            "recorded_at": recorded_at,
            "load_id": load and load.load_id,
            "ids": [reading.record.quarantine_id for reading in landed],
            "keys": [reading.key for reading in landed],
        },
    )
