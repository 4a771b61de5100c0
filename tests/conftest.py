"""Fixtures that every test may use: a server of its own, a fresh database per test, the shared data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.built_commands import built_commands_kept
from support.checked_templates import good_templates_kept
from support.databases import TEMPLATE, apart_on_the_disk, folder_of_the_server, fresh_database
from support.garbage import garbage_sought_seldom, seek_garbage
from support.parsed_projects import parsed_projects_kept

from cartera import db
from cartera.db import embedded
from cartera.db.server_settings import server_settings
from cartera.settings import get_settings

PROJECT = Path(__file__).resolve().parents[1]

LONGEST = (
    "dbt_project/test_ledger.py",
    "test_pipeline.py",
    "scheduler/test_airflow_for_real.py",
    "sandbox/test_kpi_figures.py",
    "sandbox/test_whole_way.py",
    "warehouse/test_proofs.py",
    "test_company_settings.py",
    "warehouse/test_bad_input_landed.py",
)
"""The modules that take longest, first: `make test` gives each to one worker, and none may be left for the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-tryton", action="store_true", help="leave out the tests against the real Tryton; never in CI"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {PROJECT / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A state folder with a running embedded server: never the developer's own."""
    with folder_of_the_server() as around, pytest.MonkeyPatch.context() as patch:
        folder = around / "home"
        for name in ("DATABASE_URL", "DATABASE_URL_FILE", "SMTP_URL", "SMTP_URL_FILE", "DELIVER_TO_REAL_ADDRESSES"):
            patch.delenv(f"CARTERA_{name}", raising=False)
        patch.setenv("CARTERA_HOME", str(folder))
        patch.setenv("CARTERA_DATABASE_NAME", TEMPLATE)
        # what tests write need not survive a power cut; tests/db/test_embedded.py has servers that would
        patch.setattr(
            embedded,
            "server_settings",
            lambda data, port: server_settings(data, port) | {"fsync": "off", "max_wal_size": "512MB"},
        )
        get_settings.cache_clear()
        db.ensure_ready()
        apart_on_the_disk(folder / "pg" / "base")
        with parsed_projects_kept(folder.parent / "parsed"), good_templates_kept():
            yield folder
        db.stop()
    get_settings.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _worked_out_once() -> Iterator[None]:
    with built_commands_kept(), garbage_sought_seldom():
        yield


@pytest.fixture(scope="module", autouse=True)
def _garbage_sought() -> Iterator[None]:
    yield
    seek_garbage()


@pytest.fixture
def database(home: Path) -> Iterator[str]:
    """The name of a fresh, migrated, empty database that `connect` uses, in this process and its children."""
    with fresh_database() as name:
        yield name


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real exports that are not part of the repository."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder
