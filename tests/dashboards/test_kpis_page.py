"""The page of the KPIs over the sandbox company's published ledger: every figure is that of the command line."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.kpi_page import UNTIL, kpi_figures, open_kpis, plainly, read_file
from support.pages import page_opened, said
from support.signed_in import require_sign_in, sign_in_as

from cartera import users
from cartera.db import Role, transaction
from cartera.reports import made
from cartera.settings import get_settings
from cartera.warehouse import (
    balances,
    disputes,
    dso_bridge,
    headline,
    late,
    metrics,
    promises,
    read,
    risk,
    segment_moves,
)
from cartera.warehouse import segments as warehouse_segments
from dashboards.components.kpi_grid import grid, labels
from dashboards.components.narrowed import narrowed
from dashboards.i18n import Words
from dashboards.queries import ahead, going_on, kpi_export, kpis, receivables, session
from dashboards.queries.export import FIGURE_DECIMALS
from dashboards.queries.kpi_export import KPIS as KPI_COLUMNS
from dashboards.queries.session import reading

COMPANY_VIEWS = ("company", "as-of-rate")
UNITS = ("days", "percent", "ratio", "amount", "count")


def _texts(app: AppTest) -> dict[tuple[str, str], str]:
    """Label of the KPI and place to the text shown."""
    shown = app.dataframe[0].value
    return {
        (row["kpi"], name): row[name]
        for row in shown.to_dict("records")
        for name in shown
        if name not in ("kpi", "note")
    }


@pytest.mark.parametrize(
    ("parameters", "view", "window", "as_of"),
    [
        ({}, "transaction", None, UNTIL),
        ({"currency_view": "company", "window": "30"}, "company", 30, UNTIL),
        ({"currency_view": "as-of-rate", "as_of": "2026-04-15"}, "as-of-rate", None, dt.date(2026, 4, 15)),
    ],
)
def test_every_figure_of_the_catalogue_is_shown_as_asked(
    published_company: str, parameters: dict[str, str], view: read.View, window: int | None, as_of: dt.date
) -> None:
    catalogue, words, shown = metrics.load_catalogue(), Words("EN"), _texts(open_kpis(**parameters))
    rows = kpi_figures(view, window, as_of)
    assert {row["currency_code"] for row in rows} >= ({"USD"} if view == "transaction" else {"PEN", "COP"})
    assert view == "transaction" or "USD" not in {row["currency_code"] for row in rows}
    for row in rows:
        metric = catalogue.find(row["kpi"])
        assert metric is not None
        place = f"{row['company_id']}/{row['currency_code']}"
        assert shown[metric.label.en, place] == words.figure(row["value"], metric.unit)
    assert {label for label, _ in shown} == {m.label.en for m in catalogue.metrics} | {
        f.label.en for f in catalogue.families
    }


def test_the_currency_view_is_said_and_a_stranger_in_the_link_is_refused(published_company: str) -> None:
    assert "currencies are never added" in said(open_kpis())
    for view in COMPANY_VIEWS:
        assert "all currencies added, in the company's currency" in said(open_kpis(currency_view=view))
    app = open_kpis(currency_view="galactic", window="7", kpi="luck", show="cards", company="nobody")
    assert "currencies are never added" in said(app) and "Days sales outstanding (ending AR)" in plainly(app)


def test_a_missing_figure_says_why_in_the_readers_language(published_company: str) -> None:
    for language, reason in (("EN", "has a recorded cost"), ("ES", "tiene un costo registrado")):
        app = open_kpis(lang=language, kpi="cost_to_collect")
        notes = dict(zip(app.dataframe[0].value["kpi"], app.dataframe[0].value["note"], strict=True))
        label = metrics.load_catalogue().find("cost_to_collect").label.of(language)  # type: ignore[union-attr]
        assert reason in notes[label] and (label, "—") in {(k, v) for (k, _), v in _texts(app).items()}
        assert reason in app.dataframe[1].value["reason"].iloc[0]


def test_the_chosen_kpi_is_defined_with_its_parts_and_trend(published_company: str) -> None:
    app = open_kpis(kpi="past_due_pct")
    text = plainly(app)
    for part in (
        "The part of the balance whose due date has passed",
        "Due on the as-of date is not past due",
        "finance",
    ):
        assert part in text
    assert app.code[0].value == "AR past due / AR * 100"
    # drawn by Plotly, which AppTest does not know by name
    assert len(app.get("plotly_chart")) == 1
    assert len(open_kpis(kpi="cure_rate").get("plotly_chart")) == 0
    assert "Run `cartera cure`" in said(open_kpis(kpi="cure_rate"))


def test_the_trend_has_every_month_end_and_the_figures_asked_one_by_one(published_company: str) -> None:
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "transaction", None)
        rows = kpis.trend(opened, asked)
    days = list(dict.fromkeys(rows["as_of_date"]))
    assert days[-1] == UNTIL and len(days) == 13 and days[-2] == dt.date(2026, 5, 31) and days == sorted(days)
    earlier = rows[rows["as_of_date"] == dt.date(2026, 3, 31)]
    found = {(r["company_id"], r["currency_code"], r["kpi"]): r["value"] for r in earlier.to_dict("records")}
    expected = kpi_figures(as_of=dt.date(2026, 3, 31))
    assert found == {
        (r["company_id"], r["currency_code"], metrics.without_window(r["kpi"])): r["value"] for r in expected
    }


def test_a_trend_that_takes_too_long_leaves_the_figures_and_goes_on_by_itself(
    published_company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    answered = metrics.kpis

    def slow(connection: Any, as_of: dt.date, *given: Any, **named: Any) -> list[read.Row]:
        if as_of < UNTIL:
            with connection.cursor() as cursor:
                cursor.execute("select pg_sleep(0.1)")
        return answered(connection, as_of, *given, **named)

    monkeypatch.setattr(metrics, "kpis", slow)
    monkeypatch.setattr(kpis, "TREND_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(going_on, "goes_on", lambda _key: True)
        app = open_kpis()
        assert "Adding this up takes longer than usual" in said(app)
        assert len(app.dataframe) == 2 and not app.get("plotly_chart")
    for _day in range(kpis.MONTHS):  # one is answered behind the page, which then asks for the next
        for thread in [each for each in threading.enumerate() if each.name == "goes on"]:
            thread.join(60)
        app = app.run()
    assert "takes longer" not in said(app) and len(app.get("plotly_chart")) == 1


def test_what_moved_dso_is_the_bridge_of_the_command_line(published_company: str) -> None:
    app = open_kpis(show="dso", since="2026-02-28", place="andes-pe/PEN")
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        expected = dso_bridge.bridge(connection, dt.date(2026, 2, 28), UNTIL, known_at, days=90)
    shown = app.dataframe[0].value
    assert len(shown) == len(expected)
    words = Words("EN")
    assert list(shown["mix_days"]) == [
        "—" if row["mix_days"] is None else words.days(row["mix_days"], signed=True) for row in expected
    ]
    assert "andes-pe · PEN: the parts" in said(app)
    assert len(app.get("plotly_chart")) == 1


def test_both_ends_of_the_bridge_lead_to_the_rows_that_make_them(published_company: str) -> None:
    app = open_kpis(show="dso", since="2026-02-28", place="andes-pe/PEN", window="30")
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        rows = dso_bridge.bridge(connection, dt.date(2026, 2, 28), UNTIL, known_at, days=30)
    (row,) = [each for each in rows if (each["company_id"], each["currency_code"]) == ("andes-pe", "PEN")]
    asked = [dict(parse_qsl(link.proto.query_string)) for link in app.get("page_link")]
    for day, end in (("2026-02-28", "from_days"), ("2026-06-30", "to_days")):
        sums = {}
        for link in asked:
            if link.get("as_of") == day and "rows" in link:
                told = re.search(r"add up to \*\*PEN\s(\S+?)\*\*", plainly(open_kpis(**link)))
                assert told, link
                sums[link["rows"]] = Decimal(told[1].replace(",", ""))
        days = sums["ar_amount"] / (sums["invoiced_amount"] - sums["credit_noted_amount"]) * 30
        assert abs(days - row[end]) < Decimal("0.000001"), (day, sums)


@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_the_file_of_figures_is_exact_and_says_what_was_asked(published_company: str, language: str) -> None:
    words = Words(language)
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "company", 30)
    rows = read_file(kpi_export.kpis_csv(words, asked, "andes-pe", narrowed(words, company="andes-pe")))
    expected = [row for row in kpi_figures("company", 30) if row["company_id"] == "andes-pe"]
    for heading, name in (("column.figure", "value"), ("column.numerator", "numerator")):
        assert {row[words("kpis.name")]: row[words(heading)] and Decimal(row[words(heading)]) for row in rows} == {
            metrics.without_window(row["kpi"]): "" if row[name] is None else round(row[name], FIGURE_DECIMALS)
            for row in expected
        }
    stated = ("filter.currency_view", "filter.window", "column.as_of", "column.filters", "column.currency")
    assert {tuple(row[words(name)] for name in stated) for row in rows} == {
        (words("currency_view.company"), "30", "2026-06-30", f"{words('filter.company')}: andes-pe", "PEN")
    }
    assert {row[words("column.unit")] for row in rows} <= {words(f"unit.{unit}") for unit in UNITS}
    assert not any("_" in heading for heading in rows[0]) and len(set(rows[0])) == len(KPI_COLUMNS) + 5


def test_in_the_file_of_the_bridge_the_parts_and_what_rounding_leaves_add_up(published_company: str) -> None:
    words, since = Words("ES"), dt.date(2026, 3, 31)
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "transaction", None)
    rows = read_file(kpi_export.bridge_csv(words, asked, since, None, ()))
    parts = [words(f"bridge.{name}") for name in (*dso_bridge.FACTORS, "rounding")]
    compared = 0
    for row in rows:
        assert row[words("filter.since")] == "2026-03-31" and row[words("column.as_of")] == "2026-06-30"
        if row[words("column.change")]:
            change = Decimal(row[words("column.change")])
            assert sum(Decimal(row[part]) for part in parts) == change
            assert Decimal(row[words("bridge.first")]) + change == Decimal(row[words("bridge.second")])
            compared += 1
        else:
            assert row[words("column.note")]
    assert compared and not any("_" in heading for heading in rows[0])


def test_places_and_notes_name_what_differs() -> None:
    """The reason stands alone where it is the same everywhere, else with the places it holds for."""

    class _View:
        words = Words("EN")

    columns = kpis.FIGURES
    rows = [
        ("a", "PEN", "past_due_pct", None, None, Decimal(0), "nothing is open"),
        ("a", "USD", "past_due_pct", Decimal("12.34"), None, Decimal(1), None),
        ("a", "PEN", "hhi", None, None, Decimal(0), "nothing is open"),
        ("a", "USD", "hhi", None, None, Decimal(0), "nothing is open"),
    ]
    frame = kpis.frame([dict(zip(columns, row, strict=True)) for row in rows], columns)
    assert labels(frame) == {("a", "PEN"): "PEN", ("a", "USD"): "USD"}
    data, names = grid(_View(), metrics.load_catalogue(), frame)  # type: ignore[arg-type]
    by_name = {name: row for name, row in zip(names, data.to_dict("records"), strict=True) if name}
    assert by_name["past_due_pct"] == {
        "kpi": "Past due", "a/PEN": "—", "a/USD": "12.3%", "note": "PEN: nothing is open"
    }  # fmt: skip
    assert by_name["hhi"]["note"] == "nothing is open"
    assert by_name["cure_rate"]["note"] == "has rows of its own: cartera cure"


@pytest.mark.parametrize(
    ("page", "parameters"),
    [
        ("recovery", {"part": "rolling", "periods": "12"}),
        ("recovery", {"part": "cohorts"}),
        ("recovery", {"part": "losses", "by_segment": "payer_behaviour"}),
        ("segments", {"scheme": "age_of_debt", "segment": "120+"}),
        ("segments", {"scheme": "payer_behaviour", "as_of": "2026-04-15", "moved_from": "2026-01-31"}),
    ],
)
def test_the_pages_of_risk_and_segments_read_the_real_ledger(
    published_company: str, page: str, parameters: dict[str, str]
) -> None:
    app = page_opened(page, **parameters)
    assert not app.exception and not app.error, said(app)
    assert len(app.dataframe) >= 2


SLOW_AT_SIZE = {
    headline: ("trend", "collected_by_month", "expected", "new_disputes", "owed_on"),
    late: ("late", "totals"),
    warehouse_segments: ("totals",),
    segment_moves: ("moves",),
    risk: ("roll_rates_and_transitions", "cure_rates"),
    promises: ("totals", "by_week", "grouped", "promises", "open_of_broken"),
    disputes: ("by_reason", "disputes"),
    metrics: ("kpis",),
    made: ("table",),
    balances: ("aging_and_credit",),
    read: ("customer_aging", "aging"),
}


def test_what_pages_ask_as_they_open_is_answered_ahead(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    answered = ahead.answer()
    assert answered is not None
    with reading() as opened:
        company = str(receivables.totals(opened, opened.clocks)["company_id"].iloc[0])
    users.add("ana@example.com", "manager", [company], "test")
    assert ahead.scopes() == [None]  # nobody signs in here

    def asked(*_values: object, **_named: object) -> None:
        raise AssertionError("the database was asked")

    with monkeypatch.context() as patch:
        require_sign_in(patch)
        scopes = ahead.scopes()
    get_settings.cache_clear()
    of_ana = ahead.answer(None, scopes[-1])
    assert scopes == [None, frozenset({company})]
    assert of_ana is not None and of_ana[0] != answered[0] and company in of_ana
    for module, names in SLOW_AT_SIZE.items():
        for name in names:
            monkeypatch.setattr(module, name, asked)
    assert ahead.answer(answered) == answered
    for page in ("overview", "aging", "segments", "recovery", "worklist", "promises", "kpis", "reports"):
        app = page_opened(page)
        assert not app.exception and not app.error, (page, said(app))
    # nor of who sees one company, where a day begins
    require_sign_in(monkeypatch)
    sign_in_as(monkeypatch, "ana@example.com")
    for page in ("overview", "aging", "worklist", "promises"):
        app = page_opened(page)
        assert app.title[0].value != "Cartera" and not app.exception and not app.error, (page, said(app))
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.mark.parametrize("is_large", [False, True])
def test_days_that_people_look_back_to_are_answered_ahead_where_answers_take_long(
    published_company: str, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    """The month-ends of a year, and each of the last days."""
    st.cache_data.clear()
    monkeypatch.setattr(ahead, "DAYS_BEFORE", 2)
    monkeypatch.setattr(ahead, "QUIET_SECONDS", 0.0)
    with reading() as opened:
        year_ago = metrics.month_ends(opened.clocks.as_of, ahead.CLOSINGS + 1)[-1]
        last = opened.clocks.as_of - dt.timedelta(days=ahead.DAYS_BEFORE)
    monkeypatch.setattr(ahead, "QUICK_SECONDS", 0.0 if is_large else 1000.0)
    ahead.answer()
    ahead.answer_past()
    asked = []
    cured = risk.cure_rates
    monkeypatch.setattr(risk, "cure_rates", lambda *given, **named: asked.append(given[1]) or cured(*given, **named))
    for day in (year_ago, last):
        app = page_opened("recovery", as_of=day.isoformat())
        assert not app.exception and not app.error, said(app)
    assert asked == ([] if is_large else [year_ago, last])


def test_a_past_day_is_asked_for_once_nobody_clicks(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not forever, though: a dashboard that is never quiet has them too."""
    with reading():
        assert session.seconds_since_read() < 60
    read, waited = iter([0.5, 1.0, 4.0]), []
    monkeypatch.setattr(session, "seconds_since_read", lambda: next(read, 0.5))
    monkeypatch.setattr(time, "sleep", waited.append)
    ahead.give_way()
    assert len(waited) == 2
    monkeypatch.setattr(ahead, "MOST_PATIENCE", -1.0)
    ahead.give_way()
    assert len(waited) == 2


LOOKED_BACK = (
    (metrics, "kpis"), (warehouse_segments, "totals"), (risk, "roll_rates_and_transitions"), (risk, "cure_rates"),
)  # fmt: skip


@pytest.mark.parametrize("takes_long", [False, True])
def test_who_looks_back_to_a_day_finds_the_other_pages_of_it_answered(
    published_company: str, monkeypatch: pytest.MonkeyPatch, takes_long: bool
) -> None:
    st.cache_data.clear()
    if takes_long:
        ahead.takes_long.set()
    day, asked = UNTIL - dt.timedelta(days=43), []

    def look_back(page: str) -> None:
        app = page_opened(page, as_of=day.isoformat())
        assert not app.exception and not app.error, said(app)

    look_back("aging")
    for thread in [each for each in threading.enumerate() if each.name == "answers beside"]:
        thread.join(60)

    def noted(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: asked.append((name, given[1])) or ask(*given, **named)

    for module, name in LOOKED_BACK:
        monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    for page in ("kpis", "segments", "recovery"):
        look_back(page)
    expected = [] if takes_long else sorted(name for _module, name in LOOKED_BACK)
    assert sorted(name for name, as_of in asked if as_of == day) == expected
