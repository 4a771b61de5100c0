"""Tables as a phone shows them."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, still_tables
from support.serve_fixture import AS_OF, item, publish_items, sample_items

from cartera.warehouse.read import BUCKETS
from dashboards.components import page
from dashboards.components.card_grid import CHIP, HALF
from dashboards.components.tables import PHONE_NAME
from dashboards.i18n import Words

PAIR = ["name", "figure"]


def _shown(app: AppTest, column: str) -> pd.DataFrame:
    """The first table with that column, as it is written on the screen."""
    for still in still_tables(app):
        if column in still:
            return still
    (found, *_) = [frame for frame in app.dataframe if column in frame.value]
    shown: pd.DataFrame = pa.ipc.open_stream(found.proto.arrow_data.styler.display_values).read_pandas()
    return shown.set_axis(list(found.value.columns), axis=1)


@pytest.mark.parametrize(("is_phone", "open_amount"), [(True, "93,864"), (False, "93,863.54")])
def test_sums_beside_each_other_are_whole_on_a_phone(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, is_phone: bool, open_amount: str
) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: is_phone)
    app = open_page("overview")
    assert _shown(app, "Customer")["Open"].iloc[0] == open_amount
    assert ("sums in tables without decimals" in " ".join(each.value for each in app.caption)) is is_phone


@pytest.mark.parametrize("is_phone", [True, False])
def test_one_long_name_does_not_push_the_amounts_of_all_debtors_out_of_sight(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, is_phone: bool
) -> None:
    long = "Importaciones, Exportaciones y Representaciones Generales del Sur S.A.C."
    publish_items([item("1", AS_OF, "1000", customer_name=long), item("2", AS_OF, "900", customer_id="files:C-2")])
    monkeypatch.setattr(page, "is_phone", lambda: is_phone)
    first, second = _shown(open_page("overview"), "Customer")["Customer"]
    assert first == ("Importaciones, Exportaciones y…" if is_phone else long)
    assert second == "Comercial Andina SAC"


def test_documents_are_asked_for_to_the_cent(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: True)
    app = open_page("aging", currency="PEN", customer=sample_items()[0].customer_id)
    assert all("." in amount for amount in _shown(app, "document_number")["open_amount"])


def test_a_pinned_name_leaves_room_beside_it(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: True)
    for name in ("overview", "aging", "segments", "kpis"):
        for frame in open_page(name).dataframe:
            pinned = [each for each in json.loads(frame.proto.columns).values() if each.get("pinned")]
            assert all(each.get("width", 0) <= PHONE_NAME for each in pinned)


def test_a_square_of_figures_is_a_list_on_a_phone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under each row what it went to, the same figures as in the square."""
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: False)
    wide = _shown(open_page("recovery", where="main/PEN"), "to paid")
    monkeypatch.setattr(page, "is_phone", lambda: True)
    app = open_page("recovery", where="main/PEN")
    listed = next(frame.value for frame in app.dataframe if list(frame.value) == ["name", "figure"])
    headings = [text for text in listed["name"] if not text.startswith("→")]
    assert headings == list(wide.iloc[:, 0])
    figures = [text for text in wide.iloc[:, 1:].to_numpy().flatten() if text != "—"]
    assert [text for text in listed["figure"] if text] == figures
    assert not any("to paid" in frame.value for frame in app.dataframe)


def test_buckets_beside_earlier_days_are_a_list_on_a_phone(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: False)
    wide = next(each.value for each in open_page("aging", currency="PEN").dataframe if "now" in each.value)
    monkeypatch.setattr(page, "is_phone", lambda: True)
    app = open_page("aging", currency="PEN")
    assert not any("now" in each.value for each in app.dataframe)
    lists = [each for each in app.dataframe if list(each.value) == PAIR]
    (listed,) = [each for each in lists if "31 May 2026" in list(each.value["name"])]
    lines = listed.value
    assert list(lines["name"][:2]) == [wide["bucket"].iloc[0], "31 May 2026"]
    assert lines["figure"].iloc[0] == f"{wide['now'].iloc[0]:,.0f}"
    then = [figure for name, figure in zip(lines["name"], lines["figure"], strict=True) if name == "31 May 2026"]
    assert [figure.split(" · ")[0] for figure in then] == [f"{amount:,.0f}" for amount in wide["last_month"]]
    key = listed.proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(1, "name")]}}
    assert any("Open on 31 May 2026" in each.value for each in app.run().subheader)


def test_cohorts_are_lists_on_a_phone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: False)
    wide = next(each.value for each in open_page("recovery", part="cohorts").dataframe if "placed_amount" in each.value)
    monkeypatch.setattr(page, "is_phone", lambda: True)
    app = open_page("recovery", part="cohorts")
    lists = [each.value for each in app.dataframe if list(each.value) == PAIR]
    (became,) = [each for each in lists if "· Placed" in list(each["name"])]
    placed = [figure for name, figure in zip(became["name"], became["figure"], strict=True) if name == "· Placed"]
    assert placed == [f"{amount:,.0f}" for amount in wide["placed_amount"]]
    assert [name for name in became["name"] if not name.startswith("·")] == list(wide["cohort"])


def test_columns_that_matter_come_first_on_a_phone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    for is_phone, names in ((True, ["bucket", "roll_rate_pct"]), (False, ["bucket", "denominator"])):
        monkeypatch.setattr(page, "is_phone", lambda is_phone=is_phone: is_phone)
        app = open_page("recovery", where="main/PEN")
        (rates,) = [frame.value for frame in app.dataframe if "roll_rate_pct" in frame.value]
        assert list(rates)[:2] == names


def test_kpis_of_one_place_at_a_time_on_a_phone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: True)
    app = open_page("kpis", place="norte/USD")
    grid = next(frame.value for frame in app.dataframe if "kpi" in frame.value)
    assert [name for name in grid if "/" in name] == ["norte/USD"]
    assert not app.exception and not app.error
    strange = open_page("kpis", place="nowhere/USD")
    assert not strange.exception and not strange.error


@pytest.mark.parametrize(("language", "scale"), [("ES", 100), ("PT", 1)])
def test_a_share_is_written_as_the_table_around_it(open_page: OpenPage, language: str, scale: int) -> None:
    """The browser's own percent has its locale's comma, also where the page's Spanish has a point."""
    publish_items(sample_items())
    app = open_page("segments", lang=language)
    (frame,) = [each for each in app.dataframe if "share" in each.value]
    written = json.loads(frame.proto.columns)["share"]["type_config"]
    assert written["format"] == ("%.1f%%" if scale == 100 else "percent")
    assert written["max_value"] == max(frame.value["share"])
    assert (max(frame.value["share"]) > 1) is (scale == 100)


def test_cards_of_half_a_phone_are_short_and_their_hover_says_the_rest(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items([*sample_items(), item("big", AS_OF, "1699560106.25", currency_code="COP")])
    monkeypatch.setattr(page, "is_phone", lambda: True)
    for language in ("EN", "ES", "PT"):
        metrics = open_page("overview", currency="PEN", lang=language).metric
        assert len(metrics) == 8
        for each in metrics:
            assert len(each.label) <= 17 and len(each.value) <= HALF and len(each.delta) <= CHIP, each
            assert not each.proto.delta_description and not each.proto.chart_data
    (total, *_) = open_page("overview", currency="COP").metric
    assert total.value == "2.3B" and "COP\u00a02," in total.help and "Total open, COP" in total.help
    monkeypatch.setattr(page, "is_phone", lambda: False)
    (wide, *_) = open_page("overview", currency="PEN").metric
    assert wide.label == "Total open, PEN" and wide.proto.delta_description and wide.proto.chart_data


def _lines(app: AppTest, alt: str) -> list[tuple[str, str]]:
    (found,) = [each.value for each in app.dataframe if each.proto.alt == alt]
    assert list(found) == ["name", "figure"]
    return list(found.itertuples(index=False, name=None))


def test_customers_by_buckets_are_a_list_on_a_phone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same amounts as in the table, under each customer; what is nothing has no line."""
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: False)
    for by, alt in (("customer", "Customers by days past due"), ("country", "Countries by days past due")):
        monkeypatch.setattr(page, "is_phone", lambda: False)
        (wide,) = [each.value for each in open_page("aging", currency="PEN", by=by).dataframe if each.proto.alt == alt]
        monkeypatch.setattr(page, "is_phone", lambda: True)
        lines = _lines(open_page("aging", currency="PEN", by=by), alt)
        expected = [
            (str(row[name]) if column == "open_amount" else f"· {Words().bucket(column)}", f"{row[column]:,.0f}")
            for name in [wide.columns[0]]
            for row in wide.to_dict("records")
            for column in ("open_amount", *BUCKETS)
            if column == "open_amount" or row[column]
        ]
        assert lines == expected, by


def test_vintages_are_a_list_on_a_phone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    where = {"where": "main/PEN", "part": "cohorts"}
    monkeypatch.setattr(page, "is_phone", lambda: False)
    wide = next(each.value for each in open_page("recovery", **where).dataframe if "step_1" in each.value)
    monkeypatch.setattr(page, "is_phone", lambda: True)
    lines = next(
        each.value for each in open_page("recovery", **where).dataframe if list(each.value) == ["name", "figure"]
    )
    assert [name for name in lines["name"] if not name.startswith("·")] == list(wide["cohort"])
    steps = [name for name in wide if name.startswith("step_")]
    assert [text for text in lines["figure"] if text] == [text for text in wide[steps].to_numpy().flatten() if text]
