"""A real browser before a real dashboard over a small published set."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.serve_fixture import publish_items, sample_items
from support.served import served

from cartera import db
from cartera.settings import get_settings

# as root Chromium refuses to start in its sandbox; nothing is asked of the network in the background
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT_MILLISECONDS = 30_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def dashboard_url(home: Path) -> Iterator[str]:
    """One dashboard for all tests that only look."""
    name = "test_browser"
    db.copy_database("template_of_tests", name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_DATABASE_NAME", name)
        get_settings.cache_clear()
        publish_items(sample_items(), checks=[("landed", "invoices", "c", "warning", False, "3 unknown customers")])
        with served() as url:
            yield url
    get_settings.cache_clear()
    db.drop_database(name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """`open_page(url)` is a new visitor's page; afterwards it is checked that it asked this machine alone."""
    contexts, asked = [], set()

    def visit(url: str, *, width: int = 1440, height: int = 1800, scheme: str = "light", locale: str = "en-US") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=locale,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.on("request", lambda request: asked.add(urlsplit(request.url)))
        page.goto(url)
        return page

    yield visit
    for context in contexts:
        context.close()
    outside = {part.geturl() for part in asked if part.scheme not in ("data", "blob") and part.hostname != "127.0.0.1"}
    assert asked and not outside
