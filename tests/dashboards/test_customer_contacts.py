"""Whom the page of one customer is of: found by what people know of it; when it may be reached, and why not now."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import pytest
from support.customer_page import ID, items, table_of
from support.pages import OpenPage, said
from support.serve_fixture import KNOWN_AT, publish_items

from cartera import desk
from cartera.db import Role, transaction
from cartera.desk import journal
from cartera.reminders import dossier
from cartera.reminders.model import Customer, History
from cartera.warehouse import customers
from dashboards.components.contact_parts import why
from dashboards.components.view import View
from dashboards.i18n import Words
from dashboards.queries import customer
from dashboards.queries.session import reading


def test_without_a_customer_it_says_how_to_find_one(open_page: OpenPage) -> None:
    publish_items(items())
    app = open_page("customer")
    assert "Nobody is chosen yet" in said(app) and "who owe most in PEN" in said(app)
    [frame] = [each for each in app.dataframe if "open_amount" in each.value]
    assert list(frame.value["customer_name"]) == ["Comercial Andina SAC", "Bodega Norte"] and not app.error
    app.session_state[frame.proto.id.split("-", 2)[2]] = {"selection": {"rows": [], "columns": [], "cells": [(1, "x")]}}
    app = app.run()
    assert not app.exception and app.query_params["customer"] in ("files:C-2", ["files:C-2"])
    assert "Nobody is chosen" not in said(app) and "Bodega Norte" in said(app)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("andina", "name"), ("C-1", "id"), ("files:C-1", "id"), ("F001-3", "document"), ("2055", "tax_id"),
        ("Pagos@Andina.pe", "email"), ("987 654-321", "phone"), ("+51987654321", "phone"),
    ],
)  # fmt: skip
def test_a_customer_is_found_by_what_people_know_of_it(database: str, text: str, by: str) -> None:
    publish_items(items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set tax_id = '2055', email = 'pagos@andina.pe', phone = '+51 987 654 321'"
            " where customer_id = %s",
            (ID,),
        )
    with reading() as opened:
        found = customer.find(opened, KNOWN_AT, text)
    assert list(found["customer_id"]) == [ID] and list(found["found_by"]) == [by]


def test_what_is_looked_for_is_text_and_no_pattern(database: str) -> None:
    publish_items(items())
    with reading() as opened:
        assert customers.find(opened.connection, KNOWN_AT, "%", 5) == []
        assert customers.find(opened.connection, KNOWN_AT, "' or 1=1 --", 5) == []
        assert len(customers.find(opened.connection, KNOWN_AT, "files:", 5)) == 2
        assert customers.find(opened.connection, KNOWN_AT, "4 3 2 1", 5) == [], "too little of a telephone number"


def test_the_only_one_found_is_opened_and_stays_in_the_url(open_page: OpenPage) -> None:
    publish_items(items())
    app = open_page("customer", find="andina")
    assert app.query_params["customer"] == [ID] or app.query_params["customer"] == ID
    assert "Comercial Andina SAC" in said(app)


def test_contacts_say_when_and_why(open_page: OpenPage) -> None:
    publish_items(items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set email = 'a@example.com', phone = '+51987654321', country_code = 'PE',"
            " timezone = 'America/Lima' where customer_id = %s",
            (ID,),
        )
    app = open_page("customer", customer=ID, part="contacts")
    assert not app.exception and not app.error, said(app)
    ways = table_of(app, "next").set_index("channel")
    assert ways.loc["e-mail", "address"] == "a@example.com"
    assert ways.loc["letter", "next"] == "not by this channel"
    for channel in ("e-mail", "call"):
        assert ways.loc[channel, "next"] == "now" or ways.loc[channel, "next"].endswith(":00 Lima")


def test_why_not_now_is_said_in_the_readers_language() -> None:
    seen = "Thu 2026-11-26 22:12 in America/Lima; that day: "
    way = customer.Next(
        "call", "+51 1", None, KNOWN_AT, f"{seen}07:00-20:00; {seen}none; 4 of 3 a day", ("hours", "count")
    )
    view = View(None, Words("ES"), is_dark=False)  # type: ignore[arg-type]
    assert why(view, way) == (
        "22:12 en Lima está fuera de 07:00-20:00; 22:12 en Lima, y ese día no se permite nada; 4 of 3 a day"
    )
    assert why(view, replace(way, why="neither is known")) == "no se conocen ni el país ni la zona horaria"


FRIDAY = dt.datetime(2026, 11, 28, 1, 8, tzinfo=dt.UTC)
"""20:08 in Lima."""


def _ways(country: str = "PE") -> dict[str, customer.Next]:
    with transaction(Role.campaign) as connection:
        debtor = Customer("files:C-1", "Andina", "a@example.com", "es", country)
        return {each.channel: each for each in dossier.ways(connection, debtor, History(), FRIDAY)}


def test_days_in_between_are_closed_by_a_rule_that_is_named(database: str) -> None:
    way, view = _ways()["email"], View(None, Words("EN"), is_dark=False)  # type: ignore[arg-type]
    assert way.at == dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC), "Monday, 7:00 in Lima"
    assert why(view, way).startswith("20:08 in Lima is outside 07:00-20:00; closed on 28 Nov 2026, 29 Nov 2026:")
    assert why(view, way).endswith("[pe_message_hours]")


def test_rules_of_many_regions_do_not_contradict_each_other(database: str) -> None:
    """Of hours what all of them leave open, and of closed days one rule that closes them."""
    view = View(None, Words("EN"), is_dark=False)  # type: ignore[arg-type]
    way = _ways("BR")["call"]
    told = why(view, way).split("; ")
    assert len({rule for rule in way.refusals if "hours" in rule}) > 1, "else nothing could contradict"
    zones = [text.partition(" in ")[2].partition(" is outside")[0] for text in told if " is outside " in text]
    assert len(zones) == len(set(zones)) >= 1, told
    days = [day for _, days in way.closing for day in days]
    assert len(days) == len(set(days)) == 3, "one of them for each day: a weekend, and a holiday of Alagoas"
    assert "closed on 28 Nov 2026, 29 Nov 2026: " in why(view, way)


def test_a_hold_lasts_until_its_day_is_over_where_the_customer_is(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """18:30 of its last day in Mexico City is the next day in UTC."""
    publish_items(items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set phone = '+525512345678', email = 'a@example.com', country_code = 'MX',"
            " timezone = 'America/Mexico_City' where customer_id = %s",
            (ID,),
        )
    evening = dt.datetime(2026, 6, 11, 0, 30, tzinfo=dt.UTC)
    monkeypatch.setattr(journal, "utc_now", lambda: evening)
    desk.hold(desk.Actor.local("ana"), str(uuid.uuid4()), ID, "other", until=dt.date(2026, 6, 10), note="on leave")
    for hours, is_held in ((0, True), (5, True), (6, False), (16, False)):
        kept = dossier.dossier(ID, evening + dt.timedelta(hours=hours))
        call = next(way for way in kept.ways if way.channel == "call")
        assert ("hold" in call.refusals) == is_held, hours
        assert not (is_held and call.is_allowed_now) and ("on leave" in call.why) == is_held
    assert call.is_allowed_now, "10:30 of the day after"
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update marts_a.dim_customers set timezone = null where customer_id = %s", (ID,))
    for hours, is_held in ((0, True), (6, True), (7, False)):
        kept = dossier.dossier(ID, evening + dt.timedelta(hours=hours))
        call = next(way for way in kept.ways if way.channel == "call")
        assert ("hold" in call.refusals) == is_held, "in Tijuana its day is over an hour later"


def test_a_call_without_a_number_says_so_before_its_hours(open_page: OpenPage) -> None:
    publish_items(items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set phone = null, country_code = 'PE' where customer_id = %s", (ID,)
        )
    app = open_page("customer", customer=ID, part="contacts")
    ways = table_of(app, "next").set_index("channel")
    assert ways.loc["call", "address"] == ""
    # below the table, whose columns would cut it off
    assert "why" not in ways and "- **call**: no number is known" in said(app)
