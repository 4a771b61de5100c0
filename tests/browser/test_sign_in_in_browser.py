"""Sign-in as people do it: a real OpenID provider on this machine, a real browser, two people at once."""

from __future__ import annotations

import csv
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Literal

import oidc_provider_mock as oidc
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.databases import fresh_database
from support.in_browser import open_part
from support.serve_fixture import publish_items, sample_items
from support.served import served

from cartera import db, users, viewed
from cartera.reports import schedule, store
from cartera.settings import get_settings

ITEMS = sample_items()
SECRET = "a-secret-of-this-test"
PEOPLE = {"ana": ["norte"], "eva": ["main"], "boss": []}
STRANGER = "mallory"
SAID_IN_WORDS, SAID_NOTHING = "tom", "sam"
"""Of whose address the provider says that it is unverified, as text; and says nothing, as Entra ID."""
LEAVES_AT_ONCE: tuple[tuple[Literal["button", "link"], str], ...] = (("button", "Save change"), ("link", "Segments"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(name: str) -> str:
    return f"{name}@example.com"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    known = [
        oidc.User(sub=name, claims={"email": _address(name), "email_verified": True}) for name in (*PEOPLE, STRANGER)
    ]
    known.append(oidc.User(sub=SAID_IN_WORDS, claims={"email": _address(SAID_IN_WORDS), "email_verified": "false"}))
    known.append(oidc.User(sub=SAID_NOTHING, claims={"email": _address(SAID_NOTHING)}))
    with oidc.run_server_in_thread(user_claims=known) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def closed_url(home: Path, provider: str) -> Iterator[str]:
    """A dashboard that asks who one is."""
    port = _free_port()
    with fresh_database("test_sign_in"):
        publish_items(ITEMS)
        for name, companies in {**PEOPLE, SAID_IN_WORDS: ["main"], SAID_NOTHING: ["main"]}.items():
            users.add(_address(name), "administrator" if name == "boss" else "manager", companies, "test")
        with served(
            CARTERA_DASHBOARD_PORT=str(port),
            CARTERA_SIGN_IN_PROVIDER=f"{provider}/.well-known/openid-configuration",
            CARTERA_SIGN_IN_CLIENT_ID="cartera",
            CARTERA_SIGN_IN_CLIENT_SECRET=SECRET,
            CARTERA_SIGN_IN_ADDRESS=f"http://127.0.0.1:{port}",
            CARTERA_SIGN_IN_CONTACT="Rosa of finance",
        ) as url:
            yield url


@pytest.fixture
def visitors(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Browsers of their own, each with its own cookies."""
    made: list[BrowserContext] = []
    yield made
    for context in made:
        context.close()


def _arrive(browser: Browser, visitors: list[BrowserContext], url: str) -> Page:
    context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 1800})
    visitors.append(context)
    page = context.new_page()
    page.goto(url)
    return page


def _sign_in(browser: Browser, visitors: list[BrowserContext], url: str, name: str) -> Page:
    page = _arrive(browser, visitors, url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).first.click()
    return page


def _settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


@contextmanager
def _database_stopped(home: Path) -> Iterator[None]:
    """As after a crash that nothing mends by itself: without this file nobody's next query starts it again."""
    control, away = home / "pg" / "global" / "pg_control", home / "pg_control"
    db.stop()
    control.rename(away)
    try:
        yield
    finally:
        away.rename(control)
        db.ensure_ready()


def _is_told_with_reference(page: Page, text: str) -> None:
    """And what happened is in the log under that reference."""
    told = page.get_by_test_id("stAlert").or_(page.get_by_test_id("stToast")).filter(has_text=text)
    expect(told).to_contain_text("Reference")
    reference = re.search(r"Reference ([0-9a-f]{8})", told.inner_text())
    assert reference
    assert f"reference {reference[1]}\n" in (get_settings().log_dir / "dashboard.log").read_text(encoding="utf-8")
    expect(page.get_by_text("redacted")).to_have_count(0)


def _open_amount(page: Page) -> Decimal:
    card = page.get_by_test_id("stMetric").filter(has_text="Total open, PEN")
    return Decimal(re.sub(r"[^\d.-]", "", card.get_by_test_id("stMetricValue").inner_text()))


def _owed(*companies: str) -> Decimal:
    mine = (i for i in ITEMS if i.company_id in companies and (i.currency_code, i.item_type) == ("PEN", "instalment"))
    return sum((i.item_amount for i in mine), Decimal(0))


def test_nobody_sees_anything_before_they_sign_in(
    closed_url: str, browser: Browser, visitors: list[BrowserContext]
) -> None:
    page = _arrive(browser, visitors, f"{closed_url}/aging?currency=USD")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    assert SECRET not in page.content()
    # whose session ended over night follows a link of a colleague: it is led to, and not lost on the way
    expect(page.get_by_text("Page not found")).to_have_count(0)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="ana", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("How old is what we are owed?")
    expect(page).to_have_url(f"{closed_url}/aging?currency=USD")
    assert "cartera_asked_for" not in {cookie["name"] for cookie in visitors[0].cookies()}
    page.goto(f"{closed_url}/data-health")
    expect(page.get_by_text("of all companies at once, and you see norte")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    page.goto(closed_url)
    expect(page.locator("h1")).to_have_text("What is owed to us")


def test_two_people_at_once_each_see_their_own(
    closed_url: str, browser: Browser, visitors: list[BrowserContext]
) -> None:
    people = [(_sign_in(browser, visitors, closed_url, name), PEOPLE[name]) for name in ("ana", "eva")]
    for _ in range(4):
        # both ask at once, for what the other one has just had answered
        for page, _companies in people:
            page.goto(f"{closed_url}/?currency=PEN", wait_until="commit")
        for page, companies in people:
            expect(page.get_by_test_id("stMetric").first).to_be_visible()
            assert _open_amount(page) == _owed(*companies)
    page, _ = people[0]
    expect(page.get_by_text("ana@example.com")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Segments").click()
    expect(page.locator("h1")).to_have_text("Where is the money stuck?")
    strangers = {i.customer_name for i in ITEMS} - {i.customer_name for i in ITEMS if i.company_id == "norte"}
    assert not [name for name in strangers if name and name in page.content()]


def test_a_stranger_is_told_whom_to_ask(closed_url: str, browser: Browser, visitors: list[BrowserContext]) -> None:
    page = _sign_in(browser, visitors, closed_url, STRANGER)
    expect(page.get_by_text("may not see anything here yet")).to_be_visible()
    expect(page.get_by_text("Rosa of finance")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    # the provider's own page: one is signed out there, too
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_address_counts_unless_the_provider_says_that_it_is_unverified(
    closed_url: str, browser: Browser, visitors: list[BrowserContext]
) -> None:
    page = _sign_in(browser, visitors, closed_url, SAID_IN_WORDS)
    expect(page.get_by_text("gives no verified e-mail address for you")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    page = _sign_in(browser, visitors, closed_url, SAID_NOTHING)
    expect(page.get_by_test_id("stMetric").first).to_be_visible()


def test_a_file_that_is_taken_is_in_the_log(
    closed_url: str, browser: Browser, visitors: list[BrowserContext], tmp_path: Path
) -> None:
    page = _sign_in(browser, visitors, closed_url, "ana")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    page.goto(f"{closed_url}/aging?currency=PEN")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").first.click()
    path = tmp_path / "taken.csv"
    download.value.save_as(path)
    lines = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
    theirs = {i.customer_id for i in ITEMS if i.company_id == "norte"}
    assert {line[0] for line in lines[1:-1]} <= theirs
    (logged,) = viewed.listed(viewed_by="ana@example.com")
    assert (logged["kind"], logged["role"], logged["row_count"]) == ("export", "manager", len(lines) - 1)
    assert logged["subject"] == download.value.suggested_filename and logged["filters"]["currency"] == "PEN"


def test_data_docs_are_for_who_sees_all(
    closed_url: str, home: Path, browser: Browser, visitors: list[BrowserContext]
) -> None:
    docs = home / "data_docs"
    docs.mkdir(exist_ok=True)
    (docs / "secret.html").write_text("<html><head></head><body>values of customers</body></html>")
    address = f"{closed_url}/data-docs/secret.html"
    try:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address, timeout=10)
        for name, status in (("ana", 404), ("boss", 200)):
            page = _sign_in(browser, visitors, closed_url, name)
            expect(page.get_by_test_id("stMetric").first).to_be_visible()
            answer = page.request.get(address)
            assert (name, answer.status) == (name, status)
    finally:
        (docs / "secret.html").unlink()


def test_who_is_removed_is_out_while_the_page_is_open(
    closed_url: str, browser: Browser, visitors: list[BrowserContext]
) -> None:
    users.add("eva@example.com", "manager", ["main"], "test")
    page = _sign_in(browser, visitors, closed_url, "eva")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    users.remove("eva@example.com", "test")
    try:
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Aging").click()
        expect(page.get_by_text("may not see anything here yet")).to_be_visible()
        expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    finally:
        users.add("eva@example.com", "manager", ["main"], "test")


def test_who_signs_in_keeps_schedules_shares_and_deletes_their_reports(
    closed_url: str, browser: Browser, visitors: list[BrowserContext]
) -> None:
    ana = "ana@example.com"
    page = _sign_in(browser, visitors, closed_url, "ana")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    page.goto(f"{closed_url}/reports?mart=aging&by=bucket&show=open_amount&show=items")

    def mine() -> store.Saved:
        (saved,) = [each for each in store.listed(ana) if each.owner == ana]
        assert isinstance(saved, store.Saved)
        return saved

    def click(name: str) -> None:
        _settled(page)
        page.get_by_role("button", name=name, exact=True).click()

    page.get_by_role("button", name="Save as new").click()
    page.get_by_role("textbox", name="Name of the report").fill("By bucket")
    click("Save report")
    expect(page.get_by_text("Saved: By bucket")).to_be_visible()
    page.goto(f"{closed_url}/reports?report={mine().report_id}&show=open_amount")
    # the page is left before it gets as far as what was wished for
    page.get_by_role("button", name="Save change").wait_for()
    _settled(page)
    handles = [page.get_by_role(role, name=name).element_handle() for role, name in LEAVES_AT_ONCE]
    page.evaluate("([a, b]) => { a.click(); setTimeout(() => b.click(), 80) }", handles)
    expect(page).to_have_url(re.compile("/segments"))
    expect(page.locator("h1")).to_have_text("Where is the money stuck?")
    assert mine().document.parts[0].measures == ("open_amount",)

    page.goto(f"{closed_url}/reports?report={mine().report_id}")
    open_part(page, "Send by e-mail")
    page.get_by_label("Recipient", exact=True).fill("ana@example.com")
    page.keyboard.press("Tab")
    click("Schedule")
    expect(page.get_by_text("Scheduled for ana@example.com")).to_be_visible()
    assert [each.recipient for each in schedule.schedules(ana)] == [ana]
    # what was scheduled stands where it was asked for
    click("Stop sending")
    expect(page.get_by_role("button", name="Stop sending")).to_have_count(0)
    expect(page.get_by_label("Recipient", exact=True)).to_be_visible()
    assert not schedule.schedules(ana)

    click("Share with everybody")
    expect(page.get_by_text("Everybody sees it now: By bucket")).to_be_visible()
    assert mine().is_shared
    page.get_by_test_id("stPopoverButton").filter(has_text="Delete").click()
    click("Yes, delete")
    expect(page.get_by_text("Deleted: By bucket")).to_be_visible()
    assert not [each for each in store.listed(ana) if each.owner == ana]


def test_a_database_that_is_away_is_told_as_such_on_every_page(
    closed_url: str, home: Path, browser: Browser, visitors: list[BrowserContext]
) -> None:
    page = _sign_in(browser, visitors, closed_url, "ana")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    with _database_stopped(home):
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Segments").click()
        _is_told_with_reference(page, "The figures could not be read")
        page.goto(f"{closed_url}/aging?currency=PEN")
        _is_told_with_reference(page, "The figures could not be read")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.locator("h1")).to_have_text("How old is what we are owed?")
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Segments")).to_be_visible()


@pytest.mark.parametrize("seconds", [0, 4])
def test_a_file_that_cannot_be_logged_is_not_given_and_told_at_once_with_a_reference(
    closed_url: str, browser: Browser, visitors: list[BrowserContext], seconds: int
) -> None:
    """Also where that takes longer than a button waits; nobody clicks anything else."""
    page = _sign_in(browser, visitors, closed_url, "ana")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    page.goto(f"{closed_url}/aging?currency=PEN")
    expect(page.get_by_role("button", name="Export CSV").first).to_be_visible()
    _settled(page)
    before = len(viewed.listed())
    with db.transaction(db.Role.admin) as connection, connection.cursor() as cursor:
        full = f"kind = 'customer' or pg_sleep({seconds}) is null"
        cursor.execute(f"alter table ops.views_logged add constraint full_disk check ({full}) not valid")
    try:
        page.get_by_role("button", name="Export CSV").first.click()
        expect(page.get_by_test_id("stDownloadButtonError")).to_be_visible()
        _is_told_with_reference(page, "cartera-aging-PEN-2026-06-30.csv was not made")
    finally:
        with db.transaction(db.Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute("alter table ops.views_logged drop constraint full_disk")
    assert len(viewed.listed()) == before
