"""Reads what is in quarantine, for people and for replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import Composable

from cartera.errors import ConfigError
from cartera.landing.delivery import RawFormat

Status = Literal["open", "replayed", "superseded"]

_MEND = {
    "duplicate_key": "make the key unique in the export, or map a column (or a list of columns) that is; to let one of"
    " contradicting rows land, replay its id alone",
}
_MEND_BY_DEFAULT = (
    "correct it in the source and deliver again, or correct the mapping in sources/{source}.yaml and run"
    " `cartera quarantine replay {id}`"
)


@dataclass(frozen=True)
class Group:
    """The open records of a source, of an entity of it, of one reason; None: whichever."""

    source: str | None = None
    entity: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True)
class Counted:
    """How many records of a group are open, what they amount to by currency ('*': of none), since when."""

    source: str
    entity: str
    reason_code: str
    records: int
    amounts: Mapping[str, str]
    first_at: dt.datetime
    last_at: dt.datetime


@dataclass(frozen=True)
class Quarantined:
    """One record in quarantine. `header` is that of its file, as the load noted it."""

    quarantine_id: int
    load_id: int
    source: str
    entity: str
    file_name: str
    row_number: int
    record_key: str | None
    column_name: str | None
    reason_code: str
    message: str
    raw_bytes: bytes
    raw_format: RawFormat
    amount: Decimal | None
    currency_code: str | None
    quarantined_at: dt.datetime
    status: Status
    settled_at: dt.datetime | None
    header: str

    @property
    def mend(self) -> str:
        return _MEND.get(self.reason_code, _MEND_BY_DEFAULT).format(source=self.source, id=self.quarantine_id)


_SELECT = """
select
    record.quarantine_id, record.load_id, record.source, record.entity, record.file_name, record.row_number,
    record.record_key, record.column_name, record.reason_code, record.message, record.raw_bytes, record.raw_format,
    record.amount, record.currency_code, record.quarantined_at, record.status, record.settled_at,
    coalesce(
        (
            select file ->> 'header' from jsonb_array_elements(load.files) as file
            where file ->> 'name' = record.file_name limit 1
        ), ''
    ) as header
from quarantine.records as record
join ops.loads as load on load.load_id = record.load_id
"""


def read(connection: Connection, quarantine_ids: Sequence[int]) -> list[Quarantined]:
    """Records by id, in the order of their ids."""
    return _read(
        connection, "where record.quarantine_id = any(%s) order by record.quarantine_id", [list(quarantine_ids)]
    )


def read_one(connection: Connection, quarantine_id: int) -> Quarantined:
    """Raises ConfigError when there is none."""
    for record in read(connection, [quarantine_id]):
        return record
    raise ConfigError(f"nothing in quarantine has the id {quarantine_id}", "see `cartera quarantine list --status all`")


def search(
    connection: Connection,
    *,
    source: str | None = None,
    entity: str | None = None,
    reason_code: str | None = None,
    status: str | None = "open",
    limit: int | None = None,
) -> list[Quarantined]:
    """Records by source, entity, reason and status (None: whichever), newest loads first."""
    return _read(
        connection,
        "where (%(source)s::text is null or record.source = %(source)s)"
        " and (%(entity)s::text is null or record.entity = %(entity)s)"
        " and (%(reason_code)s::text is null or record.reason_code = %(reason_code)s)"
        " and (%(status)s::text is null or record.status = %(status)s)"
        " order by record.load_id desc, record.quarantine_id limit %(limit)s",
        {"source": source, "entity": entity, "reason_code": reason_code, "status": status, "limit": limit},
    )


def counted(connection: Connection) -> list[Counted]:
    """The groups that are open, by source, entity and reason."""
    return [
        Counted(**row)
        for row in rows(
            connection,
            "select source, entity, reason_code, sum(records)::bigint as records,"
            " coalesce(jsonb_object_agg(currency_code, amount::text) filter (where amount is not null), '{}')"
            " as amounts,"
            " min(first_at) as first_at, max(last_at) as last_at"
            " from ("
            " select source, entity, reason_code, coalesce(currency_code, '*') as currency_code, count(*) as records,"
            " sum(amount) as amount, min(quarantined_at) as first_at, max(quarantined_at) as last_at"
            " from quarantine.records where status = 'open' group by 1, 2, 3, 4"
            " ) as by_currency group by source, entity, reason_code order by source, entity, reason_code",
            {},
        )
    ]


def _read(connection: Connection, where: str, values: Sequence[object] | dict[str, object]) -> list[Quarantined]:
    found = rows(connection, _SELECT + where, values)
    return [Quarantined(**row | {"raw_bytes": bytes(row["raw_bytes"])}) for row in found]


def rows(
    connection: Connection, query: str | Composable, values: Sequence[object] | dict[str, object]
) -> list[dict[str, Any]]:
    """Each row by the names of its columns."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]
