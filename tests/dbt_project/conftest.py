"""A database of its own for this folder, and dbt in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_history import KNOWN_AT, RunDbt

from cartera import db
from cartera.db import Role
from cartera.settings import get_settings

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def own_database(home: Path) -> Iterator[str]:
    """One empty, migrated database for all tests of a module: a dbt build costs seconds."""
    name = "dbt_project"
    db.copy_database("template_of_tests", name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_DATABASE_NAME", name)
        get_settings.cache_clear()
        yield name
    get_settings.cache_clear()
    db.drop_database(name)


@pytest.fixture(scope="module")
def run_dbt(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunDbt]:
    """Calls dbt as the transformer: run_dbt("build", slot="a", changed_since=...) -> results of all nodes."""
    from dbt.cli.main import dbtRunner

    artifacts = str(tmp_path_factory.mktemp("dbt"))
    login = db.parameters(Role.transformer)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("host", "port", "user", "password", "dbname"):
            patch.setenv(f"CARTERA_PG_{name.upper()}", str(login[name]))
        patch.setenv("DBT_TARGET_PATH", artifacts)
        patch.setenv("DBT_LOG_PATH", artifacts)

        def run(*arguments: str, slot: str = "a", as_of: str = "2026-03-31", **variables: Any) -> Any:
            patch.setenv("CARTERA_SLOT", slot)
            given = {"as_of_date": as_of, "known_at": KNOWN_AT.isoformat(), **variables}
            folder = str(PROJECT / "dbt_project")
            outcome = dbtRunner().invoke(
                [*arguments, "--quiet", "--vars", json.dumps(given)]
                + [f"--project-dir={folder}", f"--profiles-dir={folder}"]
            )
            assert outcome.result is not None, outcome.exception
            return outcome.result

        yield run
