"""The Dockerfile and what it ships: locked, unprivileged, without secrets; and the health check's own check."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cartera.settings import TELEMETRY_OFF

PROJECT = Path(__file__).resolve().parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
FINAL = DOCKERFILE.rpartition("\nFROM ")[2]


def test_every_package_comes_from_the_lock_with_its_hash() -> None:
    assert "--no-deps --require-hashes" in DOCKERFILE and "-r /tmp/requirements.lock" in DOCKERFILE
    assert DOCKERFILE.count("pip install") == 1


def test_it_runs_as_an_ordinary_user_and_checks_itself() -> None:
    assert "\nUSER cartera\n" in FINAL and FINAL.index("USER cartera") < FINAL.index("ENTRYPOINT")
    assert "\nHEALTHCHECK " in FINAL


@pytest.mark.parametrize("variable", sorted(TELEMETRY_OFF))
def test_telemetry_is_off_before_anything_starts(variable: str) -> None:
    assert f"{variable}={TELEMETRY_OFF[variable]}" in FINAL


def test_the_context_holds_only_what_runs() -> None:
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    shipped = {line[1:] for line in lines if line.startswith("!")}
    assert not shipped & {".cartera", ".git", "secrets", "sources", "tests", ".venv", ".env"}
    assert {
        "cartera",
        "dags",
        "dashboards",
        "dbt_project",
        "expectations",
        "policies",
        "templates",
        "docker",
    } <= shipped


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()
        self.wfile.write(
            json.dumps({"scheduler": {"status": "healthy"}, "triggerer": {"status": "unhealthy"}}).encode()
        )

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "part", "healthy"),
    [
        ("/health", None, True),
        ("/health", "scheduler", True),
        ("/health", "triggerer", False),
        ("/health", "absent", False),
        ("/down", None, False),
    ],
)
def test_health_check(address: str, path: str, part: str | None, healthy: bool) -> None:
    command = [sys.executable, PROJECT / "docker" / "health.py", address + path, *filter(None, [part])]
    assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) is healthy


def test_nobody_there_is_unhealthy_in_one_line() -> None:
    command = [sys.executable, PROJECT / "docker" / "health.py", "http://127.0.0.1:9/health"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and ended.stderr.startswith("unhealthy: ") and len(ended.stderr.splitlines()) == 1


def test_the_password_file_is_copied_for_its_user_alone(tmp_path: Path) -> None:
    (tmp_path / "mounted").write_text('{"admin": "x"}')
    environment = {
        "PATH": "/usr/bin:/bin",
        "CARTERA_AIRFLOW_PASSWORDS": str(tmp_path / "mounted"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "copy"),
    }
    entrypoint = PROJECT / "docker" / "entrypoint.sh"
    shown = subprocess.run([entrypoint, "echo", "a b"], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == "a b\n"
    assert (tmp_path / "copy").read_text() == '{"admin": "x"}'
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
