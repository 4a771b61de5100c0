"""A dashboard of its own process for a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cartera.dashboard import end, start_dashboard
from cartera.settings import get_settings


@contextmanager
def served(**environment: str) -> Iterator[str]:
    """The URL of a dashboard started with these variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        process, url = start_dashboard(get_settings())
        try:
            yield url
        finally:
            end(process)
    get_settings.cache_clear()
