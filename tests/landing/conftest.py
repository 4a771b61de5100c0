from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection
from support.databases import fresh_database

from cartera import db
from cartera.db import Role, connect
from cartera.landing.entities import ENTITIES


@pytest.fixture(scope="module")
def landing_database(home: Path) -> Iterator[str]:
    """One database for the tests of a module: they need it emptied, not made anew."""
    with fresh_database("test_module") as name:
        yield name


@pytest.fixture
def connection(landing_database: str) -> Iterator[Connection]:
    """A loader's connection to a database in which nothing has landed."""
    with db.transaction(Role.admin) as admin, admin.cursor() as cursor:
        raw = ", ".join(f"raw_files.{name}" for name in ENTITIES)
        cursor.execute(f"truncate {raw}, quarantine.records, ops.loads restart identity")
    opened = connect(Role.loader)
    yield opened
    opened.close()
