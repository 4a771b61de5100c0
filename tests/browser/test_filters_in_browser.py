"""What a link asks for holds on every page that is opened after it, and each address says what its page shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
ASKED = {"as_of": "2026-05-31", "currency": "USD", "company": "norte"}


def test_filters_of_a_link_hold_on_the_pages_after_it(dashboard_url: str, open_page: OpenPage) -> None:
    """On the first of them too: Streamlit itself forgets there what nobody has touched."""
    page = open_page(f"{dashboard_url}/aging?{urlencode(ASKED)}")
    _is_of_what_was_asked(page, "aging")
    for link, path in (("Segments", "segments"), ("Aging", "aging")):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=re.compile(f"{link}$")).click()
        _is_of_what_was_asked(page, path)


def _is_of_what_was_asked(page: Page, path: str) -> None:
    for name, value in ASKED.items():
        expect(page).to_have_url(re.compile(rf"/{path}\?.*\b{name}={value}\b"))
    stamp = page.get_by_test_id("stCaptionContainer").filter(has_text="As of 31 May 2026")
    expect(stamp.filter(has_text="amounts in USD")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def test_an_address_in_text_from_outside_is_no_link(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/aging?company=pay+at+https://evil.example+or+www.evil.example")
    told = page.get_by_test_id("stCaptionContainer").filter(has_text="not understood in the link")
    expect(told).to_contain_text("evil.example or www")
    expect(page.locator("a[href*=evil]")).to_have_count(0)
