"""Campaigns, promises, quarantine in a browser: approve and replay by a click, down to what said no, phone, axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect
from support.campaign_fixture import become, contacts, go_out, reachable
from support.databases import fresh_database
from support.in_browser import click_cell, table_named
from support.looks import stands
from support.quarantined import BOTH_WAYS, land_bad_rows, write_mapping
from support.serve_fixture import publish_items, sample_items
from support.serve_promises import applied, disputed, promised
from support.served import served

from cartera import viewed
from cartera.db import Role, transaction
from cartera.landing.load import one_at_a_time
from cartera.reminders import plan_reminders
from cartera.reminders.enrol import Enrolment, add
from cartera.reminders.model import Status
from cartera.warehouse.read import rows

GHOST = Enrolment(
    email="ghost@acme.example", language="en", country="MX", policy_name="default", company_id="main",
    currency_code="PEN",
)  # fmt: skip
OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 3600}


@pytest.fixture(scope="module")
def bad_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a source with rows in quarantine."""
    return tmp_path_factory.mktemp("bad_rows")


@pytest.fixture(scope="module")
def campaign_url(home: Path, bad_rows: Path) -> Iterator[str]:
    """A dashboard over a company whose reminders wait, some of which are out, and rows wait in quarantine."""
    with fresh_database("test_campaigns_browser"):
        items = sample_items()
        publish_items(items)
        reachable()
        add(GHOST, "test")
        plan_reminders()
        become(go_out(6)[:4], Status.delivered, Status.sent)
        pen = [each for each in items if each.currency_code == "PEN" and each.item_type == "instalment"]
        for place, each in enumerate(pen[:30]):
            days = {"made": -12 - place, "promised": -12 + place % 16}
            promised(f"p{place}", each.customer_id, str(each.item_amount), invoice_id=each.item_id, **days)
            if place % 3 == 0:
                applied(each.customer_id, each.item_id, str(each.item_amount), on=-6)
        for place, each in enumerate(item for item in pen if item.is_disputed):
            disputed(each.item_id, opened=-10 * place - 1, reason=("precio", "calidad", None)[place % 3])
        land_bad_rows(bad_rows)
        with served(CARTERA_SOURCES_DIR=str(bad_rows)) as url:
            yield url


def test_a_reason_leads_to_its_customers_and_to_what_said_no(campaign_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{campaign_url}/campaigns", height=3000)
    reasons = table_named(page, "Left in peace, and why")
    count = reasons.locator("#glide-cell-1-0").inner_text()
    name = reasons.locator("#glide-cell-0-0").inner_text()
    click_cell(reasons, 40, 0)
    expect(page.get_by_role("heading", name=f"Left in peace: {name}")).to_be_visible()
    expect(page).to_have_url(re.compile("skip_reason="))
    expect(page.get_by_text(re.compile(rf"\b{count} rows?: "))).to_be_visible()
    click_cell(table_named(page, f"Left in peace: {name}"), 40, 0)
    expect(page.get_by_text("What said no to")).to_be_visible()


def test_the_message_is_shown_in_a_frame_without_rights(campaign_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{campaign_url}/campaigns", height=3000)
    frame = page.get_by_test_id("stIFrame").first
    frame.scroll_into_view_if_needed()
    assert (frame.get_attribute("src") or "").startswith("data:text/html")
    inner = page.frame_locator('[data-testid="stIFrame"]').frame_locator("iframe")
    expect(inner.locator("main")).to_contain_text("F001-")
    assert page.frame_locator('[data-testid="stIFrame"]').locator("iframe").get_attribute("sandbox") == ""


def test_approve_by_a_double_click(campaign_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{campaign_url}/campaigns", height=3000)
    at_most = page.get_by_role("spinbutton", name="At most")
    at_most.fill("2")
    at_most.press("Enter")
    button = page.get_by_role("button", name="Approve 2 messages")
    expect(button).to_be_visible()
    # a click into a page that is still being drawn may meet a button that is no more
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    waiting = len(contacts("planned"))
    button.dblclick()
    expect(page.get_by_text("2 messages are approved")).to_be_visible()
    expect(page.get_by_role("button", name=f"Approve {waiting - 2} messages")).to_be_visible()
    assert (len(contacts("approved")), len(contacts("planned"))) == (2, waiting - 2)


def test_replay_by_a_double_click(campaign_url: str, open_page: OpenPage, bad_rows: Path) -> None:
    page = open_page(f"{campaign_url}/data-health", height=3600)
    # the second group: dates that could not be read
    click_cell(table_named(page, "What waits in quarantine?"), 40, 1)
    expect(page).to_have_url(re.compile("quarantine=erp/payments/unreadable_date|quarantine=erp%2Fpayments"))
    expect(page.get_by_text("2 rows, all of the group")).to_be_visible()
    write_mapping(bad_rows, BOTH_WAYS)
    told = page.get_by_text("1 row came in. The figures follow with the next run. 1 row failed again and stays")
    page.get_by_role("button", name="Replay 2 rows").dblclick()
    expect(told).to_be_visible()
    expect(page.get_by_role("button", name="Replay 1 row")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(told).to_be_visible()
    assert [row["row_count"] for row in viewed.listed() if row["kind"] == "replay"] == [2]


def _replays() -> int:
    return len([row for row in viewed.listed() if row["kind"] == "replay"])


def test_what_a_replay_did_is_told_also_to_who_clicked_elsewhere_meanwhile(
    campaign_url: str, open_page: OpenPage, bad_rows: Path
) -> None:
    opened: list[WebSocket] = []
    page = open_page(campaign_url, height=3600)
    page.on("websocket", lambda socket: opened.append(socket))
    page.goto(f"{campaign_url}/data-health?quarantine=erp/payments/missing_value")
    replay = page.get_by_role("button", name="Replay 1 row", exact=True)
    expect(replay).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    before = _replays()
    other = page.get_by_test_id("stSidebar").get_by_text("ES", exact=True).element_handle()
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        one_at_a_time(cursor)
        replay.click()
        waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
        while not rows(connection, waiting, {}):
            page.wait_for_timeout(50)
        # at once, whatever is being drawn: the replay waits for some seconds only
        with opened[-1].expect_event("framesent"):
            other.evaluate("language => language.click()")
        page.wait_for_timeout(200)
    expect(page.get_by_text("1 fila falló otra vez")).to_be_visible()
    assert _replays() == before + 1
    # and the next click is a replay of its own
    page.get_by_role("button", name="Reprocesar 1 fila", exact=True).click()
    for _ in range(100):
        if _replays() > before + 1:
            break
        page.wait_for_timeout(100)
    assert _replays() == before + 2


def test_a_count_of_promises_leads_to_them(campaign_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{campaign_url}/promises", height=3600)
    table = table_named(page, "Who promised")
    count = int(table.locator("#glide-cell-1-0").inner_text())
    # the second column, all promises, of the first row
    click_cell(table, 180, 0)
    expect(page.get_by_role("heading", name="Promises: All promises")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"\b{count} promises? of"))).to_be_visible()
    expect(page.get_by_text("the disputed part of what is open")).to_be_visible()
    click_cell(table_named(page, "Promises: All promises"), 40, 0)
    page.get_by_role("link", name="Open the page of").click()
    expect(page).to_have_url(re.compile("/customer.*customer=files"))


PLACES = (
    "campaigns", "campaigns?look=results", "campaigns?look=calendar", "campaigns?look=ghosts", "promises",
    "data-health?quarantine=erp/payments/missing_value",
)  # fmt: skip


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "pt-BR")])
def test_a_phone_shows_it_without_sideways_scrolling_and_axe_finds_nothing(
    campaign_url: str, open_page: OpenPage, scheme: str, locale: str
) -> None:
    page = open_page(f"{campaign_url}/{PLACES[0]}", scheme=scheme, locale=locale, **PHONE)
    for place in PLACES:
        if place != PLACES[0]:
            page.goto(f"{campaign_url}/{place}")
        page.get_by_test_id("stMain").get_by_role("heading", level=3).first.wait_for()
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        stands(page, place, scheme)
