"""A link from a figure opens its rows or its customer as of the figure's clocks, whatever was chosen elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from support.kpi_page import UNTIL
from support.pages import OpenPage, page_opened, said
from support.serve_fixture import publish_items, sample_items

from cartera.reports import store
from cartera.reports.document import Document, Part
from dashboards.components.headline_extras import MADE_OF

PAST = UNTIL - dt.timedelta(days=45)
CHOSEN = [{"as_of": PAST.isoformat()}, {"known_at": PAST.isoformat()}]


def _ran(app: AppTest) -> AppTest:
    app = app.run()
    assert not app.exception and not app.error, [each.value for each in app.error]
    return app


def _to(app: AppTest, page: str, **parameters: str) -> AppTest:
    """As a browser goes there: what the address said is gone."""
    app.switch_page(f"app_pages/{page}.py")
    app.query_params.clear()
    for name, value in parameters.items():
        app.query_params[name] = value
    return _ran(app)


def _after_aging(page: str, chosen: dict[str, str]) -> AppTest:
    """That page, once dates were chosen on another."""
    return _to(page_opened("aging", **chosen), page, lang="EN")


def _link(app: AppTest, named: str) -> Any:
    return next(each.proto for each in app.get("page_link") if named in each.proto.query_string)


def _asked(app: AppTest, named: str) -> dict[str, str]:
    return dict(parse_qsl(_link(app, named).query_string))


def _followed(app: AppTest, named: str) -> AppTest:
    return _to(app, _link(app, named).page.replace("-", "_"), **_asked(app, named))


def _clicked(app: AppTest, column: str) -> AppTest:
    """The first cell of that column, of the last table that has it."""
    frame = [each for each in app.dataframe if column in each.value][-1]
    key = frame.proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(0, column)]}}
    return _ran(app)


def _clocks(app: AppTest) -> tuple[dt.date, dt.date | None]:
    """Of the page's own filters."""
    return app.date_input(key="as_of").value, app.date_input(key="known_at").value


@pytest.mark.parametrize("chosen", CHOSEN)
def test_the_rows_of_a_card_are_as_published(published_company: str, chosen: dict[str, str]) -> None:
    for _kpi, part in MADE_OF.values():
        opened = _followed(_after_aging("overview", chosen), f"rows={part}")
        assert _clocks(opened) == (UNTIL, None)
        assert "That is the numerator of" in said(opened), part


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_customer_of_the_overview_is_as_published(published_company: str, chosen: dict[str, str]) -> None:
    app = _after_aging("overview", chosen)
    app = _ran(app.selectbox(key="debtor_EN").select_index(1))
    assert _clocks(_followed(app, "customer=")) == (UNTIL, None)


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_customer_of_the_worklist_is_as_published(published_company: str, chosen: dict[str, str]) -> None:
    assert _clocks(_followed(_after_aging("worklist", chosen), "customer=")) == (UNTIL, None)


def test_a_customer_of_a_report_is_as_of_the_day_of_the_report(open_page: OpenPage) -> None:
    publish_items(sample_items(), as_of=UNTIL + dt.timedelta(days=15))
    open_items = Part(mart="open_items", dimensions=("bucket",), measures=("open_amount",))
    kept = store.save("local", "At month-end", Document(parts=(open_items,), as_of="last_month_end"))
    app = open_page("reports", report=kept.report_id)
    for column in ("open_amount", "customer_name"):
        app = _clicked(app, column)
    link = _asked(app, "customer=")
    assert link["as_of"] == UNTIL.isoformat() and "known_at" not in link
    assert _clocks(_followed(app, "customer=")) == (UNTIL, None)


def test_a_link_from_a_page_with_dates_asks_for_nothing_else(published_company: str) -> None:
    """Its dates are those in force, with which the customer's page begins."""
    app = _clicked(page_opened("promises", as_of=PAST.isoformat()), "customer_name")
    assert list(_asked(app, "customer=")) == ["customer"]
