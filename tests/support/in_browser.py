"""What browser tests find on every page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

ROW_HEIGHT = 33


def table_named(page: Page, name: str) -> Locator:
    """A table by its accessible name, once its cells are there."""
    found = page.locator(f'[aria-label="{name}"]').first
    found.scroll_into_view_if_needed()
    found.locator("#glide-cell-0-0").wait_for(state="attached")
    return found


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def click_cell(table: Locator, across: float, row: int) -> None:
    """So many pixels from its left edge, in a row counted from 0 below the heading; a `row` may be a fraction.

    Through what lies over its canvas, where Playwright waits for it to stand still in view: a click beside a place that
    was measured before is lost when something above is drawn late.
    """
    settled(table.page)
    table.locator(".dvn-scroller").first.click(position={"x": across, "y": ROW_HEIGHT * (row + 1.5)})


def open_part(page: Page, title: str) -> None:
    """Unfold a part of a page, until it stands still: what is in it glides away from under a click."""
    part = page.get_by_test_id("stExpander").filter(has_text=title)
    part.get_by_text(title, exact=True).click()
    part.evaluate("part => Promise.allSettled(part.getAnimations({subtree: true}).map(each => each.finished))")
