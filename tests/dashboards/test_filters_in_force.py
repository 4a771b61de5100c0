"""The company and currency in force are what the pages of one place begin with; the address says so."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest
from support.pages import OpenPage
from support.serve_fixture import publish_items, sample_items

from cartera.reports import store
from cartera.reports.document import Document, Filter, Part


def _opened(app: AppTest, page: str) -> AppTest:
    app = app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception and not app.error
    return app


def _address(app: AppTest, name: str) -> str | None:
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def test_a_page_of_one_place_begins_with_the_company_and_currency_in_force(open_page: OpenPage) -> None:
    publish_items(sample_items())
    overview = open_page("overview", currency="USD", company="norte")
    assert _address(_opened(overview, "recovery"), "where") == "norte/USD"
    assert _address(_opened(overview, "kpis"), "place") == "norte/USD"


def test_of_all_companies_it_is_that_with_most_open_items_of_the_currency(open_page: OpenPage) -> None:
    publish_items(sample_items())
    overview = open_page("overview", currency="COP")
    assert _address(_opened(overview, "recovery"), "where") == "main/COP"
    assert _address(_opened(overview, "kpis"), "place") == "main/COP"


def test_a_link_without_one_is_of_most_open_items_for_everybody(open_page: OpenPage) -> None:
    publish_items(sample_items())
    for page, name in (("recovery", "where"), ("kpis", "place")):
        app = open_page(page)
        assert _address(app, name) is None
        assert app.selectbox(key=f"{name}_EN").value == "main/PEN"


def test_another_place_is_chosen_over_what_is_in_force(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = _opened(open_page("overview", currency="USD"), "recovery")
    app = app.selectbox(key="where_EN").set_value("main/PEN").run()
    assert not app.exception and _address(app, "where") is None
    app = app.sidebar.segmented_control(key="lang").set_value("ES").run()
    assert app.selectbox(key="where_ES").value == "main/PEN" and _address(app, "where") is None


OPEN = {"look_at": "expected", "bar": "1-30", "box": "2026-06-30/1-30"}


def test_what_is_open_on_the_overview_is_in_its_address(open_page: OpenPage) -> None:
    publish_items(sample_items())
    plain = open_page("overview", currency="PEN")
    before = len(plain.dataframe)
    debtor = _address(plain.selectbox(key="debtor_EN").select_index(2).run(), "debtor")
    assert debtor and debtor.startswith("files:")
    app = open_page("overview", currency="PEN", debtor=debtor, **OPEN)
    assert not app.exception and not app.error, [each.value for each in app.error]
    assert {name: _address(app, name) for name in OPEN} == OPEN and _address(app, "debtor") == debtor
    assert len(app.dataframe) == before + 4, "each has its rows"
    app = app.button(key="chip_bar").click().run()
    app = app.selectbox(key="debtor_EN").set_value(None).run()
    assert not {"bar", "debtor"} & set(app.query_params) and "box" in app.query_params
    app = app.switch_page("app_pages/aging.py").run().switch_page("app_pages/overview.py")
    app.query_params.clear()  # as a browser does when the page changes
    app = app.run()
    assert not set(OPEN) & set(app.query_params) and len(app.dataframe) == before


def test_what_the_overview_can_not_open_is_told_and_stays_shut(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("overview", currency="PEN", **dict.fromkeys(("debtor", "collected_rows", *OPEN), "nobody"))
    assert not app.exception and not app.error
    (line,) = [each.value for each in app.caption if "nobody" in each.value]
    assert line.count("nobody") == line.count("shown: none") == 5
    assert not set(OPEN) & set(app.query_params)


def test_nothing_chosen_where_the_default_is_something_stays_so(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns", look="calendar", lives_in="")
    assert app.selectbox(key="lives_in_EN").value == "", "as the address of a reload or a saved view says it"
    app = app.sidebar.segmented_control(key="lang").set_value("ES").run()
    assert app.selectbox(key="lives_in_ES").value == "" and _address(app, "lives_in") == ""
    assert open_page("campaigns", look="calendar").selectbox(key="lives_in_EN").value == "MX"


def test_a_report_without_its_own_period_stays_without_it_in_another_language(open_page: OpenPage) -> None:
    publish_items(sample_items())
    due = Filter(column="due_date", period="last_30_days")
    part = Part(mart="open_items", dimensions=("document_number",), measures=("open_amount",), filters=(due,))
    saved = store.save("local", "Due", Document(parts=(part,)))

    def period(app: AppTest) -> Any:
        assert not app.exception and not app.error
        return next(each for each in app.selectbox if str(each.key).startswith("report_where_due_date_"))

    app = open_page("reports", report=saved.report_id)
    assert period(app).value == "last_30_days"
    app = period(app).set_value("").run()
    assert _address(app, "where_due_date") == ""
    app = app.sidebar.segmented_control(key="lang").set_value("ES").run()
    assert period(app).value == "" and _address(app, "where_due_date") == ""
