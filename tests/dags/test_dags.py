"""Each DAG's tasks, edges, schedule, limits and retries; and that importing them costs nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
Describe = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def describe(tmp_path_factory: pytest.TempPathFactory) -> Describe:
    """What Airflow finds in dags/ when these sources are declared: file name -> content."""

    def run(sources: dict[str, str], sandbox: dict[str, str] | None = None) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("dags and spaces")
        for place, files in (("sources", sources), ("home/sources", sandbox or {})):
            (folder / place).mkdir(parents=True)
            for name, content in files.items():
                (folder / place / name).write_bytes(content.encode())
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("describe.py")), str(folder / "seen.json")],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
                "AIRFLOW_HOME": str(folder / "airflow"),
                "CARTERA_HOME": str(folder / "home"),
                "CARTERA_SOURCES_DIR": str(folder / "sources"),
            },
            check=True,
            timeout=60,
        )
        seen: dict[str, Any] = json.loads((folder / "seen.json").read_text())
        return seen

    return run


@pytest.fixture(scope="module")
def seen(describe: Describe) -> dict[str, Any]:
    return describe(
        {
            "erp.yaml": 'system: files\nschedule: "15 3 * * 1-5"\n',
            "by_hand.yaml": "system: files\nschedule: null\n",
            "broken.yaml": "entities: [\n",
            "empty.yaml": "",
            "no_clock.yaml": "schedule: every now and then\n",
            "other_type.yaml": "schedule: {at: noon}\n",
            "latin.yaml": "company_id: Peña\n",
            "with space.yaml": "system: files\n",
            "pooled.yaml": "system: erpnext\npool: one_at_a_time\nretries: 1\n",
        },
        sandbox={"sandbox.yaml": "system: files\n", "erp.yaml": "schedule: '@hourly'\n"},
    )


EXTRACTS = {
    "extract_broken",
    "extract_by_hand",
    "extract_empty",
    "extract_erp",
    "extract_latin",
    "extract_no_clock",
    "extract_other_type",
    "extract_pooled",
    "extract_sandbox",
    "extract_with_space",
}


CARTERA = {"build_warehouse", "plan_reminders", "approve_reminders", "send_reminders", "collect_delivery_reports"}
CARTERA |= {"send_reports"}


def test_every_file_imports(seen: dict[str, Any]) -> None:
    assert seen["errors"] == {}


def test_importing_the_dags_imports_nothing_heavy(seen: dict[str, Any]) -> None:
    assert seen["heavy"] == []


def test_one_extraction_for_each_declared_source_also_for_broken_ones(seen: dict[str, Any]) -> None:
    assert set(seen["dags"]) == EXTRACTS | CARTERA


@pytest.mark.parametrize(
    ("source", "cron"),
    [
        ("erp", "15 3 * * 1-5"),
        ("sandbox", "0 5 * * *"),
        ("by_hand", None),
        ("broken", "0 5 * * *"),
        ("empty", "0 5 * * *"),
        ("no_clock", "0 5 * * *"),
        ("other_type", "0 5 * * *"),
    ],
)
def test_only_extraction_has_a_clock(seen: dict[str, Any], source: str, cron: str | None) -> None:
    dag = seen["dags"][f"extract_{source}"]
    assert (dag["cron"], dag["assets"]) == (cron, [])
    assert cron is None or dag["timezone"] == "UTC"


def test_extraction_lands_one_asset(seen: dict[str, Any]) -> None:
    assert seen["dags"]["extract_erp"] == {
        "file": "extract.py",
        "tasks": {"land": {"downstream": [], "retries": 3, "backoff": True, "outlets": ["landed_erp"]}},
        "cron": "15 3 * * 1-5",
        "timezone": "UTC",
        "assets": [],
        "catchup": False,
        "max_active_runs": 1,
        "params": ["as_of"],
    }


def test_a_source_may_have_a_pool_and_retries_of_its_own(seen: dict[str, Any]) -> None:
    assert seen["dags"]["extract_pooled"]["tasks"]["land"] == {
        "downstream": [],
        "retries": 1,
        "backoff": True,
        "outlets": ["landed_pooled"],
        "pool": "one_at_a_time",
    }


def test_the_warehouse_is_built_when_any_source_has_landed(seen: dict[str, Any]) -> None:
    dag = seen["dags"]["build_warehouse"]
    assert dag["assets"] == sorted(name.replace("extract_", "landed_") for name in EXTRACTS)
    assert dag["cron"] is None
    assert (dag["catchup"], dag["max_active_runs"], dag["params"]) == (False, 1, ["as_of"])
    assert dag["tasks"] == {
        "build_and_publish": {"downstream": [], "retries": 3, "backoff": True, "outlets": ["published"]}
    }


def test_planning_follows_the_publication(seen: dict[str, Any]) -> None:
    dag = seen["dags"]["plan_reminders"]
    assert (dag["assets"], dag["cron"]) == (["published"], None)
    assert (dag["catchup"], dag["max_active_runs"], dag["params"]) == (False, 1, ["as_of"])
    assert dag["tasks"] == {"plan": {"downstream": [], "retries": 3, "backoff": True, "outlets": ["planned"]}}


def test_a_person_is_asked_between_planning_and_sending(seen: dict[str, Any]) -> None:
    dag = seen["dags"]["approve_reminders"]
    assert (dag["assets"], dag["cron"]) == (["planned"], None)
    assert (dag["catchup"], dag["max_active_runs"], dag["params"]) == (False, 1, [])
    assert dag["tasks"] == {
        "let_through": {"downstream": ["what_waits"], "retries": 3, "backoff": True, "outlets": ["approved"]},
        "what_waits": {"downstream": ["ask"], "retries": 3, "backoff": True, "outlets": []},
        "ask": {"downstream": ["approve"], "retries": 0, "backoff": False, "outlets": []},
        "approve": {"downstream": [], "retries": 3, "backoff": True, "outlets": ["approved"]},
    }


def test_sending_is_hourly_and_when_approved_and_its_retry_is_the_next_hour(seen: dict[str, Any]) -> None:
    dag = seen["dags"]["send_reminders"]
    assert (dag["assets"], dag["cron"], dag["timezone"]) == (["approved"], "7 * * * *", "UTC")
    assert (dag["catchup"], dag["max_active_runs"], dag["params"]) == (False, 1, [])
    assert dag["tasks"] == {"send": {"downstream": [], "retries": 0, "backoff": False, "outlets": []}}


def test_reports_are_fetched_every_hour_and_may_be_fetched_again(seen: dict[str, Any]) -> None:
    dag = seen["dags"]["collect_delivery_reports"]
    assert (dag["assets"], dag["cron"], dag["timezone"]) == ([], "37 * * * *", "UTC")
    assert (dag["catchup"], dag["max_active_runs"], dag["params"]) == (False, 1, [])
    assert dag["tasks"] == {"collect": {"downstream": [], "retries": 3, "backoff": True, "outlets": []}}


def test_files_are_named_as_their_dags(seen: dict[str, Any]) -> None:
    for dag_id, dag in seen["dags"].items():
        assert dag["file"] == ("extract.py" if dag_id in EXTRACTS else f"{dag_id}.py")


def test_without_sources_the_dags_still_import(describe: Describe) -> None:
    seen = describe({})
    assert seen["errors"] == {}
    assert set(seen["dags"]) == CARTERA
    assert seen["dags"]["build_warehouse"]["assets"] == []


def test_airflow_reads_the_dag_files_and_skips_the_helpers() -> None:
    """Safe mode skips a file without both words; .airflowignore skips what holds no DAG."""
    ignored = (PROJECT / "dags" / ".airflowignore").read_text().split("\n")
    for file in (PROJECT / "dags").glob("*.py"):
        content = file.read_text().lower()
        assert file.name in ignored or ("airflow" in content and "dag" in content), file
        assert (file.name in ignored) == ("@dag" not in content), file


def test_reports_are_sent_by_the_clock_and_never_retried(seen: dict[str, Any]) -> None:
    dag = seen["dags"]["send_reports"]
    assert (dag["cron"], dag["timezone"], dag["catchup"], dag["max_active_runs"]) == ("*/15 * * * *", "UTC", False, 1)
    assert dag["tasks"] == {"send": {"downstream": [], "retries": 0, "backoff": False, "outlets": []}}
