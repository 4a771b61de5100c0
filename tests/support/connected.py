"""A source of a system connected in a test's own database: read it, look at raw, build, see the open balances."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cartera import pipeline
from cartera.connectors.api.deliver import deliver
from cartera.connectors.api.secrets import variable
from cartera.connectors.api.spec import ApiSource, load_source
from cartera.db import Role, transaction
from cartera.landing import LoadReport
from cartera.settings import get_settings


@dataclass
class Connected:
    """`source` may be changed between readings; `now` is the clock of the readings."""

    source: ApiSource
    now: dt.datetime = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    notes: tuple[str, ...] = ()

    def sync(self) -> dict[str, LoadReport]:
        """Read and land; what was landed by table. Raises SourceError."""
        self.now += dt.timedelta(minutes=1)
        reports, notes = deliver(self.source, clock=lambda: self.now)
        self.notes = tuple(notes)
        return {report.entity: report for report in reports}

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def current(self, table: str, *columns: str) -> dict[str, tuple[Any, ...]]:
        """key -> columns of the records that hold now."""
        listed = ", ".join(f'"{column}"' for column in columns) or "1"
        found = self.rows(
            f'select record_key, {listed} from "raw_{self.source.system}"."{table}"'
            " where source = %s and recorded_to = '9999-12-31 00:00:00+00' and not is_deleted",
            [self.source.name],
        )
        assert len({key for key, *_values in found}) == len(found), "a record holds twice"
        return {key: tuple(values) for key, *values in found}

    def publish(self, as_of: dt.date) -> None:
        """Build and publish what has landed. Raises GateFailed, BuildFailed."""
        run_id = pipeline.start_run(as_of, "test")
        pipeline.build_and_publish(run_id, as_of)

    def open_balances(self) -> dict[str, Decimal]:
        """customer_id -> what is open, credits and money on account taken off."""
        return dict(
            self.rows(
                "select customer_id, sum(open_amount) from serve.fct_open_items group by 1 having sum(open_amount) <> 0"
            )
        )


@contextmanager
def connected(
    tmp_path: Path,
    system: str,
    connection: Mapping[str, str],
    secrets: Mapping[str, str],
    name: str = "erp",
    **more: Any,
) -> Iterator[Connected]:
    """A source written to a folder of the test, its secrets in the environment. Wants the fixture `database`."""
    path = tmp_path / "sources" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"system": system, "connection": dict(connection), **more}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(path.parent))
        for key, value in secrets.items():
            patch.setenv(variable(name, key), value)
        get_settings.cache_clear()
        yield Connected(load_source(path))
    get_settings.cache_clear()
