"""A real browser before a real dashboard over a small published set."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from support.databases import fresh_database
from support.serve_fixture import publish_items, sample_items
from support.served import served

# as root Chromium refuses to start in its sandbox; nothing is asked of the network in the background
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT_MILLISECONDS = 60_000

OpenPage = Callable[..., Page]
Contexts = Callable[[str, str], BrowserContext]


@pytest.fixture(scope="session")
def dashboard_url(home: Path) -> Iterator[str]:
    """One dashboard for all tests that only look."""
    with fresh_database("test_browser"):
        publish_items(sample_items(), checks=[("landed", "invoices", "c", "warning", False, "3 unknown customers")])
        with served() as url:
            yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # without the window that nobody sees it does a third less for the same pages
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    """One visitor per colour scheme and language: the second page of each has the programs in its cache."""

    @cache
    def context(scheme: str, locale: str) -> BrowserContext:
        made = browser.new_context(color_scheme=scheme, locale=locale)  # type: ignore[arg-type]
        made.set_default_timeout(WAIT_MILLISECONDS)
        return made

    return context


@pytest.fixture
def open_page(contexts: Contexts) -> Iterator[OpenPage]:
    """`open_page(url)` opens a page; afterwards it is checked that it asked this machine alone."""
    pages, asked = [], set()

    def visit(url: str, *, width: int = 1440, height: int = 1800, scheme: str = "light", locale: str = "en-US") -> Page:
        page = contexts(scheme, locale).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("request", lambda request: asked.add(urlsplit(request.url)))
        page.goto(url)
        return page

    yield visit
    for page in pages:
        page.close()
    outside = {part.geturl() for part in asked if part.scheme not in ("data", "blob") and part.hostname != "127.0.0.1"}
    assert asked and not outside
