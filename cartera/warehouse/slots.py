"""The two slots of the warehouse: what is noted of each, and what is copied from one to the other."""

from __future__ import annotations

from contextlib import closing

from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from cartera.db import Role, connect, transaction
from cartera.warehouse.build_plan import BuildPlan

PARTIALLY_BUILT = (
    "dim_items",
    "fct_ledger_entries",
    "fct_item_balances",
    "fct_daily_flows",
    "fct_source_controls",
    "fct_contacts",
    "fct_segment_memberships",
    "int_companies__currencies_stated",
    "int_companies__payment_sources",
    "int_ledger__allocations_astray",
    "int_receivables__instalments_questioned",
)
"""The tables that a build only adds to and mends: dbt's incremental models. A test holds this list."""


def begin(plan: BuildPlan) -> str | None:
    """Mark the slot as being built, and give it the copy that it begins with; the hash of what its views were made of,
    None where not all stand."""
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("select views_hash from ops.slots where slot = %s for update", (plan.slot,))
        ((views_hash,),) = cursor.fetchall()
        cursor.execute("update ops.slots set is_building = true, views_hash = null where slot = %s", (plan.slot,))
    if plan.copy_from is not None:
        with transaction(Role.transformer) as connection, connection.cursor() as cursor:
            _copy_tables(cursor, plan.copy_from, plan.slot)
    # a copied table takes the views over the one that it replaces with it
    return None if plan.full_refresh or plan.copy_from else views_hash


def end(plan: BuildPlan, views_hash: str) -> None:
    """Mark the slot as built: every model stands."""
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.slots set is_building = false, built_known_at = %s, code_hash = %s, views_hash = %s"
            " where slot = %s",
            (plan.known_at, plan.code_hash, views_hash, plan.slot),
        )


def prepare_next(plan: BuildPlan) -> None:
    """Give the other slot what a whole build made, so that the next build only adds to it.

    Nobody reads it: the readers were turned over to the slot just built.
    """
    other = "b" if plan.slot == "a" else "a"
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        _copy_tables(cursor, plan.slot, other)
        cursor.execute(
            "update ops.slots set is_building = false, built_known_at = %s, code_hash = %s, views_hash = null"
            " where slot = %s",
            (plan.known_at, plan.code_hash, other),
        )
    # who first reads a row after it was written marks it on disk: left to the next build, that one takes twice as long
    with closing(connect(Role.transformer, autocommit=True)) as connection, connection.cursor() as cursor:
        for table in PARTIALLY_BUILT:
            cursor.execute(SQL("vacuum {}").format(_relation(other, table)))


def _copy_tables(cursor: Cursor, source: str, target: str) -> None:
    """Give a slot what a partial build adds to. The other marts are built anew each time anyway."""
    for table in PARTIALLY_BUILT:
        theirs, ours = (_relation(slot, table) for slot in (source, target))
        names = {"source": theirs, "target": ours}
        cursor.execute(SQL("drop table if exists {target} cascade").format(**names))
        cursor.execute(SQL("create table {target} (like {source} including all excluding indexes)").format(**names))
        cursor.execute(SQL("insert into {target} select * from {source}").format(**names))
        # an index is made faster over rows that are there; dbt knows them by name
        cursor.execute(
            "select indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')"
            " from pg_index where indrelid = %s::regclass order by indexrelid",
            (".".join(theirs.strings),),
        )
        for index, definition in cursor.fetchall():
            name = Identifier(index.rpartition(".")[2].strip('"'))
            made = SQL("create index {name} on {target} using {definition}")
            cursor.execute(made.format(name=name, definition=SQL(definition), **names))
        cursor.execute(SQL("analyze {target}").format(**names))


def _relation(slot: str, table: str) -> Identifier:
    return Identifier(f"intermediate_{slot}" if table.startswith("int_") else f"marts_{slot}", table)
