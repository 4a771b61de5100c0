"""A value that is not among those offered is typed into the list, as a browser does it; on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.databases import fresh_database
from support.many_customers import publish_many
from support.served import served

OpenPage = Callable[..., Page]
ASKED = "mart=aging&by=customer_name&show=open_amount&where=customer_name"


@pytest.fixture(scope="module")
def many_url(home: Path) -> Iterator[str]:
    with fresh_database("test_many_values"):
        publish_many()
        with served() as url:
            yield url


@pytest.mark.parametrize("size", [{}, {"width": 390, "height": 2600}], ids=["desktop", "phone"])
def test_a_value_beyond_the_first_is_typed(many_url: str, open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(f"{many_url}/reports?{ASKED}", **size)
    expect(page.get_by_text("The first 500 are offered")).to_be_visible()
    for typed, expected in (("Cliente 999", None), ("Cliente 560", "where_customer_name=Cliente\\+560")):
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        field = page.get_by_role("combobox", name=re.compile("Customer"))
        field.fill(typed)
        page.get_by_role("option", name=re.compile(typed)).first.click()
        if expected is None:
            expect(page.get_by_text(f"No row has “{typed}”.")).to_be_visible()
        else:
            expect(page).to_have_url(re.compile(expected))
            expect(page.get_by_text(f"{typed} ✕")).to_be_visible()
            expect(page.get_by_text("No row has")).to_have_count(0)
    expect(page.get_by_text("Customer: Cliente 560").first).to_be_visible()
