"""The raw tables of the systems that declare their own: `raw_<system>.<entity>`, made when one is connected.

The tables of file sources are made by the migrations. Here the entity's declaration is the table: a column that
was added to it is added to the table, and nothing is ever taken away.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from cartera.db import Role, role_names, transaction
from cartera.landing.entities import SQL_TYPES, Entity
from cartera.landing.tables import Tables

LOCK = "cartera.raw_schema"

_TABLE = """
create table if not exists {raw} (
    source text not null,
    record_key text not null,
    record_hash text not null,
    recorded_from timestamptz not null,
    recorded_to timestamptz not null default '9999-12-31 00:00:00+00',
    is_deleted boolean not null default false,
    load_id bigint not null,
    row_number bigint not null,
    {columns},
    primary key (source, record_key, recorded_from)
)
"""

# what was recorded, or ended, since a moment is found without reading the rest (as in migration 0008)
_FOUND_BY_MOMENT = """
create index if not exists {recorded} on {raw} using brin (recorded_from)
    with (pages_per_range = 32, autosummarize = on);
create index if not exists {ended} on {raw} (recorded_to) where recorded_to < '9999-12-31 00:00:00+00';
"""

# the versions of a record by the id that staging gives it (as in migration 0010)
_FOUND_BY_STAGED_ID = "create index if not exists {staged} on {raw} ((source || ':' || {key}))"

_GRANTS = """
grant usage on schema {schema} to {loader}, {transformer};
grant select, insert, update (recorded_to) on all tables in schema {schema} to {loader};
grant select on all tables in schema {schema} to {transformer};
"""


def ensure(system: str, entities: Sequence[Entity]) -> bool:
    """Make what is missing of a system's schema, tables, columns and rights; whether anything was.

    One query when all is there. Raises DatabaseError.
    """
    with transaction(Role.loader) as connection:
        if not missing(connection, system, entities):
            return False
    with transaction(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [LOCK])
        _make(cursor, system, entities)
    return True


def missing(connection: Connection, system: str, entities: Sequence[Entity]) -> set[tuple[str, str]]:
    """Declared columns, as (table, column), that the database does not have."""
    with connection.cursor() as cursor:
        return _declared(entities) - _found(cursor, system)


def _declared(entities: Sequence[Entity]) -> set[tuple[str, str]]:
    return {(entity.name, column.name) for entity in entities for column in entity.columns}


def _found(cursor: Cursor, system: str) -> set[tuple[str, str]]:
    cursor.execute(
        "select table_.relname, column_.attname from pg_attribute as column_"
        " join pg_class as table_ on table_.oid = column_.attrelid"
        " join pg_namespace as schema_ on schema_.oid = table_.relnamespace"
        " where schema_.nspname = %s and column_.attnum > 0 and not column_.attisdropped and table_.relkind = 'r'",
        [f"raw_{system}"],
    )
    return {(table, column) for table, column in cursor}


def _make(cursor: Cursor, system: str, entities: Sequence[Entity]) -> None:
    schema = Identifier(f"raw_{system}")
    cursor.execute(SQL("create schema if not exists {}").format(schema))
    for entity in entities:
        tables = Tables(system, entity)
        cursor.execute(tables.sql(_TABLE, columns=tables.columns))
        indexes = {name: Identifier(f"{entity.name}_{name}_since") for name in ("recorded", "ended")}
        cursor.execute(tables.sql(_FOUND_BY_MOMENT, **indexes))
        cursor.execute(tables.sql(_FOUND_BY_STAGED_ID, staged=Identifier(f"{entity.name}_staged")))
    found = _found(cursor, system)
    for entity in entities:
        raw = Identifier(f"raw_{system}", entity.name)
        for column in entity.columns:
            if (entity.name, column.name) not in found:
                # what landed before does not have it: it can't be demanded of the table, only of what is delivered
                cursor.execute(
                    SQL("alter table {} add column {} {}").format(
                        raw, Identifier(column.name), SQL(SQL_TYPES[column.type])
                    )
                )
    cursor.execute(SQL(_GRANTS).format(schema=schema, **role_names()))
    if cursor.connection.server_version >= 170000:
        cursor.execute(
            SQL("grant maintain on all tables in schema {schema} to {loader}, {transformer}").format(
                schema=schema, **role_names()
            )
        )


def systems(connection: Connection) -> list[str]:
    """The systems that have raw tables, by name."""
    with connection.cursor() as cursor:
        cursor.execute(r"select substr(nspname, 5) from pg_namespace where nspname like 'raw\_%' order by 1")
        return [name for (name,) in cursor]


__all__ = ["ensure", "missing", "systems"]
