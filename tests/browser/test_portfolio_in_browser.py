"""Segments and recovery in a browser: clicks down to the invoices, links, downloads, phone, accessibility."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from support.in_browser import click_cell, table_named
from support.looks import stands

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 2600}


def _amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text))


def _rows(page: Page, button: Locator, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))


def test_from_a_segment_to_a_customer_to_invoices_that_add_up(
    dashboard_url: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(f"{dashboard_url}/segments")
    table = table_named(page, "Segments")
    figure = _amount(table.locator("#glide-cell-2-0").inner_text())
    click_cell(table, 40, 0)
    expect(page.get_by_role("heading", name="Customers: Slow")).to_be_visible()
    expect(page).to_have_url(re.compile("segment=slow"))
    table = table_named(page, "Customers: Slow")
    name = table.locator("#glide-cell-0-1").inner_text()
    owed = _amount(table.locator("#glide-cell-1-1").inner_text())
    click_cell(table, 40, 1)
    expect(page.get_by_role("heading", name=f"Open invoices of {name}")).to_be_visible()
    *customers, total = _rows(page, page.get_by_role("button", name="Export CSV").nth(1), tmp_path)
    assert sum(Decimal(row["Open"]) for row in customers) == Decimal(total["Open"]) == figure
    *invoices, total = _rows(page, page.get_by_role("button", name="Export CSV").nth(2), tmp_path)
    assert sum(Decimal(row["Open"]) for row in invoices) == Decimal(total["Open"]) == owed


def test_a_tile_chooses_its_segment_as_the_table_does_and_a_second_click_takes_it_away(
    dashboard_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{dashboard_url}/segments")
    table_named(page, "Segments")
    tiles = page.locator(".js-plotly-plot .treemaplayer .slice")
    expect(tiles.first).to_be_visible()
    count = tiles.count()
    tile = tiles.filter(has_text="120+").first

    def click(tile: Locator) -> None:
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        tile.click()

    click(tile)
    expect(page.get_by_role("heading", name=re.compile("^Customers: "))).to_be_visible()
    expect(page).to_have_url(re.compile("segment="))
    expect(tiles).to_have_count(count)
    click(tile)
    expect(page).not_to_have_url(re.compile("segment="))
    expect(tiles).to_have_count(count)
    click_cell(table_named(page, "Segments"), 40, 0)
    expect(page.get_by_role("heading", name="Customers: Slow")).to_be_visible()


def test_expected_losses_follow_the_factor_and_the_link_holds(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/recovery?part=losses")
    factor = page.get_by_label("Forward-looking factor", exact=True)
    factor.fill("1.5")
    factor.press("Enter")
    expect(page).to_have_url(re.compile("factor=1.5"))
    expect(page.get_by_test_id("stMetricValue").nth(2)).to_have_text("1.5%")
    again = open_page(page.url, locale="pt-BR")
    expect(again.locator("h1")).to_have_text("O que acontece com o que atrasa?")
    expect(again.get_by_test_id("stMetricValue").nth(2)).to_have_text("1,5%")
    expect(again.get_by_label("Fator prospectivo", exact=True)).to_have_value("1,50")
    expect(again.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    with again.expect_download() as download:
        again.get_by_role("button", name="Exportar XLSX").click()
    assert download.value.suggested_filename == "cartera-provision-2026-06-30.xlsx"


PLACES = (
    "segments?segment=slow",
    "aging?by=collector&bucket=1-30",
    "recovery",
    "recovery?part=cohorts",
    "recovery?part=losses",
)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "pt-BR")])
def test_a_phone_shows_it_without_sideways_scrolling_and_axe_finds_nothing(
    dashboard_url: str, open_page: OpenPage, scheme: str, locale: str
) -> None:
    page = open_page(f"{dashboard_url}/{PLACES[0]}", scheme=scheme, locale=locale, **PHONE)
    for place in PLACES:
        if place != PLACES[0]:
            page.goto(f"{dashboard_url}/{place}")
        page.get_by_test_id("stDataFrame").last.wait_for()
        page.locator(".js-plotly-plot").first.wait_for()
        stands(page, place, scheme)
