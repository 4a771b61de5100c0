"""The company and currency in force are what the pages of one place begin with; the address says so."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from support.pages import OpenPage
from support.serve_fixture import publish_items, sample_items


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
