"""Runs the dashboard's pages without a browser, against the test's own database."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from support.campaign_fixture import reachable
from support.kpi_page import UNTIL
from support.pages import APP, OpenPage, page_opened
from support.sandbox_published import published_sandbox
from support.serve_fixture import publish_items, sample_items

from cartera.reminders import plan_reminders
from dashboards.queries import ahead, looking_back


@pytest.fixture(autouse=True, scope="session")
def _as_the_server_is_set() -> None:
    """dashboards/.streamlit/config.toml, which an AppTest does not read: without it each run looks through all that the
    tests hold for garbage, counts which of Streamlit's functions are called and looks for magic in the scripts."""
    settings = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for section in ("runner", "browser", "client", "global"):
        for name, value in settings[section].items():
            st.config.set_option(f"{section}.{name}", value)


@pytest.fixture(autouse=True, scope="session")
def _installed_packages_read_once() -> Iterator[None]:
    """A server looks once through all installed packages for components, each AppTest anew: most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _nothing_answered_beside_later() -> Iterator[None]:
    """A thread that still asked would make ready whatever database the tests after this one begin or end with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "takes_long", threading.Event())
        yield
        patch.setattr(looking_back, "_work", looking_back._Work())
        for thread in [each for each in threading.enumerate() if each.name in ("answers beside", "goes on")]:
            thread.join()


@pytest.fixture
def open_page(database: str) -> OpenPage:
    """`open_page("aging", currency="PEN")` runs that page with these URL parameters."""
    st.cache_data.clear()
    return page_opened


@pytest.fixture(scope="module")
def published_company(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox company as published on UNTIL."""
    with published_sandbox("of_pages", tmp_path_factory.mktemp("of_pages"), UNTIL) as name:
        st.cache_data.clear()
        yield name
    st.cache_data.clear()


@pytest.fixture
def planned(database: str) -> int:
    """A plan for the sample company; how many contacts wait."""
    publish_items(sample_items())
    reachable()
    return plan_reminders().planned
