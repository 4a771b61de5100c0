"""A window of 1024 with the side bar: what is a figure or a sentence is there whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.campaign_fixture import reachable
from support.databases import fresh_database
from support.serve_fixture import AS_OF, item, publish_items
from support.serve_promises import promised
from support.served import served

OpenPage = Callable[..., Page]
CUT = """whole => [...document.querySelectorAll(whole)].flatMap(each => [each, ...each.querySelectorAll('*')])
    .filter(each => each.clientWidth && each.scrollWidth > each.clientWidth + 1).map(each => each.innerText)"""


@pytest.fixture(scope="module")
def narrow_url(home: Path) -> Iterator[str]:
    """Amounts of hundreds of millions, and a promise broken in each of the last days."""
    with fresh_database("test_narrow_browser"):
        publish_items([item("1", AS_OF - dt.timedelta(days=20), "987654321.12", currency_code="COP")])
        reachable()
        for number, day in enumerate((-6, -5, -4, 0, 3)):
            promised(f"p{number}", "files:C-1", "222306883.12", made=-9, promised=day, currency_code="COP",
                     invoice_id="1")  # fmt: skip
        with served() as url:
            yield url


def _opened(page: Page, wait_for: str) -> None:
    expect(page.get_by_test_id(wait_for).first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


CARDS = """() => [...document.querySelectorAll('[data-testid=stMetric]')].map(card => {
    const place = card.getBoundingClientRect()
    return [place.top, place.height, card.querySelectorAll('svg.marks').length]
})"""


def test_cards_of_a_row_are_equally_high_with_and_without_a_sparkline(narrow_url: str, open_page: OpenPage) -> None:
    page = open_page(narrow_url, width=1440)
    _opened(page, "stMetric")
    expect(page.get_by_test_id("stMetric")).to_have_count(8)
    expect(page.get_by_test_id("stMetric").locator("svg.marks").first).to_be_visible()
    rows: dict[float, list[tuple[float, int]]] = {}
    for top, height, charts in page.evaluate(CARDS):
        rows.setdefault(top, []).append((height, charts))
    assert len(rows) == 2 and all(len({height for height, _ in row}) == 1 for row in rows.values()), rows
    assert any(len({charts for _, charts in row}) == 2 for row in rows.values()), ("no row is mixed", rows)


@pytest.mark.parametrize("locale", ["en-US", "es-PE", "pt-BR"])
@pytest.mark.parametrize("width", [1024, 1280])
def test_no_card_of_promises_is_cut_off(narrow_url: str, open_page: OpenPage, locale: str, width: int) -> None:
    page = open_page(f"{narrow_url}/promises", width=width, locale=locale)
    _opened(page, "stMetric")
    expect(page.get_by_test_id("stMetric")).to_have_count(5)
    assert page.evaluate(CUT, "[data-testid=stMetric]") == []


@pytest.mark.parametrize("locale", ["en-US", "es-PE", "pt-BR"])
def test_what_needs_attention_is_not_cut_off(narrow_url: str, open_page: OpenPage, locale: str) -> None:
    page = open_page(narrow_url, width=1024, locale=locale)
    _opened(page, "stMetric")
    pills = page.get_by_test_id("stButtonGroup").filter(has_text="COP").filter(has_text=":")
    expect(pills).to_be_visible()
    assert page.evaluate(CUT, "[data-testid=stButtonGroup]") == []
