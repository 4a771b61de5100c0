"""What browser tests find on every page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


def table_named(page: Page, name: str) -> Locator:
    """A table by its accessible name, once its cells are there."""
    found = page.locator(f'[aria-label="{name}"]').first
    found.scroll_into_view_if_needed()
    found.locator("#glide-cell-0-0").wait_for(state="attached")
    return found
