"""The rows behind a named dbt test: what the last build found wrong in what was delivered.

dbt leaves the text of each test that it ran, with the two clocks filled in, in its target folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from cartera.errors import ConfigError
from cartera.settings import Settings

Row = dict[str, Any]


def test_names(settings: Settings) -> list[str]:
    """The named tests of the last build, by name; none before the first."""
    return sorted(path.stem for path in _folder(settings).glob("*.sql"))


def exceptions(connection: Connection, settings: Settings, name: str) -> list[Row]:
    """The rows that this test reports, as of the last build. Raises ConfigError for a name that is not there."""
    names = test_names(settings)
    if name not in names:
        known = ", ".join(names) or "none yet: `cartera run` first"
        raise ConfigError(f"no test {name!r} ran in the last build", f"known are {known}")
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("set transaction read only")
        cursor.execute((_folder(settings) / f"{name}.sql").read_text(encoding="utf-8"))
        return [dict(row) for row in cursor.fetchall()]


def _folder(settings: Settings) -> Path:
    return settings.home / "dbt" / "compiled" / "cartera" / "tests"
