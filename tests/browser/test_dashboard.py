"""What only a browser can tell: charts, clicks, downloads, widths."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from support.in_browser import click_cell, table_named
from support.looks import stands
from support.serve_fixture import AS_OF, sample_items
from support.served import served

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 2400}


def _cell(table: Locator, column: int, row: int) -> str:
    return table.locator(f"#glide-cell-{column}-{row}").inner_text()


def _settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def _amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text))


def _download(page: Page, button: Locator, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))


BARS = '[data-testid="stVegaLiteChart"] .mark-rect path[aria-label*=" open item"]'


def _metric(page: Page, label: str) -> str:
    card = page.get_by_test_id("stMetric").filter(has_text=label)
    return card.get_by_test_id("stMetricValue").inner_text()


def test_overview_shows_figures_and_a_bar_per_bucket(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(dashboard_url)
    expect(page.locator("h1")).to_have_text("What is owed to us")
    expect(page.locator(BARS)).to_have_count(6)
    # what the others need comes by itself, once somebody reads this page: not with it
    after = page.wait_for_function(
        "(() => { const [drawn] = performance.getEntriesByName('first-contentful-paint');"
        " const fetched = performance.getEntriesByType('resource').filter(e => /PlotlyChart|DataFrame/.test(e.name));"
        " return fetched.length && Math.min(...fetched.map(e => e.startTime)) - drawn.startTime })()"
    )
    assert after.json_value() >= 2000
    owed = sum(i.item_amount for i in sample_items() if i.currency_code == "PEN" and i.item_type == "instalment")
    assert _amount(_metric(page, "Total open, PEN")) == owed
    expect(page.get_by_text("As of 30 Jun 2026").first).to_be_visible()
    expect(page.get_by_text("No sign-in: only this machine reaches this dashboard")).to_be_visible()
    expect(page.get_by_text("1 check warns about these figures")).to_be_visible()


def test_a_debtor_leads_to_invoices_that_add_up(dashboard_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(dashboard_url)
    cells = page.get_by_role("table", name="Top debtors").get_by_role("row").nth(2).get_by_role("cell")
    name, figure = cells.nth(0).inner_text(), _amount(cells.nth(1).inner_text())
    _settled(page)
    page.get_by_role("combobox", name="Show the invoices of").click()
    page.get_by_role("option", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=f"Open invoices of {name}")).to_be_visible()
    told = page.get_by_text("the figure chosen").inner_text()
    assert _amount(told.split("add up to")[1].split(", the")[0]) == figure
    *rows, total = _download(page, page.get_by_role("button", name="Export CSV"), tmp_path)
    assert sum(Decimal(row["Open"]) for row in rows) == Decimal(total["Open"]) == figure


def test_a_bar_leads_to_its_invoices(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/?currency=USD")
    bars = page.locator(BARS)
    expect(bars).to_have_count(6)
    told = bars.nth(1).get_attribute("aria-label") or ""
    assert told.startswith("1-30 days: USD")
    bars.nth(1).click()
    expect(page.get_by_role("heading", name="Open invoices, 1-30 days")).to_be_visible()
    late = [
        i.item_amount
        for i in sample_items()
        if i.currency_code == "USD" and i.item_type == "instalment" and 1 <= (AS_OF - i.due_date).days <= 30
    ]
    told = page.get_by_text("the figure chosen").inner_text()
    assert f"{len(late)} invoices add up to USD {sum(late):,.2f}" in told.replace("\u00a0", " ")
    expect(bars.and_(page.locator('[stroke-width="2.5"]'))).to_have_attribute("aria-label", re.compile("1-30 days"))
    page.get_by_test_id("stButton").get_by_role("button", name="1-30 days").click()
    expect(page.get_by_role("heading", name="Open invoices, 1-30 days")).to_have_count(0)
    expect(bars.and_(page.locator('[stroke-width="2.5"]'))).to_have_count(0)


def test_a_part_of_a_past_month_end_leads_to_its_invoices(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/?currency=PEN")
    part = page.locator('[data-testid="stVegaLiteChart"] path[aria-label^="31 May 2026, 1-30 days"]')
    told = (part.get_attribute("aria-label") or "").replace("\u00a0", " ")
    figure = _amount(told.split(": PEN ")[1].split(", ")[0])
    assert figure > 0
    _settled(page)
    part.click()
    expect(page.get_by_role("heading", name="Open on 31 May 2026: 1-30 days")).to_be_visible()
    added = page.get_by_text("the figure chosen").inner_text()
    assert _amount(added.replace(" of ", " add up to ").split("add up to")[1].split(", the")[0]) == figure
    # a link marks it too, and a second click takes it away
    page.reload()
    boxes = page.locator('[data-testid="stVegaLiteChart"] path[aria-label*=" May 2026, "]')
    expect(boxes.and_(page.locator('[opacity="1"]'))).to_have_attribute("aria-label", told.replace("PEN ", "PEN\u00a0"))
    _settled(page)
    part.click()
    expect(page.get_by_role("heading", name="Open on 31 May 2026: 1-30 days")).to_have_count(0)


def test_an_amount_of_the_matrix_leads_to_its_invoices(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=COP")
    table = table_named(page, "Customers by days past due")
    figure = _amount(_cell(table, 1, 0))
    _settled(page)
    click_cell(table, 200, 0)
    expect(page.get_by_role("heading", name="All open invoices")).to_be_visible()
    assert _amount(page.get_by_text("the figure chosen").inner_text().split("add up to")[1].split(", the")[0]) == figure


def test_a_click_on_the_aging_page_narrows_it_and_a_second_one_takes_that_away(
    dashboard_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=USD&by=segment.payer_behaviour")
    chip = page.get_by_role("button", name=re.compile("^1-30 days"))
    bars = page.locator(".js-plotly-plot .points .point")
    expect(bars).to_have_count(6)
    _settled(page)
    bars.nth(1).click(force=True)
    expect(page).to_have_url(re.compile("bucket=1-30"))
    expect(chip).to_be_visible()
    expect(page.get_by_role("heading", name="Open invoices, 1-30 days")).to_be_visible()
    _settled(page)
    bars.nth(1).click(force=True)
    expect(chip).to_have_count(0)
    expect(page).not_to_have_url(re.compile("bucket="))

    _settled(page)
    parts = table_named(page, "Segments by days past due: Payer behaviour")
    owed = _amount(_cell(parts, 1, 1))
    click_cell(parts, 60, 1)
    expect(page).to_have_url(re.compile("group="))
    _settled(page)
    assert _amount(_cell(table_named(page, "Customers by days past due"), 1, 0)) == owed
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("group="))
    _settled(page)
    click_cell(table_named(page, "Segments by days past due: Payer behaviour"), 60, 1)
    expect(page).to_have_url(re.compile("group="))
    _settled(page)
    page.get_by_role("button", name=re.compile("^Segment: Payer behaviour")).click()
    expect(page).not_to_have_url(re.compile("group="))
    _settled(page)
    # in the table made anew the same cell can be clicked again
    click_cell(table_named(page, "Segments by days past due: Payer behaviour"), 60, 1)
    expect(page).to_have_url(re.compile("group="))


def test_the_arrow_keys_go_through_customers_and_buckets(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=USD")
    table = table_named(page, "Customers by days past due")
    names = [_cell(table, 0, row) for row in range(4)]
    column = next(column for column in range(2, 8) if re.search("[1-9]", _cell(table, column, 3)))
    bucket = page.locator('[aria-label="Customers by days past due"] th').nth(column).inner_text()
    _settled(page)
    table.locator("canvas").first.focus()
    for row in (1, 2, 3):
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("heading", name=f"Open invoices of {names[row]}", exact=True)).to_be_visible()
        _settled(page)
        assert [_cell(table, 0, row) for row in range(4)] == names, "no row has moved"
    for place in range(1, column + 1):
        page.keyboard.press("ArrowRight")
        expect(table.locator(f"#glide-cell-{place}-3")).to_be_focused()
    expect(page.get_by_role("heading", name=f"Open invoices of {names[3]}, {bucket}")).to_be_visible()
    _settled(page)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("customer=|bucket="))


def test_the_arrow_keys_go_through_the_buckets_beside_last_month(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=PEN")
    table = table_named(page, "Beside last month and last year")
    _settled(page)
    table.locator("canvas").first.focus()
    for bucket in ("1-30", "31-60", "61-90"):
        page.keyboard.press("ArrowDown")
        expect(page).to_have_url(re.compile(f"bucket={bucket}$"))
        _settled(page)


def test_a_file_says_to_what_it_is_narrowed_in_its_name_and_in_every_row(
    dashboard_url: str, open_page: OpenPage, tmp_path: Path
) -> None:
    link = f"{dashboard_url}/aging?company=main&by=segment.payer_behaviour&group=slow&bucket=31-60"
    page = open_page(link)
    expect(page.get_by_role("heading", name="Open invoices: 31-60 days")).to_be_visible()
    _settled(page)
    files = {}
    for name in ("aging-parts", "aging", "invoices"):
        rows = _download(page, page.locator(f'[class*="export_{name}_"]').get_by_role("button"), tmp_path)
        (files[name],) = {row["Filters"] for row in rows}
    assert files == {
        "aging-parts": "By: Segment: Payer behaviour · Company: main",
        "aging": "Company: main · Segment: Payer behaviour: Slow · 31-60 days",
        "invoices": "Company: main · Segment: Payer behaviour: Slow · 31-60 days",
    }
    assert {path.name for path in tmp_path.iterdir()} == {
        "cartera-aging-parts-PEN-By-Segment-Payer-behaviour-Company-main-2026-06-30.csv",
        "cartera-aging-PEN-Company-main-Segment-Payer-behaviour-Slow-31-60-days-2026-06-30.csv",
        "cartera-invoices-PEN-Company-main-Segment-Payer-behaviour-Slow-31-60-days-2026-06-30.csv",
    }


@pytest.fixture
def connected_odoo(home: Path) -> Iterator[str]:
    """The source of the fixture's documents said to be an Odoo; what stands before an id in its addresses."""
    path = home / "sources" / "files.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("system: odoo\nconnection: {url: https://erp.example.com, database: acme, user: ana}\n")
    yield "https://erp.example.com/mail/view?model=account.move&res_id="
    path.unlink()


def test_a_customer_leads_to_an_invoice_and_its_source_document(
    dashboard_url: str, open_page: OpenPage, connected_odoo: str
) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=USD")
    table = table_named(page, "Customers by days past due")
    name = _cell(table, 0, 1)
    _settled(page)
    click_cell(table, 60, 1)
    expect(page).to_have_url(re.compile("customer="))
    expect(page.get_by_role("link", name=f"Open {name}")).to_be_visible()
    addresses = {i.document_number: i.document_url or "" for i in sample_items()}
    seen = set()
    for row in (0, 1, 2):
        _settled(page)
        listed = table_named(page, f"Open invoices of {name}")
        number = _cell(listed, 0, row)
        click_cell(listed, 60, row)
        expect(page.get_by_role("heading", name=f"Invoice {number}")).to_be_visible()
        expect(page.get_by_text("what is open of the invoice")).to_be_visible()
        expect(page.get_by_text("row 17")).to_be_visible()
        link = page.get_by_role("link", name="Open the document")
        scheme = addresses[number].split(":")[0]
        if scheme == "https":
            expect(link).to_have_attribute("href", addresses[number])
        else:
            expect(page.get_by_text(f"not opened from here: {addresses[number]}")).to_be_visible()
            expect(link).to_have_count(0)
        seen.add(scheme)
    assert seen == {"https", "ftp"}
    record = next(i.item_id for i in sample_items() if i.document_number == number)
    for language, label in (("PT", "Abrir em Odoo"), ("ES", "Abrir en Odoo"), ("EN", "Open in Odoo")):
        page.get_by_role("radio", name=language).or_(page.get_by_text(language, exact=True)).first.click()
        expect(page.get_by_role("link", name=label)).to_have_attribute("href", connected_odoo + record)
    page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()
    expect(page).not_to_have_url(re.compile("customer="))


def test_an_amount_of_last_month_leads_to_what_was_open_then(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard_url}/aging?currency=PEN")
    table = table_named(page, "Beside last month and last year")
    then = _amount(_cell(table, 2, 6))
    assert then != _amount(_cell(table, 1, 6))
    _settled(page)
    box = table.bounding_box()
    assert box is not None
    click_cell(table, box["width"] * 0.35, 6)
    expect(page.get_by_role("heading", name="Open on 31 May 2026: Total")).to_be_visible()
    told = page.get_by_text("the figure chosen").inner_text()
    assert _amount(told.split("add up to")[1].split(", the")[0]) == then


def test_the_language_is_switched_kept_and_linked(dashboard_url: str, open_page: OpenPage) -> None:
    page = open_page(dashboard_url)
    page.get_by_role("radio", name="ES").or_(page.get_by_text("ES", exact=True)).first.click()
    expect(page.locator("h1")).to_have_text("Lo que nos deben")
    expect(page).to_have_url(re.compile("lang=ES"))
    page.get_by_role("link", name="Antigüedad").click()
    expect(page.locator("h1")).to_have_text("¿Qué antigüedad tiene lo que nos deben?")
    page.goto(f"{dashboard_url}/data-health?lang=ES")
    expect(page.locator("h1")).to_have_text("¿Son fiables los datos?")


def test_a_date_is_typed_as_the_language_writes_it_and_kept_when_that_is_switched(
    dashboard_url: str, open_page: OpenPage
) -> None:
    """And what a link asked for in vain is told until then."""
    page = open_page(f"{dashboard_url}/aging?as_of=2026-99-99", locale="es-PE")
    refused = page.get_by_text("“2026-99-99”")
    expect(refused).to_contain_text("Esto del enlace no se entendió")
    expect(page).not_to_have_url(re.compile("2026-99-99"))
    parts = page.get_by_test_id("stDateInput").first.get_by_role("spinbutton")
    _settled(page)
    parts.first.click()
    page.keyboard.type("20062026")
    page.locator("h1").click()
    expect(page).to_have_url(re.compile("as_of=2026-06-20"))
    expect(refused).to_have_count(0)
    for language, first in (("EN", "2026"), ("PT", "20")):
        _settled(page)
        page.get_by_role("radio", name=language, exact=True).click()
        expect(parts.first).to_have_attribute("aria-valuenow", first)
        expect(page).to_have_url(re.compile("as_of=2026-06-20"))


def test_a_spanish_browser_gets_spanish(dashboard_url: str, open_page: OpenPage) -> None:
    expect(open_page(dashboard_url, locale="es-PE").locator("h1")).to_have_text("Lo que nos deben")


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "es-PE")])
def test_a_phone_shows_every_page_without_sideways_scrolling_and_axe_finds_nothing(
    dashboard_url: str, open_page: OpenPage, scheme: str, locale: str
) -> None:
    page = open_page(f"{dashboard_url}/?currency=COP", scheme=scheme, locale=locale, **PHONE)
    for path in ("", "aging", "kpis", "data-health"):
        if path:
            page.goto(f"{dashboard_url}/{path}?currency=COP")
        page.get_by_test_id("stDataFrame" if path else "stHtml").first.wait_for()
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        stands(page, path, scheme)
        _assert_figures_are_whole(page)


def test_a_large_figure_is_not_cut_off(dashboard_url: str, open_page: OpenPage) -> None:
    # its address is /, but people type its name
    page = open_page(f"{dashboard_url}/overview?currency=COP")
    expect(page.get_by_test_id("stMetricValue")).to_have_count(8)
    expect(page.get_by_text("amounts in COP").first).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    _assert_figures_are_whole(page)
    # as wide as a tablet
    page.set_viewport_size({"width": 1024, "height": 1800})
    page.wait_for_function("document.querySelector('[data-testid=stMetric]').getBoundingClientRect().width > 250")
    _assert_figures_are_whole(page)


def _assert_figures_are_whole(page: Page) -> None:
    """A figure that does not fit its card would end in dots, and be read as a smaller one."""
    for value in page.get_by_test_id("stMetricValue").all():
        assert value.evaluate("e => e.firstElementChild.scrollWidth <= e.clientWidth + 1"), value.inner_text()


def test_without_a_database_there_is_a_plain_message(home: Path, open_page: OpenPage) -> None:
    with served(CARTERA_DATABASE_URL="postgresql://nobody:secret-word@127.0.0.1:1/nothing") as url:
        page = open_page(url)
        expect(page.get_by_text("The figures could not be read")).to_be_visible()
        text = page.locator("body").inner_text()
    assert "Traceback" not in text and "psycopg2" not in text and "secret-word" not in text
    reference = re.search(r"Reference ([0-9a-f]{8})", text)
    assert reference
    assert reference[1] in (home / "logs" / "dashboard.log").read_text(encoding="utf-8")
