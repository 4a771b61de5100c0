"""What a page must stand at any width and in both schemes; a picture of each is kept in artifacts/pages."""

from __future__ import annotations

import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PICTURES = Path(__file__).resolve().parents[2] / "artifacts" / "pages"
AXE = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}
SPARKLINES = '[data-testid="stMetricChart"]'
"""Streamlit's own, drawn without a text of their own; the figure and its change stand beside them as text."""


WIDE = 1280


def stands(page: Page, place: str, scheme: str) -> None:
    """On a phone and on a screen with the side bar it does not scroll sideways, and axe finds nothing in all of it.

    As axe takes a second, it looks at light pages on the phone and at dark ones on the screen; at the first on both.
    """
    size = page.viewport_size
    assert size is not None
    # what is drawn on its own comes after the page has settled
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    for width in (size["width"], WIDE):
        page.set_viewport_size({"width": width, "height": size["height"]})
        if width == WIDE:
            expect(page.get_by_test_id("stSidebar")).to_be_in_viewport()
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, place
        if (width == WIDE) == (scheme == "dark") or not place:
            _looked_at(page, place, f"{width}-{scheme}")
    page.set_viewport_size(size)


def _looked_at(page: Page, place: str, how: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", place).strip("-") or "overview"
    page.screenshot(path=PICTURES / f"{name}-{how}.png")
    found = Axe().run(page, context={"exclude": [[SPARKLINES]]}, options=AXE).response
    assert {rule["id"]: rule["nodes"][0]["html"][:200] for rule in found["violations"]} == {}, place
