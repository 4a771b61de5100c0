"""The sandbox company, run through the whole pipeline into a database of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.databases import fresh_database

from cartera import pipeline
from cartera.sandbox.company import make_company
from cartera.settings import get_settings


@contextmanager
def published_sandbox(name: str, folder: Path, until: dt.date, invoices: int = 500) -> Iterator[str]:
    """The database of that name, the one that `connect` uses meanwhile."""
    with fresh_database(name), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder / "sources"))
        get_settings.cache_clear()
        make_company(folder / "sandbox", until=until, invoices=invoices, customers=40)
        assert pipeline.run(until, ["sandbox"]).status == "published"
        yield name
