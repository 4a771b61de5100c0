"""Exports: complete, adding up, and data for a spreadsheet, never formulas."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items, sample_items

from cartera import viewed
from cartera.cells import safe_cell
from dashboards.components import export as component
from dashboards.components.narrowed import narrowed
from dashboards.i18n import Words
from dashboards.queries import export
from dashboards.queries.session import Clocks

CLOCKS = Clocks(AS_OF, KNOWN_AT)
WORDS = Words("EN")


def _rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "a mark that lets spreadsheets read accents"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("currency", ["PEN", "COP", "USD"])
def test_the_total_row_adds_up_and_covers_every_customer(database: str, currency: str) -> None:
    items = [i for i in sample_items() if i.currency_code == currency and i.item_type == "instalment"]
    publish_items(sample_items())
    *rows, total = _rows(export.customers_csv(WORDS, CLOCKS, currency, None))
    assert len(rows) == len({i.customer_id for i in items})
    assert total["Customer id"] == f"TOTAL: {len(rows)}"
    owed = sum((i.item_amount for i in items), Decimal(0))
    assert Decimal(total["Open"]) == owed == sum(Decimal(row["Open"]) for row in rows)
    assert sum(Decimal(total[WORDS.bucket(b)]) for b in ("not_due", "1-30", "31-60", "61-90", "91-120", "120+")) == owed
    assert {row["Currency"] for row in rows} == {currency}
    assert {row["As of"] for row in rows} == {"2026-06-30"} and {row["Filters"] for row in rows} == {""}


def test_every_row_says_to_what_the_table_is_narrowed_and_never_as_a_formula(database: str) -> None:
    publish_items([item("1", AS_OF, "10.50")])
    to = narrowed(Words("ES"), WORDS.bucket("1-30"), company="norte", collector=None)
    assert to == ("Empresa: norte", "1-30 days")
    for row in _rows(export.customers_csv(Words("ES"), CLOCKS, "PEN", None, narrowed=to)):
        assert row["Filtros"] == "Empresa: norte · 1-30 days"
    for row in _rows(export.open_items_csv(WORDS, CLOCKS, "PEN", None, None, None, narrowed=["=1+1", "b"])):
        assert row["Filters"] == "'=1+1 · b"


def test_invoices_behind_a_figure_in_spanish(database: str) -> None:
    publish_items([item("1", AS_OF, "10.50", is_disputed=True), item("2", AS_OF, "3", customer_id="files:C-2")])
    row, total = _rows(export.open_items_csv(Words("ES"), CLOCKS, "PEN", None, "files:C-1", "not_due"))
    assert (row["Factura"], row["Vence"], row["Saldo"]) == ("F001-1", "2026-06-30", "10.50")
    assert total["Saldo"] == "10.50"
    assert (row["En disputa"], row["Tramo"]) == ("sí", "Por vencer")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_is_never_a_formula(database: str, start: str) -> None:
    publish_items([item("1", AS_OF, "10", customer_name=f"{start}cmd|' /C calc'!A0", document_number=f"{start}1")])
    row, _ = _rows(export.open_items_csv(WORDS, CLOCKS, "PEN", None, None, None))
    assert row["Customer"] == f"'{start}cmd|' /C calc'!A0"
    assert row["Invoice"] == f"'{start}1"


def test_negative_numbers_stay_numbers() -> None:
    assert safe_cell(Decimal("-14.5"), "PEN") == "-14.50"
    assert safe_cell(-7, "PEN") == -7
    assert safe_cell(None, "PEN") == ""
    assert safe_cell(dt.date(2026, 6, 30), "PEN") == "2026-06-30"


def test_an_export_that_is_cut_says_so(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EXPORTED_ROWS", 2)
    publish_items([item(str(n), AS_OF, "1") for n in range(3)])
    *rows, total = _rows(export.open_items_csv(WORDS, CLOCKS, "PEN", None, None, None))
    assert len(rows) == 2 and total["Open"] == "2.00"
    assert total["Company"] == "TOTAL OF THE FIRST 2 ROWS, MORE WERE LEFT OUT"


def test_what_is_taken_is_logged_with_its_rows_whatever_the_kind_of_file(database: str) -> None:
    """A workbook, or a PDF, as a CSV file: the log is written before the file is given."""
    book = component.logged(lambda: export.Counted(b"PK", 7), "provision.xlsx", CLOCKS)
    assert book() == b"PK"
    (logged,) = viewed.listed()
    assert (logged["subject"], logged["row_count"]) == ("provision.xlsx", 7)
    assert logged["filters"] == {"as_of": "2026-06-30", "known_at": KNOWN_AT.isoformat()}


class _Address(dict[str, str]):
    def get_all(self, name: str) -> list[str]:
        return [self[name]]


def test_a_name_that_narrowed_no_file_is_not_logged(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a customer beside it nobody would find it there when that customer is erased."""
    monkeypatch.setattr(component.st, "query_params", _Address(find="Ana Ltd", judged_in="30"))
    component.logged(lambda: export.Counted(b"", 1), "promises.csv", CLOCKS)()
    monkeypatch.setattr(component.st, "query_params", _Address(find="Ana Ltd", customer="files:C-1"))
    component.logged(lambda: export.Counted(b"", 1), "timeline.csv", CLOCKS)()
    found = {row["subject"]: row["filters"] for row in viewed.listed()}
    assert "find" not in found["promises.csv"] and found["promises.csv"]["judged_in"] == "30"
    assert found["timeline.csv"]["find"] == "Ana Ltd"


def _page() -> None:
    import streamlit as st

    from cartera.desk import Actor
    from dashboards.components import page
    from dashboards.components.export import audit_view
    from dashboards.components.view import View

    def draw(view: View) -> None:
        if st.session_state.get("opened"):
            audit_view(Actor.local("ana"), st.session_state["opened"])
        if "then" in st.session_state:
            st.session_state["opened"] = st.session_state.pop("then")
            st.rerun()

    page.show(draw, title="overview.title", needs_publication=False)


def test_a_visit_goes_on_where_a_click_cut_the_page_off_and_ends_where_it_leads_away(database: str) -> None:
    app = AppTest.from_function(_page, default_timeout=60)
    for opened, then, lines in (("C-1", "C-1", 1), ("C-1", "", 1), ("", "", 1), ("C-1", "", 2), ("C-1", "C-1", 3)):
        app.session_state["opened"], app.session_state["then"] = opened, then
        app = app.run()
        assert not app.exception and len(viewed.listed()) == lines, (opened, then)
