"""Keys that come more than once in one delivery.

Exact repeats: the first lands, the others go to quarantine. Repeats that contradict each other: all go
to quarantine, since nothing says which one is true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor

from cartera.errors import SourceError
from cartera.landing.delivery import Delivery, Reject
from cartera.landing.refusal import Refusal, rejects_of
from cartera.landing.tables import Tables

MOST_REPEATS = 10_000
MOST_REPEATS_PCT = 10
"""More repeats than both: the mapped column is not a key, and quarantine would only hide that."""


def take_repeats(cursor: Cursor, delivery: Delivery, file_names: Sequence[str]) -> list[Reject]:
    """Remove repeated keys from `landing_stage` and return them as rejects. Raises SourceError when most repeat."""
    tables = Tables(delivery.system, delivery.entity)
    cursor.execute(
        tables.sql(
            "create temporary table landing_repeats on commit drop as"
            " select {key} as record_key, count(*) as times from landing_stage group by {key} having count(*) > 1"
        )
    )
    if cursor.rowcount == 0:
        return []
    _refuse_if_not_a_key(cursor, delivery)
    return _rejects(delivery, file_names, _delete_repeats(cursor, tables))


def _refuse_if_not_a_key(cursor: Cursor, delivery: Delivery) -> None:
    cursor.execute("select sum(times) - count(*), (select count(*) from landing_stage) from landing_repeats")
    ((repeats, rows),) = cursor.fetchall()
    if repeats > MOST_REPEATS and repeats * 100 > MOST_REPEATS_PCT * rows:
        raise SourceError(
            f"{delivery.source}, {delivery.entity.name}: {repeats:,} of {rows:,} rows repeat the {delivery.entity.key}"
            " of another row",
            f"map {delivery.entity.key} in sources/{delivery.source}.yaml to a column, or a list of columns, that"
            " is different in every row",
        )


def _delete_repeats(cursor: Cursor, tables: Tables) -> list[dict[str, Any]]:
    cursor.execute(
        tables.sql(
            """
            with repeated as (
                select
                    stage.ctid as stage_ctid,
                    min(record_hash) over same_key <> max(record_hash) over same_key as is_contradiction,
                    first_value(batch_number) over in_order as first_batch_number,
                    first_value(row_number) over in_order as first_row_number,
                    row_number() over in_order as ordinal
                from landing_stage as stage
                where {key} in (select record_key from landing_repeats)
                window
                    same_key as (partition by {key}),
                    in_order as (partition by {key} order by batch_number, row_number, ctid)
            )
            delete from landing_stage as stage
            using repeated
            where stage.ctid = repeated.stage_ctid and (is_contradiction or ordinal > 1)
            returning is_contradiction, first_batch_number, first_row_number, batch_number, row_number, {values}
            """
        )
    )
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _rejects(delivery: Delivery, file_names: Sequence[str], repeats: Sequence[Mapping[str, Any]]) -> list[Reject]:
    by_file: dict[str, list[Refusal]] = defaultdict(list)
    for repeat in sorted(repeats, key=lambda repeat: (repeat["batch_number"], repeat["row_number"])):
        by_file[file_names[repeat["batch_number"]]].append(_refusal(delivery, file_names, repeat))
    return [reject for file_name, refusals in by_file.items() for reject in rejects_of(delivery, file_name, refusals)]


def _refusal(delivery: Delivery, file_names: Sequence[str], repeat: Mapping[str, Any]) -> Refusal:
    key = delivery.entity.key
    first = f"row {repeat['first_row_number']} of {file_names[repeat['first_batch_number']]}"
    if repeat["is_contradiction"]:
        message = f"{key} {repeat[key]!r} comes with different values (first in {first}): none of them landed"
    else:
        message = f"{key} {repeat[key]!r} repeats {first}, which landed"
    record = {column.name: repeat[column.name] for column in delivery.entity.columns}
    return Refusal(repeat["row_number"], key, "duplicate_key", message, record)
