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
    """It does not scroll sideways, and axe finds nothing: as wide as it is, then on a screen with the side bar."""
    size = page.viewport_size
    assert size is not None
    # what is drawn on its own comes after the page has settled
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    _looks(page, place, scheme)
    page.set_viewport_size({"width": WIDE, "height": size["height"]})
    expect(page.get_by_test_id("stSidebar")).to_be_in_viewport()
    _looks(page, place, scheme)
    page.set_viewport_size(size)


def _looks(page: Page, place: str, scheme: str) -> None:
    size = page.viewport_size
    assert size is not None
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", place).strip("-") or "overview"
    page.screenshot(path=PICTURES / f"{name}-{size['width']}-{scheme}.png")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"], place
    found = Axe().run(page, context={"exclude": [[SPARKLINES]]}, options=AXE).response
    assert {rule["id"]: rule["nodes"][0]["html"][:200] for rule in found["violations"]} == {}, place
