"""The aging page: parted by every dimension, narrowed and widened again, beside last month and last year."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, KNOWN_AT, Item, item, publish_items, sample_items

from cartera.db import Role, transaction
from cartera.warehouse import balances, read
from dashboards.i18n import Words
from dashboards.queries import aging, invoices, overview
from dashboards.queries.session import Clocks, reading

CLOCKS = Clocks(AS_OF, KNOWN_AT)
PARTED = ["company", "country", "collector", "segment.payer_behaviour", "segment.sector"]


def _publish(items: list[Item]) -> None:
    """Every third customer is Ana's, every third Beto's, of every third nobody knows; likewise the countries."""
    publish_items(items)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "with numbered as (select customer_id, row_number() over (order by customer_id) % 3 as third"
            " from marts_a.dim_customers) update marts_a.dim_customers as customer"
            " set collector = (array['Ana', 'Beto'])[third], country_code = (array['PE', 'CO'])[third]"
            " from numbered where numbered.customer_id = customer.customer_id"
        )


def _owed(items: list[Item], currency: str = "PEN") -> Decimal:
    debts = [i.item_amount for i in items if i.currency_code == currency and i.item_type == "instalment"]
    return sum(debts, Decimal(0))


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def _chips(app: AppTest) -> list[str]:
    return [button.label.replace("\\", "") for button in app.button if str(button.key).startswith("chip_")]


@pytest.mark.parametrize("by", PARTED)
def test_the_parts_add_up_to_what_is_open_in_every_bucket(open_page: OpenPage, by: str) -> None:
    items = sample_items()
    _publish(items)
    app = open_page("aging", by=by)
    assert not app.exception and not app.error
    total, *rows = _table(app, "part").to_dict("records")
    assert total["open_amount"] == _owed(items)
    for name in ("open_amount", *read.BUCKETS):
        assert sum((row[name] for row in rows), Decimal(0)) == total[name]
    told = {"country": {"Peru", "Colombia", "Not known"}, "collector": {"Ana", "Beto", "Not known"}}
    assert {row["part"] for row in rows} >= told.get(by, set())


def test_currencies_are_side_by_side_and_never_added(open_page: OpenPage) -> None:
    items = sample_items()
    _publish(items)
    shown = _table(open_page("aging", by="currency"), "part")
    assert {row["part"]: row["open_amount"] for row in shown.to_dict("records")} == {
        code: _owed(items, code) for code in ("PEN", "COP", "USD")
    }


@pytest.mark.parametrize(
    "narrowed",
    [
        {"bucket": "120+"},
        {"by": "collector", "group": "Ana"},
        {"by": "collector", "group": aging.UNKNOWN, "bucket": "31-60"},
        {"by": "country", "group": "CO", "company": "main"},
        {"by": "segment.payer_behaviour", "group": "slow", "bucket": "1-30"},
        {"by": "segment.payer_behaviour", "group": "prompt", "as_of": "2026-06-10"},
        {"by": "company", "company": "norte", "customer": "all"},
    ],
    ids=lambda narrowed: "-".join(narrowed.values()),
)
def test_a_link_narrows_every_figure_and_the_rows_add_up_to_it(open_page: OpenPage, narrowed: dict[str, str]) -> None:
    _publish(sample_items())
    app = open_page("aging", **narrowed)
    if "company" in narrowed:
        # the test's way from page to page loses what Streamlit itself binds to the address
        app = app.selectbox(key="company").set_value(narrowed["company"]).run()
    assert not app.exception and not app.error
    assert len(_chips(app)) == len(narrowed.keys() & {"bucket", "group", "company", "customer"})
    customers = _table(app, "customer_name")
    owed = customers["open_amount"].iloc[0]
    assert owed > 0 and sum(customers["open_amount"].iloc[1:], Decimal(0)) == owed
    beside = _table(app, "now")
    of_bucket = Words("EN").bucket(narrowed["bucket"]) if "bucket" in narrowed else "Total"
    assert beside.set_index("bucket")["now"][of_bucket] == owed
    if narrowed.keys() & {"bucket", "customer"}:
        assert sum(_table(app, "document_number")["open_amount"], Decimal(0)) == owed
        assert "the figure chosen" in said(app)


def test_one_customer_has_its_own_figures_and_invoices(open_page: OpenPage) -> None:
    items = sample_items()
    _publish(items)
    customer = next(i.customer_id for i in items if i.currency_code == "PEN")
    app = open_page("aging", customer=customer)
    owed = sum(i.item_amount for i in items if i.customer_id == customer and i.item_type == "instalment")
    assert _table(app, "now")["now"].iloc[-1] == owed
    assert _table(app, "customer_name")["open_amount"].iloc[1] == owed, "the one chosen is on top"
    assert sum(_table(app, "document_number")["open_amount"], Decimal(0)) == owed
    assert len(_table(app, "customer_name")) > 3, "the others can still be chosen"


def test_a_chip_takes_its_filter_away_and_a_list_puts_it_there(open_page: OpenPage) -> None:
    _publish(sample_items())
    app = open_page("aging", by="collector", group="Ana", bucket="1-30")
    assert _chips(app) == ["Collector: Ana", "1-30 days"]
    app.button(key="chip_group").click().run()
    assert _chips(app) == ["1-30 days"] and "group" not in app.query_params
    app.button(key="chip_bucket").click().run()
    assert not _chips(app) and "bucket" not in app.query_params
    app.selectbox(key="group_EN").set_value("Beto").run()
    app.selectbox(key="company").set_value("norte").run()
    assert _chips(app) == ["Company: norte", "Collector: Beto"]
    assert app.query_params["group"] == "Beto"
    app.button(key="chip_company").click().run()
    assert _chips(app) == ["Collector: Beto"]


def test_a_link_that_asks_for_strangers_gets_everything(open_page: OpenPage) -> None:
    items = sample_items()
    _publish(items)
    strangers = {"by": "moon", "group": "moon", "bucket": "moon", "customer": "' or true --"}
    app = open_page("aging", **strangers)
    assert not app.exception and not app.error and not _chips(app)
    assert _table(app, "now")["now"].iloc[-1] == _owed(items)
    assert not app.query_params.keys() & strangers.keys()


def test_each_bucket_stands_beside_last_month_and_last_year(open_page: OpenPage) -> None:
    publish_items(
        [
            item("1", dt.date(2026, 5, 1), "100", settled_date=dt.date(2026, 6, 15)),
            item("2", dt.date(2026, 6, 10), "40"),
            item("3", dt.date(2025, 6, 30), "25", settled_date=dt.date(2025, 7, 2)),
            item("4", dt.date(2025, 6, 30), "7", currency_code="USD", settled_date=dt.date(2025, 7, 2)),
        ]
    )
    shown = _table(open_page("aging"), "now").set_index("bucket")
    # as of 30 June: 31 May and 30 June of the year before
    assert list(shown.loc["1-30 days", ["now", "last_month", "last_year"]]) == [40, 100, 0]
    assert list(shown.loc["Not due", ["now", "last_month", "last_year"]]) == [0, 40, 25]
    assert list(shown.loc["Total", ["now", "last_month", "last_year"]]) == [40, 140, 25]
    assert shown.loc["Total", "last_month_change"] == "-100.00 (-71.4%)"
    assert shown.loc["Total", "last_year_change"] == "+15.00 (+60.0%)"
    assert shown.loc["1-30 days", "last_year_change"] == "+40.00"


def test_a_day_before_anything_was_known_says_so_and_is_not_zero(open_page: OpenPage) -> None:
    publish_items([item("1", AS_OF, "10", issue_date=dt.date(2026, 5, 2))])
    app = open_page("aging")
    shown = _table(app, "now").set_index("bucket")
    assert shown.loc["Total", "last_month"] == 10 and shown.loc["Total", "last_year"] is None
    assert shown.loc["Total", "last_year_change"] == "—"
    assert "Nothing is known of 30 Jun 2025: the first movement is of 2 May 2026." in said(app)


def test_earlier_dates_are_asked_once_for_a_view(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items([*sample_items(), item("old", dt.date(2024, 5, 1), "1")])
    asked: list[dt.date] = []
    original = balances.aging_and_credit

    def counted(connection: Any, as_of: dt.date, known_at: dt.datetime) -> Any:
        asked.append(as_of)
        return original(connection, as_of, known_at)

    monkeypatch.setattr(balances, "aging_and_credit", counted)
    monkeypatch.setattr(overview, "IN_TIME_SECONDS", -1.0)  # the first page asks for days of its own
    app = open_page("aging")
    assert sorted(set(asked)) == [dt.date(2025, 6, 30), dt.date(2026, 5, 31), AS_OF]
    assert [asked.count(day) for day in (dt.date(2025, 6, 30), dt.date(2026, 5, 31))] == [1, 1]
    before = len(asked)
    app.run()
    assert len(asked) == before


def test_the_same_customers_on_both_dates(database: str) -> None:
    """A segment is of the page's own date: who is slow now, and what these owed then."""
    publish_items(
        [
            item("1", dt.date(2026, 4, 1), "5", customer_id="files:C-1"),
            item("2", dt.date(2026, 4, 1), "9", customer_id="files:C-2", settled_date=dt.date(2026, 6, 20)),
        ]
    )
    asked = aging.Asked(CLOCKS, "PEN", by="segment", scheme="payer_behaviour", part="slow")
    with reading() as opened:
        then = aging.earlier(opened, asked)["last_month"]
    assert then.buckets is not None and sum(then.buckets["open_amount"], Decimal(0)) == 5


def test_the_parts_as_a_file_add_up(database: str) -> None:
    items = sample_items()
    _publish(items)
    asked = aging.Asked(CLOCKS, "PEN", by="collector")
    with reading() as opened:
        rows = aging.parts(aging.cells(opened, CLOCKS, "collector", None), asked)
    file = io.StringIO(aging.parts_csv(Words("EN"), asked, rows).decode("utf-8-sig"))
    *lines, total = csv.DictReader(file)
    assert sum(Decimal(line["Open"]) for line in lines) == Decimal(total["Open"]) == _owed(items)


def test_an_invoice_leads_to_its_instalment_its_payment_and_its_source(database: str) -> None:
    publish_items([item("1", dt.date(2026, 5, 1), "100", settled_date=dt.date(2026, 6, 15)), item("2", AS_OF, "5")])
    before = Clocks(dt.date(2026, 6, 10), KNOWN_AT)
    with reading() as opened:
        assert list(invoices.instalments(opened, before, "1")["open_amount"]) == [100]
        assert list(invoices.instalments(opened, CLOCKS, "1")["open_amount"]) == [0]
        moved = invoices.movements(opened, CLOCKS, "invoice:1")
        assert list(moved["entry_type"]) == ["invoiced", "applied"] and sum(moved["amount"]) == 0
        paid = invoices.settlement(opened, CLOCKS, moved["settlement_id"].iloc[1])
        assert paid is not None and (paid["document_number"], paid["item_amount"]) == ("P-1", 100)
        uses = invoices.movements(opened, CLOCKS, paid["item_id"])
        assert list(uses["invoice_number"].dropna()) == ["F001-1"] and sum(uses["amount"]) == 0
        document = invoices.document(opened, CLOCKS, "1")
        assert document is not None and (document["source"], document["record_key"]) == ("files", "1")
        assert invoices.document(opened, CLOCKS, "1' or true --") is None


CHARGED = dt.date(2026, 6, 20)


def _charged_back() -> list[Item]:
    """An invoice that is paid whole and charged back as a whole; and a chargeback that names none."""
    made = {"item_type": "chargeback", "issue_date": CHARGED}
    return [
        item("1", dt.date(2026, 5, 1), "500", settled_date=dt.date(2026, 5, 20)),
        item("chargeback:7", CHARGED, "200", of_invoice="1", document_number="CB-7", **made),
        item("chargeback:8", CHARGED, "30", customer_id="files:C-2", document_number="CB-8", **made),
        item("later", AS_OF, "5", item_type="chargeback", issue_date=AS_OF + dt.timedelta(days=1), of_invoice="1"),
    ]


def _opened(open_page: OpenPage, number: str, lang: str = "EN") -> AppTest:
    """The row of a bucket's drill-down with that number is clicked."""
    app = open_page("aging", bucket="1-30", lang=lang)
    frame = next(each for each in app.dataframe if "item_amount" in each.value)
    row = list(frame.value["document_number"]).index(number)
    app.session_state[frame.proto.id.split("-", 2)[2]] = {
        "selection": {"rows": [], "columns": [], "cells": [(row, "document_number")]}
    }
    app = app.run()
    assert not app.exception and not app.error, said(app)
    return app


def _tables(app: AppTest, column: str, but: str = "customer_name") -> list[Any]:
    return [each.value for each in app.dataframe if column in each.value and but not in each.value]


@pytest.mark.parametrize(
    ("lang", "titles", "sums"),
    [
        ("EN", ("Chargeback CB-7", "Invoice F001-1"), "1 movement of **PEN 200.00**, what is open of the chargeback"),
        ("ES", ("Contracargo CB-7", "Factura F001-1"), "lo que está abierto del contracargo"),
        ("PT", ("Estorno CB-7", "Fatura F001-1"), "o que está em aberto do estorno"),
    ],
)
def test_a_chargeback_under_an_invoice_leads_to_itself_and_to_the_invoice(
    open_page: OpenPage, lang: str, titles: tuple[str, str], sums: str
) -> None:
    publish_items(_charged_back())
    app = _opened(open_page, "CB-7", lang)
    told = said(app).replace("\\", "").replace("\xa0", " ")
    assert sums in told and [each.value for each in app.subheader][-2:] == [each.replace("-", "\\-") for each in titles]
    own, of_invoice = _tables(app, "effective_date")
    assert list(own["amount"]) == [200]
    assert list(of_invoice["amount"]) == [500, -500, 200], "with the chargeback"
    [parts] = _tables(app, "item_amount")
    assert list(parts["open_amount"]) == [0, 200] and list(parts["what"])[1] == titles[0]
    if lang == "EN":
        assert "1 instalment · 1 chargeback" in told and "what is open of the invoice" in told
        assert "3 movements add up to **PEN 200.00**" in told


def test_a_chargeback_that_names_no_invoice_leads_to_itself(open_page: OpenPage) -> None:
    publish_items(_charged_back())
    app = _opened(open_page, "CB-8")
    told = said(app).replace("\\", "").replace("\xa0", " ")
    assert "1 movement of **PEN 30.00**, what is open of the chargeback" in told and "record chargeback:8" in told
    assert [list(each["amount"]) for each in _tables(app, "effective_date")] == [[30]]
    assert not _tables(app, "item_amount"), "of no invoice"


@pytest.mark.parametrize(
    "text",
    [
        None, "", "http://erp.example.com/1", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "//erp.example.com/1", "https:", "https:///1", "erp.example.com/1", "java\nscript:alert(1)", "https://[1",
    ],
)  # fmt: skip
def test_only_an_https_address_becomes_a_link(text: str | None) -> None:
    assert invoices.web_address(text) is None


def test_an_https_address_is_a_link() -> None:
    assert invoices.web_address(" https://erp.example.com/odoo/1?a=b ") == "https://erp.example.com/odoo/1?a=b"
