"""Reports and saved views in a browser: built, saved, exported, linked; on a phone; what axe finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook
from support.in_browser import click_cell, open_part, table_named
from support.looks import stands
from support.serve_fixture import sample_items

from cartera.reports import store, views

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 2600}
FEW = "mart=aging&by=bucket&show=open_amount&show=items"


def _settled(page: Page) -> None:
    page.get_by_test_id("stDataFrame").first.wait_for()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def _saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_built_here_saved_opened_again_and_exported(dashboard_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{dashboard_url}/reports?{FEW}")
    _settled(page)
    page.get_by_role("button", name="Save as new").click()
    page.get_by_role("textbox", name="Name of the report").fill("By bucket")
    page.get_by_role("button", name="Save report").click()
    expect(page.get_by_text("Saved: By bucket")).to_be_visible()
    expect(page).to_have_url(re.compile("report=[0-9a-f-]{36}"))
    again = open_page(page.url, locale="es-PE")
    _settled(again)
    expect(again.locator('[aria-label="Totales por moneda"]').get_by_text("Total PEN (6 filas)")).to_be_attached()
    path = _saved(page, "XLSX formatted", tmp_path)
    assert path.name == "cartera-by-bucket-2026-06-30.xlsx"
    lines: list[list[Any]] = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    *_, total = (line for line in lines if str(line[0]).startswith("Total PEN"))
    debts = [each for each in sample_items() if (each.item_type, each.currency_code) == ("instalment", "PEN")]
    assert Decimal(str(total[2])) == sum((each.item_amount for each in debts), Decimal(0))
    for button, ending in (("XLSX raw", ".xlsx"), ("As CSV", ".csv"), ("As PDF", ".pdf")):
        assert _saved(page, button, tmp_path).suffix == ending


def test_a_figure_leads_to_its_documents_also_on_a_phone(dashboard_url: str, open_page: OpenPage) -> None:
    said = {"en-US": "add up to the figures", "es-PE": "suman lo que dicen las cifras", "pt-BR": "somam o que dizem os"}
    for locale, text in said.items():
        page = open_page(f"{dashboard_url}/reports?{FEW}", locale=locale, **PHONE)
        _settled(page)
        click_cell(page.get_by_test_id("stDataFrame").first, 40, 0)
        expect(page.get_by_text(re.compile(text))).to_be_visible()
        _settled(page)


def test_a_line_of_the_certificate_leads_to_aging_whatever_was_chosen_before(
    dashboard_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=USD&company=norte&as_of=2026-05-31")
    _settled(page)
    page.get_by_role("link", name="Data health").click()
    expect(page.get_by_text("Tie-out certificate")).to_be_visible()
    _settled(page)
    click_cell(table_named(page, "Tie-out certificate"), 40, 0)
    link = page.get_by_role("link", name=re.compile("^.*Aging of main in COP"))
    link.click()
    expect(page).to_have_url(re.compile("aging"))
    expect(page.get_by_text(re.compile("amounts in COP"))).to_be_visible()
    expect(page.get_by_text(re.compile("As of 30 Jun 2026"))).to_be_visible()
    owed = [each for each in sample_items() if (each.company_id, each.currency_code) == ("main", "COP")]
    total = sum((each.item_amount for each in owed if each.item_type == "instalment"), Decimal(0))
    expect(page.get_by_text(re.compile(f"add up to COP.{total:,.2f}"))).to_be_visible()


def test_a_view_is_kept_and_opened_also_on_its_own_page(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/segments?segment=slow&currency=USD")
    _settled(page)
    open_part(page, "Saved views")
    page.get_by_role("textbox", name="Name for this view").fill("Slow in dollars")
    page.get_by_role("button", name="Save this view").click()
    link = page.get_by_role("link", name="Slow in dollars")
    expect(link).to_have_attribute("href", re.compile("segment=slow"))
    other = open_page(f"{dashboard_url}/segments?segment=prompt&currency=PEN")
    _settled(other)
    expect(other.get_by_role("heading", name="Customers: Prompt")).to_be_visible()
    open_part(other, "Saved views")
    other.get_by_role("link", name="Slow in dollars").click()
    expect(other.get_by_role("heading", name="Customers: Slow")).to_be_visible()
    expect(other.get_by_text("amounts in USD").first).to_be_visible()
    expect(other).not_to_have_url(re.compile("view="))


def test_a_view_opens_what_it_names_from_a_page_of_another_currency_and_day(
    dashboard_url: str, open_page: OpenPage
) -> None:
    """Streamlit takes out of a link what the page that has it binds to widgets of its own."""
    views.save_view("local", "Dollars of May", "segments", [("as_of", "2026-05-31"), ("currency", "USD")])
    page = open_page(f"{dashboard_url}/aging?as_of=2026-04-30&currency=PEN&company=norte")
    _settled(page)
    open_part(page, "Saved views")
    page.get_by_role("link", name="Dollars of May").click()
    expect(page).to_have_url(re.compile("/segments"))
    stamp = page.get_by_test_id("stCaptionContainer").filter(has_text="amounts in USD")
    expect(stamp.filter(has_text="As of 31 May 2026")).to_be_visible()
    expect(page).to_have_url(re.compile(r"as_of=2026-05-31"))
    expect(page).to_have_url(re.compile(r"currency=USD"))
    # the company was the other page's own
    expect(page).not_to_have_url(re.compile(r"company=|view="))
    views.delete_view("local", "Dollars of May")


def test_two_clicks_on_the_bin_of_a_view_delete_that_one(dashboard_url: str, open_page: OpenPage) -> None:
    for name in ("AA", "AB", "AC"):
        views.save_view("local", name, "kpis", [])
    page = open_page(f"{dashboard_url}/kpis")
    _settled(page)
    open_part(page, "Saved views")
    box = page.locator(".st-key-view_delete_AA button").first.bounding_box()
    assert box
    # the second click lands where the first did, before it is answered and after
    for pause in (80, 0, 0):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(pause)
        if not pause:
            expect(page.get_by_text("Deleted: AA")).to_be_visible()
            _settled(page)
    expect(page.get_by_role("link", name="AC")).to_be_visible()
    names = {each.name for each in views.saved_views("local")}
    assert {"AB", "AC"} <= names and "AA" not in names
    for name in names & {"AB", "AC"}:
        views.delete_view("local", name)


WATCH_FOR = """texts => new MutationObserver(() => {
    window.isTold ||= texts.some(text => document.body.innerText.includes(text));
}).observe(document, {subtree: true, childList: true, characterData: true})"""


def _in_the_same_second(first: Locator, second: Locator) -> None:
    """The second one lands while the first one's script runs. What is being typed is left first, as a mouse does it."""
    handles = [first.element_handle(), second.element_handle()]
    first.page.evaluate("document.activeElement.blur()")
    first.page.evaluate("([a, b]) => { a.click(); setTimeout(() => b.click(), 80) }", handles)


def test_who_saves_a_report_and_goes_on_at_once_has_saved_it(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/reports?{FEW}")
    _settled(page)
    page.get_by_role("button", name="Save as new").click()
    page.get_by_role("textbox", name="Name of the report").fill("In a hurry")
    _in_the_same_second(page.get_by_role("button", name="Save report"), page.get_by_role("link", name="KPIs"))
    # the address changes before the server knows
    expect(page.get_by_role("heading", name="How well do we collect?")).to_be_visible()
    _settled(page)
    (saved,) = [each for each in store.listed("local") if each.name == "In a hurry"]
    assert isinstance(saved, store.Saved) and saved.document.parts[0].dimensions == ("bucket",)
    page = open_page(f"{dashboard_url}/reports?report={saved.report_id}")
    _settled(page)
    # told before the other click is answered, or with its answer, which is in the other language
    page.evaluate(WATCH_FOR, ["Everybody sees it now: In a hurry", "Ahora todos lo ven: In a hurry"])
    other = page.get_by_test_id("stSidebar").get_by_text("ES", exact=True)
    _in_the_same_second(page.get_by_role("button", name="Share with everybody"), other)
    page.wait_for_function("window.isTold")
    expect(page.get_by_role("heading", name="Informes")).to_be_visible()
    assert store.find("somebody", saved.report_id).is_shared


def test_who_saves_a_view_and_goes_on_at_once_has_saved_it(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/segments?segment=slow&currency=USD")
    _settled(page)
    open_part(page, "Saved views")
    page.get_by_role("textbox", name="Name for this view").fill("Slow and quick")
    _in_the_same_second(page.get_by_role("button", name="Save this view"), page.get_by_role("link", name="KPIs"))
    # the address changes before the server knows
    expect(page.get_by_role("heading", name="How well do we collect?")).to_be_visible()
    _settled(page)
    (view,) = [each for each in views.saved_views("local") if each.name == "Slow and quick"]
    assert view.page == "segments" and {("segment", "slow"), ("currency", "USD")} <= set(view.parameters)
    views.delete_view("local", view.name)


PLACES = (f"reports?{FEW}", "reports?report=auditor_aging")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_sideways_scrolling_and_axe_finds_nothing(
    dashboard_url: str, open_page: OpenPage, scheme: str
) -> None:
    for place in PLACES:
        page = open_page(f"{dashboard_url}/{place}", scheme=scheme, **PHONE)
        _settled(page)
        open_part(page, "Send by e-mail")
        _settled(page)
        stands(page, place, scheme)
