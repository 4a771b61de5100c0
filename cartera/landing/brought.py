"""The rows that a load brought: what it made new, changed or deleted, what it found as it was, what it refused.

A load is the moment at which its versions begin. What arrived as it was known already makes no version: of a delivery
of everything these are the records that were current before and after, of a delivery of changes nobody knows which.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Composable, Identifier, Literal

from cartera.landing import contacts
from cartera.landing.delivery import NO_CURRENCY, DeliveryKind
from cartera.landing.entities import ENTITIES, Entity
from cartera.landing.inspect import rows

QUARANTINED = ("quarantined", "replayed", "superseded")
"""What a load refused, by what became of it since."""
CHANGES = (*QUARANTINED, "deleted", "changed", "new", "unchanged")
"""What a row is to its load, in the order of the list: what is amiss first."""

HELD = "held"
"""Of a delivery of everything a record that stayed as it was and of whose key a row was refused: nobody knows whether
another row of it arrived as it was known already."""

OWN_SCHEMAS = ("raw_files", "raw_desk")
"""Their entities are those of files; the others are declared by their systems."""


Declared = Callable[[], Entity | None]
"""The entity as its system declares it, None where that is not known; asked for tables of other systems alone."""


@dataclass(frozen=True)
class Load:
    """A line of `ops.loads`. `amounts`: by currency ('*' of none) the sums `in`, `loaded`, `quarantined`."""

    load_id: int
    source: str
    entity: str
    kind: DeliveryKind
    recorded_at: dt.datetime
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    rows_new: int
    rows_changed: int
    rows_unchanged: int
    rows_deleted: int
    amounts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Total:
    """How many rows of a load are of one change and one currency ('*': of none), and what they amount to."""

    change: str
    currency_code: str
    rows: int
    amount: Decimal | None


@dataclass(frozen=True)
class Brought:
    """`amount` and `document_date` are None where such records have none."""

    record_key: str | None
    change: str
    document_date: dt.date | None
    amount: Decimal | None
    currency_code: str | None


def load(connection: Connection, load_id: int) -> Load | None:
    found = rows(
        connection,
        "select load_id, source, entity, kind, recorded_at, rows_in, rows_loaded, rows_quarantined, rows_new,"
        " rows_changed, rows_unchanged, rows_deleted, amounts from ops.loads where load_id = %(load_id)s",
        {"load_id": load_id},
    )
    return Load(**found[0]) if found else None


def schema_of(connection: Connection, of: Load) -> str | None:
    """The raw schema that holds the records of a source and entity, None where none of them ever landed.

    A name that was given to another system since has records in two: that of the load is the one with its versions.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            r"select nspname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
            r" where relname = %s and relkind = 'r' and nspname like 'raw\_%%' order by nspname",
            [of.entity],
        )
        schemas = [name for (name,) in cursor]
        has_source = "select exists (select from {raw} where source = %(source)s)"
        found = [name for name in schemas if _holds(cursor, has_source, name, of)]
        has_load = "select exists (select from {raw} where source = %(source)s and recorded_from = %(recorded_at)s)"
        of_load = [name for name in found if _holds(cursor, has_load, name, of)] if len(found) > 1 else found
    return next(iter(of_load or found), None)


def _holds(cursor: Cursor, statement: str, schema: str, of: Load) -> bool:
    cursor.execute(SQL(statement).format(raw=Identifier(schema, of.entity)), vars(of))
    return cursor.fetchone() == (True,)


def totals(connection: Connection, of: Load, relation: Composable, changes: Sequence[str]) -> list[Total]:
    """What the rows of these changes add up to; `relation` is that of `rows_of`."""
    query = SQL(
        "select change, coalesce(currency_code, {none}) as currency_code, count(*) as rows, sum(amount) as amount"
        " from ({relation}) as brought where change = any(%(changes)s) group by 1, 2"
    ).format(none=Literal(NO_CURRENCY), relation=relation)
    return [Total(**row) for row in rows(connection, query, _values(of, changes))]


def listed(connection: Connection, of: Load, relation: Composable, changes: Sequence[str], limit: int) -> list[Brought]:
    """The first of them in the order of CHANGES, and within it of their keys."""
    query = SQL(
        "select record_key, change, document_date, amount, currency_code from ({relation}) as brought"
        " where change = any(%(changes)s) order by array_position(%(order)s, change), record_key limit %(limit)s"
    ).format(relation=relation)
    return [Brought(**row) for row in rows(connection, query, _values(of, changes) | {"limit": limit})]


def waiting(connection: Connection, of: Load) -> dict[str, int]:
    """What of a load still waits in quarantine: rows by reason."""
    found = rows(
        connection,
        "select reason_code, count(*) as rows from quarantine.records"
        " where load_id = %(load_id)s and status = 'open' group by reason_code order by reason_code",
        {"load_id": of.load_id},
    )
    return {row["reason_code"]: row["rows"] for row in found}


# what begins at the moment of the load, beside what ended then; each is found by that moment and not by the source
_VERSIONS = """
select
    version.record_key, version.document_date, version.amount, version.currency_code,
    case when version.is_deleted then 'deleted' when ended.record_key is null then 'new' else 'changed' end as change
from {versions} as version
left join (
    select record_key from {versions} as before where recorded_to = %(recorded_at)s and not is_deleted
) as ended on ended.record_key = version.record_key
where version.recorded_from = %(recorded_at)s
"""
_UNCHANGED = """
select version.record_key, version.document_date, version.amount, version.currency_code,
    case when bad.record_key is null then 'unchanged' else 'held' end as change
from {versions} as version
left join (select distinct record_key from quarantine.records where load_id = %(load_id)s) as bad
    on bad.record_key = version.record_key
where version.recorded_from < %(recorded_at)s and version.recorded_to > %(recorded_at)s and not version.is_deleted
"""
_QUARANTINED = """
select record_key, null::date as document_date, amount, currency_code,
    case when status = 'open' then 'quarantined' else status end as change
from quarantine.records where load_id = %(load_id)s
"""


def rows_of(connection: Connection, of: Load, declared: Declared, changes: Sequence[str]) -> Composable:
    """The rows of these changes as a query, which binds the load.

    Only what is asked is read: to find what stayed as it was takes the whole table.
    """
    versions = _versions(connection, of, declared)
    parts: list[Composable] = [SQL(_QUARANTINED)] if {*QUARANTINED} & {*changes} or versions is None else []
    if versions is not None and {"new", "changed", "deleted"} & {*changes}:
        parts.append(SQL(_VERSIONS).format(versions=versions))
    if versions is not None and "unchanged" in changes and of.kind == "full" and of.rows_unchanged:
        parts.append(SQL(_UNCHANGED).format(versions=versions))
    return SQL(" union all ").join(parts or [SQL(_QUARANTINED)])


def _versions(connection: Connection, of: Load, declared: Declared) -> Composable | None:
    """All versions of the source and entity, with what of their columns is listed."""
    if of.source == contacts.SOURCE:
        return SQL(
            "(select contact_id::text as record_key, recorded_from, recorded_to, false as is_deleted,"
            " planned_date as document_date, cost_amount as amount, cost_currency_code as currency_code"
            " from ops.contacts_landed)"
        )
    schema = schema_of(connection, of)
    if schema is None:
        return None
    columns = _columns(connection, schema, of.entity)
    entity = ENTITIES.get(of.entity) if schema in OWN_SCHEMAS else declared()
    # a total that a source states is no amount of law 1, and all there is to see of it
    amount = "control_amount" if of.entity == "controls" else entity.amount if entity else None
    dates = [name for name, type_ in columns.items() if type_ == "date"]
    currency = entity.currency if entity else "currency_code"
    return SQL(
        "(select record_key, recorded_from, recorded_to, is_deleted, {date} as document_date, {amount} as amount,"
        " {currency} as currency_code from {raw} where source = %(source)s)"
    ).format(
        raw=Identifier(schema, of.entity),
        date=Identifier(dates[0]) if dates else SQL("null::date"),
        amount=Identifier(amount) if amount in columns else SQL("null::numeric"),
        currency=Identifier(currency) if currency in columns and amount in columns else SQL("null::text"),
    )


def _columns(connection: Connection, schema: str, entity: str) -> dict[str, str]:
    """The columns of a raw table in their order, with their types. The first date is that of the document."""
    found = rows(
        connection,
        "select attname, format_type(atttypid, null) as type from pg_attribute"
        " where attrelid = to_regclass(quote_ident(%(schema)s) || '.' || quote_ident(%(entity)s))"
        " and attnum > 0 and not attisdropped order by attnum",
        {"schema": schema, "entity": entity},
    )
    return {row["attname"]: row["type"] for row in found}


def _values(of: Load, changes: Sequence[str]) -> dict[str, object]:
    return vars(of) | {"changes": list(changes), "order": list(CHANGES), "amounts": None}
