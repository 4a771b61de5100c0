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
    values = {"source": delivery.source, "forever": FOREVER}
    cursor.execute(tables.sql(_FULL if delivery.kind == "full" else _INCREMENTAL), values)
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
    _guard(delivery, changes, current=changes.changed + changes.unchanged + changes.deleted + held_back)
    return changes


def _guard(delivery: Delivery, changes: Changes, current: int) -> None:
    if current < GUARDED_FROM or changes.deleted * 100 <= delivery.max_shrink_pct * current:
        return
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
