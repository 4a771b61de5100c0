"""Customer and worklist in a browser: recorded with clicks, kept over a reload, once; two people; keys, phone, axe."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.databases import fresh_database
from support.looks import stands
from support.serve_fixture import item, publish_items
from support.served import served

from cartera import desk
from cartera.clock import utc_now
from cartera.desk import Actor, day

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 2600}
TODAY = utc_now().date()


@pytest.fixture(scope="module")
def desk_url(home: Path) -> Iterator[str]:
    """A dashboard of its own: these tests record things."""
    with fresh_database("test_desk_browser"):
        items = [
            item(
                str(number),
                TODAY - dt.timedelta(days=20 + number),
                str(1000 - 10 * number),
                customer_id=f"files:C-{number:02}",
                customer_name=f"Bodega {number:02} SAC",
            )
            for number in range(12)
        ]
        publish_items(items, as_of=TODAY, known_at=dt.datetime.combine(TODAY, dt.time(0, 1), dt.UTC))
        with served() as url:
            yield url


def _settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def _typed(page: Page, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.click()
    box.press_sequentially(text, delay=15)
    # the pause after which it is kept, and the round trip
    page.wait_for_timeout(1200)
    _settled(page)


def _promise(page: Page, amount: str, day_of_it: dt.date) -> None:
    _typed(page, "Amount *", amount)
    # the field has a part each for year, month and day; the keys go on from one to the next
    page.get_by_role("spinbutton", name="year, Day *").click()
    page.keyboard.type(day_of_it.isoformat().replace("-", ""), delay=40)
    page.keyboard.press("Escape")
    page.wait_for_timeout(800)
    _settled(page)


def test_a_promise_with_a_click_and_a_second_click_does_nothing(desk_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{desk_url}/worklist?customer=files:C-03&do=promise")
    _promise(page, "970", TODAY + dt.timedelta(days=4))
    page.get_by_role("button", name="Record").last.dblclick()
    expect(page.get_by_text("Recorded: PEN")).to_be_visible()
    _settled(page)
    promises = day.customer_file("files:C-03").promises
    assert [each.amount for each in promises] == [Decimal(970)]
    expect(page.get_by_text("Left in peace: promised").first).to_be_visible()


def test_a_reload_keeps_what_was_typed(desk_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{desk_url}/worklist?customer=files:C-04&do=note")
    _typed(page, "Note *", "calls back on Tuesday")
    page.reload()
    expect(page.get_by_label("Note *", exact=True)).to_have_value("calls back on Tuesday")
    page.get_by_label("Note *", exact=True).press("End")
    page.keyboard.type(", or later")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Recorded: note.")).to_be_visible()
    assert [each.text for each in day.customer_file("files:C-04").notes] == ["calls back on Tuesday, or later"]
    _settled(page)
    expect(page.get_by_label("Note *", exact=True).last).to_have_value("")


def test_an_amount_is_written_anew_when_the_language_is_switched(desk_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{desk_url}/worklist?customer=files:C-11&do=dispute")
    _typed(page, "Amount", "800.5")
    for language, label, shown in (("PT", "Valor", "800,5"), ("ES", "Monto", "800.5"), ("PT", "Valor", "800,5")):
        page.get_by_test_id("stSidebar").get_by_text(language, exact=True).click()
        expect(page.get_by_label(label, exact=True)).to_have_value(shown)
        _settled(page)
    _typed(page, "Motivo *", "preço")
    page.get_by_role("button", name="Registrar").last.click()
    expect(page.get_by_text("Registrado: disputa")).to_be_visible()
    assert [each.amount for each in day.customer_file("files:C-11").disputes] == [Decimal("800.5")]


def test_a_day_stays_when_the_language_is_switched(desk_url: str, open_page: OpenPage) -> None:
    last = TODAY + dt.timedelta(days=6)
    page = open_page(f"{desk_url}/worklist?customer=files:C-10&do=hold")
    page.get_by_role("spinbutton", name="year, Last day").click()
    page.keyboard.type(last.isoformat().replace("-", ""), delay=40)
    page.keyboard.press("Escape")
    page.wait_for_timeout(800)
    _settled(page)
    for language, part in (("ES", "Último día"), ("EN", "Last day"), ("PT", "Último dia")):
        page.get_by_test_id("stSidebar").get_by_text(language, exact=True).click()
        year = page.get_by_role("spinbutton").and_(page.get_by_label(part, exact=False)).filter(has_text=str(last.year))
        expect(year.first).to_be_visible()
        _settled(page)
    page.get_by_role("button", name="Registrar").last.click()
    expect(page.get_by_text("Registrado: suspensão")).to_be_visible()
    assert [each.until for each in day.customer_file("files:C-10").holds] == [last]


def test_an_address_in_a_note_is_text_and_is_copied_as_it_is(desk_url: str, open_page: OpenPage) -> None:
    text = "escribe a ana.lópez+pe@example.com, http://example.com/a?b=1 o www.example.com **ya**"
    desk.note(Actor.local("ana"), str(uuid.uuid4()), "files:C-08", text)
    page = open_page(f"{desk_url}/worklist?customer=files:C-08")
    told = page.get_by_test_id("stMarkdownContainer").filter(has_text="escribe a")
    expect(told).to_be_visible()
    expect(told.locator("a")).to_have_count(0)
    assert text in told.inner_text()


def test_keys_walk_through_the_list_and_letters_typed_do_not(desk_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{desk_url}/worklist")
    panel = page.locator(".st-key-desk_panel")
    expect(panel.get_by_role("heading", name="Bodega 00 SAC")).to_be_visible()
    _settled(page)
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    page.locator("h1").click()
    # the page listens for keys a moment after it is drawn
    page.wait_for_timeout(1500)
    page.keyboard.press("j")
    expect(panel.get_by_role("heading", name="Bodega 01 SAC")).to_be_visible()
    expect(page).to_have_url(re.compile("customer=files%3AC-01"))
    _settled(page)
    page.keyboard.press("k")
    expect(panel.get_by_role("heading", name="Bodega 00 SAC")).to_be_visible()
    _settled(page)
    _typed(page, "Note", "jjj kkk")
    expect(panel.get_by_role("heading", name="Bodega 00 SAC")).to_be_visible()


@pytest.mark.parametrize("pause", [0, 150, 400])
def test_the_next_one_is_opened_however_soon_after_typing(desk_url: str, open_page: OpenPage, pause: int) -> None:
    page = open_page(f"{desk_url}/worklist?do=note&as=soon{pause}")
    panel = page.locator(".st-key-desk_panel")
    expect(panel.get_by_role("heading", name="Bodega 00 SAC")).to_be_visible()
    _settled(page)
    page.get_by_label("Note *", exact=True).press_sequentially("abc")
    page.wait_for_timeout(pause)
    page.get_by_role("button", name="Next").click()
    expect(panel.get_by_role("heading", name="Bodega 01 SAC")).to_be_visible()
    _settled(page)
    page.wait_for_timeout(1000)
    _settled(page)
    expect(page).to_have_url(re.compile("customer=files%3AC-01"))
    page.get_by_role("button", name="Previous").click()
    expect(panel.get_by_role("heading", name="Bodega 00 SAC")).to_be_visible()
    _settled(page)
    expect(page.get_by_label("Note *", exact=True).last).to_have_value("abc")


def test_two_people_on_one_customer_see_each_other_and_nothing_is_overwritten(
    desk_url: str, open_page: OpenPage
) -> None:
    ana = open_page(f"{desk_url}/worklist?customer=files:C-05&do=promise&as=ana")
    _typed(ana, "Amount *", "500")
    bea = open_page(f"{desk_url}/worklist?customer=files:C-05&do=promise&as=bea", locale="es-PE")
    expect(bea.get_by_text("también tiene abierto a este cliente")).to_be_visible()
    bea.close()
    other = open_page(f"{desk_url}/worklist?customer=files:C-05&do=promise&as=bea")
    _promise(other, "300", TODAY + dt.timedelta(days=2))
    other.get_by_role("button", name="Record").last.click()
    expect(other.get_by_text("Recorded: PEN")).to_be_visible()
    _promise(ana, "", TODAY + dt.timedelta(days=5))
    ana.get_by_role("button", name="Record").last.click()
    expect(ana.get_by_text("Somebody else recorded something")).to_be_visible()
    expect(ana.get_by_text("bea ·").first).to_be_visible()
    ana.get_by_role("button", name="Record mine too").click()
    expect(ana.get_by_text("Recorded: PEN")).to_be_visible()
    assert {each.amount for each in day.customer_file("files:C-05").promises} == {Decimal(500), Decimal(300)}


def test_from_a_bucket_to_the_customer_and_its_statement(desk_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{desk_url}/customer?find=Bodega 07")
    expect(page.get_by_role("heading", name="Bodega 07 SAC")).to_be_visible()
    page.get_by_text("Statement", exact=True).click()
    _settled(page)
    for kind, starts in (("PDF", b"%PDF"), ("XLSX", b"PK")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Statement, {kind}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.read_bytes().startswith(starts)


PLACES = (
    "worklist?do=promise",
    "worklist?do=wish",
    "customer?customer=files:C-06",
    "customer?customer=files:C-06&part=contacts",
)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "es-PE")])
def test_a_phone_shows_it_without_sideways_scrolling_and_axe_finds_nothing(
    desk_url: str, open_page: OpenPage, scheme: str, locale: str
) -> None:
    page = open_page(f"{desk_url}/{PLACES[0]}", scheme=scheme, locale=locale, **PHONE)
    for place in PLACES:
        if place != PLACES[0]:
            page.goto(f"{desk_url}/{place}")
        page.get_by_test_id("stDataFrame").last.wait_for()
        _settled(page)
        if place == PLACES[0]:
            _one_tap_to_the_open_customer(page)
        stands(page, place, scheme)


def _one_tap_to_the_open_customer(page: Page) -> None:
    """From the first screen of a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    link, heading = page.locator('a[href="#open-customer"]').first, page.locator("#open-customer")
    expect(link).to_be_in_viewport()
    expect(heading).not_to_be_in_viewport()
    link.click()
    expect(heading).to_be_in_viewport()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
