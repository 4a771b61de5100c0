"""Writes export files and mappings into tmp_path and reads them as landing would, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from delivered import INVOICES

from cartera.connectors.files import load_source
from cartera.connectors.files.spec import FileSource
from cartera.settings import get_settings


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of these tests touches the developer's clone."""
    monkeypatch.setenv("CARTERA_PROJECT_DIR", str(tmp_path))
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path / "sources"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def mapping(tmp_path: Path) -> Callable[..., FileSource]:
    """A sources/*.yaml of this text, loaded."""

    def make(text: str, name: str = "erp") -> FileSource:
        path = tmp_path / "sources" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return load_source(path)

    return make


@pytest.fixture
def invoices(tmp_path: Path, mapping: Callable[..., FileSource]) -> Callable[..., FileSource]:
    """A source of invoices: content of the export, name of the file, further lines of the mapping."""

    def make(content: bytes | str, more: str = "", name: str = "cuentas.csv") -> FileSource:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        return mapping(INVOICES.format(files=tmp_path / name) + lines)

    return make
