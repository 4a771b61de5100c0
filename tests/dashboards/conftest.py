"""Runs the dashboard's pages without a browser, against the test's own database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from support.pages import APP, OpenPage


@pytest.fixture(autouse=True, scope="session")
def _as_the_server_is_set() -> None:
    """dashboards/.streamlit/config.toml, which an AppTest does not read: without it each run looks through all that the
    tests hold for garbage."""
    st.config.set_option("runner.postScriptGC", False)


@pytest.fixture(autouse=True, scope="session")
def _installed_packages_read_once() -> Iterator[None]:
    """A server looks once through all installed packages for components, each AppTest anew: most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def open_page(database: str) -> OpenPage:
    """`open_page("aging", currency="PEN")` runs that page with these URL parameters."""
    st.cache_data.clear()

    def run(page: str, **parameters: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=30)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page(f"app_pages/{page}.py").run() if page != "overview" else app

    return run
