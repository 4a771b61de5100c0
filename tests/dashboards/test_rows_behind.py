"""Figures lead to the rows behind them, which add up to them: of a KPI, of recovery, of what was collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.kpi_page import UNTIL, kpi_figures, open_kpis, plainly, read_file
from support.pages import page_opened, said

import dashboards.components.rows_behind
from cartera.warehouse import in_view, kpi_rows, read, risk
from dashboards.components import moved_parts
from dashboards.components.headline_extras import MADE_OF
from dashboards.components.narrowed import in_file
from dashboards.components.recovery_rows import COHORT, CURES, HISTORY, OPEN
from dashboards.components.view import View
from dashboards.i18n import Words
from dashboards.queries import kpi_export, kpis, overview, receivables, recovery, recovery_rows
from dashboards.queries.export import Said
from dashboards.queries.session import reading

KNOWN_AT = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def test_a_kpi_leads_to_rows_that_add_up_to_it(published_company: str) -> None:
    place = max((row for row in kpi_figures() if row["kpi"] == "past_due_pct"), key=lambda row: row["denominator"])
    where = f"{place['company_id']}/{place['currency_code']}"
    for part, figure in (("past_due_amount", "numerator"), ("ar_amount", "denominator")):
        app = open_kpis(kpi="past_due_pct", place=where, rows=part)
        listed = app.dataframe[-1].value
        money = Words("EN").money(place[figure], place["currency_code"]).replace("\xa0", " ")
        assert f"**{money}**" in plainly(app) and f"That is the {figure} of" in plainly(app)
        assert len(listed) > 0
    app = _choose(app, "document_number", 0, "amount")
    assert f"Invoice {listed['document_number'].iloc[0]}" in plainly(app)
    assert "That is the" not in plainly(open_kpis(kpi="past_due_pct", place=where, rows="1 or 1"))


def test_rows_of_a_kpi_are_valued_in_the_currency_of_the_view(published_company: str) -> None:
    row = next(
        row for row in kpi_figures("company") if row["kpi"] == "past_due_pct" and row["company_id"] == "andes-pe"
    )
    app = open_kpis(
        kpi="past_due_pct", place=f"andes-pe/{row['currency_code']}", rows="ar_amount", currency_view="company"
    )
    money = Words("EN").money(row["denominator"], row["currency_code"]).replace("\xa0", " ")
    assert f"**{money}**" in plainly(app) and "That is the denominator of" in plainly(app)
    listed = app.dataframe[-1].value
    foreign = [each for each in listed.to_dict("records") if each["in_document"].startswith("USD")]
    assert foreign and all(each["at_rate"] != "1.00" for each in foreign)


def test_rows_do_not_add_up_while_a_rate_is_missing(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_view.variables, "number", lambda _name: -1)  # no rate is as young as this
    app = open_kpis(
        kpi="past_due_pct", place="andes-pe/PEN", rows="ar_amount", currency_view="as-of-rate", as_of="2026-06-28"
    )
    [warning] = [each.value for each in app.warning if "do not add up" in each.value]
    assert "no rate USD to PEN" in warning.replace("\\", "") and "rows add up" not in plainly(app)


def test_what_is_counted_needs_no_rate(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_view.variables, "number", lambda _name: -1)  # no rate is as young as this
    app = open_kpis(
        kpi="disputed_items_pct",
        place="andes-pe/PEN",
        rows="open_items",
        currency_view="as-of-rate",
        as_of="2026-06-28",
    )
    assert not any("do not add up" in each.value for each in app.warning)
    assert "rows add up to" in plainly(app) and "That is the " in plainly(app)


@pytest.mark.parametrize("asked", [{"show": "dso"}, {"kpi": "past_due_pct", "rows": "ar_amount"}])
def test_of_one_place_a_link_to_another_is_told(published_company: str, asked: dict[str, str]) -> None:
    def told(app: AppTest) -> list[str]:
        assert not app.exception and not app.error
        return [each.value for each in app.caption if Words("EN")("filter.refused") in each.value]

    asked |= {"company": "andes-pe", "currency_view": "company"}
    app = open_kpis(place="andes-co/COP", **asked)
    (line,) = told(app)
    assert "andes\\-co" in line and "(shown: PEN)" in line and "place" not in app.query_params
    assert told(app.run()) == [line], "it stays while nothing is chosen"
    app = open_kpis(place="andes-pe/PEN", **asked)
    assert not told(app) and "place" in app.query_params
    # what was chosen of another company before is no link
    app = open_kpis(place="andes-co/COP", **asked | {"company": ""})
    assert not told(app) and "place" in app.query_params
    app = app.selectbox(key="company").set_value("andes-pe").run()
    assert not told(app) and not told(app.run())


@pytest.mark.parametrize("kpi", kpis.counting_back.MONTHS)
def test_counting_back_leads_to_its_months_and_each_to_its_documents(published_company: str, kpi: str) -> None:
    row = max((row for row in kpi_figures() if row["kpi"] == kpi and row["value"]), key=lambda row: row["value"])
    where, words = f"{row['company_id']}/{row['currency_code']}", Words("EN")
    app = open_kpis(kpi=kpi, place=where, rows="counted_sales_amount")
    months = app.dataframe[-2].value
    assert sum(months["sales_amount"], Decimal(0)) == row["denominator"]
    assert sum(months["taken_amount"], Decimal(0)) == min(row["numerator"], row["denominator"])
    assert f"**{words.days(row['value'])}** days" in plainly(app) and "That is the denominator of" in plainly(app)
    assert len(months) > 1
    frame = app.dataframe[-2]
    app.session_state[frame.proto.id.split("-", 2)[2]] = {
        "selection": {"rows": [], "columns": [], "cells": [(1, "month")]}
    }
    app = app.run()
    money = words.money(months["sales_amount"][1], row["currency_code"]).replace("\xa0", " ")
    assert f"**{money}**" in plainly(app) and "That is the denominator of" not in plainly(app)
    first = str(app.query_params["counted"])
    assert words.date(dt.date.fromisoformat(first)) == months["month"][1].partition(" – ")[0]


def test_what_can_not_be_counted_back_says_why(published_company: str) -> None:
    for row in kpi_figures():
        if row["kpi"] == "dso_countback_calendar" and not row["value"]:
            where = f"{row['company_id']}/{row['currency_code']}"
            app = open_kpis(kpi="dso_countback_calendar", place=where, rows="counted_sales_amount")
            assert len(app.info) == 1 and "counted back" not in plainly(app)
            return
    app = open_kpis(kpi="dso_countback_calendar", rows="counted_sales_amount", as_of="2020-01-01")
    assert not app.dataframe


@pytest.mark.parametrize("view", ["transaction", "company"])
@pytest.mark.parametrize(("kpi", "part", "sum_of"), [
    ("past_due_pct", "past_due_amount", "numerator"),
    ("average_days_to_pay", "paid_items", "denominator"),
])  # fmt: skip
def test_rows_of_a_kpi_as_a_file(
    published_company: str, monkeypatch: pytest.MonkeyPatch, view: read.View, kpi: str, part: str, sum_of: str
) -> None:
    """As the page writes it: its headings, what was chosen, and below the rows their sum, which is the figure's."""
    words, files = Words("ES"), list[bytes]()
    row = next(row for row in kpi_figures(view) if row["kpi"].startswith(kpi) and row[sum_of])
    monkeypatch.setattr(
        dashboards.components.rows_behind, "csv_button", lambda *given, **_named: files.append(given[4]())
    )
    app = open_kpis(
        lang="ES", kpi=kpi, rows=part, currency_view=view, place=f"{row['company_id']}/{row['currency_code']}"
    )
    assert not app.exception and not app.error
    *found, last = read_file(files[-1])
    amount = words("unit.amount" if part.endswith("amount") else f"kpi_part.{part}")
    assert sum(Decimal(each[amount]) for each in found) == Decimal(last[amount]) == row[sum_of]
    assert last[words("column.company")] == f"{words('export.total')}: {len(found)}"
    assert {each[words("column.company")] for each in found} == {row["company_id"]}
    said = {each[words("column.filters")] for each in found}.pop()
    for stated in (words(f"kpi_part.{part}"), f"{words('filter.window')}: 90", words(f"currency_view.{view}")):
        assert stated in said
    assert not any("_" in heading for heading in found[0])
    in_another = (words("column.document_currency"), words("column.rate"))
    assert all((heading in found[0]) == (view == "company" and "amount" in part) for heading in in_another)


def test_rows_without_a_rate_have_no_total_in_their_file(
    published_company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, place = Words("EN"), kpi_rows.Asked(UNTIL, KNOWN_AT, "andes", "PEN", 90, "company")
    one = dict.fromkeys(kpi_rows.COLUMNS) | {"company_id": "andes", "customer_id": "1", "document_number": "F1"}
    without = "no rate USD to PEN on 2026-06-30"
    rows = [one | {"amount": Decimal(5), "reason": without}, one | {"amount": None, "reason": without}]
    monkeypatch.setattr(kpi_rows, "rows", lambda *_given: [dict(row) for row in rows])
    headings = {"document_number": "column.any_document", "amount": "unit.amount"}
    said = Said(words, headings, ())
    *found, last = read_file(kpi_export.rows_csv(place, "ar_amount", said))
    assert [each["Amount"] for each in found] == ["5.00", ""] and last["Amount"] == ""
    assert {each["Note"] for each in found} == {"no rate USD to PEN on 30 Jun 2026"}


RECOVERY = (
    # part of the page, a column that tells its table, the row and the column of a figure, what its debts are called
    ("losses", "ecl_amount", 0, "ecl_amount", "Open debts: Not due"),
    ("losses", "ecl_amount", -1, "balance_amount", "Open debts: Total"),
    ("losses", "ecl_amount", 2, "unpaid_amount", "Debts that the rate was learned from: 31-60 days"),
    ("cohorts", "placed_items", 2, "collected_amount", "Debts placed: Sep 2025"),
    ("cohorts", "placed_items", -1, "open_amount", "Debts placed: All months"),
    ("cohorts", "step_1", 1, "step_1", "Debts placed: Aug 2025, 30 d"),
    ("cohorts", "step_1", -1, "step_2", "Debts placed: Cohorts old enough, 60 d"),
    ("rolling", "redefault_rate", 0, "cured", "Debts past due at the start: Cured"),
    ("rolling", "redefault_rate", 1, "delinquent", "Debts past due at the start: Customers past due"),
    ("rolling", "to paid", 1, "to paid", "Debts from Not due to Paid"),
    ("rolling", "roll_rate_pct", 0, "numerator", "Debts from Not due to 1-30 days or written off"),
    ("rolling", "roll_rate_pct", 0, "denominator", "Debts in Not due at the beginning of a period"),
)
SHOWN = (moved_parts.COLUMNS | {"written_off_amount": moved_parts.LOST}, OPEN, HISTORY, COHORT, CURES)


def _clicked(table: str, row: int, column: str, **parameters: str) -> AppTest:
    """The page of recovery with a figure of one of its tables clicked."""
    return _choose(page_opened("recovery", **parameters), table, row, column)


def _choose(app: AppTest, table: str, row: int, column: str) -> AppTest:
    """A figure clicked of the table that has a column of this name."""
    [shown] = [frame for frame in app.dataframe if table in frame.value]
    key = shown.proto.id.split("-", 2)[2]
    place = row % len(shown.value)
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(place, column)]}}
    app = app.run()
    assert not app.exception, said(app)
    return app


@pytest.mark.parametrize(("part", "table", "row", "column", "title"), RECOVERY)
def test_a_figure_of_recovery_leads_to_debts_that_add_up_to_it(
    published_company: str, part: str, table: str, row: int, column: str, title: str
) -> None:
    app = _clicked(table, row, column, part=part)
    assert not app.error and title in plainly(app), plainly(app)
    assert "rows add up to the figures" in said(app)
    assert any("customer_name" in frame.value and len(frame.value) for frame in app.dataframe)


@pytest.mark.parametrize(
    ("part", "table", "column", "listed"),
    [
        ("losses", "ecl_amount", "ecl_amount", "expected_amount"),
        ("cohorts", "placed_items", "collected_amount", "placed_date"),
        ("rolling", "redefault_rate", "delinquent", "outcome"),
        ("rolling", "roll_rate_pct", "denominator", "from_date"),
    ],
)
def test_a_debt_leads_to_its_invoice(published_company: str, part: str, table: str, column: str, listed: str) -> None:
    app = _choose(_clicked(table, 0, column, part=part), listed, 0, "document_number")
    number = next(frame.value for frame in app.dataframe if listed in frame.value)["document_number"].iloc[0]
    assert f"Invoice {number}" in plainly(app) and "Source" in said(app)
    assert any("effective_date" in frame.value for frame in app.dataframe), "what moved it"


def test_balances_compared_lead_to_what_was_in_the_next_bucket(published_company: str) -> None:
    app = _clicked("roll_rate_pct", 0, "roll_rate_pct", part="rolling", method="net_flow", count_by="count")
    assert "Debts in 1-30 days at the end of a period" in plainly(app) and "rows add up to the figures" in said(app)


def test_a_customer_is_judged_as_a_whole_and_each_debt_says_what_came_of_it(published_company: str) -> None:
    app = _clicked("redefault_rate", 1, "delinquent", part="rolling")
    found = next(frame.value for frame in app.dataframe if "outcome" in frame.value)
    assert set(found["outcome"]) <= {"Late still", "Cured", "Late again", "With a write-off"}
    became = ("collected", "credited", "written_off", "open")
    parts = {name: sum(found[f"{name}_amount"], Decimal(0)) for name in became}
    assert sum(parts.values()) == sum(found["amount"]) > 0 and parts["collected"] > 0
    told = {name: Words("EN").money(amount, "PEN").replace("\xa0", " ") for name, amount in parts.items()}
    assert (
        f"What became of these debts by 30 Jun 2026: collected {told['collected']}, credited {told['credited']},"
        f" written off {told['written_off']}, still open {told['open']}."
    ) in plainly(app)
    # as of 30 June: 120 and 30 days before it
    assert "past due on 2 Mar 2026, and what they owed past due on 31 May 2026, 90 days later" in plainly(app)


def test_debts_that_do_not_add_up_to_a_figure_say_so(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cured = risk.cure_rates

    def one_more(*given: Any, **named: Any) -> list[dict[str, Any]]:
        return [row | {"cured": row["cured"] + 1} for row in cured(*given, **named)]

    monkeypatch.setattr(risk, "cure_rates", one_more)
    st.cache_data.clear()
    app = _clicked("redefault_rate", 0, "cured", lang="ES")
    assert "Las filas suman" in app.error[0].value and "cartera doctor" in app.error[0].value
    st.cache_data.clear()


def test_debts_of_a_cohort_as_a_file(published_company: str) -> None:
    with reading() as opened:
        clocks = opened.clocks
        figures = recovery.liquidation(opened, clocks)
    row = figures[figures["cohort_month"].isna()].iloc[0]
    asked = recovery_rows.cohort(f"{row['company_id']}/{row['currency_code']}", clocks, None)
    words = Words("ES")
    view = View(opened, words, is_dark=False, is_phone=False)
    said_in_file = in_file(view, row["company_id"], COHORT, "=1+1")
    text = recovery_rows.cohort_csv(asked, "collected_amount", clocks, said_in_file)
    *found, total = read_file(text)
    assert len(found) == row["placed_items"]
    for name in recovery_rows.MEASURES:
        heading = words(COHORT[name].heading)
        assert sum(Decimal(each[heading]) for each in found) == row[name] == Decimal(total[heading])
    stated = tuple(map(words, ("column.company", "column.as_of", "column.filters")))
    narrowed_to = f"{words('filter.company')}: {row['company_id']} · =1+1"
    assert {tuple(each[name] for name in stated) for each in found} == {
        (row["company_id"], UNTIL.isoformat(), narrowed_to)
    }


@pytest.mark.parametrize(("part", "table", "row", "column", "title"), RECOVERY)
def test_files_of_recovery_say_what_the_page_says(
    published_company: str, monkeypatch: pytest.MonkeyPatch, part: str, table: str, row: int, column: str, title: str
) -> None:
    """Its headings in the reader's language, its rows and their sums, and what they are."""
    files: dict[str, bytes] = {}

    def made(view: View, _clocks: Any, _code: str, name: str, content: Callable[[], bytes], **_: Any) -> None:
        files[name] = content()

    monkeypatch.setattr(dashboards.components.rows_behind, "csv_button", made)
    app = _clicked(table, row, column, part=part)
    [text] = files.values()
    *found, total = read_file(text)
    assert not any("_" in heading for heading in total) and title in total[Words("EN")("column.filters")]
    assert total["Company"] == f"TOTAL: {len(found)}"
    [shown] = [frame.value for frame in app.dataframe if "customer_name" in frame.value]
    assert len(found) == len(shown)
    for name in (name for name in shown if name.endswith("amount")):
        called = {Words("EN")(columns[name].heading) for columns in SHOWN if name in columns}
        [heading] = called & set(total)
        assert sum(Decimal(each[heading] or 0) for each in found) == sum(shown[name])


@pytest.mark.parametrize("company", ["", "andes-pe"])
def test_what_was_collected_this_month_leads_to_its_payments(published_company: str, company: str) -> None:
    app = page_opened("overview", currency="PEN", **({"company": company} if company else {}))
    assert "rows add up to the figures" not in said(app)
    app = app.toggle(key="collected_rows").set_value(True).run()
    assert not app.exception and not app.error, said(app)
    with reading() as opened:
        asked = overview.asked(opened, "PEN", company or None)
        month, figure = overview.collected(opened, asked)[-1]
    assert month == UNTIL.replace(day=1) and figure > 0
    money = Words("EN").money(figure, "PEN").replace("\xa0", " ")
    assert f"rows add up to the figures: **Collected {money}**" in plainly(app)
    payments = next(frame.value for frame in app.dataframe if "date" in frame.value and "amount" in frame.value)
    assert min(payments["date"]) >= month and sum(payments["amount"]) == figure
    linked = page_opened("overview", **{name: value for name, value in app.query_params.items() if name != "lang"})
    assert "rows add up to the figures" in said(linked), "a link has it open"
    linked = linked.toggle(key="collected_rows").set_value(False).run()
    assert "rows add up to the figures" not in said(linked) and "collected_rows" not in linked.query_params
    app = _choose(app, "document_number", 0, "amount")
    assert f"Payment {payments['document_number'].iloc[0]}" in plainly(app)


def _rows_of_cards(app: AppTest) -> list[tuple[str, dict[str, str]]]:
    """The links of the overview to rows of KPIs: what each is called and what it asks for."""
    links = [each.proto for each in app.get("page_link") if "rows=" in each.proto.query_string]
    return [(each.label.replace("\\", ""), dict(parse_qsl(each.query_string))) for each in links]


def test_figures_of_several_companies_lead_to_the_rows_of_each(published_company: str) -> None:
    """Which are those of the same ledger: what is open of each adds up to the card's."""
    app = page_opened("overview", currency="USD")
    links = [link for link in _rows_of_cards(app) if link[1]["kpi"] == kpis.DSO]
    assert [link[1]["place"] for link in links] == ["andes-co/USD", "andes-pe/USD"]
    assert ["andes-co" in links[0][0], "andes-pe" in links[1][0]] == [True, True]
    assert sum("of 2 companies together" in str(each.proto) for each in app.metric) == 2  # DSO and effectiveness
    with reading() as opened:
        totals = receivables.totals(opened, opened.clocks)
    shown = receivables.headlines(totals, None)
    behind = [kpi for kpi in kpi_figures() if kpi["kpi"] == "past_due_pct" and kpi["currency_code"] == "USD"]
    assert sum(kpi["denominator"] for kpi in behind) == next(e.open_amount for e in shown if e.currency_code == "USD")

    app = page_opened("overview", currency="USD", company="andes-pe")
    links = _rows_of_cards(app)
    assert [(link["kpi"], link["rows"]) for _label, link in links] == list(MADE_OF.values())
    of = next(e for e in receivables.headlines(totals, "andes-pe") if e.currency_code == "USD")
    with reading() as opened:
        disputed = receivables.disputed(opened, opened.clocks, "USD", "andes-pe")
    cards = (of.overdue_amount, disputed, -of.unapplied_amount)
    behind = [kpi for kpi in kpi_figures() if kpi["company_id"] == "andes-pe" and kpi["currency_code"] == "USD"]
    of_place = {kpi["kpi"]: kpi["numerator"] for kpi in behind}
    assert cards == tuple(of_place[kpi] for kpi, _part in list(MADE_OF.values())[1:])
    (link,) = [link for link in links if link[1]["kpi"] == kpis.DSO]
    assert link == ("What DSO and effectiveness are made of", link[1]) and link[1]["place"] == "andes-pe/USD"
    assert not any("companies together" in str(each.proto) for each in app.metric)


def test_what_a_load_adds_up_across_currencies_is_called_a_control_sum(published_company: str) -> None:
    app = page_opened("data_health", details="loads", load="sandbox/allocations/loaded")
    assert not app.exception and not app.error, said(app)
    assert "rows add up to the figures: **Loaded" in plainly(app) and "control sum" in plainly(app)
    assert "no amount of money" in said(app)
    of_currency = page_opened("data_health", details="loads", load="sandbox/invoices/loaded")
    assert "PEN" in plainly(of_currency) and "control sum" not in plainly(of_currency)
