"""The page of the KPIs in a browser, over the sandbox company: click, chart, link, export, phone."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.in_browser import click_cell, table_named
from support.looks import stands
from support.sandbox_published import published_sandbox
from support.served import served

from cartera.db import Role, transaction
from cartera.warehouse import metrics, read

OpenPage = Callable[..., Page]
UNTIL = dt.date(2026, 6, 30)
PHONE = {"width": 390, "height": 2600}


@pytest.fixture(scope="module")
def kpis_url(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("kpis_browser")
    with published_sandbox("kpis_browser", folder, UNTIL), served() as url:
        yield f"{url}/kpis"


def test_a_row_leads_to_definition_and_trend_and_the_link_to_the_same(kpis_url: str, open_page: OpenPage) -> None:
    page = open_page(kpis_url)
    table = page.locator('[aria-label="All KPIs by family"]').first
    table.locator("#glide-cell-1-0").wait_for(state="attached")
    click_cell(table, 15, 5)  # the sixth row: its heading, five of DSO
    expect(page.get_by_role("heading", name="DSO by counting back (30-day months)")).to_be_visible()
    expect(page).to_have_url(re.compile("kpi=dso_countback_30_day_months"))
    expect(page.locator(".js-plotly-plot .legend .traces")).to_have_count(4)
    page.get_by_text("How it is computed").click()
    expect(page.get_by_text("Spans of 30 days are counted back")).to_be_visible()
    again = open_page(page.url)
    expect(again.get_by_role("heading", name="DSO by counting back (30-day months)")).to_be_visible()


def test_a_cell_of_the_transitions_leads_to_debts_that_add_up(
    kpis_url: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(kpis_url.replace("/kpis", "/recovery?where=andes-pe/PEN&cells=value"))
    table = table_named(page, "From state to state")
    figure = Decimal(table.locator("#glide-cell-1-1").inner_text().replace(",", ""))
    assert figure > 0
    click_cell(table, 200, 1)
    expect(page.get_by_role("heading", name="Debts from Not due to Not due")).to_be_visible()
    expect(page.locator("strong", has_text=f"PEN\u00a0{figure:,.2f}")).to_be_visible()
    *rows, total = _file_of_rows(page, "moved-debts", tmp_path)
    assert sum(Decimal(row["Moved so"]) for row in rows) == figure == Decimal(total["Moved so"])
    assert {(row["As of"], row["Currency"]) for row in rows} == {(UNTIL.isoformat(), "PEN")}


def test_an_expected_loss_leads_to_the_open_debts_it_is_of(kpis_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(kpis_url.replace("/kpis", "/recovery?where=andes-pe/PEN&part=losses"))
    table = table_named(page, "Expected losses")
    figure = Decimal(table.locator("#glide-cell-7-0").inner_text().replace(",", ""))
    assert figure > 0
    click_cell(table, 40, 0)
    expect(page.get_by_role("heading", name="Open debts: Not due")).to_be_visible()
    expect(page.locator("strong", has_text=f"Balance PEN\u00a0{figure:,.2f}")).to_be_visible()
    *rows, total = _file_of_rows(page, "expected-losses", tmp_path)
    assert sum(Decimal(row["Balance"]) for row in rows) == figure == Decimal(total["Balance"])
    assert {row["As of"] for row in rows} == {UNTIL.isoformat()}
    assert "Open debts: Not due" in total["Filters"]


def test_choices_are_in_the_link_whatever_the_language(kpis_url: str, open_page: OpenPage) -> None:
    page = open_page(kpis_url)
    page.get_by_text("As-of rate", exact=True).click()
    expect(page).to_have_url(re.compile("currency_view=as-of-rate"))
    expect(
        page.get_by_text("all currencies added, in the company's currency at the rate of the as-of date")
    ).to_be_visible()
    spanish = open_page(page.url, locale="es-PE")
    expect(spanish.get_by_text("todas las monedas sumadas")).to_be_visible()


def test_what_moved_dso_is_drawn_and_exported(kpis_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(kpis_url)
    page.get_by_text("What moved DSO", exact=True).click()
    expect(page.locator(".js-plotly-plot .waterfalllayer .point")).to_have_count(7)
    expect(page).to_have_url(re.compile("show=dso"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        dso = {
            (row["company_id"], row["currency_code"]): row["value"]
            for row in metrics.kpis(connection, UNTIL, known_at, "company")
            if row["kpi"] == "dso_simple_90d"
        }
    second = "DSO at the second date"
    assert {(r["Company"], r["Currency"]): f"{float(r[second]):.4f}" for r in rows if r[second]} == {
        place: f"{value:.4f}" for place, value in dso.items() if value is not None
    }


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "es-PE")])
@pytest.mark.parametrize("show", ["all", "dso"])
def test_a_phone_shows_it_without_sideways_scrolling(
    kpis_url: str, open_page: OpenPage, scheme: str, locale: str, show: str
) -> None:
    page = open_page(f"{kpis_url}?show={show}", scheme=scheme, locale=locale, **PHONE)
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()
    stands(page, f"kpis-{show}", scheme)


def _file_of_rows(page: Page, name: str, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.locator(f'[class*="export_{name}"]').get_by_role("button").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
