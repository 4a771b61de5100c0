"""Build one of the two warehouse slots with dbt.

Marts live twice, in `marts_a` and `marts_b`. A build fills the slot that nobody reads; publication
turns the readers over. So a build that fails half-way is never seen (law 5).
"""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier

from cartera.connectors.api import systems as connected
from cartera.db import Role, transaction
from cartera.errors import BuildFailed
from cartera.landing import raw_schema
from cartera.landing.own_sources import OWN_SOURCES
from cartera.runs import Check
from cartera.settings import get_settings
from cartera.warehouse import run_dbt, slots
from cartera.warehouse.build_plan import BuildPlan
from cartera.words import counted

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


@dataclass(frozen=True)
class BuildReport:
    """`entries`: how many ledger entries were written, those of a whole build or those that were mended."""

    models: int
    entries: int
    checks: list[Check]


def build(plan: BuildPlan) -> BuildReport:
    """`dbt build` of every model and data test. Raises BuildFailed when a model could not be built.

    A slot counts as built only when every model stands; after a kill the next build starts from
    the same `changed_since` and replaces what the killed one left.
    """
    standing = slots.begin(plan)
    _refresh_statistics()
    with transaction(Role.transformer) as connection:
        variables = json.dumps(system_variables(connection))
    views_hash = hashlib.sha256((plan.code_hash + variables).encode()).hexdigest()
    arguments = ["build", "--exclude-resource-type", "unit_test", "--vars", variables]
    if plan.full_refresh:
        arguments += ["--full-refresh"]
    elif standing == views_hash:
        arguments += _ALL_BUT_STANDING_VIEWS
    results = run_dbt.invoke(arguments, plan.slot, run_dbt.clocks_of(plan))
    broken = [r for r in results if r["resource_type"] != "test" and r["status"] in ("error", "skipped", "fail")]
    if broken:
        first = next((r for r in broken if r["status"] == "error"), broken[0])
        raise BuildFailed(
            f"dbt could not build {first['name']}: {first['message']}",
            f"the last publication keeps serving; see {get_settings().log_dir / 'dbt.log'}",
        )
    slots.end(plan, views_hash)
    tests = [r for r in results if r["resource_type"] == "test"]
    entries = next(r["rows"] for r in results if r["name"] == "fct_ledger_entries")
    return BuildReport(len(results) - len(tests), entries, [_check(test) for test in tests])


def compiled(model: str, system: str) -> str:
    """The SQL of one staging model, also of a system that is not connected yet. Raises BuildFailed."""
    with transaction(Role.transformer) as connection:
        systems = staged_systems(connection)
    variables = json.dumps({"systems": {**systems, system: systems.get(system, [])}})
    with redirect_stdout(io.StringIO()):  # it would print what it compiled
        (node,) = run_dbt.invoke(["compile", "--select", model, "--vars", variables], "a")
    return str(node["compiled_code"])


def staged_systems(connection: Connection) -> dict[str, list[str]]:
    """The systems that have raw tables and staging models, each with the entities that it stages: dbt's `systems`."""
    staging = get_settings().dbt_dir / "models" / "staging"
    return {
        system: sorted(path.stem.partition("__")[2] for path in (staging / system).glob(f"stg_{system}__*.sql"))
        for system in raw_schema.systems(connection)
        if (staging / system).is_dir()
    }


def system_variables(connection: Connection) -> dict[str, Any]:
    """What is connected, as dbt's variables. Only where several sources are is it asked which payments count, and whose
    customers are the same: one source alone is built as if there were no such questions."""
    staged = staged_systems(connection)
    kinds = {name: connected.get(name).kind for name in staged if name in connected.names()} | {"files": "erp"}
    with connection.cursor() as cursor:
        # what is our own is no system whose customers and payments could be those of another
        cursor.execute("select count(distinct source) > 1 from ops.loads where source <> all(%s)", (list(OWN_SOURCES),))
        ((has_several,),) = cursor.fetchall()
        cursor.execute("select exists (select from raw_files.link_rules where kind = 'link')")
        ((has_pairs,),) = cursor.fetchall()
    linked = [name for name in staged if has_pairs or kinds.get(name, "documents") != "erp"] if has_several else []
    return {"systems": staged, "system_kinds": kinds, "payment_books": has_several, "linked_systems": linked}


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
