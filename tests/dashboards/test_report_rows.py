"""Every figure of a report leads to its documents, which add up to it: also of totals and of rows without a value."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, page_opened, said
from support.serve_fixture import publish_items, sample_items
from support.serve_promises import promised

from cartera import viewed
from cartera.reports import behind, build
from cartera.reports.document import Filter, Part
from cartera.reports.marts import CURRENCY, MARTS
from dashboards.components import certificate_rows
from dashboards.i18n import Words
from dashboards.queries import kpis, reports
from dashboards.queries.session import reading

BY = {
    "open_items": ("company_id", "bucket", "item_type", "promised_date", "is_disputed"),
    "aging": ("company_id", "bucket"),
    "invoices": ("issue_month", "company_id", "sector"),
    "payments": ("received_month", "collector"),
    "promises": ("promise_state", "company_id", "invoice_id"),
    "disputes": ("reason", "resolved_date", "is_open"),
    "segments": ("segment", "risk_class"),
}


@pytest.mark.parametrize("mart", BY)
def test_documents_add_up_to_every_row_and_total_of_a_mart(published_company: str, mart: str) -> None:
    measures = tuple(each.name for each in MARTS[mart].measures)
    part = Part(mart=mart, dimensions=BY[mart], measures=measures)
    with reading() as opened:
        clocks = build.Clocks(opened.clocks.as_of, opened.clocks.known_at)
        made = build.table(opened.connection, part, clocks, 500)
        assert made.rows, "nothing would be compared"
        some = [*made.rows[:25], *[row for row in made.rows if None in row.values()][:10]]
        for row in some:
            _add_up(opened.connection, behind.place_of(part, row), clocks, row)
            _add_up(opened.connection, behind.place_of(part, row, measures[0]), clocks, row)
        for code, totals in made.totals.items():
            _add_up(opened.connection, behind.Place(part, ((CURRENCY, code or None),)), clocks, totals)


def _add_up(connection: Any, place: behind.Place, clocks: build.Clocks, figures: Any) -> None:
    found = behind.documents(connection, place, clocks, 100_000)
    for measure in place.measures:
        figure = figures[measure.name] or 0
        assert sum(row[measure.name] or 0 for row in found) == figure
        assert (found[0][f"total_{measure.name}"] if found else 0) == figure
    key = place.mart.documents.key  # type: ignore[union-attr]
    assert len({row[key] for row in found}) == len(found), "a document stands once"


def test_rows_are_those_of_the_dates_asked_for_and_of_the_filters(published_company: str) -> None:
    part = Part(
        mart="aging",
        dimensions=("company_id",),
        measures=("open_amount",),
        filters=(Filter(column="bucket", among=("1-30",)), Filter(column="open_amount", at_least=Decimal(1))),
    )
    with reading() as opened:
        clocks = build.Clocks(opened.clocks.as_of.replace(day=1), opened.clocks.known_at)
        made = build.table(opened.connection, part, clocks, 500)
        assert made.rows
        for row in made.rows:
            _add_up(opened.connection, behind.place_of(part, row), clocks, row)


@pytest.mark.parametrize(
    ("mart", "by", "show"),
    [
        ("aging", ["sector", "bucket"], "open_amount"),
        ("open_items", ["bucket"], "net_amount"),
        ("segments", ["segment", "risk_class"], "overdue_amount"),
        ("promises", ["invoice_id", "promise_state"], "promised_amount"),
    ],
)
def test_a_click_lists_the_documents_of_a_figure(open_page: OpenPage, mart: str, by: list[str], show: str) -> None:
    """Also of rows that have no sector, no bucket, no risk class and no invoice."""
    publish_items(sample_items())
    for number, code in enumerate(("PEN", "USD", "PEN")):
        promised(f"p{number}", "files:C-001", f"{number + 1}00.05", made=-3, promised=5, currency_code=code)
    asked = {"mart": mart, "by": by, "show": show}
    table = open_page("reports", **asked).dataframe[0].value
    assert table[CURRENCY].nunique() > 1
    rows = table.to_dict("records")
    places = [
        next(place for place, row in enumerate(rows) if row[CURRENCY] == code and row[show])
        for code in sorted(table[CURRENCY].unique())
    ]
    places.append(next(place for place, row in enumerate(rows) if row[show] and any(not row[name] for name in by)))
    for place in places:
        code = rows[place][CURRENCY]
        app = _clicked(open_page("reports", **asked), 0, place, show)
        figure = table[show].iloc[place]
        listed = app.dataframe[1].value
        assert sum(listed[show], Decimal(0)) == figure and "customer_name" in listed
        assert f"**{reports.wording(Words('EN')).column(show)} {_money(figure, code)}**" in _plainly(app)
        assert not app.error


def test_a_total_is_clicked_as_well_and_a_dimension_gives_all_figures(open_page: OpenPage) -> None:
    publish_items(sample_items())
    asked = {"mart": "aging", "by": "bucket", "show": ["open_amount", "items"]}
    app = open_page("reports", **asked)
    totals = app.dataframe[1].value
    app = _clicked(app, 1, 0, "total")
    listed = app.dataframe[2].value
    assert sum(listed["open_amount"], Decimal(0)) == totals["open_amount"].iloc[0]
    assert sum(listed["items"]) == len(listed) == totals["items"].iloc[0]
    assert "rows add up to the figures" in _plainly(app)


def test_one_document_is_opened_at_once_with_its_customer(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart="open_items", by=["document_number", "customer_name"], show="open_amount")
    first = app.dataframe[0].value.iloc[0]
    app = _clicked(app, 0, 0, "open_amount")
    assert f"Invoice {first['document_number']}" in _plainly(app)
    [link] = [each.proto for each in app.get("page_link") if "customer=" in each.proto.query_string]
    assert first["customer_name"] in link.label.replace("\\", "")


@pytest.mark.parametrize(
    ("by", "name", "where"),
    [
        ("customer_name", "Horizon Sierra SRL", False),
        ("customer_id", "Horizon Sierra SRL", False),
        ("bucket", "Horizon Sierra SRL", True),
        # two have that name
        ("bucket", "Andina Horizon SAC", True),
    ],
)
def test_a_look_at_the_documents_of_one_customer_is_written_down(
    open_page: OpenPage, by: str, name: str, where: bool
) -> None:
    publish_items(sample_items())
    ids = {each.customer_id for each in sample_items() if each.customer_name == name}
    asked = {"where": "customer_name", "where_customer_name": name} if where else {}
    app = open_page("reports", mart="aging", by=by, show="open_amount", **asked)
    rows = app.dataframe[0].value.to_dict("records")
    assert viewed.listed() == []
    place = next(place for place, row in enumerate(rows) if where or row[by] in (name, *ids))
    app = _clicked(app, 0, place, "open_amount")
    assert "Rows behind" in _plainly(app)
    looked_at = [row["subject"] for row in viewed.listed() if row["kind"] == "customer"]
    assert looked_at and set(looked_at) <= ids and len(set(looked_at)) == len(looked_at) == len(viewed.listed())


def test_documents_of_a_bucket_are_no_look_at_one(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = _clicked(open_page("reports", mart="aging", by="bucket", show="open_amount"), 0, 0, "open_amount")
    assert "add up" in _plainly(app) and viewed.listed() == []


def test_what_is_no_sum_is_said(open_page: OpenPage) -> None:
    publish_items(sample_items())
    for show in (["customers"], ["customers", "open_amount"]):
        app = _clicked(open_page("reports", mart="segments", by="segment", show=show), 0, 0, "customers")
        assert "Customers: no sum of these rows" in _plainly(app) and not app.error
        assert ("add up" in _plainly(app)) == (len(show) == 2)


def test_a_total_of_rows_kept_by_what_they_come_to_is_no_sum_of_documents(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart="aging", by="customer_name", show="open_amount", where="open_amount",
                    where_open_amount="5000")  # fmt: skip
    clicked = _clicked(app, 1, 0, "open_amount")
    assert "keeps whole rows by what they come to" in _plainly(clicked) and len(clicked.dataframe) == 2


def test_a_kpi_leads_to_its_own_page(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("reports", mart="kpis")
    row = app.dataframe[0].value.iloc[0]
    app = _clicked(app, 0, 0, "value")
    [link] = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Rows of")]
    assert (
        f"place={row['company_id']}%2F{row[CURRENCY]}" in link.query_string and "as_of=2026-06-30" in link.query_string
    )


def test_a_kpi_of_a_report_leads_to_the_rows_of_its_first_sum(published_company: str) -> None:
    """Each of one company and currency to its own: a report names a KPI with its window, its page without."""
    app = _opened("reports", mart="kpis", by="kpi", show="value", where=["company_id", "currency_code"],
                  where_company_id="main", where_currency_code="PEN")  # fmt: skip
    links: dict[str, dict[str, str]] = {}
    for place, named in enumerate(app.dataframe[0].value["kpi"]):
        app = _clicked(app, 0, place, "value")
        [link] = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Rows of")]
        opened = dict(parse_qsl(link.query_string))
        metric = next((each for each in kpis.catalogue().metrics if each.name == opened["kpi"]), None)
        assert metric is not None and opened.get("rows") == next(iter(metric.made_of), None), named
        assert link.label.replace("\\", "") == f"Rows of {named}" and metric.label.en in named
        links[metric.name] = opened
    assert len(links) > 10, "each row another one, and not the one that its page falls back to"
    for name in ("best_possible_dso", "past_due_pct"):
        app = _opened("kpis", **links[name])
        assert app.selectbox(key="kpi_EN").value == name and "not understood in the link" not in _plainly(app)
        assert not app.error and any("document_number" in each.value for each in app.dataframe)


def test_the_file_has_every_document_and_what_was_asked(database: str) -> None:
    publish_items(sample_items())
    part = Part(mart="aging", dimensions=("bucket",), measures=("open_amount",))
    with reading() as opened:
        clocks = opened.clocks
        made = build.table(opened.connection, part, build.Clocks(clocks.as_of, clocks.known_at), 500)
    row = made.rows[0]
    said = reports.wording(Words("ES"))
    file = reports.documents_csv(Words("ES"), behind.place_of(part, row), clocks, "=1+1").decode("utf-8-sig")
    *lines, total = csv.DictReader(io.StringIO(file))
    assert not any("_" in heading for heading in total)
    opened_as = said.column("open_amount")
    assert sum(Decimal(line[opened_as]) for line in lines) == row["open_amount"] == Decimal(total[opened_as])
    stated = {tuple(line[Words("ES")(f"column.{name}")] for name in ("currency", "as_of", "filters")) for line in lines}
    assert stated == {(row[CURRENCY], clocks.as_of.isoformat(), "'=1+1")}


def test_the_file_counts_documents_as_whole_numbers(database: str) -> None:
    publish_items(sample_items())
    part = Part(
        mart="aging",
        dimensions=("bucket",),
        measures=("items",),
        filters=(Filter(column="bucket", among=("not_due",)),),
    )
    with reading() as opened:
        clocks = opened.clocks
        made = build.table(opened.connection, part, build.Clocks(clocks.as_of, clocks.known_at), 500)
    file = reports.documents_csv(Words("EN"), behind.place_of(part, made.rows[0]), clocks, "of").decode("utf-8-sig")
    *lines, total = csv.DictReader(io.StringIO(file))
    assert {line["Items"] for line in lines} == {"1"} and total["Items"] == str(len(lines))
    assert total["Filters"] == "of · Bucket: Not due"


def test_a_line_of_the_certificate_leads_to_its_items_and_to_aging(published_company: str) -> None:
    """Of each company and currency, as of the day of the certificate."""
    app = _opened("data_health")
    lines = next(each.value for each in app.dataframe if "ledger_amount" in each.value)
    assert len(lines) > 1
    for place, line in enumerate(lines.to_dict("records")):
        app = _clicked(_opened("data_health"), 0, place, "ledger_amount")
        assert "add up to the figures" in _plainly(app) and not app.error
        for amount in (line["open_items_amount"], line["unapplied_amount"], line["ledger_amount"]):
            assert _money(amount, line[CURRENCY]) in _plainly(app)
        [link] = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Aging of")]
        aging = _opened("aging", **dict(parse_qsl(link.query_string)))
        assert f"**{_money(line['buckets_amount'], line[CURRENCY])}**" in _plainly(aging)
        assert _added(aging.dataframe[-1].value) == line["buckets_amount"]


def test_who_may_not_open_a_page_is_not_sent_there(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_rows, "may_open", lambda _actor, _page: False)
    app = _clicked(_opened("data_health"), 0, 0, "ledger_amount")
    assert "add up to the figures" in _plainly(app)
    assert not [each for each in app.get("page_link") if each.proto.label.startswith("Aging of")]


def test_the_certificate_of_a_report_leads_to_its_items_as_well(published_company: str) -> None:
    app = _opened("reports", report="auditor_aging")
    place = next(place for place, each in enumerate(app.dataframe) if "is_tied" in each.value)
    app = _clicked(app, place, 0, "is_tied")
    assert "add up to the figures" in _plainly(app) and not app.error


def _added(listed: Any) -> Decimal:
    return sum(listed["open_amount"], Decimal(0))


def _opened(page: str, **parameters: Any) -> AppTest:
    app = page_opened(page, **parameters)
    assert not app.exception, said(app)
    return app


def _clicked(app: AppTest, number: int, place: int, column: str) -> AppTest:
    frame = app.dataframe[number]
    app.session_state[frame.proto.id.split("-", 2)[2]] = {
        "selection": {"rows": [], "columns": [], "cells": [(place, column)]}
    }
    app.run()
    assert not app.exception, said(app)
    return app


def _money(amount: Decimal, code: str) -> str:
    return Words("EN").money(amount, code).replace("\xa0", " ")


def _plainly(app: AppTest) -> str:
    return said(app).replace("\\", "").replace("\xa0", " ")
