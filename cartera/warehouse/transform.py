"""Run dbt in this process, against one of the two warehouse slots.

Marts live twice, in `marts_a` and `marts_b`. A build fills the slot that nobody reads; publication
turns the readers over. So a build that fails half-way is never seen (law 5).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from cartera.connectors import companies, desk
from cartera.connectors.api import systems as connected
from cartera.db import Role, connect, parameters, transaction
from cartera.errors import BuildFailed
from cartera.landing import contacts, raw_schema
from cartera.runs import Check
from cartera.settings import Settings, get_settings
from cartera.words import counted

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

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


_ALL_BUT_STANDING_VIEWS = (
    "--select",
    "config.materialized:table+",
    "config.materialized:incremental",
    "path:models/marts",
    "resource_type:test",
    "resource_type:seed",
)
"""Without the views of staging and intermediate models over nothing that is made anew: they are the same in every build
of one code and one set of systems. The views of marts have the run's clocks in them."""

_NO_SYSTEMS = [companies.SOURCE, contacts.SOURCE, desk.SOURCE]
"""What lands without being a system whose customers and payments could be those of another."""

_SETTINGS_CHANGED = (
    "select max(recorded_at) from ops.loads"
    " where entity in ('companies', 'closed_days') and rows_new + rows_changed + rows_deleted > 0"
)


@dataclass(frozen=True)
class BuildPlan:
    """Which slot to build, from where on, for which two clocks.

    `copy_from`: the slot that serves, when it is newer than the one to build or that one was never built.
    """

    slot: str
    as_of: dt.date
    known_at: dt.datetime
    changed_since: dt.datetime
    full_refresh: bool
    code_hash: str
    copy_from: str | None = None


@dataclass(frozen=True)
class BuildReport:
    """`entries`: how many ledger entries were written, those of a whole build or those that were mended."""

    models: int
    entries: int
    checks: list[Check]


def code_hash(settings: Settings) -> str:
    """Hash of everything that decides what a build gives: models, macros, seeds, expectations."""
    digest = hashlib.sha256()
    for folder in (settings.dbt_dir, settings.expectations_dir):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".sql", ".yml", ".yaml", ".csv") and "target" not in path.parts:
                digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def known_until(connection: Connection) -> dt.datetime | None:
    """The recording time of the newest landed delivery, or None when nothing ever landed.

    Taken under the landing lock: a landing in flight has chosen its time but is not visible yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(hashtext('cartera.landing'))")
        cursor.execute("select max(recorded_at) from ops.loads")
        row = cursor.fetchone()
    return row[0] if row else None


def staged_systems(connection: Connection) -> dict[str, list[str]]:
    """The systems that have raw tables and staging models, each with the entities that it stages: dbt's `systems`."""
    staging = get_settings().dbt_dir / "models" / "staging"
    return {
        system: sorted(path.stem.partition("__")[2] for path in (staging / system).glob(f"stg_{system}__*.sql"))
        for system in raw_schema.systems(connection)
        if (staging / system).is_dir()
    }


def plan_build(as_of: dt.date, known_at: dt.datetime) -> BuildPlan:
    """Choose the slot that nobody reads and how much of it must be built.

    A slot built by this code before is brought up to date; one that was not (its copy after the first
    publication was interrupted) begins with a copy of the slot that serves, if that was built by this code;
    else everything is built, as when a company's settings changed since.
    """
    hash_now = code_hash(get_settings())
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("select slot from ops.publications order by publication_id desc limit 1")
        (serving,) = cursor.fetchone() or (None,)
        cursor.execute(
            "select slot, built_known_at from ops.slots where code_hash = %s and built_known_at is not null",
            (hash_now,),
        )
        built: dict[str, dt.datetime] = dict(cursor.fetchall())
        cursor.execute(_SETTINGS_CHANGED)
        ((settings_changed_at,),) = cursor.fetchall()
    # settings decide the due dates of all documents, not only of those that changed
    built = {name: known for name, known in built.items() if not settings_changed_at or known >= settings_changed_at}
    slot = "b" if serving == "a" else "a"
    if slot in built:
        return BuildPlan(slot, as_of, known_at, built[slot], False, hash_now)
    if serving in built:
        return BuildPlan(slot, as_of, known_at, built[serving], False, hash_now, copy_from=serving)
    return BuildPlan(slot, as_of, known_at, EPOCH, True, hash_now)


def build(plan: BuildPlan) -> BuildReport:
    """`dbt build` of every model and data test. Raises BuildFailed when a model could not be built.

    A slot counts as built only when every model stands; after a kill the next build starts from
    the same `changed_since` and replaces what the killed one left.
    """
    standing = _begin(plan)
    if plan.copy_from is not None:
        with transaction(Role.transformer) as connection, connection.cursor() as cursor:
            _copy_tables(cursor, plan.copy_from, plan.slot)
    _refresh_statistics()
    with transaction(Role.transformer) as connection:
        variables = json.dumps(_system_vars(connection))
    views_hash = hashlib.sha256((plan.code_hash + variables).encode()).hexdigest()
    arguments = ["build", "--exclude-resource-type", "unit_test", "--vars", variables]
    if plan.full_refresh:
        arguments += ["--full-refresh"]
    elif standing == views_hash:
        arguments += _ALL_BUT_STANDING_VIEWS
    results = _invoke(arguments, plan.slot, _clocks(plan))
    broken = [r for r in results if r["resource_type"] != "test" and r["status"] in ("error", "skipped", "fail")]
    if broken:
        first = next((r for r in broken if r["status"] == "error"), broken[0])
        raise BuildFailed(
            f"dbt could not build {first['name']}: {first['message']}",
            f"the last publication keeps serving; see {get_settings().log_dir / 'dbt.log'}",
        )
    _end(plan, views_hash)
    tests = [r for r in results if r["resource_type"] == "test"]
    entries = next(r["rows"] for r in results if r["name"] == "fct_ledger_entries")
    return BuildReport(len(results) - len(tests), entries, [_check(test) for test in tests])


def compiled(model: str, system: str) -> str:
    """The SQL of one staging model, also of a system that is not connected yet. Raises BuildFailed."""
    with transaction(Role.transformer) as connection:
        systems = staged_systems(connection)
    variables = json.dumps({"systems": {**systems, system: systems.get(system, [])}})
    with redirect_stdout(io.StringIO()):  # it would print what it compiled
        (node,) = _invoke(["compile", "--select", model, "--vars", variables], "a")
    return str(node["compiled_code"])


def _system_vars(connection: Connection) -> dict[str, Any]:
    """What is connected. Only where several sources are is it asked which payments count, and whose customers are the
    same: one source alone is built as if there were no such questions."""
    staged = staged_systems(connection)
    kinds = {name: "erp" if name == "files" else connected.get(name).kind for name in staged if name in _systems()}
    with connection.cursor() as cursor:
        cursor.execute("select count(distinct source) > 1 from ops.loads where source <> all(%s)", (_NO_SYSTEMS,))
        ((has_several,),) = cursor.fetchall()
        cursor.execute("select exists (select from raw_files.link_rules where kind = 'link')")
        ((has_pairs,),) = cursor.fetchall()
    linked = [name for name in staged if has_pairs or kinds.get(name, "documents") != "erp"] if has_several else []
    return {"systems": staged, "system_kinds": kinds, "payment_books": has_several, "linked_systems": linked}


def _systems() -> frozenset[str]:
    return frozenset({"files", *connected.names()})


def _clocks(plan: BuildPlan) -> dict[str, str]:
    """What differs from run to run, in the environment: see the macro of_this_run."""
    return {
        "CARTERA_AS_OF_DATE": plan.as_of.isoformat(),
        "CARTERA_KNOWN_AT": plan.known_at.isoformat(),
        "CARTERA_CHANGED_SINCE": plan.changed_since.isoformat(),
    }


def _begin(plan: BuildPlan) -> str | None:
    """Mark the slot as being built; gives the hash of what its views were made of, None where not all stand."""
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("select views_hash from ops.slots where slot = %s for update", (plan.slot,))
        ((views_hash,),) = cursor.fetchall()
        cursor.execute("update ops.slots set is_building = true, views_hash = null where slot = %s", (plan.slot,))
    # a copied table takes the views over the one that it replaces with it
    return None if plan.full_refresh or plan.copy_from else views_hash


def _end(plan: BuildPlan, views_hash: str) -> None:
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


def _refresh_statistics() -> None:
    """Let the planner know what has landed: without statistics a large first delivery is joined row by row.

    A server older than 17 can't grant this right; it warns, and its autovacuum does it a minute later.
    """
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select schemaname, relname from pg_stat_user_tables where schemaname like 'raw\\_%'"
            " and n_mod_since_analyze > 0.1 * n_live_tup order by 1, 2"
        )
        for table in cursor.fetchall():
            cursor.execute(SQL("analyze {}").format(Identifier(*table)))


def _check(test: dict[str, Any]) -> Check:
    """A dbt test as a check: `warn` severity reports, `error` severity stops."""
    passed = test["status"] == "pass"
    failures = test["failures"] or 0
    return Check(
        gate="dbt",
        subject=test["attached"] or "warehouse",
        name=test["name"],
        severity="warning" if test["severity"] == "warn" else "critical",
        passed=passed,
        observed=counted(failures, "row") if failures else "",
        message=""
        if passed
        else f"{test['name']}: {test['description'] or test['message']} ({counted(failures, 'row')})",
    )


def _invoke(arguments: list[str], slot: str, clocks: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Run dbt and return one plain dict per node. Raises BuildFailed when dbt itself could not run."""
    settings = get_settings()
    with _environment(settings, slot, clocks or {}):
        from dbt.cli.main import dbtRunner  # 2 s to import: only where it runs

        outcome = dbtRunner().invoke(
            [
                "--quiet",
                "--log-level-file=info",
                # nobody reads manifest.json and run_results.json here, and writing them takes a while
                "--no-write-json",
                *arguments,
                f"--project-dir={settings.dbt_dir}",
                f"--profiles-dir={settings.dbt_dir}",
            ]
        )
    if outcome.result is None:
        raise BuildFailed(
            f"dbt could not start: {outcome.exception}",
            f"correct the project in {settings.dbt_dir}; `cartera doctor` checks it",
        )
    nodes: Any = outcome.result
    return [_plain(node) for node in nodes]


def _plain(result: Any) -> dict[str, Any]:
    node = result.node
    return {
        "name": node.name,
        "resource_type": str(node.resource_type),
        "status": str(result.status),
        "message": (result.message or "").strip(),
        "failures": result.failures,
        "rows": (result.adapter_response or {}).get("rows_affected"),
        "severity": str(getattr(node.config, "severity", "error")).lower(),
        "attached": (getattr(node, "attached_node", None) or "").rpartition(".")[2],
        "description": (node.description or "").strip(),
        "compiled_code": getattr(node, "compiled_code", None),
    }


@contextmanager
def _environment(settings: Settings, slot: str, clocks: Mapping[str, str]) -> Iterator[None]:
    """What dbt reads from the environment; taken away again so that no child process inherits the password."""
    login = parameters(Role.transformer)
    values = {
        "CARTERA_PG_HOST": str(login["host"]),
        "CARTERA_PG_PORT": str(login["port"]),
        "CARTERA_PG_USER": str(login["user"]),
        "DBT_ENV_SECRET_CARTERA_PG_PASSWORD": str(login["password"]),
        "CARTERA_PG_PASSWORD": str(login["password"]),
        "CARTERA_PG_DBNAME": str(login["dbname"]),
        "CARTERA_SLOT": slot,
        # dbt keeps there what it has read of the project, for one slot: with the other's it would read all of it anew
        "DBT_TARGET_PATH": str(settings.home / "dbt" / slot),
        "DBT_LOG_PATH": str(settings.log_dir),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        **clocks,
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
