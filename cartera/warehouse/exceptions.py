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
    return sorted(_tests(settings))


def exceptions(connection: Connection, settings: Settings, name: str) -> list[Row]:
    """The rows that this test reports, as of the last build. Raises ConfigError for a name that is not there."""
    tests = _tests(settings)
    if name not in tests:
        known = ", ".join(sorted(tests)) or "none yet: `cartera run` first"
        raise ConfigError(f"no test {name!r} ran in the last build", f"known are {known}")
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("set transaction read only")
        cursor.execute(tests[name].read_text(encoding="utf-8"))
        return [dict(row) for row in cursor.fetchall()]


def _tests(settings: Settings) -> dict[str, Path]:
    """By name, those of the slot that was built last."""
    slots = [list(slot.glob("compiled/cartera/tests/*.sql")) for slot in settings.home.glob("dbt/*")]
    newest = max(slots, key=lambda paths: max((path.stat().st_mtime for path in paths), default=0), default=[])
    return {path.stem: path for path in newest}
