"""Airflow's settings: on this machine only, sized for it, its secrets generated once and private."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cartera.errors import CarteraError, ConfigError
from cartera.scheduler import processes, server
from cartera.scheduler.environment import environment, parallelism, password_file
from cartera.settings import Settings

URL = "postgresql+psycopg2://a:b@127.0.0.1:1/c"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home with space")


@pytest.mark.parametrize(("cores", "at_once"), [(1, 2), (2, 2), (3, 3), (4, 4), (64, 4)])
def test_parallelism_fits_the_machine(cores: int, at_once: int) -> None:
    assert parallelism(cores) == at_once


def test_it_listens_here_only_and_tells_nobody(settings: Settings) -> None:
    values = environment(settings, 8123, URL)
    assert (values["AIRFLOW__API__HOST"], values["AIRFLOW__API__PORT"]) == ("127.0.0.1", "8123")
    assert values["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert values["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "false"
    assert values["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert values["NO_PROXY"].startswith("127.0.0.1")


def test_settings_of_another_airflow_do_not_leak_in(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "KubernetesExecutor")
    monkeypatch.setenv("AIRFLOW_CONFIG", "/etc/airflow.cfg")
    values = environment(settings, 8123, URL)
    assert values["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor" and "AIRFLOW_CONFIG" not in values


def test_the_bundle_is_the_clones_dags_whatever_its_path(settings: Settings) -> None:
    [bundle] = json.loads(environment(settings, 8123, URL)["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert bundle["kwargs"]["path"] == str(settings.project_dir / "dags")


def test_secrets_are_made_once_and_private(settings: Settings) -> None:
    first, second = environment(settings, 8123, URL), environment(settings, 8124, URL)
    for name in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY"):
        assert first[name] == second[name] and len(first[name]) >= 43
    for path in (password_file(settings), settings.home / "airflow" / "secrets.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(json.loads(password_file(settings).read_text())["admin"]) == 20


def test_two_homes_share_no_secret(settings: Settings, tmp_path: Path) -> None:
    other = environment(Settings(home=tmp_path / "other"), 8123, URL)
    assert environment(settings, 8123, URL)["AIRFLOW__CORE__FERNET_KEY"] != other["AIRFLOW__CORE__FERNET_KEY"]


@pytest.mark.parametrize("content", ["{", "[]", '"text"'])
def test_a_damaged_secrets_file_is_named(settings: Settings, content: str) -> None:
    environment(settings, 8123, URL)
    (settings.home / "airflow" / "secrets.json").write_text(content)
    with pytest.raises(ConfigError, match=r"secrets\.json"):
        environment(settings, 8123, URL)


def test_only_one_runs_in_a_folder(tmp_path: Path) -> None:
    with processes.sole(tmp_path), pytest.raises(CarteraError, match="already running"), processes.sole(tmp_path):
        pass
    with processes.sole(tmp_path):
        pass


def test_a_taken_port_is_passed_over() -> None:
    first = server.free_port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first))
        other.listen()
        assert server.free_port() > first


def heartbeats(moment: dt.datetime) -> dict[str, dict[str, str]]:
    return {part: {"status": "healthy", f"latest_{part}_heartbeat": moment.isoformat()} for part in server.PARTS}


def test_a_heartbeat_from_before_the_start_proves_nothing() -> None:
    start = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    assert server.is_healthy(heartbeats(start + dt.timedelta(seconds=5)), start)
    assert not server.is_healthy(heartbeats(start - dt.timedelta(seconds=5)), start)
    assert not server.is_healthy({}, start)
    unwell = heartbeats(start + dt.timedelta(seconds=5)) | {"triggerer": {"status": "unhealthy"}}
    assert not server.is_healthy(unwell, start)


def test_what_a_kill_left_is_ended_and_nothing_else(tmp_path: Path) -> None:
    """A process of Airflow's name that works in our folder; not one in another folder, nor another program in ours."""
    (tmp_path / "home").mkdir()
    (tmp_path / "other").mkdir()

    def sleeper(folder: str, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "import time; time.sleep(60)", name]
        return subprocess.Popen(command, cwd=tmp_path / folder, start_new_session=True)

    left, elsewhere, editor = sleeper("home", "airflow"), sleeper("other", "airflow"), sleeper("home", "editor")
    try:
        processes.end_leftovers(tmp_path / "home")
        assert not psutil.pid_exists(left.pid)
        assert elsewhere.poll() is None and editor.poll() is None
    finally:
        for process in (left, elsewhere, editor):
            process.kill()
            process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_components_end_when_the_launcher_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from cartera.scheduler import processes;"
        "processes.COMPONENTS['version'] = ['scheduler', '--help'];"
        "processes.sys.executable = sys.argv[2];"
        "home = Path(sys.argv[1]); launch = processes.Launch(home, {}, home);"
        "print(processes.start('version', launch).process.pid, flush=True); time.sleep(60)"
    )
    stand_in = tmp_path / "python"
    stand_in.write_text("#!/bin/sh\nexec sleep 60\n")
    stand_in.chmod(0o755)
    launcher = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), str(stand_in)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert launcher.stdout is not None
    component = psutil.Process(int(launcher.stdout.readline()))
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    psutil.wait_procs([component], timeout=10)
    assert not component.is_running() or component.status() == psutil.STATUS_ZOMBIE
