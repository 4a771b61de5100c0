"""Turns staged records into versions: what is new, changed or gone since the current versions.

Only two things ever happen to a version: it is inserted, and once its life is ended by its successor.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor

from cartera.clock import FOREVER
from cartera.errors import ShrunkDelivery
from cartera.landing.delivery import Delivery
from cartera.landing.tables import Tables

GUARDED_FROM = 20
"""Below so many current records a percentage says little."""

_FULL = """
create temporary table landing_differences on commit drop as
select
    coalesce(stage.record_key, version.record_key) as record_key,
    version.recorded_from as closes,
    case
        when stage.record_key is null then 'deleted'
        when version.record_key is null or version.is_deleted then 'new'
        else 'changed'
    end as change
from (select {key} as record_key, record_hash from landing_stage) as stage
full join (
    select record_key, record_hash, recorded_from, is_deleted from {raw}
    where source = %(source)s and recorded_to = %(forever)s
) as version on version.record_key = stage.record_key
where (stage.record_key is null and not version.is_deleted)
    or (stage.record_key is not null and (version.record_key is null or version.is_deleted))
    or stage.record_hash <> version.record_hash
"""

# one index search per delivered record: the table may hold millions that this delivery does not mention
_INCREMENTAL = """
create temporary table landing_differences on commit drop as
select
    stage.{key} as record_key,
    version.recorded_from as closes,
    case when version.record_key is null or version.is_deleted then 'new' else 'changed' end as change
from landing_stage as stage
left join lateral (
    select record_key, record_hash, recorded_from, is_deleted from {raw}
    where source = %(source)s and record_key = stage.{key} and recorded_to = %(forever)s
    limit 1
) as version on true
where version.record_key is null or version.is_deleted or stage.record_hash <> version.record_hash
"""

# what a system says it deleted, or no longer has in a sweep of its keys
_ABSENT = """
insert into landing_differences (record_key, closes, change)
select version.record_key, version.recorded_from, 'deleted'
from {raw} as version
where version.source = %(source)s and version.recorded_to = %(forever)s and not version.is_deleted
    and (
        version.record_key in (select gone.record_key from landing_gone as gone)
        or (
            %(is_sweep)s
            and not exists (select from landing_keys as there where there.record_key = version.record_key)
        )
    )
    and not exists (select from landing_stage as stage where stage.{key} = version.record_key)
    and not exists (select from landing_differences as other where other.record_key = version.record_key)
"""

_CURRENT = """
select count(*) from {raw} where source = %(source)s and recorded_to = %(forever)s and not is_deleted
"""

_CLOSE = """
update {raw} as version set recorded_to = %(recorded_at)s
from landing_differences as difference
where version.source = %(source)s
    and version.record_key = difference.record_key and version.recorded_from = difference.closes
"""

_INSERT = """
insert into {raw} (source, record_key, record_hash, recorded_from, load_id, row_number, {values})
select %(source)s, stage.{key}, stage.record_hash, %(recorded_at)s, %(load_id)s, stage.row_number, {stage_values}
from landing_stage as stage
"""
_INSERT_DIFFERENT = _INSERT + "join landing_differences as difference on difference.record_key = stage.{key}"

_BURY = """
insert into {raw} (source, record_key, record_hash, recorded_from, is_deleted, load_id, row_number, {values})
select %(source)s, version.record_key, version.record_hash, %(recorded_at)s, true, %(load_id)s,
    version.row_number, {version_values}
from landing_differences as difference
join {raw} as version
    on version.source = %(source)s
    and version.record_key = difference.record_key and version.recorded_from = difference.closes
where difference.change = 'deleted'
"""


@dataclass(frozen=True)
class Changes:
    """How many records of a delivery are new (or came back), changed, unchanged, or gone."""

    new: int
    changed: int
    unchanged: int
    deleted: int


def compare(cursor: Cursor, delivery: Delivery, staged: int) -> Changes:
    """Fill `landing_differences`: in what the `staged` records differ from the current versions.

    Raises ShrunkDelivery when a full delivery lost too many. A key in quarantine is not gone.
    """
    tables = Tables(delivery.system, delivery.entity)
    values: dict[str, object] = {"source": delivery.source, "forever": FOREVER}
    cursor.execute(tables.sql(_FULL if delivery.kind == "full" else _INCREMENTAL), values)
    if delivery.repeats == "keep_last":
        _add_absent(cursor, tables, values, is_sweep=delivery.keys is not None)
    cursor.execute(
        "delete from landing_differences where change = 'deleted'"
        " and record_key in (select record_key from landing_rejects)"
    )
    held_back = cursor.rowcount
    cursor.execute("analyze landing_differences")
    cursor.execute("select change, count(*) from landing_differences group by change")
    counts = dict(cursor.fetchall())
    new, changed, deleted = (counts.get(change, 0) for change in ("new", "changed", "deleted"))
    changes = Changes(new, changed, staged - new - changed, deleted)
    if delivery.kind == "full":
        current = changes.changed + changes.unchanged + changes.deleted + held_back
    elif changes.deleted:
        cursor.execute(tables.sql(_CURRENT), values)
        ((current,),) = cursor.fetchall()
    else:
        current = 0
    _guard(delivery, changes, staged, current)
    return changes


def _add_absent(cursor: Cursor, tables: Tables, values: dict[str, object], *, is_sweep: bool) -> None:
    """The rest of the differences: one search of all that is current, only when something may be gone."""
    cursor.execute("select exists (select from landing_gone)")
    ((some_are_gone,),) = cursor.fetchall()
    if is_sweep or some_are_gone:
        cursor.execute(tables.sql(_ABSENT), values | {"is_sweep": is_sweep})


def _guard(delivery: Delivery, changes: Changes, staged: int, current: int) -> None:
    if delivery.is_watched and delivery.kind == "full" and not staged and current and delivery.max_shrink_pct < 100:
        raise ShrunkDelivery(
            f"{delivery.source}, {delivery.entity.name}: the system gave no record where there were {current:,};"
            " nothing was landed",
            f"see whether the account of the source may still read {delivery.entity.name}; if they are really gone,"
            f" accept it with `max_shrink_pct: 100` in sources/{delivery.source}.yaml, run, and take it out again",
        )
    if current < GUARDED_FROM or changes.deleted * 100 <= delivery.max_shrink_pct * current:
        return
    if delivery.is_watched:
        raise ShrunkDelivery(
            f"{delivery.source}, {delivery.entity.name}: {changes.deleted:,} of {current:,} records are gone from the"
            f" system, more than {delivery.max_shrink_pct}%; nothing was landed",
            "see whether the account of the source may still read all of them; if they are really gone, accept it with"
            f" `max_shrink_pct: 100` in sources/{delivery.source}.yaml, run, and take it out again",
        )
    raise ShrunkDelivery(
        f"{delivery.source}, {delivery.entity.name}: {changes.deleted:,} of {current:,} records are missing from a full"
        f" delivery, more than {delivery.max_shrink_pct}%; nothing was landed",
        "see whether the export is whole; if these records are really gone, accept it with"
        f" `max_shrink_pct: 100` under {delivery.entity.name} in sources/{delivery.source}.yaml, run, and take it out"
        " again; if the files hold only what changed, say `delivery: incremental`",
    )


def is_first(cursor: Cursor, delivery: Delivery) -> bool:
    """Whether the source has no version of this entity yet, so that there is nothing to compare."""
    tables = Tables(delivery.system, delivery.entity)
    cursor.execute(tables.sql("select exists (select from {raw} where source = %s)"), [delivery.source])
    return cursor.fetchone() == (False,)


def write_all(cursor: Cursor, delivery: Delivery, load_id: int, recorded_at: dt.datetime) -> int:
    """Insert every staged record as a first version; their number."""
    values = {"source": delivery.source, "recorded_at": recorded_at, "load_id": load_id}
    cursor.execute(Tables(delivery.system, delivery.entity).sql(_INSERT), values)
    return cursor.rowcount


def write_differences(cursor: Cursor, delivery: Delivery, load_id: int, recorded_at: dt.datetime) -> int:
    """End the versions that are no longer true and insert their successors; the number inserted."""
    tables = Tables(delivery.system, delivery.entity)
    values = {"source": delivery.source, "recorded_at": recorded_at, "load_id": load_id}
    cursor.execute(tables.sql(_CLOSE), values)
    cursor.execute(tables.sql(_INSERT_DIFFERENT), values)
    inserted = cursor.rowcount
    cursor.execute(tables.sql(_BURY), values)
    return inserted + cursor.rowcount
