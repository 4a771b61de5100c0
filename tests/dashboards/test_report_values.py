"""Filtering a report by a value that is not among the first: it is linked to or typed, and looked up either way."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.many_customers import publish_many
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF

from cartera.reports import schedule
from cartera.reports.build import MOST_CHOICES
from dashboards.i18n import Words

ASKED = {"mart": "aging", "by": "customer_name", "show": "open_amount", "where": "customer_name"}
FAR, NEAR = "Cliente 560", "Cliente 003"
MARKS = ("'; drop table ops.reports; --", "%(as_of)s", "**x** [a](http://evil.example)", "nul\0", "x" * 5000)


@pytest.fixture
def many(database: str) -> None:
    publish_many()


def _names(app: AppTest) -> list[str]:
    assert not app.exception and not app.error, said(app)
    return list(app.dataframe[0].value["customer_name"])


def _list(app: AppTest) -> Any:
    return next(each for each in app.selectbox if "customer_name" in str(each.key) and str(each.key).endswith("_add"))


def _typed(app: AppTest, text: str) -> None:
    """As the browser sends what is none of the options."""
    field = _list(app)
    assert text not in field.options
    field.options.append(text)
    field.set_value(text)


def _plainly(app: AppTest) -> str:
    return said(app).replace("\\", "")


def test_a_link_to_any_value_is_understood(open_page: OpenPage, many: None) -> None:
    app = open_page("reports", **ASKED, where_customer_name=[FAR, NEAR])
    assert sorted(_names(app)) == [NEAR, FAR] and "not understood in the link" not in _plainly(app)
    app = open_page("reports", **ASKED, where_customer_name=[FAR, "Cliente 999"])
    assert _names(app) == [FAR]
    assert "“Cliente 999” (shown: Cliente 560)" in _plainly(app)


@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_it_is_said_that_the_first_are_offered_where_there_are_more(
    open_page: OpenPage, many: None, language: str
) -> None:
    words = Words(language)
    app = open_page("reports", **ASKED, lang=language)
    assert words("reports.first_values", count=MOST_CHOICES) in said(app)
    field = _list(app)
    assert len(field.options) == MOST_CHOICES and field.proto.accept_new_options
    assert field.proto.placeholder == words("reports.choose_or_type")
    app = open_page("reports", mart="aging", by="bucket", show="open_amount", where=["bucket", "company_id"])
    assert words("reports.first_values", count=MOST_CHOICES) not in said(app)
    assert not any(each.proto.accept_new_options for each in app.selectbox)


def test_a_value_is_typed_and_taken_out_again(open_page: OpenPage, many: None) -> None:
    app = open_page("reports", **ASKED)
    _typed(app, f" {FAR} ")
    app.run()
    assert _names(app) == [FAR] and app.query_params["where_customer_name"] in (FAR, [FAR])
    _typed(app, "Cliente 561")
    app.run()
    assert sorted(_names(app)) == [FAR, "Cliente 561"]
    assert _names(open_page("reports", **ASKED, where_customer_name=FAR)) == [FAR], "its link does the same"


@pytest.mark.parametrize("mark", ["Cliente 999", *MARKS])
def test_what_no_row_has_is_told_and_changes_nothing(open_page: OpenPage, many: None, mark: str) -> None:
    app = open_page("reports", **ASKED, where_customer_name=NEAR)
    _typed(app, mark)
    app.run()
    assert _names(app) == [NEAR] and "No row has “" in said(app) and "](http" not in said(app)
    app = open_page("reports", **ASKED, where_customer_name=[NEAR, mark])
    assert _names(app) == [NEAR] and "not understood in the link" in _plainly(app)


def test_what_was_chosen_stays_where_no_row_has_it_on_another_day(open_page: OpenPage, many: None) -> None:
    app = open_page("reports", **ASKED, where_customer_name=FAR)
    field = next(each for each in app.date_input if each.label == "As of")
    app = field.set_value(AS_OF.replace(year=2020)).run()
    assert not app.exception and not app.error and "No row meets the filters" in _plainly(app)
    app = next(each for each in app.date_input if each.label == "As of").set_value(AS_OF).run()
    assert _names(app) == [FAR]


def test_a_recipient_is_sent_what_was_typed_or_nothing(open_page: OpenPage, many: None) -> None:
    """Also where it is typed and scheduled at once: without its filter the report would go out whole."""
    app = open_page("reports", report="auditor_aging")
    app = app.selectbox(key="mail_column").set_value("customer_name").run()
    for text, among in (("Cliente 999", None), (FAR, (FAR,))):
        next(each for each in app.text_input if each.label == "Recipient").input("cfo@example.com")
        _typed(app, text)
        app = next(each for each in app.button if each.label == "Schedule").click().run()
        assert not app.exception
        assert [each.filters[0].among for each in schedule.schedules("local")] == ([among] if among else [])
    assert "Scheduled for cfo" in app.success[0].value


def test_a_schedule_of_a_part_without_its_values_is_refused(open_page: OpenPage, many: None) -> None:
    """Nothing chosen of the column, or a name that was typed, looked up and is nobody's before the click."""
    app = open_page("reports", report="auditor_aging")
    app = app.selectbox(key="mail_column").set_value("customer_name").run()
    for text in ("", "Cliente 999"):
        if text:
            _typed(app, text)
            app = app.run()
            assert "No row has “Cliente 999”" in _plainly(app)
        next(each for each in app.text_input if each.label == "Recipient").input("cfo@example.com")
        app = next(each for each in app.button if each.label == "Schedule").click().run()
        assert not app.exception and schedule.schedules("local") == []
        assert Words("EN")("refusal.no_narrowing") in _plainly(app)
