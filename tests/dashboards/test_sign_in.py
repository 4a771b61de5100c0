"""Who is let in, which pages they are offered, whose figures stand on them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import APP, PAGES, OpenPage, said, still_tables
from support.serve_fixture import publish_items, record_run, sample_items
from support.signed_in import claims_of, require_sign_in, sign_in_as

from cartera import desk, users, viewed
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor, day
from cartera.settings import get_settings
from dashboards import asked_for
from dashboards.asked_for import kept_link
from dashboards.components import access
from dashboards.components.actor import Refused, admitted
from dashboards.components.view import as_text

ITEMS = sample_items()
NORTE, MAIN, BOSS = "norte@example.com", "main@example.com", "boss@example.com"


@pytest.fixture(autouse=True)
def settings_are_read_again() -> Iterator[None]:
    yield
    get_settings.cache_clear()


@pytest.fixture
def people(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(ITEMS)
    require_sign_in(monkeypatch, CARTERA_SIGN_IN_CONTACT="Ana *Pérez*")
    users.add(NORTE, "collector", ["norte"], "test")
    users.add(MAIN, "analyst", ["main"], "test")
    users.add(BOSS, "administrator", [], "test")


def owed(*companies: str) -> Decimal:
    mine = (i for i in ITEMS if i.company_id in companies and (i.currency_code, i.item_type) == ("PEN", "instalment"))
    return sum((i.item_amount for i in mine), Decimal(0))


def test_who_has_not_signed_in_sees_nothing(people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.components.actor.claims", lambda: {"is_logged_in": False})
    app = open_page("overview", currency="PEN")
    assert not app.exception and not app.metric and not app.dataframe
    assert "Sign in with your company account" in said(app)
    assert [button.label for button in app.button] == ["Sign in"]


def test_a_stranger_is_told_whom_to_ask_and_nothing_else(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, "mallory@example.com")
    app = open_page("overview")
    assert not app.exception and not app.metric and not app.dataframe
    assert as_text("mallory@example.com") in said(app) and "Ana \\*Pérez\\*" in said(app)
    text = said(app)
    assert not any(item.customer_name and item.customer_name in text for item in ITEMS)


@pytest.mark.parametrize(("email", "companies"), [(NORTE, ["norte"]), (MAIN, ["main"]), (BOSS, ["main", "norte"])])
def test_everybody_sees_the_figures_of_their_companies(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, email: str, companies: list[str]
) -> None:
    sign_in_as(monkeypatch, email)
    app = open_page("overview", currency="PEN")
    assert not app.exception and not app.error
    assert Decimal(app.metric[0].value.replace(",", "")) == owed(*companies)
    assert ("Company" in [each.label for each in app.selectbox]) == (len(companies) > 1), (
        "a company is asked for where there are several"
    )


def test_an_address_that_asks_for_another_company_gets_ones_own(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, NORTE)
    app = open_page("overview", currency="PEN", company="main")
    assert Decimal(app.metric[0].value.replace(",", "")) == owed("norte")


@pytest.mark.parametrize("page", [page for page in PAGES if page != "data_health"])
def test_no_page_shows_a_customer_of_another_company(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    users.add(NORTE, "administrator", ["norte"], "test")
    sign_in_as(monkeypatch, NORTE)
    app = open_page(page, currency="PEN")
    assert not app.exception and not app.error
    theirs = {i.customer_id for i in ITEMS if i.company_id == "norte"}
    strangers = {i.customer_id for i in ITEMS} - theirs
    shown = "\n".join(table.to_csv() for table in (*(each.value for each in app.dataframe), *still_tables(app))) + said(
        app
    )
    assert not [customer for customer in strangers if customer in shown]
    assert "main" not in shown.replace("remain", "")


@pytest.mark.parametrize(
    ("page", "more"), [("customer", {"customer": "files:C-005"}), ("worklist", {}), ("campaigns", {})]
)
def test_who_looks_is_asked_once_for_one_drawing(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, page: str, more: dict[str, str]
) -> None:
    sign_in_as(monkeypatch, BOSS)
    asked, find = [], users.find
    monkeypatch.setattr("cartera.users.find", lambda email: asked.append(email) or find(email))
    app = open_page(page, **more)
    assert not app.exception and not app.error
    assert asked == [BOSS]


def test_banners_tell_nothing_that_may_be_of_another_company(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = [("marts", "fct_aging", "ties", "critical", False, "main PEN: 123.45 is missing")]
    run_id = record_run(status="stopped", started_at=utc_now(), checks=failed)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, amounts, message)"
            " values (%s, 90, 'land erp', 'failed', now(), 1, '{}', 'erp: 123.45 of main are gone')",
            [run_id],
        )
    sign_in_as(monkeypatch, NORTE)
    app = open_page("overview")
    (error,), (warning,) = app.error, app.warning
    assert "source erp was stopped" in warning.value and "What was seen" not in warning.value
    assert "may be about other companies" in warning.value and "123" not in warning.value
    assert "was stopped" in error.value and "is missing" not in error.value
    assert "may be about other companies" in error.value and "Failed checks" not in error.value
    sign_in_as(monkeypatch, BOSS)
    app = open_page("overview")
    (error,), (warning,) = app.error, app.warning
    assert "is missing" in error.value and "are gone" in warning.value


def test_a_company_without_an_invoice_is_told_what_it_sees_and_whom_to_ask(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartera.users._must_be_known", lambda *_: None)
    users.add(NORTE, "manager", ["este"], "test")
    sign_in_as(monkeypatch, NORTE)
    for page in ("overview", "worklist"):
        told = said(open_page(page))
        assert "in what you see: este" in told and "Data health" not in told, "which is not for them"


def test_pages_go_by_role_and_a_page_nobody_listed_is_nobodys() -> None:
    collector = Actor("c", "collector", None)
    refused = [page for page in PAGES if not access.may_open(collector, page)]
    assert refused == ["recovery", "campaigns", "kpis", "data_health"]
    administrator = Actor("a", "administrator", None)
    assert all(access.may_open(administrator, page) for page in PAGES)
    assert not access.may_open(administrator, "new_page")
    assert not access.may_open(Actor("a", "administrator", frozenset({"norte"})), "data_health")


def test_every_page_of_the_application_is_listed_with_its_roles() -> None:
    source = APP.read_text(encoding="utf-8")
    listed = {line.split('"')[1] for line in source.splitlines() if line.startswith('    ("')}
    assert set(PAGES) <= listed and listed <= set(access.ROLES)


def test_a_page_that_is_not_offered_is_not_run(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, NORTE)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page("data_health")


def test_who_is_removed_sees_nothing_from_the_next_page_on(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, NORTE)
    app = open_page("overview")
    assert app.metric
    users.remove(NORTE, "test")
    app.run()
    assert not app.metric and "may not see anything" in said(app)


def test_who_signs_in_is_known_by_a_verified_address_and_for_some_hours(people: None) -> None:
    now = int(utc_now().timestamp())
    assert admitted(claims_of("Norte@Example.com")) == Actor(NORTE, "collector", frozenset({"norte"}))
    assert admitted(claims_of(NORTE, email_verified=False)) == Refused("unverified", NORTE)
    for verified in ("false", "False", "no", 0, None):
        assert admitted(claims_of(NORTE, email_verified=verified)) == Refused("unverified", NORTE)
    assert isinstance(admitted(claims_of(NORTE, email_verified="true")), Actor)
    silent = {name: value for name, value in claims_of(NORTE).items() if name != "email_verified"}
    assert isinstance(admitted(silent), Actor), "Entra ID says nothing of it"
    assert admitted(claims_of("")) == Refused("unverified", "")
    assert admitted(claims_of(NORTE, iat=now - 13 * 3600)) == Refused("expired", NORTE)
    assert admitted(claims_of(NORTE, iat=None)) == Refused("expired", NORTE)
    assert admitted({"email": NORTE, "iat": now}) == Refused("signed_out")
    assert admitted(claims_of("' or true --@x")) == Refused("unknown", "' or true --@x")


def test_without_sign_in_the_sidebar_says_so(database: str, open_page: OpenPage) -> None:
    publish_items(ITEMS)
    app = open_page("overview")
    assert any("No sign-in" in caption.value for caption in app.sidebar.caption)
    assert "Sign out" not in [button.label for button in app.sidebar.button]


def test_nothing_of_the_secret_is_in_a_page_or_the_log(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, "mallory@example.com")
    app = open_page("overview")
    assert "not-a-real-secret" not in said(app) + json.dumps(app.query_params)


def test_a_look_at_one_customer_is_written_down_wherever_it_is(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, BOSS)
    app = open_page("overview", currency="PEN")
    assert viewed.listed() == []
    debtors = next(box for box in app.selectbox if str(box.key).startswith("debtor"))
    customer = debtors.options[0]
    app = debtors.select_index(0).run()
    (logged,) = viewed.listed(viewed_by=BOSS)
    assert (logged["kind"], logged["role"]) == ("customer", "administrator") and not app.exception
    assert {i.customer_name for i in ITEMS if i.customer_id == logged["subject"]} == {customer}
    app = app.run()
    assert len(viewed.listed()) == 1, "once a visit"
    # of an invoice below it: the same customer, and the same look
    [invoices] = [each for each in app.dataframe if "document_number" in each.value]
    cells = {"selection": {"rows": [], "columns": [], "cells": [(0, "open_amount")]}}
    app.session_state[invoices.proto.id.split("-", 2)[2]] = cells
    app = app.run()
    assert "Movements" in said(app) or "instalment" in said(app)
    assert len(viewed.listed()) == 1
    app = next(box for box in app.selectbox if str(box.key).startswith("debtor")).set_value(None).run()
    app = next(box for box in app.selectbox if str(box.key).startswith("debtor")).select_index(0).run()
    assert [row["subject"] for row in viewed.listed()] == [logged["subject"]] * 2, "another visit"
    open_page("aging", currency="PEN")
    assert len(viewed.listed()) == 2, "a list is no look at one"


@pytest.mark.parametrize(("role", "released"), [("collector", 1), ("manager", 2)])
def test_a_button_that_would_be_refused_is_not_shown(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, role: str, released: int
) -> None:
    kinds: tuple[desk.HoldKind, ...] = ("other", "attorney")
    for kind in kinds:
        desk.hold(Actor.local("ana"), str(uuid.uuid4()), "files:C-005", kind, note="asked to")
    users.add(NORTE, role, ["norte"], "test")
    sign_in_as(monkeypatch, NORTE)
    app = open_page("worklist", currency="PEN", customer="files:C-005")
    assert len([each for each in app.markdown if "asked to" in each.value]) == len(kinds) and not app.exception
    assert [button.label for button in app.button].count("Release the hold") == released


def test_who_may_record_notes_alone_writes_them_on_the_page_of_the_customer(
    people: None, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_as(monkeypatch, BOSS)
    assert "Write a note" not in str([each.label for each in open_page("customer", customer="files:C-001").expander])
    sign_in_as(monkeypatch, MAIN)
    app = open_page("customer", customer="files:C-001")
    assert "Write a note" in str([each.label for each in app.expander]) and not app.exception
    note = next(each for each in app.text_input if str(each.key).endswith("_note"))
    app = note.set_value("pays on Fridays").run()
    app = next(button for button in app.button if str(button.key).startswith("record_")).click().run()
    (kept,) = day.customer_file("files:C-001").notes
    assert (kept.text, kept.by) == ("pays on Fridays", MAIN) and not app.exception and not app.error
    events = next(frame.value for frame in app.dataframe if "recorded_at" in frame.value)
    assert "pays on Fridays" in set(events["detail"])
    users.add(MAIN, "analyst", ["norte"], "test")
    app = open_page("customer", customer="files:C-001")
    assert "Write a note" not in str([each.label for each in app.expander])
    assert "In the companies that you see (norte) nobody was known" in said(app)


def _left_open(customer_id: str) -> None:
    """What of an open page is drawn again without the rest of it."""
    from cartera.clock import utc_now
    from cartera.desk import Actor
    from dashboards.components.desk_agreements import agreements
    from dashboards.components.desk_forms import Owing, forms
    from dashboards.components.view import View
    from dashboards.i18n import Words
    from dashboards.queries.session import acting, reading

    today = utc_now().date()
    with acting(Actor.local()), reading() as opened:
        view = View(opened, Words("EN"), is_dark=False)
    forms(view, Owing(customer_id, today, (), ()), None)
    agreements(view, customer_id, today)


def test_a_page_left_open_shows_nothing_of_a_company_that_was_taken_away(
    people: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {each.customer_id for each in ITEMS if each.company_id == "main"}
    customer = next(each.customer_id for each in ITEMS if each.customer_id not in elsewhere)
    desk.hold(Actor.local("ana"), str(uuid.uuid4()), customer, "other", note="asked to")
    sign_in_as(monkeypatch, NORTE)
    for companies, is_shown in ((["main", "norte"], True), (["main"], False)):
        users.add(NORTE, "collector", companies, "test")
        app = AppTest.from_function(_left_open, args=(customer,))
        app.query_params["do"] = "wish"
        app = app.run()
        assert not app.exception and not app.error, said(app)
        assert bool(app.button) == is_shown
        assert ("asked to" in said(app)) == ("In force now" in said(app)) == is_shown, said(app)


@pytest.mark.parametrize(
    ("cookie", "led_to"),
    [
        ("%2Faging%3Fcurrency%3DPEN%26company%3Da%2526b", "/aging?currency=PEN&company=a%26b"),
        ("%2Fdata-health", "/data-health"),
        ("/?currency=PEN", "/?currency=PEN"),
        ("", None),
        ("/", None),
        ("https://evil.example/aging", None),
        ("//evil.example/aging", None),
        ("/\\evil.example", None),
        ("http://[", None),
        ("/aging/../data-docs", None),
        ("/aging?x=%0d%0aset-cookie:y", None),
    ],
)
def test_a_link_leads_to_pages_of_ours_alone(cookie: str, led_to: str | None) -> None:
    assert kept_link(cookie) == led_to


def test_the_addresses_that_are_kept_are_those_of_the_pages() -> None:
    assert {"/", *(f"/{page.replace('_', '-')}" for page in PAGES)} == asked_for.PAGES
