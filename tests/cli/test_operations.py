"""doctor, stop and reset as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cartera import db
from cartera.cli import operations
from cartera.db import Role
from cartera.errors import ConfigError
from cartera.settings import TELEMETRY_OFF, get_settings

app = typer.Typer()
operations.register(app)


@pytest.fixture
def telemetry_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TELEMETRY_OFF.items():
        monkeypatch.setenv(name, value)


def findings(*, exit_status: int) -> dict[str, dict[str, str]]:
    result = CliRunner().invoke(app, ["doctor", "--format", "json"])
    assert result.exit_code == exit_status, result.output
    return {finding["part"]: finding for finding in json.loads(result.stdout)["findings"]}


def test_the_doctor_finds_a_fresh_installation_well(database: str, telemetry_off: None) -> None:
    found = findings(exit_status=0)
    assert {finding["state"] for finding in found.values()} <= {"ok", "note"}
    assert found["server"]["message"].startswith("PostgreSQL 18")
    assert "make demo" in found["publication"]["mend"]


def test_the_doctor_names_what_is_wrong_and_looks_at_the_rest(
    database: str, telemetry_off: None, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    with db.transaction(Role.admin) as connection, connection.cursor() as cur:
        cur.execute("grant select on quarantine.records to cartera_reader")
        cur.execute("drop table ops.certificates cascade")
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    (home / "credentials.json").chmod(0o644)
    try:
        found = findings(exit_status=1)
    finally:
        (home / "credentials.json").chmod(0o600)
    wrong = {part: finding for part, finding in found.items() if finding["state"] == "wrong"}
    assert wrong.keys() == {"credentials", "roles", "telemetry"}
    assert all(finding["mend"] for finding in wrong.values())
    assert found["server"]["state"] == "ok"


def test_the_doctor_survives_a_server_that_cannot_be_reached(
    tmp_path: Path, telemetry_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "h"))
    monkeypatch.setenv("CARTERA_DATABASE_URL", "postgresql://u:hush@127.0.0.1:1/d")
    monkeypatch.delenv("CARTERA_DATABASE_NAME", raising=False)
    get_settings.cache_clear()
    found = findings(exit_status=1)
    monkeypatch.undo()
    get_settings.cache_clear()
    assert "Connection refused" in found["server"]["message"]
    assert found["python"]["state"] == "ok"
    assert "hush" not in json.dumps(found)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "h"))
    monkeypatch.delenv("CARTERA_DATABASE_NAME", raising=False)
    monkeypatch.delenv("CARTERA_DATABASE_URL", raising=False)
    get_settings.cache_clear()
    yield tmp_path / "h"
    db.stop()
    monkeypatch.undo()
    get_settings.cache_clear()


def test_reset_asks_and_leaves_nothing_behind(scratch: Path) -> None:
    db.ensure_ready()
    result = CliRunner().invoke(app, ["reset"], input="y\n")
    assert isinstance(result.exception, ConfigError) and "--yes" in result.exception.mend
    assert scratch.exists()
    result = CliRunner().invoke(app, ["reset", "--yes"])
    assert result.exit_code == 0, result.output
    assert list(scratch.parent.iterdir()) == []
    db.ensure_ready()


def test_reset_refuses_a_folder_that_is_not_ours_before_it_stops_anything(scratch: Path) -> None:
    scratch.mkdir()
    (scratch / "thesis.tex").write_text("years of work")
    db.ensure_ready()
    result = CliRunner().invoke(app, ["reset", "--yes"])
    assert isinstance(result.exception, ConfigError)
    assert (scratch / "thesis.tex").exists()
    assert db.status().is_running


def test_stop_says_what_it_did(scratch: Path) -> None:
    db.ensure_ready()
    assert "stopped the embedded server" in CliRunner().invoke(app, ["stop"]).output
    assert "no embedded server was running" in CliRunner().invoke(app, ["stop"]).output


def test_messages_go_to_standard_error_only(scratch: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cartera.cli import operations; operations.stop()"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "no embedded server" in done.stderr
