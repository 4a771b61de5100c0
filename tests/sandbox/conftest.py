from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_ledger import UNTIL

from cartera.sandbox.company import make_company
from cartera.sandbox.writer import SandboxReport
from cartera.settings import get_settings


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> SandboxReport:
    """The default company, in a folder with a space and an accent in its name."""
    return make_company(tmp_path_factory.mktemp("año dos") / "sandbox", until=UNTIL)


@pytest.fixture
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A CARTERA_HOME of its own, without a database server."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CARTERA_HOME", str(folder))
    get_settings.cache_clear()
    yield folder
    monkeypatch.undo()
    get_settings.cache_clear()
