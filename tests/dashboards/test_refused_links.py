"""What a link asks for and the page does not have: told in the reader's language, gone with the next choice."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage
from support.serve_fixture import publish_items, sample_items
from support.signed_in import require_sign_in, sign_in_as

from cartera import users
from dashboards.components.refused import LONGEST
from dashboards.components.view import NOTHING
from dashboards.i18n import Words
from dashboards.queries import campaigns
from dashboards.queries.session import reading


def told(app: AppTest, language: str = "EN") -> list[str]:
    line = Words(language)("filter.refused")
    return [each.value for each in app.caption if line in each.value]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("EN", ["As of “2026\\-13\\-45” (shown: 30 Jun 2026)", "Bucket “400\\-500” (shown: All)"]),
        ("ES", ["Al día “2026\\-13\\-45” (se muestra: 30 jun 2026)", "Tramo “400\\-500” (se muestra: Todos)"]),
        ("PT", ["Na data de “2026\\-13\\-45” (é mostrado: 30 jun. 2026)", "Faixa “400\\-500” (é mostrado: Todas)"]),
    ],
)
def test_what_is_refused_is_told_with_what_is_shown_instead(
    open_page: OpenPage, language: str, expected: list[str]
) -> None:
    publish_items(sample_items())
    app = open_page("aging", as_of="2026-13-45", bucket="400-500", lang=language)
    assert not app.exception and not app.error
    (line,) = told(app, language)
    assert all(each in line.replace("\\.", ".") for each in expected), line


def test_a_choice_there_takes_it_away_and_leaving_the_page_takes_all(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("aging", as_of="1889-01-01", bucket="400-500", by="planet")
    (line,) = told(app)
    assert "1889" in line and "400" in line and "planet" in line
    assert told(app.run()) == [line], "it stays while nothing is chosen"
    app = app.selectbox(key="bucket_EN").set_value("1-30").run()
    (line,) = told(app)
    assert "1889" in line and "400" not in line and "planet" in line
    app = app.switch_page("app_pages/segments.py").run()
    assert not told(app) and not told(app.switch_page("app_pages/aging.py").run())


def test_the_language_is_switched_under_it(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("segments", as_of="yesterday", scheme="taste")
    assert told(app)
    app = app.sidebar.segmented_control(key="lang").set_value("ES").run()
    (line,) = told(app, "ES")
    assert "yesterday" in line and "taste" in line and not told(app)


def test_what_is_understood_is_not_told(open_page: OpenPage) -> None:
    publish_items(sample_items())
    for page, parameters in {
        "aging": {
            "as_of": "2026-05-31",
            "known_at": "2026-06-30",
            "currency": "USD",
            "bucket": "1-30",
            "by": "country",
        },
        "recovery": {"as_of": "2026/05/31", "part": "losses", "factor": "1.05", "where": "main/PEN"},
        "kpis": {"window": "30", "currency_view": "transaction", "as_of": ""},
        "reports": {"mart": "kpis"},
    }.items():
        app = open_page(page, **parameters)
        assert not app.exception and not told(app), page


def test_a_saved_view_of_what_is_no_longer_there_says_so(open_page: OpenPage) -> None:
    """Streamlit has taken its company and currency out of the address by then: the word that opens it has them too."""
    publish_items(sample_items())
    app = open_page("aging", view="company=closed-co&currency=XTS")
    (line,) = told(app)
    assert "closed" in line and "XTS" in line
    app = app.switch_page("app_pages/overview.py").run()
    assert not app.exception and not told(app)
    assert not told(open_page("aging", view="currency=USD"))


def test_a_language_that_is_not_there_is_told_until_one_is_chosen(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("overview", lang="FR")
    (line,) = told(app)
    assert "Idioma “FR” (shown: EN)" in line
    assert told(app.run()) == [line]
    app = app.sidebar.segmented_control(key="lang").set_value("PT").run()
    assert not told(app, "PT") and not told(app)


@pytest.mark.parametrize("asked", ["es", "es-PE", "ES_419"])
def test_a_language_as_others_write_it_is_understood(open_page: OpenPage, asked: str) -> None:
    publish_items(sample_items())
    app = open_page("aging", lang=asked)
    assert app.segmented_control(key="lang").value == "ES" and not told(app, "ES") and not app.warning
    assert app.title[0].value == Words("ES")("aging.title")


def test_outside_text_is_text_and_short(open_page: OpenPage) -> None:
    publish_items(sample_items())
    bucket = "**now** [here](http://evil.example)\n# \u202egnp" + "x" * 200
    (line,) = told(open_page("aging", bucket=bucket))
    assert "\\*\\*now\\*\\* \\[here\\]\\(http" + NOTHING in line and "\u202e" not in line and "\n" not in line
    asked = line.split("“")[1].split("”")[0].replace("\\", "").replace(NOTHING, "")
    assert len(asked) <= LONGEST and asked.endswith("…")


@pytest.mark.parametrize(
    ("page", "parameters"),
    [
        ("overview", {"currency": "XXX"}),
        ("overview", {"company": "nobody"}),
        ("overview", {"lang": "FR"}),
        ("aging", {"customer": "nobody"}),
        ("worklist", {"customer": "nobody", "currency": "PEN"}),
        ("recovery", {"part": "losses", "factor": "a lot"}),
        ("recovery", {"part": "losses", "factor": "-1"}),
        ("kpis", {"kpi": "happiness"}),
        ("segments", {"segment": "taste"}),
        ("segments", {"known_at": "2090-01-01"}),
        ("reports", {"report": "4711"}),
        ("reports", {"mart": "weather"}),
        ("reports", {"by": "weather"}),
    ],
)
def test_every_filter_tells_it(open_page: OpenPage, page: str, parameters: dict[str, str]) -> None:
    publish_items(sample_items())
    app = open_page(page, **parameters)
    assert not app.exception and not app.error
    (line,) = told(app)
    assert line.count("“") == 1, line


def test_who_may_see_one_company_is_told_that_the_link_is_of_another(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items(sample_items())
    require_sign_in(monkeypatch)
    users.add("ana@example.com", "manager", ["norte"], "test")
    sign_in_as(monkeypatch, "ana@example.com")
    (line,) = told(open_page("overview", company="main"))
    assert "Company “main” (shown: norte)" in line
    assert not told(open_page("overview", company="norte"))


def test_of_several_columns_the_strangers_are_told(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart="aging", show="weather")
    assert "weather" in told(app)[0]
    app = app.selectbox(key="report_mart_new_EN").set_value("promises").run()
    assert not told(app), "what the next mart has not is nobody's link"


def test_where_one_plan_waits_a_link_to_another_is_told(open_page: OpenPage, planned: int) -> None:
    app = open_page("campaigns", plan="4711")
    (line,) = told(app)
    assert "Plan “4711”" in line and "default" in line
    assert told(app.run()) == [line]
    with reading() as opened:
        (own,) = campaigns.plans(opened)["plan_id"]
    assert not told(open_page("campaigns", plan=str(own))) and not told(open_page("campaigns"))
