"""What a phone gets that a narrow window does not: it says of itself that it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.in_browser import table_named

from dashboards.components.tables import LINE

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari"
IS_CUT = """e => [e, ...e.querySelectorAll('*')].some(
    each => getComputedStyle(each).textOverflow === 'ellipsis' && each.scrollWidth > each.clientWidth)"""
STAND_TWO_AND_TWO = """() => {
    const cards = [...document.querySelectorAll('[data-testid=stMetric]')]
    const [one, two, three] = cards.map(each => each.getBoundingClientRect())
    return one.y === two.y && one.height === two.height && two.x > one.right && three.y > one.y }"""
SCREEN = {"width": 390, "height": 2600}


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(user_agent=PHONE, viewport=SCREEN, has_touch=True)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def test_the_page_says_that_sums_are_whole_on_a_phone_alone(dashboard_url: str, phone: Page, browser: Browser) -> None:
    said = "sums in tables without decimals"
    phone.goto(f"{dashboard_url}/")
    expect(phone.get_by_text(said).first).to_be_visible()
    narrow = browser.new_context(viewport=SCREEN).new_page()  # type: ignore[arg-type]
    narrow.goto(f"{dashboard_url}/")
    narrow.get_by_role("table", name="Top debtors").wait_for()
    expect(narrow.get_by_text(said)).to_have_count(0)
    narrow.context.close()


def test_what_stands_above_a_table_is_not_under_its_toolbar(dashboard_url: str, phone: Page) -> None:
    """Which a phone shows at all times."""
    phone.goto(f"{dashboard_url}/data-health")
    table = "Tie-out certificate"
    table_named(phone, table)
    text = phone.get_by_text("Buckets = open items").bounding_box()
    frame = phone.get_by_test_id("stFullScreenFrame").filter(has=phone.locator(f'[aria-label="{table}"]'))
    toolbar = frame.get_by_test_id("stElementToolbar").bounding_box()
    assert text and toolbar and toolbar["height"] > 0
    assert text["y"] + text["height"] <= toolbar["y"] + 4, (text, toolbar)


def test_cards_stand_two_and_two_and_none_is_cut_off(dashboard_url: str, phone: Page) -> None:
    for place in ("?currency=COP", "data-health?lang=PT"):
        phone.goto(f"{dashboard_url}/{place}")
        if place.startswith("?"):
            phone.get_by_role("table", name="Top debtors").wait_for()
        else:
            table_named(phone, "Certificado de conferência")
        expect(phone.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        # in one look, as what loads late still moves them
        phone.wait_for_function(STAND_TWO_AND_TWO)
        cards = phone.get_by_test_id("stMetric").all()
        for card in cards:
            for part in ("stMetricLabel", "stMetricValue", "stMetricDelta"):
                for text in card.get_by_test_id(part).all():
                    assert text.evaluate(IS_CUT) is False, (place, text.inner_text())


def test_a_line_of_the_list_narrows_to_its_customer_and_bucket(dashboard_url: str, phone: Page) -> None:
    phone.goto(f"{dashboard_url}/aging?currency=PEN")
    lines = table_named(phone, "Customers by days past due")
    expect(phone.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    amount = lines.locator("#glide-cell-1-1").inner_text()
    assert lines.locator("#glide-cell-0-1").inner_text() == "· Not due"
    box = lines.bounding_box()
    assert box
    # below the heading and the line of all customers
    phone.mouse.click(box["x"] + 60, box["y"] + 2.5 * LINE)
    expect(phone).to_have_url(re.compile("(bucket=not_due&customer=all)|(customer=all&bucket=not_due)"))
    expect(phone.get_by_text(f"PEN {amount}").first).to_be_visible()


def test_the_name_of_the_first_page_keeps_the_language(dashboard_url: str, phone: Page) -> None:
    phone.goto(f"{dashboard_url}/overview?lang=ES&currency=USD")
    expect(phone.get_by_role("heading", name="Lo que nos deben")).to_be_visible()
    expect(phone).to_have_url(re.compile(r"/\?.*currency=USD"))
