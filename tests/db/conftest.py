"""State folders of their own, for tests that kill the server or spoil what it stands on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cartera import db
from cartera.db import connection, embedded
from cartera.db.server_settings import server_settings
from cartera.settings import get_settings

READY = "from cartera import db; db.ensure_ready(); print(db.parameters(db.Role.reader)['port'])"


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty state folder, in a path with spaces and letters beyond ASCII; its server ends with the test."""
    folder = tmp_path / "clon número 1 ñ" / "home"
    for name in ("CARTERA_DATABASE_URL", "CARTERA_DATABASE_URL_FILE", "CARTERA_DATABASE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CARTERA_HOME", str(folder))
    # as the user has it, not as the fast server of the other tests
    monkeypatch.setattr(embedded, "server_settings", server_settings)
    get_settings.cache_clear()
    yield folder
    monkeypatch.delenv("CARTERA_DATABASE_URL", raising=False)
    get_settings.cache_clear()
    if folder.is_dir():
        db.stop()
    monkeypatch.undo()
    get_settings.cache_clear()
    connection.forget_ready()


@pytest.fixture
def another_process(own_home: Path) -> Callable[[], subprocess.Popen[str]]:
    """Starts a process that makes the database ready and prints its port."""

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", READY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start
