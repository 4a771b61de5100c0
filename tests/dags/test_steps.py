"""`as_of` of a DAG run: what was asked, else what came with the asset, else the run's own date."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

LATE_IN_LIMA = dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))


@pytest.fixture(scope="module")
def steps() -> Any:
    sys.path.append(str(Path(__file__).resolve().parents[2] / "dags"))
    import steps

    return steps


def context(asked: str | None = None, handed: tuple[str | None, ...] = (), logical: dt.datetime | None = None) -> Any:
    events = [SimpleNamespace(extra={"as_of": date} if date else {}) for date in handed]
    return {
        "params": {"as_of": asked},
        "triggering_asset_events": {"landed": events} if events else {},
        "logical_date": logical,
        "dag_run": SimpleNamespace(run_after=dt.datetime(2026, 7, 4, 5, tzinfo=dt.UTC), dag_id="d", run_id="r"),
    }


def test_what_was_asked_wins(steps: Any) -> None:
    assert steps.as_of_date(context("2026-01-31", ("2026-02-28",), LATE_IN_LIMA)) == "2026-01-31"


def test_the_latest_of_the_events_that_carry_a_date(steps: Any) -> None:
    assert steps.as_of_date(context(None, ("2026-02-28", None, "2026-03-31"))) == "2026-03-31"


def test_the_logical_date_in_utc(steps: Any) -> None:
    assert steps.as_of_date(context(logical=LATE_IN_LIMA)) == "2026-07-01"


def test_an_event_without_a_date_leaves_the_runs_own(steps: Any) -> None:
    assert steps.as_of_date(context(None, (None,))) == "2026-07-04"


@pytest.mark.parametrize("handed", ["2026-07-03", "2026-07-04", "2026-07-05"])
def test_debtors_are_reminded_of_the_days_figures(steps: Any, handed: str) -> None:
    assert steps.as_of_of_the_day(context(None, (handed,))) == handed


@pytest.mark.parametrize("handed", ["2026-06-30", "2026-07-06"])
def test_figures_of_another_day_remind_nobody(steps: Any, handed: str) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match=handed):
        steps.as_of_of_the_day(context(None, (handed,)))


def test_unless_a_person_asks_for_that_day(steps: Any) -> None:
    assert steps.as_of_of_the_day(context("2026-06-30")) == "2026-06-30"


NOW = dt.datetime(2026, 7, 4, 12, tzinfo=dt.UTC)


def run_of(run_type: str, age: dt.timedelta) -> Any:
    from airflow.sdk.api.datamodels._generated import DagRunType

    return {"dag_run": SimpleNamespace(run_type=DagRunType(run_type), run_after=NOW - age)}


@pytest.mark.parametrize("run_type", ["scheduled", "manual", "asset_triggered"])
def test_a_run_of_the_day_speaks_to_debtors(steps: Any, run_type: str) -> None:
    steps.require_live(run_of(run_type, dt.timedelta(hours=18)), NOW)


@pytest.mark.parametrize(
    ("run_type", "age"),
    [("backfill", dt.timedelta(0)), ("scheduled", dt.timedelta(days=3)), ("manual", dt.timedelta(days=2))],
)
def test_a_backfill_and_an_old_run_cleared_remind_nobody(steps: Any, run_type: str, age: dt.timedelta) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match="reminds nobody"):
        steps.require_live(run_of(run_type, age), NOW)


@pytest.mark.parametrize(
    ("error", "action"), [("GateFailed", "fail"), ("ConfigError", "fail"), ("DatabaseError", "default")]
)
def test_what_would_fail_again_is_not_retried(steps: Any, error: str, action: str) -> None:
    from cartera import errors

    decision = steps.RETRIED["retry_policy"].evaluate(getattr(errors, error)("no"), 1, 3)
    assert decision.action.value == action


def test_secrets_of_a_system_come_from_its_connection(steps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowNotFoundException

    asked = []

    def get(name: str) -> Any:
        asked.append(name)
        if name != "cartera_erp":
            raise AirflowNotFoundException(name)
        return SimpleNamespace(password="s", login=None, host="h", extra_dejson={"api_key": "k", "port": 1})

    monkeypatch.setattr(steps.Connection, "get", get)
    erp, other, files = (
        SimpleNamespace(name=name, system=system)
        for name, system in (("erp", "erpnext"), ("other", "odoo"), ("files", "files"))
    )
    assert steps.secrets_of(erp) == {"password": "s", "host": "h", "api_key": "k", "port": "1"}
    assert steps.secrets_of(other) == {}
    assert steps.secrets_of(files) == {}
    assert asked == ["cartera_erp", "cartera_other"]
