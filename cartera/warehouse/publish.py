"""Publication: turn the readers over to the slot just built, whole or not at all (law 5).

Readers see views in `serve`. Turning them over replaces all views in one transaction. A reader that
has read any of them holds its lock until its own transaction ends, so the replacement waits; one that
asks meanwhile waits at most LOCK_TIMEOUT, after which we step back and try again. So no transaction
ever sees views of two publications. The functions, such as `serve.open_items`, read the same views.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.errors
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composed, Identifier, Literal

from cartera.clock import utc_now
from cartera.db import Role, parameters, transaction
from cartera.errors import BuildFailed, DatabaseError
from cartera.warehouse import read, scope
from cartera.warehouse.build_plan import BuildPlan

LOCK_SECONDS = 0.5
"""How long we wait for views in all, from the first that we hold: half of PostgreSQL's deadlock_timeout, after which it
cancels a reader who holds one that we want and wants one that we hold. We give way before."""

AT_THE_GATE_MILLISECONDS, LONGEST_AT_THE_GATE_MILLISECONDS = 250, 2_000
"""How long we wait there, where we hold nothing that could be in a circle: twice as long each time, for where many read
there is no moment at which nobody does. Others wait behind us."""

PATIENCE_SECONDS = 120.0
READERS = (Role.reader, Role.viewer, Role.campaign, Role.desk)


def publish(run_id: str, plan: BuildPlan) -> dt.datetime:
    """Make the slot just built the one that is read; returns the moment. Needs the run's certificate.

    Raises DatabaseError when readers hold the old publication for longer than PATIENCE_SECONDS.
    """
    deadline, at_the_gate = time.monotonic() + PATIENCE_SECONDS, AT_THE_GATE_MILLISECONDS
    while time.monotonic() < deadline:
        try:
            with transaction(Role.transformer) as connection, _stepping_back():
                return _turn_over(connection, run_id, plan, at_the_gate)
        except _ReadersInTheWayError:
            at_the_gate = min(2 * at_the_gate, LONGEST_AT_THE_GATE_MILLISECONDS)
            time.sleep(random.uniform(0.05, 0.3))
    raise DatabaseError(
        f"readers held the last publication for over {PATIENCE_SECONDS:.0f} s",
        "end the long-running query (see pg_stat_activity) and run again",
    )


class _ReadersInTheWayError(Exception):
    pass


@contextmanager
def _stepping_back() -> Iterator[None]:
    try:
        yield
    except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
        raise _ReadersInTheWayError from None


def _turn_over(connection: Connection, run_id: str, plan: BuildPlan, at_the_gate: int) -> dt.datetime:
    marts, published_at = f"marts_{plan.slot}", utc_now()
    with connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = %s", (at_the_gate,))
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", (read.GATE,))
        cursor.execute(
            "insert into ops.publications (run_id, slot, as_of_date, known_at, published_at)"
            " select run_id, %s, as_of_date, known_at, %s from ops.certificates where run_id = %s and is_tied"
            " returning publication_id",
            (plan.slot, published_at, run_id),
        )
        row = cursor.fetchone()
        if row is None:
            raise BuildFailed(f"run {run_id} has no tied certificate", "run again; nothing was published")
        calling = _calling_views(connection, marts)
        tables = _tables(connection, marts)
        wait_until = time.monotonic() + LOCK_SECONDS
        _replace(connection, "publication", _publication(row[0], run_id, plan, published_at), wait_until)
        for table, columns in tables.items():
            if table not in calling:
                _replace(connection, table, _view(marts, table, columns), wait_until)
        _replace_functions(connection, marts)
        for table, definition in calling.items():
            _replace(connection, table, Composed([SQL(_served(definition, marts))]), wait_until)
        for role in READERS:
            # not before, and none but these: a view of an earlier Cartera has no condition
            name = Identifier(str(parameters(role)["user"]))
            cursor.execute(SQL("revoke select on all tables in schema serve from {}").format(name))
            views = SQL(", ").join(Identifier("serve", view) for view in ("publication", *tables))
            cursor.execute(SQL("grant select on {} to {}").format(views, name))
    return published_at


def _publication(publication_id: int, run_id: str, plan: BuildPlan, published_at: dt.datetime) -> Composed:
    return SQL(
        "select {}::bigint as publication_id, {}::uuid as run_id, {}::date as as_of_date, {}::timestamptz as known_at,"
        " {}::timestamptz as published_at, {}::text as slot"
    ).format(*map(Literal, (publication_id, run_id, plan.as_of, plan.known_at, published_at, plan.slot)))


def _tables(connection: Connection, marts: str) -> dict[str, list[str]]:
    """The marts of a slot with their columns, in a fixed order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, array_agg(column_name::text order by ordinal_position)"
            " from information_schema.columns where table_schema = %s"
            " and (table_name like 'dim\\_%%' or table_name like 'fct\\_%%') and table_name not like '%%\\_\\_dbt\\_%%'"
            " group by table_name order by table_name",
            (marts,),
        )
        return dict(cursor.fetchall())


def _view(marts: str, table: str, columns: list[str]) -> Composed:
    return SQL("select {} from {} where {}").format(
        SQL(", ").join(map(Identifier, columns)),
        Identifier(marts, table),
        scope.condition(marts, table, columns),
    )


def _replace(connection: Connection, table: str, select: Composed, wait_until: float | None = None) -> None:
    """`create or replace` keeps grants and dependants; a changed column list needs a new view."""
    view = Identifier("serve", table)
    with connection.cursor() as cursor:
        if wait_until is not None:
            left = wait_until - time.monotonic()
            cursor.execute("set local lock_timeout = %s", (max(1, round(1000 * left)),))
        cursor.execute("savepoint replacing")
        try:
            cursor.execute(SQL("create or replace view {} as {}").format(view, select))
        except psycopg2.errors.InvalidTableDefinition:
            cursor.execute("rollback to savepoint replacing")
            # what is over it is made anew right after
            cursor.execute(SQL("drop view {} cascade").format(view))
            cursor.execute(SQL("create view {} as {}").format(view, select))
        cursor.execute("release savepoint replacing")


def _calling_views(connection: Connection, marts: str) -> dict[str, str]:
    """The slot's views that call one of its functions, which readers may not: their text is served."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select viewname, definition from pg_views where schemaname = %s and definition ~ %s order by viewname",
            (marts, rf"\m{marts}\.\w+\("),
        )
        return {name: definition.rstrip().removesuffix(";") for name, definition in cursor.fetchall()}


def _served(text: str, marts: str) -> str:
    """What dbt wrote of a slot's relations, of those of `serve` instead."""
    return re.sub(rf'("[^"]+"\.)?"?\b{marts}"?\.', "serve.", text)


def _replace_functions(connection: Connection, marts: str) -> None:
    """The slot's functions, as dbt wrote them, over the views of `serve` instead of the slot's tables.

    One that reads another was made after it; what the slot no longer has is not served any more.
    """
    functions = _functions(connection, marts)
    if not any(name == "open_items" for name, _arguments, _definition in functions):
        raise BuildFailed(f"{marts}.open_items is missing", "look at the post-hook of fct_open_items")
    made = {(name, arguments) for name, arguments, _definition in functions}
    with connection.cursor() as cursor:
        for name, arguments, _definition in reversed(_functions(connection, "serve")):
            if (name, arguments) not in made:
                cursor.execute(_drop(name, arguments))
        for name, arguments, definition in functions:
            served = _served(definition, marts)
            cursor.execute("savepoint replacing")
            try:
                cursor.execute(served)
            except psycopg2.errors.InvalidFunctionDefinition:
                cursor.execute("rollback to savepoint replacing")
                cursor.execute(_drop(name, arguments))
                cursor.execute(served)
            cursor.execute("release savepoint replacing")


def _functions(connection: Connection, schema: str) -> list[tuple[str, str, str]]:
    """Name, argument types and text of each function of a schema, in the order they were made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.proname, pg_get_function_identity_arguments(p.oid), pg_get_functiondef(p.oid)"
            " from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace"
            " where n.nspname = %s and p.prokind = 'f' order by p.oid",
            (schema,),
        )
        return cursor.fetchall()


def _drop(name: str, arguments: str) -> Composed:
    """The argument types are PostgreSQL's own words for them, not anybody's text."""
    # a view that calls it is made anew right after
    return SQL("drop function {}({}) cascade").format(Identifier("serve", name), SQL(arguments))
