"""dbt, run in this process: what it is given, and what it says of each node."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cartera.db import Role, parameters
from cartera.errors import BuildFailed
from cartera.memory import no_collector
from cartera.settings import Settings, get_settings
from cartera.warehouse.build_plan import BuildPlan


def clocks_of(plan: BuildPlan) -> dict[str, str]:
    """What differs from run to run, in the environment: see the macro of_this_run."""
    return {
        "CARTERA_AS_OF_DATE": plan.as_of.isoformat(),
        "CARTERA_KNOWN_AT": plan.known_at.isoformat(),
        "CARTERA_CHANGED_SINCE": plan.changed_since.isoformat(),
    }


def invoke(arguments: list[str], slot: str, clocks: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Run dbt and return one plain dict per node. Raises BuildFailed when dbt itself could not run."""
    settings = get_settings()
    with _environment(settings, slot, clocks or {}), no_collector():
        from dbt.cli.main import dbtRunner  # 2 s to import: only where it runs

        from cartera.warehouse.dbt_connections import kept_open
        from cartera.warehouse.dbt_quickened import quickened

        with kept_open(), quickened():
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
    if isinstance(outcome.exception, (KeyboardInterrupt, SystemExit)):
        # somebody ended this command; dbt hands over whatever was raised within it
        raise outcome.exception
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
