from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cartera import services
from cartera.settings import get_settings

SLEEPER = (
    "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); time.sleep(60)"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "h"))
    get_settings.cache_clear()
    yield tmp_path / "h" / "run"
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_service_is_found_while_it_lives_and_ended_with_its_children(
    folder: Path, sleeper: subprocess.Popen[str]
) -> None:
    assert sleeper.stdout is not None
    child = int(sleeper.stdout.readline())
    service = services.register("dashboard", "http://127.0.0.1:8501", sleeper.pid)
    assert services.running() == [service]
    assert services.find("dashboard") == service and services.find("mailbox") is None
    assert services.stop_all() == [service]
    sleeper.wait(timeout=5)
    assert not Path(f"/proc/{child}").exists()
    assert services.running() == [] and not (folder / "dashboard.json").exists()


def test_a_number_that_another_program_has_now_is_not_believed(folder: Path, sleeper: subprocess.Popen[str]) -> None:
    services.register("dashboard", "", sleeper.pid)
    record = json.loads((folder / "dashboard.json").read_text())
    (folder / "dashboard.json").write_text(json.dumps(record | {"create_time": record["create_time"] - 100}))
    assert services.running() == []
    assert services.stop_all() == []
    assert sleeper.poll() is None


def test_records_that_are_not_ours_or_spoilt_are_passed_over(folder: Path) -> None:
    services.register("mailbox", "127.0.0.1:2525")
    (folder / "postgres.json").write_text('{"name": "postgres", "pid": 1, "port": 2}')
    (folder / "half.json").write_text('{"na')
    assert [service.name for service in services.running()] == ["mailbox"]


def test_a_service_is_forgotten_when_its_block_ends(folder: Path) -> None:
    with services.registered("mailbox", "127.0.0.1:2525") as service:
        assert service.pid == os.getpid()
        assert services.running() == [service]
    assert services.running() == []
