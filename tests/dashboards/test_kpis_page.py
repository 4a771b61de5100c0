"""The page of the KPIs over the sandbox company's published ledger: every figure is that of the command line."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.pages import APP, said
from support.sandbox_published import published_sandbox
from support.signed_in import require_sign_in, sign_in_as

from cartera import users
from cartera.db import Role, transaction
from cartera.settings import get_settings
from cartera.warehouse import disputes, dso_bridge, headline, late, metrics, promises, read, risk, segment_moves
from cartera.warehouse import segments as warehouse_segments
from dashboards.components.kpi_grid import grid, labels
from dashboards.i18n import Words
from dashboards.queries import ahead, kpi_export, kpis, overview, receivables, recovery, recovery_rows, session
from dashboards.queries.session import reading

UNTIL = dt.date(2026, 6, 30)
COMPANY_VIEWS = ("company", "as-of-rate")


@pytest.fixture(scope="module")
def published(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with published_sandbox("kpis_page", tmp_path_factory.mktemp("kpis_page"), UNTIL) as name:
        st.cache_data.clear()
        yield name
    st.cache_data.clear()


def _open(**parameters: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    if "lang" in parameters:
        app.query_params["lang"] = parameters["lang"]
    app = app.run().switch_page("app_pages/kpis.py")
    for name, value in parameters.items():
        app.query_params[name] = value
    app = app.run()
    assert not app.exception and not app.error, said(app)
    return app


def _plainly(app: AppTest) -> str:
    """What is said, without the marks that keep text from being read as markup."""
    return said(app).replace("\\", "")


def _rows(view: read.View = "transaction", window: int | None = None, as_of: dt.date = UNTIL) -> list[dict[str, Any]]:
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        return metrics.kpis(connection, as_of, known_at, "company", window, view)


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
    published: str, parameters: dict[str, str], view: read.View, window: int | None, as_of: dt.date
) -> None:
    catalogue, words, shown = metrics.load_catalogue(), Words("EN"), _texts(_open(**parameters))
    rows = _rows(view, window, as_of)
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


def test_the_currency_view_is_said_and_a_stranger_in_the_link_is_refused(published: str) -> None:
    assert "currencies are never added" in said(_open())
    for view in COMPANY_VIEWS:
        assert "all currencies added, in the company's currency" in said(_open(currency_view=view))
    app = _open(currency_view="galactic", window="7", kpi="luck", show="cards", company="nobody")
    assert "currencies are never added" in said(app) and "Days sales outstanding (ending AR)" in _plainly(app)


def test_a_missing_figure_says_why_in_the_readers_language(published: str) -> None:
    for language, reason in (("EN", "has a recorded cost"), ("ES", "tiene un costo registrado")):
        app = _open(lang=language, kpi="cost_to_collect")
        notes = dict(zip(app.dataframe[0].value["kpi"], app.dataframe[0].value["note"], strict=True))
        label = metrics.load_catalogue().find("cost_to_collect").label.of(language)  # type: ignore[union-attr]
        assert reason in notes[label] and (label, "—") in {(k, v) for (k, _), v in _texts(app).items()}
        assert reason in app.dataframe[1].value["reason"].iloc[0]


def test_the_chosen_kpi_is_defined_with_its_parts_and_trend(published: str) -> None:
    app = _open(kpi="past_due_pct")
    text = _plainly(app)
    for part in (
        "The part of the balance whose due date has passed",
        "Due on the as-of date is not past due",
        "finance",
    ):
        assert part in text
    assert app.code[0].value == "AR past due / AR * 100"
    # drawn by Plotly, which AppTest does not know by name
    assert len(app.get("plotly_chart")) == 1
    assert len(_open(kpi="cure_rate").get("plotly_chart")) == 0
    assert "Run `cartera cure`" in said(_open(kpi="cure_rate"))


def test_the_trend_has_every_month_end_and_the_figures_asked_one_by_one(published: str) -> None:
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "transaction", None)
        rows = kpis.trend(opened, asked)
    days = list(dict.fromkeys(rows["as_of_date"]))
    assert days[-1] == UNTIL and len(days) == 13 and days[-2] == dt.date(2026, 5, 31) and days == sorted(days)
    earlier = rows[rows["as_of_date"] == dt.date(2026, 3, 31)]
    found = {(r["company_id"], r["currency_code"], r["kpi"]): r["value"] for r in earlier.to_dict("records")}
    expected = _rows(as_of=dt.date(2026, 3, 31))
    assert found == {
        (r["company_id"], r["currency_code"], metrics.without_window(r["kpi"])): r["value"] for r in expected
    }


def test_a_trend_that_takes_too_long_leaves_the_figures(published: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kpis, "TREND_SECONDS", 0)
    st.cache_data.clear()
    app = _open()
    assert "The trend takes longer" in said(app)
    assert len(app.dataframe) == 2 and not app.get("plotly_chart")
    monkeypatch.setattr(kpis, "TREND_SECONDS", 60)
    (going_on,) = [button for button in app.button if button.label == "Go on with the trend"]
    app = going_on.click().run()
    assert "The trend takes longer" not in said(app) and len(app.get("plotly_chart")) == 1


def test_what_moved_dso_is_the_bridge_of_the_command_line(published: str) -> None:
    app = _open(show="dso", since="2026-02-28", place="andes-pe/PEN")
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


def test_the_export_has_every_figure_to_the_last_decimal(published: str) -> None:
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "company", 30)
    content = kpi_export.figures_csv(Words("EN"), asked, "andes-pe")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    expected = [row for row in _rows("company", 30) if row["company_id"] == "andes-pe"]
    assert {row["kpi"]: row["value"] and Decimal(row["value"]) for row in rows} == {
        metrics.without_window(row["kpi"]): "" if row["value"] is None else row["value"] for row in expected
    }
    assert {(r["currency_view"], r["window_days"], r["as_of_date"]) for r in rows} == {("company", "30", "2026-06-30")}
    since = dt.date(2026, 3, 31)
    (part, *_) = csv.DictReader(io.StringIO(kpi_export.bridge_csv(asked, since, None).decode("utf-8-sig")))
    moved = ("sales", "terms", "mix", "currency", "delinquency", "rounding")
    assert sum(Decimal(part[f"{name}_days"]) for name in moved) == Decimal(part["change_days"])


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
    published: str, page: str, parameters: dict[str, str]
) -> None:
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page(f"app_pages/{page}.py")
    for name, value in parameters.items():
        app.query_params[name] = value
    app = app.run()
    assert not app.exception and not app.error, said(app)
    assert len(app.dataframe) >= 2


SLOW_AT_SIZE = {
    headline: ("trend", "collected_by_month", "expected", "broken_promises", "new_disputes"),
    late: ("late", "totals"),
    warehouse_segments: ("totals",),
    segment_moves: ("moves",),
    risk: ("roll_rates_and_transitions", "cure_rates"),
    promises: ("totals", "by_week", "grouped", "promises"),
    disputes: ("by_reason", "disputes"),
    metrics: ("kpis",),
    read: ("customer_aging", "aging", "unapplied"),
}


def test_what_pages_ask_as_they_open_is_answered_ahead(published: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    for page in ("overview", "aging", "segments", "recovery", "worklist", "promises", "kpis"):
        app = AppTest.from_file(APP, default_timeout=60).run()
        app = app if page == "overview" else app.switch_page(f"app_pages/{page}.py").run()
        assert not app.exception and not app.error, (page, said(app))
    # nor of who sees one company, where a day begins
    require_sign_in(monkeypatch)
    sign_in_as(monkeypatch, "ana@example.com")
    for page in ("overview", "aging", "worklist", "promises"):
        app = AppTest.from_file(APP, default_timeout=60).run()
        app = app if page == "overview" else app.switch_page(f"app_pages/{page}.py").run()
        assert app.title[0].value != "Cartera" and not app.exception and not app.error, (page, said(app))
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.mark.parametrize("is_large", [False, True])
def test_days_that_people_look_back_to_are_answered_ahead_where_answers_take_long(
    published: str, monkeypatch: pytest.MonkeyPatch, is_large: bool
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
    asked = []
    cured = risk.cure_rates
    monkeypatch.setattr(risk, "cure_rates", lambda *given, **named: asked.append(given[1]) or cured(*given, **named))
    for day in (year_ago, last):
        app = AppTest.from_file(APP, default_timeout=60)
        app.query_params["as_of"] = day.isoformat()
        app.run().switch_page("app_pages/recovery.py").run()
        assert not app.exception and not app.error, said(app)
    assert asked == ([] if is_large else [year_ago, last])


def test_a_past_day_is_asked_for_once_nobody_clicks(published: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    published: str, monkeypatch: pytest.MonkeyPatch, takes_long: bool
) -> None:
    st.cache_data.clear()
    monkeypatch.setattr(ahead, "takes_long", threading.Event())
    if takes_long:
        ahead.takes_long.set()
    day, asked = UNTIL - dt.timedelta(days=43), []

    def look_back(page: str) -> None:
        app = AppTest.from_file(APP, default_timeout=60).run().switch_page(f"app_pages/{page}.py")
        app.query_params["as_of"] = day.isoformat()
        app = app.run()
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


def test_a_kpi_leads_to_rows_that_add_up_to_it(published: str) -> None:
    place = max((row for row in _rows() if row["kpi"] == "past_due_pct"), key=lambda row: row["denominator"])
    where = f"{place['company_id']}/{place['currency_code']}"
    for part, figure in (("past_due_amount", "numerator"), ("ar_amount", "denominator")):
        app = _open(kpi="past_due_pct", place=where, rows=part)
        listed = app.dataframe[-1].value
        money = Words("EN").money(place[figure], place["currency_code"]).replace("\xa0", " ")
        assert f"**{money}**" in _plainly(app) and f"That is the {figure} of" in _plainly(app)
        assert len(listed) > 0
    assert "That is the" not in _plainly(_open(kpi="past_due_pct", place=where, rows="1 or 1"))


def test_rows_of_a_kpi_are_in_the_currency_of_their_documents(published: str) -> None:
    app = _open(kpi="past_due_pct", rows="ar_amount", currency_view="company")
    assert "choose that currency view" in _plainly(app) and "That is the" not in _plainly(app)


def test_rows_of_a_kpi_as_a_file(published: str) -> None:
    [row] = [row for row in _rows() if row["kpi"] == "past_due_pct"][:1]
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "transaction", None)
    place = kpis.place(asked, row["company_id"], row["currency_code"])
    text = kpi_export.rows_csv(asked, place, "past_due_amount").decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert sum(Decimal(each["amount"]) for each in found) == row["numerator"]
    assert {each["part"] for each in found} == {"past_due_amount"}
    assert {Decimal(each["total_amount"]) for each in found} == {row["numerator"]}


RECOVERY = (
    # part of the page, a column that tells its table, the row and the column of a figure, what its debts are called
    ("losses", "ecl_amount", 0, "ecl_amount", "Open debts: Not due"),
    ("losses", "ecl_amount", -1, "balance_amount", "Open debts: Total"),
    ("losses", "ecl_amount", 2, "unpaid_amount", "Debts that the rate was learned from: 31-60 days"),
    ("cohorts", "placed_items", 2, "collected_amount", "Debts placed: Sep 2025"),
    ("cohorts", "placed_items", -1, "open_amount", "Debts placed: All months"),
    ("cohorts", "step_1", 1, "step_1", "Debts placed: Aug 2025, 30 d"),
    ("cohorts", "step_1", -1, "step_2", "Debts placed: Cohorts old enough, 60 d"),
    ("rolling", "redefault_rate", 0, "cured", "Debts past due at the start: Cured"),
    ("rolling", "redefault_rate", 1, "delinquent", "Debts past due at the start: Past due"),
    ("rolling", "to paid", 1, "to paid", "Debts from Not due to Paid"),
)


def _clicked(table: str, row: int, column: str, **parameters: str) -> AppTest:
    """The page of recovery with a figure of one of its tables clicked."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["lang"] = parameters.get("lang", "EN")
    app = app.run().switch_page("app_pages/recovery.py")
    for name, value in parameters.items():
        app.query_params[name] = value
    [shown] = [frame for frame in app.run().dataframe if table in frame.value]
    key = shown.proto.id.split("-", 2)[2]
    place = row % len(shown.value)
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(place, column)]}}
    app = app.run()
    assert not app.exception, said(app)
    return app


@pytest.mark.parametrize(("part", "table", "row", "column", "title"), RECOVERY)
def test_a_figure_of_recovery_leads_to_debts_that_add_up_to_it(
    published: str, part: str, table: str, row: int, column: str, title: str
) -> None:
    app = _clicked(table, row, column, part=part)
    assert not app.error and title in _plainly(app), _plainly(app)
    assert "rows add up to the figures" in said(app)
    assert any("customer_name" in frame.value and len(frame.value) for frame in app.dataframe)


def test_debts_that_do_not_add_up_to_a_figure_say_so(published: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cured = risk.cure_rates

    def one_more(*given: Any, **named: Any) -> list[dict[str, Any]]:
        return [row | {"cured": row["cured"] + 1} for row in cured(*given, **named)]

    monkeypatch.setattr(risk, "cure_rates", one_more)
    st.cache_data.clear()
    app = _clicked("redefault_rate", 0, "cured", lang="ES")
    assert "Las filas suman" in app.error[0].value and "cartera doctor" in app.error[0].value
    st.cache_data.clear()


def test_debts_of_a_cohort_as_a_file(published: str) -> None:
    with reading() as opened:
        clocks = opened.clocks
        figures = recovery.liquidation(opened, clocks)
    row = figures[figures["cohort_month"].isna()].iloc[0]
    asked = recovery_rows.cohort(f"{row['company_id']}/{row['currency_code']}", clocks, None)
    text = recovery_rows.cohort_csv(asked, "collected_amount", clocks).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == row["placed_items"]
    for name in recovery_rows.MEASURES:
        assert sum(Decimal(each[name]) for each in found) == row[name]
    assert {(each["company_id"], each["as_of_date"]) for each in found} == {(row["company_id"], UNTIL.isoformat())}


@pytest.mark.parametrize("company", ["", "andes-pe"])
def test_what_was_collected_this_month_leads_to_its_payments(published: str, company: str) -> None:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["currency"] = "PEN"
    if company:
        app.query_params["company"] = company
    app = app.run()
    assert "rows add up to the figures" not in said(app)
    app = app.toggle(key="collected_rows").set_value(True).run()
    assert not app.exception and not app.error, said(app)
    with reading() as opened:
        asked = overview.asked(opened, "PEN", company or None)
        month, figure = overview.collected(opened, asked)[-1]
    assert month == UNTIL.replace(day=1) and figure > 0
    money = Words("EN").money(figure, "PEN").replace("\xa0", " ")
    assert f"rows add up to the figures: **Collected {money}**" in _plainly(app)
    payments = next(frame.value for frame in app.dataframe if "date" in frame.value and "amount" in frame.value)
    assert min(payments["date"]) >= month and sum(payments["amount"]) == figure
