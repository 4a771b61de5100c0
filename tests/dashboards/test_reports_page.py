"""The page of reports and the saved views: built, narrowed, saved, shared, scheduled; links; what is not there."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items, sample_items

from cartera import viewed
from cartera.db import Role, transaction
from cartera.reports import schedule, store, views
from cartera.reports.document import Document, Filter, Part
from cartera.reports.exports import FORMATS
from cartera.reports.marts import MARTS
from cartera.reports.wording import Wording
from dashboards.components import clicks
from dashboards.components.export import logged
from dashboards.i18n import OF_REPORTS, Words
from dashboards.queries import reports
from dashboards.queries.export import Counted
from dashboards.queries.session import Clocks

CLOCKS = Clocks(AS_OF, KNOWN_AT)
AGING = Document(parts=(Part(mart="aging", dimensions=("bucket",), measures=("open_amount",)),))
SERVED = ("aging", "open_items", "segments", "kpis")
"""The marts that the small published set has."""


def _rows(app: AppTest) -> Any:
    assert not app.exception and not app.error, said(app)
    return app.dataframe[0].value


def _button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label == label)


def _links(app: AppTest) -> list[str]:
    return [each.proto.label for each in app.get("page_link")]


def _plainly(app: AppTest) -> str:
    return said(app).replace("\\", "")


@pytest.mark.parametrize("mart", SERVED)
@pytest.mark.parametrize("lang", ["EN", "ES", "PT"])
def test_every_mart_opens_with_something_to_see(open_page: OpenPage, mart: str, lang: str) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart=mart, lang=lang)
    assert list(_rows(app).columns)[-len(MARTS[mart].shown) :]
    assert len(app.get("download_button")) == 4


def test_rows_add_up_to_the_total_that_is_said(open_page: OpenPage) -> None:
    items = sample_items()
    publish_items(items)
    app = open_page("reports", mart="aging", by="bucket", show="open_amount")
    shown = _rows(app)
    for code in ("PEN", "USD", "COP"):
        expected = sum(
            (i.item_amount for i in items if (i.item_type, i.currency_code) == ("instalment", code)), Decimal(0)
        )
        assert sum(shown[shown["currency_code"] == code]["open_amount"], Decimal(0)) == expected
        totals = app.dataframe[1].value.set_index("total")
        (line,) = [label for label in totals.index if code in label]
        assert totals.loc[line, "open_amount"] == expected


@pytest.mark.parametrize("asked", [{}, {"report": "auditor_aging"}])
def test_what_is_open_stands_first_and_the_largest_on_top(open_page: OpenPage, asked: dict[str, str]) -> None:
    publish_items(sample_items())
    rows = _rows(open_page("reports", **asked))
    named = list(rows.columns)
    assert named[0] == "customer_name" and named[named.index("currency_code") + 1] == "open_amount"
    for _code, own in rows.groupby("currency_code"):
        assert list(own["open_amount"]) == sorted(own["open_amount"], reverse=True)


def test_a_link_gives_the_same_report_and_strangers_are_left_out(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart="moon", by="moon", show="x; drop", where="moon", report="moon")
    assert set(_rows(app).columns) >= {"customer_name", "open_amount"}
    app = open_page("reports", mart="open_items", by="bucket", show="items", where="bucket", where_bucket="1-30")
    assert set(_rows(app)["bucket"]) == {"1-30 days"}
    assert "Bucket: 1-30 days" in _plainly(app)


def test_an_amount_is_typed_as_the_language_writes_it_and_linked_as_a_program_does(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "1500"), item("2", AS_OF, "20")])
    asked = {"mart": "open_items", "by": "document_number", "show": "open_amount", "where": "open_amount"}
    app = open_page("reports", lang="PT", **asked)
    assert len(_rows(app)) == 2
    field = next(each for each in app.text_input if each.placeholder == "1.000,00")
    app = field.set_value("1.000").run()
    assert not app.exception and len(_rows(app)) == 1, "a thousand, not one"
    assert app.query_params["where_open_amount"] in ("1000", ["1000"])
    app = open_page("reports", lang="PT", **asked, where_open_amount="1000")
    assert next(each for each in app.text_input if each.placeholder == "1.000,00").value == "1.000,00"
    assert len(_rows(app)) == 1
    app = open_page("reports", **asked, where_open_amount="a lot")
    assert "Write an amount, as 1,000.00" in said(app) and not app.exception


def test_an_amount_has_as_many_decimals_as_marts_keep(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "1500.125"), item("2", AS_OF, "1500.1")])
    asked = {"mart": "open_items", "by": "document_number", "show": "open_amount", "where": "open_amount"}
    app = open_page("reports", lang="PT", **asked)
    field = next(each for each in app.text_input if each.placeholder == "1.000,00")
    app = field.set_value("1.500,125").run()
    assert len(_rows(app)) == 1 and app.query_params["where_open_amount"] in ("1500.125", ["1500.125"])
    assert len(_rows(open_page("reports", **asked, where_open_amount="1500.125"))) == 1


@pytest.mark.parametrize(
    ("language", "typed", "either"),
    [
        ("EN", "1.125", "1,125.00 or 1.1250"),
        ("ES", "1.125", "1,125.00 o 1.1250"),
        ("PT", "1,125", "1.125,00 ou 1,1250"),
    ],
)
def test_what_may_be_thousands_or_decimals_is_neither_until_it_is_said(
    open_page: OpenPage, language: str, typed: str, either: str
) -> None:
    publish_items([item("1", AS_OF, "1.125"), item("2", AS_OF, "1.1"), item("3", AS_OF, "1125")])
    asked = {"mart": "open_items", "by": "document_number", "show": "open_amount", "where": "open_amount"}
    app = open_page("reports", lang=language, **asked)
    place = next(number for number, each in enumerate(app.text_input) if each.placeholder[1:] in (",000.00", ".000,00"))
    app = app.text_input[place].set_value(typed).run()
    for _time in range(2):
        assert either in _plainly(app) and len(_rows(app)) == 3
        app = app.run()
    app = app.text_input[place].set_value(f"{typed}0").run()
    assert either not in _plainly(app) and len(_rows(app)) == 2
    # a program writes it one way alone, and the field shows that
    app = open_page("reports", lang=language, **asked, where_open_amount="1.125")
    assert app.text_input[place].value == typed and len(_rows(app)) == len(_rows(app.run())) == 2


@pytest.mark.parametrize("language", ["EN", "PT"])
def test_reports_that_are_called_alike_can_all_be_opened(open_page: OpenPage, language: str) -> None:
    """One's own may have the name that a ready-made one, or the way to a new one, has in the reader's language."""
    publish_items(sample_items())
    ready = Wording(OF_REPORTS[language])("ready.auditor_aging")
    own = [store.save("local", name, AGING) for name in (ready, f"{ready} (of local)", Words(language)("reports.new"))]
    for each in own:
        app = open_page("reports", report=each.report_id, lang=language)
        chosen = next(field for field in app.selectbox if str(field.key).startswith("report_report_"))
        assert len(chosen.options) == len(set(chosen.options)) and ready in chosen.options
        assert chosen.value == each.report_id and "local" in chosen.options[chosen.index]


def test_what_a_click_did_is_told_in_the_language_that_is_chosen_meanwhile(open_page: OpenPage) -> None:
    publish_items(sample_items())
    saved = store.save("local", "Mine", AGING)
    app = open_page("reports", report=saved.report_id)
    _button(app, "Share with everybody").click()
    app = app.segmented_control(key="lang").set_value("ES").run()
    assert app.success[0].value == Words("ES")("reports.shared", name="Mine")


def test_a_saved_report_opens_changes_and_is_deleted(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart="aging", by="bucket", show="open_amount")
    name = next(each for each in app.text_input if each.label == "Name of the report")
    name.input("By bucket")
    app = _button(app, "Save report").click().run()
    assert not app.error and not app.exception, said(app)
    (saved,) = [each for each in store.listed("local") if each.owner]
    assert saved.name == "By bucket" and saved.document.parts[0].dimensions == ("bucket",)
    assert "Saved: By bucket" in app.success[0].value

    app = open_page("reports", report=saved.report_id)
    assert list(_rows(app).columns) == ["bucket", "currency_code", "open_amount"]
    app = _button(app, "Share with everybody").click().run()
    assert store.find("somebody", saved.report_id).is_shared
    app = _button(app, "Yes, delete").click().run()
    assert not app.error and [each for each in store.listed("local") if each.owner] == []


def test_one_that_asks_for_what_is_gone_says_so_and_can_be_deleted(open_page: OpenPage) -> None:
    publish_items(sample_items())
    saved = store.save("local", "Gone", AGING)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.reports set document = jsonb_set(document, '{parts,0,mart}', '\"glory\"')")
    app = open_page("reports")
    assert not app.error and app.dataframe, "the others work"
    app = open_page("reports", report=saved.report_id)
    assert "there is no mart 'glory'" in app.error[0].value.replace("\\", "") and not app.dataframe
    app = _button(app, "Yes, delete").click().run()
    assert not app.error and not app.exception and [each for each in store.listed("local") if each.owner] == []


def test_who_was_slower_is_told_and_overwrites_nothing(open_page: OpenPage) -> None:
    publish_items(sample_items())
    saved = store.save("local", "Mine", AGING)
    app = open_page("reports", report=saved.report_id)
    store.change("local", saved.report_id, saved.version, name="Renamed elsewhere")
    app = _button(app, "Share with everybody").click().run()
    assert "after you opened it" in app.error[0].value.replace("\\", "")
    assert not store.find("local", saved.report_id).is_shared
    app = _button(app, "Open as it is now").click().run()
    assert not app.error
    app = _button(app, "Share with everybody").click().run()
    assert store.find("local", saved.report_id).is_shared


def test_what_is_chosen_is_what_is_saved_and_the_choice_is_kept_until_then(open_page: OpenPage) -> None:
    publish_items(sample_items())
    saved = store.save("local", "Mine", AGING)
    app = open_page("reports", report=saved.report_id, by="customer_name")
    app = _button(app, "Save change").click().run()
    assert "Saved: Mine" in app.success[0].value and not app.error and not app.exception
    assert store.find("local", saved.report_id).document.parts[0].dimensions == ("customer_name",)
    assert "Save change" not in {each.label for each in app.button}


def test_a_name_that_is_taken_is_said_and_stays_in_the_form(open_page: OpenPage) -> None:
    publish_items(sample_items())
    store.save("local", "Mine", AGING)
    app = open_page("reports", mart="aging", by="bucket", show="open_amount", lang="ES")
    field = next(each for each in app.text_input if each.label == "Nombre del informe")
    field.input("Mine")
    app = _button(app, "Guardar informe").click().run()
    assert app.error[0].value.replace("\\", "") == "Ya hay un informe con ese nombre: elija otro"
    assert next(each for each in app.text_input if each.label == "Nombre del informe").value == "Mine"


def test_a_ready_made_report_has_its_parts_and_certificate(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", report="auditor_aging")
    assert [tab.label.replace("\\", "") for tab in app.tabs] == [
        "Aging by customer",
        "Every open item",
        "Tie-out certificate",
    ]
    assert len(app.dataframe) == 5 and not app.error and not app.exception


def _field(app: AppTest) -> Any:
    return next(each for each in app.date_input if each.label == "As of")


def _choice(app: AppTest) -> Any:
    return next(each for each in app.selectbox if str(each.key).startswith("report_report_"))


def test_the_date_field_says_the_month_end_of_a_report_and_any_other_day_can_be_chosen(open_page: OpenPage) -> None:
    published = dt.date(2026, 7, 15)
    publish_items(sample_items(), as_of=published)
    closed = store.save("local", "At month-end", AGING.model_copy(update={"as_of": "last_month_end"}))
    daily = store.save("local", "Daily", AGING)
    app = open_page("reports", report=closed.report_id)
    assert _field(app).value == AS_OF and "As of 30 Jun 2026" in _plainly(app)
    app = _field(app).set_value(published).run()
    assert "As of 15 Jul 2026" in _plainly(app) and not app.exception
    link = open_page("reports", report=closed.report_id, as_of=published.isoformat())
    assert _field(link).value == published and "As of 15 Jul 2026" in _plainly(link)

    app = open_page("reports", report=daily.report_id)
    assert _field(app).value == published
    app = _choice(app).set_value(closed.report_id).run()
    assert _field(app).value == AS_OF and "As of 30 Jun 2026" in _plainly(app)
    app = _field(app).set_value(dt.date(2026, 5, 31)).run()
    app = _choice(app).set_value(daily.report_id).run()
    assert "As of 31 May 2026" in _plainly(app), "what was chosen stays"


def test_it_is_scheduled_once_for_a_double_click(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", report="auditor_aging")
    next(each for each in app.text_input if each.label == "Recipient").input("cfo@example.com")
    app = _button(app, "Schedule").click().run()
    assert "Scheduled for cfo" in app.success[0].value
    (each,) = schedule.schedules("local")
    assert (each.report, each.recipient, each.when.weekdays) == ("auditor_aging", "cfo@example.com", (1,))
    app = _button(app, "Stop sending").click().run()
    assert schedule.schedules("local") == [] and not app.error


def test_the_second_of_two_clicks_ends_no_other_schedule(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    for name in ("ana", "eva"):
        when = schedule.When((1,), None, 7, "America/Lima")
        schedule.add("local", "auditor_aging", f"{name}@example.com", when)
    app = open_page("reports", report="auditor_aging")
    app = _button(app, "Stop sending").click().run()
    (left,) = schedule.schedules("local")
    monkeypatch.setattr(clicks, "SOON", 60.0)
    app = _button(app, "Stop sending").click().run()
    assert schedule.schedules("local") == [left] and "just changed under the pointer" in app.error[0].value


def test_an_address_that_is_none_is_said_and_schedules_nothing(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", report="auditor_aging")
    app = _button(app, "Schedule").click().run()
    assert "is no e-mail address" in app.error[0].value.replace("\\", "") and schedule.schedules("local") == []


def test_files_have_every_row_and_the_clocks_of_the_page(database: str) -> None:
    items = sample_items()
    publish_items(items)
    content, count = reports.file(Words("EN"), "x", AGING, CLOCKS, "csv")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert {row["As of"] for row in rows} == {AS_OF.isoformat()}
    assert len([row for row in rows if not row["Bucket"].startswith("Total")]) == count
    assert {row["Known at"] for row in rows} == {KNOWN_AT.isoformat()}


def test_the_log_of_a_file_says_what_a_saved_report_asked_for(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address has the report's id alone."""
    publish_items(sample_items())
    narrowed = Filter(column="customer_name", among=("Horizon Sierra SRL",))
    part = Part(mart="aging", dimensions=("customer_name",), measures=("open_amount",), filters=(narrowed,))
    saved = store.save("local", "Theirs", Document(parts=(part,)))
    taken: list[Any] = []
    monkeypatch.setattr("dashboards.components.report_shown.logged", lambda *given, **more: taken.append(more) or given)
    monkeypatch.setattr("dashboards.components.report_shown.file_button", lambda *_, **__: None)
    app = open_page("reports", report=saved.report_id, lang="PT")
    assert not app.exception and len(taken) == len(FORMATS)
    told = {"filters": "Customer: Horizon Sierra SRL", "columns": "Customer, Currency, Open"}
    assert all(each["more"] == told for each in taken), taken
    made: Any = logged(lambda: Counted(b"", 1), "f.csv", Clocks(AS_OF, KNOWN_AT), more=told)
    assert made() == b"" and viewed.listed()[0]["filters"].items() >= told.items()


def test_one_row_and_none(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "10")])
    assert len(_rows(open_page("reports", mart="aging", by="bucket", show="open_amount"))) == 1
    app = open_page("reports", as_of="2019-01-01")
    assert not app.dataframe and "No row meets the filters" in _plainly(app)


def test_hostile_names_are_shown_as_they_are(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "10", customer_name="=1+1 **x** [a](http://evil.example)")])
    saved = store.save("local", "**bold** [x](http://evil.example) $x$", AGING)
    app = open_page("reports", report=saved.report_id)
    assert not app.exception and "http://evil" not in "".join(each.value for each in app.markdown)
    app = open_page("reports")
    assert _rows(app)["customer_name"].iloc[0].startswith("'=1+1")


def test_a_failing_query_shows_no_figure(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr("cartera.reports.made.table", lambda *_, **__: 1 / 0)
    app = open_page("reports")
    assert "could not be read" in app.error[0].value and not app.dataframe and not app.exception


def test_a_view_is_saved_listed_opened_and_deleted(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("segments", scheme="payer_behaviour", segment="slow")
    next(each for each in app.text_input if each.label == "Name for this view").input("Slow payers")
    app = _button(app, "Save this view").click().run()
    (view,) = views.saved_views("local")
    assert (view.name, view.page) == ("Slow payers", "segments") and ("segment", "slow") in view.parameters
    assert "lang" not in dict(view.parameters)
    assert any("Slow payers" in label for label in _links(app))
    delete = next(each for each in app.button if each.help == "Delete the view Slow payers")
    app = delete.click().run()
    assert views.saved_views("local") == [] and not app.exception
    # it keeps its line where it was deleted, and only there; under its name another may be kept
    assert "Deleted: Slow payers" in _plainly(app) and not any("Slow payers" in label for label in _links(app))
    next(each for each in app.text_input if each.label == "Name for this view").input("Slow  payers")
    app = _button(app, "Save this view").click().run()
    assert "Deleted:" not in _plainly(app) and any("Slow payers" in label for label in _links(app))
    (again,) = views.saved_views("local")
    assert again == view


def test_a_saved_view_replaces_what_the_page_showed(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("segments", segment="slow")
    assert "Customers: Slow" in said(app)
    # as the link of a saved view does on the page that is open already
    app.query_params["segment"] = "prompt"
    app.query_params["view"] = "1"
    app = app.run()
    assert "Customers: Prompt" in said(app) and "view" not in app.query_params
