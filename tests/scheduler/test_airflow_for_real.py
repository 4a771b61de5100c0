"""Airflow is really started: an extraction goes all the way, and its figures are those of a run by hand."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cartera.settings import get_settings

PROJECT = Path(__file__).resolve().parents[2]
AS_OF = "2026-06-30"
INVOICES = """\
invoice_id,customer_id,customer_name,issue_date,due_date,currency_code,total_amount,paid_date,paid_amount
1,C1,Bodega Uno,2026-01-10,2026-02-10,PEN,100.10,,
2,C1,Bodega Uno,2026-05-10,2026-06-29,PEN,200.20,2026-06-15,200.20
3,C2,Shop Two,2026-06-10,2026-07-10,USD,300.30,,
4,C2,Shop Two,2026-06-20,2026-06-30,USD,0.07,,
"""
MAPPING = """\
system: files
schedule: null
entities:
  invoices:
    files: '{file}'
    delivery: full
    columns: {{invoice_id: invoice_id, customer_id: customer_id, customer_name: customer_name, issue_date: issue_date,
      due_date: due_date, currency_code: currency_code, total_amount: total_amount, paid_date: paid_date,
      paid_amount: paid_amount}}
"""


class Airflow:
    """A started Airflow and its REST interface."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.output = home / "airflow-test.log"
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cartera", "airflow"],
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONFAULTHANDLER": "1"},
                # whoever runs the tests in the background of a script has them, and all they start, ignore Ctrl-C
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        self.address = self._wait_until_ready()
        password = json.loads((home / "airflow" / "passwords.json").read_text())["admin"]
        self.token = ""
        self.token = self.call("/auth/token", {"username": "admin", "password": password})["access_token"]

    def _wait_until_ready(self) -> str:
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.output.read_text().splitlines():
                if line.startswith("Airflow: http"):
                    return line.removeprefix("Airflow: ")
            time.sleep(0.5)
        raise AssertionError(self.output.read_text())

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.address + path, data, headers), timeout=30) as answer:
            return json.loads(answer.read())

    def wait_until_parsed(self, dags: set[str]) -> None:
        deadline = time.monotonic() + 60
        while dags - {dag["dag_id"] for dag in self.call("/api/v2/dags")["dags"]}:
            assert time.monotonic() < deadline, self.call("/api/v2/importErrors")
            time.sleep(1)

    def wait_for(self, dag_id: str, seconds: float) -> str:
        """The state of the newest run of a DAG once it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                runs = self.call("/api/v2/dags/~/dagRuns?order_by=-id&limit=50")["dag_runs"]
            except TimeoutError:  # a busy machine
                continue
            state = next((run["state"] for run in runs if run["dag_id"] == dag_id), None)
            if state in ("success", "failed") or any(run["state"] == "failed" for run in runs):
                return str(state)
            time.sleep(1)
        raise AssertionError(f"{dag_id} did not end in {seconds} s")

    def processes(self) -> list[psutil.Process]:
        return [self.process_of(), *self.process_of().children(recursive=True)]

    def process_of(self) -> psutil.Process:
        return psutil.Process(self.process.pid)


@pytest.fixture
def airflow(database: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "invoices.csv").write_text(INVOICES)
    (tmp_path / "sources").mkdir()
    mapping = MAPPING.format(file=tmp_path / "exports" / "invoices.csv")
    (tmp_path / "sources" / "erp.yaml").write_text(mapping)
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path / "sources"))
    get_settings.cache_clear()
    started = Airflow(home)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


def aging() -> Any:
    shown = subprocess.run(
        [sys.executable, "-m", "cartera", "aging", "--as-of", AS_OF, "--by", "customer", "--format", "json"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(shown.stdout)["rows"]


@pytest.mark.timeout(600)
def test_a_run_in_airflow_gives_the_figures_of_a_run_by_hand(
    airflow: Airflow, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cartera import db

    airflow.wait_until_parsed(
        {"extract_erp", "build_warehouse", "plan_reminders", "approve_reminders", "send_reminders"}
    )
    assert airflow.call("/api/v2/importErrors")["total_entries"] == 0
    airflow.call("/api/v2/dags/extract_erp/dagRuns", {"logical_date": None, "conf": {"as_of": AS_OF}})
    assert airflow.wait_for("build_warehouse", 150) == "success", task_log(home, "build_warehouse")
    by_airflow = aging()
    assert {row["currency_code"] for row in by_airflow} == {"PEN", "USD"}

    # published for another day: the reminders' DAG follows, and reminds nobody
    assert airflow.wait_for("plan_reminders", 60) == "success"
    run = airflow.call("/api/v2/dags/plan_reminders/dagRuns")["dag_runs"][0]["dag_run_id"]
    tasks = airflow.call(f"/api/v2/dags/plan_reminders/dagRuns/{run}/taskInstances")["task_instances"]
    assert {task["task_id"]: task["state"] for task in tasks} == {"plan": "skipped"}
    assert airflow.call("/api/v2/dags/approve_reminders/dagRuns")["dag_runs"] == []

    everything_is_on_this_machine_only(airflow)
    secrets_are_private(home)
    ends_as_a_whole(airflow)

    db.copy_database("template_of_tests", "by_hand")
    monkeypatch.setenv("CARTERA_DATABASE_NAME", "by_hand")
    subprocess.run([sys.executable, "-m", "cartera", "run", "--as-of", AS_OF], cwd=PROJECT, check=True, timeout=120)
    assert aging() == by_airflow
    db.drop_database("by_hand")


def task_log(home: Path, dag_id: str) -> str:
    return "\n".join(path.read_text() for path in (home / "logs" / "airflow").glob(f"dag_id={dag_id}/*/*/*.log"))


def everything_is_on_this_machine_only(airflow: Airflow) -> None:
    listening = [
        connection.laddr.ip
        for process in airflow.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening and set(listening) == {"127.0.0.1"}


def secrets_are_private(home: Path) -> None:
    for name in ("passwords.json", "secrets.json"):
        assert stat.S_IMODE((home / "airflow" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "logs" / "airflow").stat().st_mode) == 0o700
    secrets = json.loads((home / "airflow" / "secrets.json").read_text()).values()
    passwords = [
        word for roles in json.loads((home / "credentials.json").read_text()).values() for word in roles.values()
    ]
    for log in (home / "logs" / "airflow").rglob("*.log"):
        text = log.read_text(errors="replace")
        assert not [word for word in (*secrets, *passwords) if word in text], log


def ends_as_a_whole(airflow: Airflow) -> None:
    """Ctrl-C leaves no process behind."""
    everything = airflow.processes()
    os.kill(airflow.process.pid, signal.SIGINT)
    try:
        assert airflow.process.wait(90) == 130
    except subprocess.TimeoutExpired:
        os.kill(airflow.process.pid, signal.SIGABRT)  # where it hangs is in its output
        airflow.process.wait()
        raise AssertionError(airflow.output.read_text()) from None
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert alive == []
