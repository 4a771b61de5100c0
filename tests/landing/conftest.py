from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection

from cartera import db
from cartera.db import Role, connect
from cartera.landing.entities import ENTITIES
from cartera.settings import get_settings


@pytest.fixture(scope="module")
def landing_database(home: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """One database for the tests of a module: they need it emptied, not made anew."""
    name = request.module.__name__.rpartition(".")[2]
    db.copy_database("template_of_tests", name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_DATABASE_NAME", name)
        get_settings.cache_clear()
        yield name
    get_settings.cache_clear()
    db.drop_database(name)


@pytest.fixture
def connection(landing_database: str) -> Iterator[Connection]:
    """A loader's connection to a database in which nothing has landed."""
    with db.transaction(Role.admin) as admin, admin.cursor() as cursor:
        raw = ", ".join(f"raw_files.{name}" for name in ENTITIES)
        cursor.execute(f"truncate {raw}, quarantine.records, ops.loads restart identity")
    opened = connect(Role.loader)
    yield opened
    opened.close()
