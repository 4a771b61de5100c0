"""The page of segments: figures, customers and invoices add up; who moved; links; what is not there."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, KNOWN_AT, Item, item, publish_items, sample_items

from cartera.db import Role, transaction
from cartera.reminders.saved_segments import save_segment, saved_segments
from cartera.warehouse import read, segment_moves, segments
from dashboards.charts.segments import segment_of, segment_treemap
from dashboards.components import clicks
from dashboards.i18n import Words
from dashboards.queries import receivables
from dashboards.queries import segments as asked_segments
from dashboards.queries.session import Clocks, reading

CLOCKS = Clocks(AS_OF, KNOWN_AT)


def _asked(currency: str = "PEN", company: str | None = None) -> asked_segments.Asked:
    return asked_segments.Asked(CLOCKS, "payer_behaviour", currency, company)


def _owed(items: list[Item], currency: str) -> Decimal:
    return sum(
        (i.item_amount for i in items if i.currency_code == currency and i.item_type == "instalment"), Decimal(0)
    )


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


@pytest.mark.parametrize("currency", ["PEN", "COP", "USD"])
def test_the_segments_add_up_to_what_is_open(open_page: OpenPage, currency: str) -> None:
    items = sample_items()
    publish_items(items)
    app = open_page("segments")
    app.session_state["currency"] = currency
    app = app.run()
    shown = _table(app, "share")
    assert sum(shown["open_amount"], Decimal(0)) == _owed(items, currency)
    assert "Slow" in set(shown["segment"]) <= {"Slow", "Prompt"}
    assert "all that is open" in said(app) and not app.error


def test_from_a_segment_to_its_customers_to_their_invoices(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("segments", segment="slow")
    shown = _table(app, "customers")
    figure = shown["open_amount"].iloc[list(shown["segment"]).index("Slow")]
    customers = _table(app, "customer_name")
    assert sum(customers["open_amount"], Decimal(0)) == figure
    assert f"{len(customers)} customers owe" in said(app) and "the figure of the segment" in said(app)
    with reading() as opened:
        listed = asked_segments.debtors(opened, _asked(), "slow")
        added = Decimal(0)
        for row in listed.to_dict("records"):
            invoices = receivables.open_items(
                opened, CLOCKS, "PEN", row["company_id"], row["customer_id"], None, limit=1000
            )
            assert sum(invoices["open_amount"], Decimal(0)) == row["open_amount"], row
            added += row["open_amount"]
    assert added == figure


def test_the_same_figures_as_the_command_line_and_by_age(database: str) -> None:
    publish_items(sample_items())
    with transaction(Role.reader) as connection:
        totals = segments.totals(connection, AS_OF, KNOWN_AT, "payer_behaviour", in_buckets=True)
        buckets = read.aging(connection, AS_OF, KNOWN_AT, by="bucket")
    for total in totals:
        assert sum((total[name] or 0 for name in read.BUCKETS), Decimal(0)) == (total["open_amount"] or 0)
    for bucket in buckets:
        place = (bucket["company_id"], bucket["currency_code"])
        aged = [total[bucket["bucket"]] for total in totals if (total["company_id"], total["currency_code"]) == place]
        assert sum(aged, Decimal(0)) == bucket["open_amount"]
    assert {row["currency_code"] for row in totals} == {"PEN", "COP", "USD", None}, "without currency: who owes nothing"


def test_exports_have_every_row_and_add_up(database: str) -> None:
    items = sample_items()
    publish_items(items)
    *rows, total = _csv(asked_segments.totals_csv(Words("EN"), _asked()))
    assert Decimal(total["Open"]) == sum(Decimal(row["Open"]) for row in rows) == _owed(items, "PEN")
    *rows, total = _csv(asked_segments.debtors_csv(Words("PT"), _asked(), "slow"))
    assert Decimal(total["Saldo"]) == sum(Decimal(row["Saldo"]) for row in rows)
    assert {row["Moeda"] for row in rows} == {"PEN"}


def test_an_export_names_its_segments_as_the_page_does(database: str) -> None:
    publish_items(sample_items())
    *rows, _ = _csv(asked_segments.totals_csv(Words("ES"), _asked()))
    assert [row["Segmento"] for row in rows] == ["Lento", "Puntual"]


def _csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def _moving() -> list[Item]:
    """C-1 is late from May on, C-2 was late until it paid, C-3 is new in May, C-4 always pays in time."""
    return [
        item("1", dt.date(2026, 4, 20), "100", issue_date=dt.date(2026, 4, 1)),
        item("2", dt.date(2026, 3, 20), "50", customer_id="files:C-2", settled_date=dt.date(2026, 5, 20)),
        item("3", dt.date(2026, 7, 15), "70", customer_id="files:C-2", issue_date=dt.date(2026, 4, 1)),
        item("4", dt.date(2026, 7, 1), "30", customer_id="files:C-3", issue_date=dt.date(2026, 5, 10)),
        item("5", dt.date(2026, 7, 1), "20", customer_id="files:C-4", issue_date=dt.date(2026, 4, 1)),
    ]


@pytest.mark.parametrize("basis", ["kept", "known"])
def test_who_moved_between_two_month_ends(open_page: OpenPage, basis: str) -> None:
    publish_items(_moving())
    dates = {"moved_from": "2026-04-30", "moved_to": "2026-05-31"}
    app = open_page("segments", basis=basis, **dates)
    shown = _table(app, "to slow").set_index("").fillna(0)
    assert list(shown.index) == ["Slow", "Prompt", "New customer"]
    assert shown.loc["Slow", "to prompt"] == 1 and shown.loc["Prompt", "to slow"] == 1
    assert shown.loc["Prompt", "to prompt"] == 1 and shown.loc["New customer", "to prompt"] == 1
    assert "**1** of 3 customers stayed" in said(app)
    compared = segment_moves.Compared(
        "payer_behaviour", dt.date(2026, 4, 30), dt.date(2026, 5, 31), "kept" if basis == "kept" else "known", KNOWN_AT
    )
    with reading() as opened:
        pairs = segment_moves.moves(opened.connection, compared)
        for pair in pairs:
            who = asked_segments.movers(opened, _asked(), compared, pair["from_segment"], pair["to_segment"])
            assert len(who) == pair["customers"], pair
        late = asked_segments.movers(opened, _asked(), compared, "prompt", "slow")
    assert list(late["customer_id"]) == ["files:C-1"] and list(late["open_amount"]) == [Decimal(100)]
    assert sum(pair["customers"] for pair in pairs) == 4


def test_the_export_of_moves_says_its_dates_and_basis(database: str) -> None:
    publish_items(_moving())
    between = asked_segments.compared(_asked(), dt.date(2026, 4, 30), dt.date(2026, 5, 31), "kept")
    *rows, total = _csv(asked_segments.moves_csv(Words("ES"), _asked(), between, ("Empresa: norte", "=1")))
    assert sum(int(row["Clientes"]) for row in rows) == 4 == int(total["Clientes"])
    assert {row["Desde"] for row in rows} == {
        *(Words("ES").named("segment", name) for name in ("slow", "prompt")),
        "Cliente nuevo",
    }
    assert {row["Filtros"] for row in rows} == {"Empresa: norte · =1"}


def test_a_link_that_asks_for_strangers_gets_the_default(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("segments", scheme="moon", segment="moon", basis="moon", moved_to="x", moved_from="y")
    assert not app.exception and not app.error
    assert set(_table(app, "share")["segment"]) == {"Slow", "Prompt"}
    assert not any("customer_name" in frame.value for frame in app.dataframe)


def test_before_the_first_rules_the_page_says_so(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "10", recorded_from=dt.datetime(2019, 1, 1, tzinfo=dt.UTC))])
    assert "No rules of segments were known" in said(open_page("segments", known_at="2019-06-30"))


def test_a_failing_query_shows_no_figure(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr("cartera.warehouse.segments.totals", lambda *_, **__: 1 / 0)
    app = open_page("segments")
    assert "could not be read" in app.error[0].value and not app.dataframe and not app.exception


def test_the_segment_of_a_link_is_framed_in_the_chart_and_the_others_fade(open_page: OpenPage) -> None:
    publish_items(sample_items())
    plain, linked = (_tiles(open_page("segments", **asked)) for asked in ({}, {"segment": "slow"}))
    assert list(linked["ids"]) == list(plain["ids"]) and set(plain["marker"]["line"]["width"]) == {1.5}
    for place, tile in enumerate(linked["ids"]):
        is_chosen = tile.split("/")[1] == "slow"
        assert (linked["marker"]["line"]["width"][place] > 2) == is_chosen
        assert (linked["marker"]["colors"][place] == plain["marker"]["colors"][place]) == is_chosen


def test_the_segment_of_a_tile_is_found_whatever_it_is_called() -> None:
    """Segments of a scheme that takes each value of the source have the source's own names."""
    names = ("Wholesale/Retail", "Wholesale", "b/s/")
    rows = [(name, bucket, Decimal(5)) for name in names for bucket in ("not_due", "1-30")]
    frame = pd.DataFrame(rows, columns=["segment", "bucket", "open_amount"])
    for chosen in names:
        (tiles,) = segment_treemap(frame, "PEN", Words("EN"), is_dark=False, chosen=chosen).data
        framed = [each for each, width in zip(tiles.ids, tiles.marker.line.width, strict=True) if width > 2]
        assert len(framed) == 3 and {segment_of(each) for each in framed} == {chosen}


def test_a_row_that_was_clicked_is_forgotten_once_others_are_listed(open_page: OpenPage) -> None:
    """It is selected by its place, where another customer may stand as of another moment."""
    publish_items(_moving())

    def keys(app: AppTest) -> list[str]:
        assert not app.exception and not app.error
        return [frame.proto.id.split("-", 2)[2] for frame in app.dataframe]

    asked = {"segment": "slow", "moved_from": "2026-04-30", "moved_to": "2026-05-31", "basis": "kept"}
    app = open_page("segments", **asked)
    (moves,) = [frame for frame in app.dataframe if "to slow" in frame.value]
    selection = {"selection": {"rows": [], "columns": [], "cells": [(1, "to slow")]}}
    app.session_state[moves.proto.id.split("-", 2)[2]] = selection
    drawn = keys(app.run())
    assert len(drawn) == 4, "segments, customers, moves, movers"
    app.session_state["known_at"] = AS_OF - dt.timedelta(days=1)
    assert not set(drawn) & set(keys(app.run()))


def _tiles(app: AppTest) -> Any:
    (chart,) = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    (tiles,) = chart["data"]
    return tiles


def test_segments_that_do_not_add_up_are_not_believed(open_page: OpenPage) -> None:
    publish_items(sample_items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("delete from marts_a.fct_customer_segments where segment = 'prompt'")
    assert "Do not use either" in open_page("segments").error[0].value


@pytest.mark.parametrize(
    ("language", "typed", "said_of_it"),
    [
        ("ES", "10,000", "Comportamiento de pago: Lento · Debe al menos (PEN): 10,000.00"),
        ("PT", "1.000", ": Lento · Deve pelo menos (PEN): 1.000,00"),
    ],
)
def test_a_segment_for_policies_is_saved_and_told_in_the_readers_language(
    open_page: OpenPage, language: str, typed: str, said_of_it: str
) -> None:
    publish_items(sample_items())
    app = open_page("segments", lang=language, scheme="payer_behaviour", segment="slow", currency="PEN")
    app.text_input(key="segment_name").set_value("slow_in_lima")
    app.text_input(key="segment_at_least").set_value(typed)
    app = next(each for each in app.button if each.label == Words(language)("segments.save")).click().run()
    assert not app.exception and not app.error, said(app)
    assert said_of_it in said(app).replace("\\", "")
    assert saved_segments()["slow_in_lima"].open_amount["PEN"].at_least == Words(language).read_amount(typed)


def test_a_saved_segment_is_replaced_by_who_says_so(open_page: OpenPage) -> None:
    publish_items(sample_items())
    save_segment("bea", "slow_in_lima", "value", "large")

    def save(app: AppTest) -> AppTest:
        app.text_input(key="segment_name").set_value("slow_in_lima")
        return next(each for each in app.button if each.label == Words("EN")("segments.save")).click().run()

    app = save(open_page("segments", scheme="payer_behaviour", segment="slow", currency="PEN"))
    assert "'slow_in_lima' is there already: bea saved it." in app.error[0].value.replace("\\", "")
    assert saved_segments()["slow_in_lima"].segments == {"value": ("large",)}
    app.checkbox(key="segment_replaces").check()
    app = save(app)
    assert not app.error and saved_segments()["slow_in_lima"].segments == {"payer_behaviour": ("slow",)}
    assert not app.checkbox(key="segment_replaces").value, "the next one is another"


@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_a_segment_that_was_replaced_meanwhile_is_not_deleted_unread(
    open_page: OpenPage, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_items(sample_items())
    save_segment("bea", "slow_in_lima", "value", "large")
    app = open_page("segments", lang=language, segment="slow")
    save_segment("ana", "slow_in_lima", "value", "small", replaces=True)
    app = app.button(key="segment_delete_slow_in_lima").click().run()
    assert Words(language)("refusal.segment_replaced", id="'slow_in_lima'", by="ana") in (
        app.error[0].value.replace("\\", "").replace("\u200b", "")
    )
    assert saved_segments()["slow_in_lima"].segments == {"value": ("small",)} and "small" in said(app).lower()
    monkeypatch.setattr(clicks, "SOON", 0.0)
    app = app.button(key="segment_delete_slow_in_lima").click().run()
    assert not app.error and not saved_segments()


def test_what_is_no_amount_saves_no_segment(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("segments", lang="PT", scheme="payer_behaviour", segment="slow", currency="PEN")
    app.text_input(key="segment_name").set_value("slow_in_lima")
    app.text_input(key="segment_at_least").set_value("1000.50")
    app = next(each for each in app.button if each.label == Words("PT")("segments.save")).click().run()
    assert "1.000,00" in "".join(each.value for each in app.error).replace("\\", "") and not saved_segments()
