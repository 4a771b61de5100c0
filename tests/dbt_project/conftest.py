"""A database of its own for this folder, and dbt in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_history import KNOWN_AT, RunDbt
from support.databases import fresh_database

from cartera import db
from cartera.db import Role

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def own_database(home: Path) -> Iterator[str]:
    """One empty, migrated database for all tests of a module: a dbt build costs seconds."""
    with fresh_database() as name:
        yield name


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt keeps what it has read of the project, for each slot: the next module's builds begin with it."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="module")
def run_dbt(own_database: str, artifacts: Path) -> Iterator[RunDbt]:
    """Calls dbt as the transformer: run_dbt("build", slot="a", changed_since=...) -> results of all nodes."""
    from dbt.cli.main import dbtRunner

    from cartera.warehouse.dbt_connections import kept_open
    from cartera.warehouse.dbt_quickened import quickened

    login = db.parameters(Role.transformer)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("host", "port", "user", "password", "dbname"):
            patch.setenv(f"CARTERA_PG_{name.upper()}", str(login[name]))
        patch.setenv("DBT_LOG_PATH", str(artifacts))
        patch.setenv("DBT_WRITE_JSON", "false")

        def run(*arguments: str, slot: str = "a", as_of: str = "2026-03-31", **moments: str) -> Any:
            patch.setenv("CARTERA_SLOT", slot)
            patch.setenv("DBT_TARGET_PATH", str(artifacts / slot))
            # in the environment, as a run gives them: with other --vars dbt would read the whole project anew
            clocks = {"as_of_date": as_of, "known_at": KNOWN_AT.isoformat(), "changed_since": "", **moments}
            for name, value in clocks.items():
                patch.setenv(f"CARTERA_{name.upper()}", value)
            folder = str(PROJECT / "dbt_project")
            quietly = ["--quiet", "--log-level-file=info", f"--project-dir={folder}", f"--profiles-dir={folder}"]
            with kept_open(), quickened():
                outcome = dbtRunner().invoke([*arguments, *quietly])
            assert outcome.result is not None, outcome.exception
            return outcome.result

        yield run
