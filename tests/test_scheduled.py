"""What a DAG's task does: the pipeline's steps in a recorded run that is closed whatever happens."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Any

import pytest

from cartera import scheduled
from cartera.db import Role, transaction
from cartera.errors import ConfigError, GateFailed, SourceError
from cartera.runs import start_run
from cartera.settings import get_settings

AS_OF = dt.date(2026, 6, 30)
MAPPING = """\
system: files
schedule: "0 5 * * *"
entities:
  invoices:
    files: '{file}'
    columns: {{invoice_id: id, customer_id: customer, issue_date: issued, due_date: due, total_amount: total}}
    constants: {{currency_code: PEN}}
"""


def runs(run_id: str | None = None) -> list[tuple[Any, ...]]:
    with transaction(Role.reader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select status, triggered_by, message, finished_at is not null, as_of_date from ops.runs"
            " where %s::uuid is null or run_id = %s::uuid order by started_at",
            (run_id, run_id),
        )
        return cursor.fetchall()


@pytest.fixture
def source(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "export.csv").write_text("id,customer,issued,due,total\n1,C1,2026-01-10,2026-02-10,100.10\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "erp.yaml").write_text(MAPPING.format(file=tmp_path / "export.csv"))
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path / "sources"))
    get_settings.cache_clear()
    return "erp"


def test_landing_is_a_run_of_its_own(source: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cartera.scheduled")
    run_id = scheduled.land(source, AS_OF, "airflow extract_erp r1")
    assert runs(run_id) == [("landed", "airflow extract_erp r1", "", True, AS_OF)]
    assert "land erp: ok, rows in 1, out 1, quarantined 0" in caplog.text


def test_landing_again_lands_nothing_new(source: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cartera.scheduled")
    scheduled.land(source, AS_OF, "first")
    scheduled.land(source, AS_OF, "second")
    assert "nothing new" in caplog.text
    assert [run[0] for run in runs()] == ["landed", "landed"]


def test_an_unknown_source_closes_its_run_as_failed(source: str) -> None:
    with pytest.raises(ConfigError, match="no source 'crm'"):
        scheduled.land("crm", AS_OF, "airflow")
    [(status, _, message, is_finished, _)] = runs()
    assert (status, is_finished) == ("failed", True) and "no source 'crm'" in message


def test_building_before_anything_landed_says_so(database: str) -> None:
    with pytest.raises(SourceError, match="nothing has landed"):
        scheduled.build_and_publish(AS_OF, "airflow")
    assert [run[0] for run in runs()] == ["failed"]


def test_a_failed_gate_closes_the_run_as_stopped(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled.land(source, AS_OF, "airflow")

    def fail(*arguments: object) -> None:
        raise GateFailed("gate 1: rows are missing")

    monkeypatch.setattr("cartera.pipeline.check_landed", fail)
    with pytest.raises(GateFailed):
        scheduled.build_and_publish(AS_OF, "airflow")
    assert runs()[-1][0] == "stopped"


def test_the_next_run_closes_one_that_was_killed(source: str) -> None:
    killed, begun = start_run(AS_OF, "airflow build_warehouse"), start_run(AS_OF, "just begun")
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.runs set started_at = now() - interval '1 hour' where run_id = %s", (killed,))
    scheduled.land(source, AS_OF, "airflow")
    assert runs(killed)[0][:3] == ("failed", "airflow build_warehouse", "killed before it ended")
    assert runs(begun)[0][0] == "running"
