"""Each page with nothing published, nothing open, one row, many rows, and a database that fails."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import PAGES, OpenPage, said, still_tables
from support.serve_fixture import AS_OF, EVER, KNOWN_AT, item, publish_items, record_run, sample_items

from cartera.settings import get_settings

FIGURES = ("overview", "aging", "segments", "recovery", "promises", "kpis")

TITLES = {
    "customer": {
        "EN": "Everything about one customer",
        "ES": "Todo sobre un cliente",
        "PT": "Tudo sobre um cliente",
    },
    "worklist": {
        "EN": "Who to act on now",
        "ES": "Con quién actuar ahora",
        "PT": "Com quem agir agora",
    },
    "reports": {
        "EN": "Reports",
        "ES": "Informes",
        "PT": "Relatórios",
    },
    "overview": {"EN": "What is owed to us", "ES": "Lo que nos deben", "PT": "O que nos devem"},
    "aging": {
        "EN": "How old is what we are owed?", "ES": "¿Qué antigüedad tiene lo que nos deben?",
        "PT": "Qual é a idade do que nos devem?",
    },
    "segments": {
        "EN": "Where is the money stuck?", "ES": "¿Dónde está detenido el dinero?",
        "PT": "Onde o dinheiro está parado?",
    },
    "recovery": {
        "EN": "What becomes of what is late?", "ES": "¿Qué pasa con lo que se atrasa?",
        "PT": "O que acontece com o que atrasa?",
    },
    "promises": {
        "EN": "Who promised, and who contests?", "ES": "¿Quién prometió y quién disputa?",
        "PT": "Quem prometeu e quem contesta?",
    },
    "campaigns": {
        "EN": "What do we send, and what does it bring?", "ES": "¿Qué enviamos y qué se logra?",
        "PT": "O que enviamos e o que isso traz?",
    },
    "kpis": {"EN": "How well do we collect?", "ES": "¿Qué tan bien cobramos?", "PT": "Quão bem cobramos?"},
    "data_health": {
        "EN": "Is the data sound?", "ES": "¿Son fiables los datos?", "PT": "Os dados são confiáveis?",
    },
}  # fmt: skip


@pytest.mark.parametrize("page", FIGURES)
def test_before_the_first_publication_a_page_says_what_to_do(open_page: OpenPage, page: str) -> None:
    app = open_page(page)
    assert not app.exception and not app.metric and not app.dataframe
    assert "Nothing is published yet" in said(app)
    assert "make demo" in said(app)


def test_data_health_works_before_the_first_publication(open_page: OpenPage) -> None:
    told = said(open_page("data_health"))
    assert "There has been no run yet" in told and "make demo" in told
    record_run(status="stopped", checks=[("landed", "invoices", "totals", "critical", False, "total is negative")])
    app = open_page("data_health")
    assert "stopped before anything was published" in app.error[0].value
    assert "total is negative" in app.error[0].value
    assert "got no certificate" in said(app)


@pytest.mark.parametrize("page", FIGURES)
def test_when_nothing_is_open_a_page_says_so(open_page: OpenPage, page: str) -> None:
    publish_items([item("1", AS_OF, "10", settled_date=AS_OF)])
    app = open_page(page)
    assert not app.exception and not app.metric
    assert "Nothing is open" in said(app) and "30 Jun 2026" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_one_row(open_page: OpenPage, page: str) -> None:
    publish_items([item("1", AS_OF, "1234.5")])
    app = open_page(page)
    assert not app.exception and not app.error
    if page == "overview":
        figures = [metric.value for metric in app.metric]
        assert figures == ["1,234.50", "0.00", "0.0%", "0.00", "—", "—", "0.00", "0.00"]
        assert (app.metric[0].delta, app.metric[0].proto.delta_description) == ("0.0%", "1 open item")
    if page == "aging":
        (customers,) = [each.value for each in app.dataframe if "customer_name" in each.value]
        assert list(customers["customer_name"]) == ["All customers (1)", "Comercial Andina SAC"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_full_data_in_every_language(open_page: OpenPage, page: str, language: str) -> None:
    publish_items(sample_items())
    app = open_page(page, lang=language)
    assert not app.exception and not app.error
    assert app.title[0].value == TITLES[page][language]


def test_overview_shows_exact_sums_of_one_currency(open_page: OpenPage) -> None:
    items = sample_items()
    publish_items(items)
    app = open_page("overview", currency="USD")
    usd = [each for each in items if each.currency_code == "USD" and each.item_type == "instalment"]
    owed = sum((each.item_amount for each in usd), Decimal(0))
    late = sum((each.item_amount for each in usd if each.due_date < AS_OF), Decimal(0))
    assert [metric.label for metric in app.metric][:2] == ["Total open, USD", "Overdue, USD"]
    assert [metric.value for metric in app.metric][:3] == [f"{owed:,.2f}", f"{late:,.2f}", f"{late / owed:.1%}"]


def test_figures_carry_date_currency_and_publication(open_page: OpenPage) -> None:
    published_at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)
    publish_items(sample_items(), published_at=published_at)
    app = open_page("overview", currency="COP")
    for text in (app.metric[0].help, said(app)):
        assert "As of 30 Jun 2026" in text
        assert "known at 30 Jun 2026, 23:00 UTC" in text
        assert f"{published_at:%H:%M} UTC (3 hours ago)" in text
        assert "COP" in text
    assert "issued and not settled" in app.metric[0].help


def test_the_default_currency_has_the_most_open_items(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "9", currency_code="USD"), item("2", AS_OF, "1"), item("3", AS_OF, "1")])
    assert open_page("overview").metric[0].label == "Total open, PEN"


@pytest.mark.parametrize("parameters", [{"currency": "XXX"}, {"company": "nobody"}, {"lang": "tlh"}])
def test_a_link_that_asks_for_what_is_not_there_gets_the_default(
    open_page: OpenPage, parameters: dict[str, str]
) -> None:
    publish_items(sample_items())
    app = open_page("overview", **parameters)
    assert not app.exception
    assert app.metric[0].label == "Total open, PEN"


def test_a_company_is_chosen_by_link_and_all_are_added_otherwise(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "5", company_id="lima"), item("2", AS_OF, "7", company_id="quito")])
    assert open_page("overview").metric[0].value == "12.00"
    assert open_page("overview", company="quito").metric[0].value == "7.00"


def test_aging_as_of_an_earlier_day_and_as_known_then(open_page: OpenPage) -> None:
    late_news = dt.datetime(2026, 6, 20, tzinfo=dt.UTC)
    publish_items(
        [
            item("1", dt.date(2026, 5, 1), "100", settled_date=dt.date(2026, 6, 15)),
            item("2", dt.date(2026, 5, 1), "40", issue_date=dt.date(2026, 4, 1), recorded_from=late_news),
        ]
    )
    assert _all_customers(open_page("aging"))["open_amount"] == Decimal("40")
    assert _all_customers(open_page("aging", as_of="2026-06-10"))["open_amount"] == Decimal("140")
    assert _all_customers(open_page("aging", as_of="2026-06-10"))["31-60"] == Decimal("140")
    app = open_page("aging", as_of="2026-06-10", known_at="2026-06-12")
    assert _all_customers(app)["open_amount"] == Decimal("100")
    assert "As of 10 Jun 2026 · known at 12 Jun 2026, 23:59 UTC" in said(app)


def _all_customers(app: AppTest) -> Any:
    return next(each.value for each in app.dataframe if "customer_name" in each.value).iloc[0]


@pytest.mark.parametrize("page", PAGES)
def test_a_database_that_does_not_answer_gives_a_reference_that_is_in_the_log(
    open_page: OpenPage, page: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTERA_DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:1/nothing")
    get_settings.cache_clear()
    app = open_page(page)
    assert not app.exception and not app.metric and not app.dataframe
    shown = app.error[0].value
    assert "could not be read" in shown and "cartera doctor" in shown
    assert "Traceback" not in shown and "secret-word" not in shown
    reference = shown.split("Reference ")[1].split()[0]
    log = (home / "logs" / "dashboard.log").read_text(encoding="utf-8")
    assert f"reference {reference}" in log
    assert "secret-word" not in log


def test_a_query_that_fails_shows_no_figure(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr("cartera.warehouse.read.customer_aging", lambda *_, **__: 1 / 0)
    app = open_page("overview")
    assert "could not be read" in app.error[0].value
    assert not app.metric and not still_tables(app) and not app.exception


def test_names_from_outside_are_shown_as_they_are(open_page: OpenPage) -> None:
    name = '=HYPERLINK("http://example.com") **Bold** [link](http://example.com) $x$ <img src=x onerror=alert(1)> &lt;'
    publish_items([item("1", AS_OF, "10", customer_name=name)])
    record_run(
        status="stopped",
        started_at=dt.datetime.now(dt.UTC),
        checks=[("marts", "[a](http://example.com)", "c", "critical", False, "**loud** ![x](http://example.com/x)")],
    )
    app = open_page("overview")
    assert list(still_tables(app)[-1]["Customer"]) == ["'" + name]
    (chooser,) = [each for each in app.selectbox if each.label == "Show the invoices of"]
    assert chooser.options == [name]
    assert "\\[a\\]\\(http" in app.error[0].value and "\\*\\*loud\\*\\*" in app.error[0].value


def test_known_at_is_never_later_than_the_publication(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "10", recorded_from=EVER)])
    app = open_page("aging", known_at=KNOWN_AT.date().isoformat())
    assert "known at 30 Jun 2026, 23:00 UTC" in said(app)


@pytest.mark.parametrize("page", ["aging", "segments", "recovery", "kpis"])
def test_before_anything_was_known_nothing_is_said_of_what_was_open(open_page: OpenPage, page: str) -> None:
    publish_items(sample_items())
    app = open_page(page, known_at="2019-12-31")
    assert not app.exception and not app.error
    assert "Nothing was known yet" in said(app) and "Nothing is open" not in said(app)
    app = open_page(page, as_of="1995-05-05")
    assert "Nothing is open" in said(app) and "Nothing was known yet" not in said(app)
