"""The rows behind each KPI add up to its numerator and denominator, for each company, currency and date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import jinja2
import pytest
from support.sandbox_published import published_sandbox

from cartera.db import Role, transaction
from cartera.warehouse import balances, counting_back, kpi_rows, metrics, read

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "kpis" / "kpi_ratios.sql"
CATALOGUE = metrics.load_catalogue(Path(__file__).resolve().parents[2] / "dbt_project" / "metrics" / "catalogue.yaml")
WITH_ROWS = [metric for metric in CATALOGUE.metrics if metric.made_of]
MADE = [metric for metric in WITH_ROWS if metric.name not in counting_back.MONTHS]
UNTIL = dt.date(2026, 6, 30)
WINDOWS = (90, 30)
CLOSE = Decimal("0.005")


def _definitions(window_days: int) -> Mapping[str, tuple[str, str]]:
    """Numerator and denominator of each KPI, as the macro writes them: sums, differences and products of measures."""
    found: list[Any] = []
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = found.append
    text = MACROS.read_text(encoding="utf-8") + "{{ kpi_ratio_definitions(" + str(window_days) + ", true) }}"
    environment.from_string(text).render()
    return {name: (numerator, denominator) for name, _, _, numerator, denominator, _ in found[0]}


def _computed(expression: str, sums: Mapping[str, Decimal]) -> Decimal:
    """An expression of names, whole numbers, + - * / and parentheses."""
    assert re.fullmatch(r"[a-z0-9_ +\-*/()]+", expression)
    values = {name: sums[name] for name in re.findall(r"[a-z]\w*", expression)}
    whole = re.sub(r"(?<![\w])(\d+)", r"Decimal(\1)", expression)
    return Decimal(eval(whole, {"__builtins__": {}, "Decimal": Decimal}, values))


@pytest.fixture(scope="module")
def published(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with published_sandbox("kpi_rows", tmp_path_factory.mktemp("kpi_rows"), UNTIL) as name:
        yield name


@pytest.mark.parametrize("metric", MADE, ids=lambda metric: str(metric.name))
def test_a_kpi_is_made_of_what_its_sql_is_computed_from(metric: metrics.Metric) -> None:
    used = set(re.findall(r"[a-z]\w*", " ".join(_definitions(90)[metric.name])))
    assert used == set(metric.made_of)
    assert used <= set(kpi_rows.PARTS)


def test_every_kpi_whose_sums_have_rows_shows_them() -> None:
    with_rows = {
        name
        for name, parts in _definitions(90).items()
        if set(re.findall(r"[a-z]\w*", " ".join(parts))) <= set(kpi_rows.PARTS)
    }
    assert with_rows == {metric.name for metric in MADE}
    assert {part for metric in WITH_ROWS for part in metric.made_of} == set(kpi_rows.PARTS)


@pytest.mark.parametrize("view", get_args(read.View))
@pytest.mark.parametrize("window_days", WINDOWS)
@pytest.mark.parametrize("as_of", [UNTIL, dt.date(2026, 4, 17)])
def test_rows_add_up_to_numerator_and_denominator(
    published: str, as_of: dt.date, window_days: int, view: read.View
) -> None:
    compared, found, was_foreign = 0, set(), False
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        figures = {
            (row["company_id"], row["currency_code"], metrics.without_window(row["kpi"])): row
            for row in metrics.kpis(connection, as_of, known_at, "company", window_days, view)
        }
        for company, currency in {key[:2] for key in figures}:
            asked = kpi_rows.Asked(as_of, known_at, company, currency, window_days, view)
            sums = {}
            for part, of in kpi_rows.PARTS.items():
                rows = kpi_rows.rows(connection, asked, part, 100_000)
                sums[part] = sum((row["amount"] for row in rows), Decimal(0))
                if rows:
                    found.add(part)
                    assert (rows[0]["rows"], rows[0]["total_amount"]) == (len(rows), sums[part])
                    assert all(row["customer_name"] and row["document_number"] and row["date"] for row in rows)
                    assert {row["reason"] for row in rows} == {None}
                    valued = [row["document_amount"] * (1 if of.unit == "count" else row["rate"]) for row in rows]
                    assert valued == [row["amount"] for row in rows]
                    foreign = {row["document_currency_code"] for row in rows} - {currency}
                    assert view != "transaction" or not foreign
                    was_foreign = was_foreign or bool(foreign)
            for metric in MADE:
                figure, parts = figures[company, currency, metric.name], _definitions(window_days)[metric.name]
                for name, expression in zip(("numerator", "denominator"), parts, strict=True):
                    computed = _computed(expression, sums)
                    # what moved is kept by day with six decimals at its documents' rates
                    close = Decimal("0.000001") if view == "transaction" else CLOSE
                    assert abs(computed - figure[name]) <= close, (company, currency, metric.name, name)
                    compared += 1
    assert compared > 2 * len(MADE)
    assert was_foreign == (view != "transaction")
    # what the sandbox company has none of in the window can't be compared
    assert set(kpi_rows.PARTS) - found <= {"write_off_reversed_amount", "credit_noted_amount", "written_off_amount"}


@pytest.mark.parametrize("view", get_args(read.View))
@pytest.mark.parametrize("as_of", [UNTIL, dt.date(2026, 4, 17)])
@pytest.mark.parametrize("kpi", counting_back.MONTHS)
def test_the_months_counted_back_add_up_to_the_days_and_their_rows_to_their_sales(
    published: str, kpi: str, as_of: dt.date, view: read.View
) -> None:
    compared = 0
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        for figure in metrics.kpis(connection, as_of, known_at, "company", None, view):
            if figure["kpi"] != kpi or figure["value"] is None or not figure["numerator"]:
                continue
            asked = kpi_rows.Asked(as_of, known_at, figure["company_id"], figure["currency_code"], 90, view)
            owed = sum(row["amount"] for row in kpi_rows.rows(connection, asked, "ar_amount", 100_000))
            months = counting_back.counted(connection, asked, kpi, owed)
            days = sum((month.counted_days for month in months), Decimal(0))
            assert abs(days - figure["value"]) <= Decimal("0.00001")
            sold = sum((month.sales_amount for month in months), Decimal(0))
            assert abs(sold - figure["denominator"]) <= CLOSE
            for month in months:
                of_month = replace(asked, days=(month.first_day, month.last_day))
                rows = kpi_rows.rows(connection, of_month, counting_back.SALES, 100_000)
                assert sum(row["amount"] for row in rows) == month.sales_amount
                assert {month.first_day <= row["date"] <= month.last_day for row in rows} == {True}
            compared += len(months)
    assert compared > 3


def test_counting_back_stops_where_it_must() -> None:
    day, month, none = dt.date(2026, 6, 30), Decimal(300), Decimal(0)

    def counted(sales: dict[dt.date, Decimal | None], owed: Decimal) -> list[tuple[dt.date, Decimal]]:
        spans = counting_back.calendar_months(day)
        return [(m.first_day, m.counted_days) for m in counting_back.taken_off(sales, spans, owed)]

    sales: dict[dt.date, Decimal | None] = {day: month, dt.date(2026, 5, 2): month, dt.date(2026, 3, 1): month}
    june, may = (dt.date(2026, 6, 1), Decimal(30)), dt.date(2026, 5, 1)
    assert counted(sales, none) == []
    assert counted(sales, month) == [june]  # used up to the cent: no month of nothing
    assert counted(sales, month * 3 / 2) == [june, (may, Decimal("15.5"))]
    assert counted(sales, month * 9) == [june, (may, Decimal(31))]  # no sales in April
    assert counted(sales | {day: None}, month) == []  # a rate is missing


def test_a_list_that_is_cut_counts_all(published: str) -> None:
    with transaction(Role.reader) as connection:
        served = read.publication(connection)
        largest = max(balances.totals(connection, UNTIL, served.known_at), key=lambda row: row["open_items"])
        asked = kpi_rows.Asked(UNTIL, served.known_at, largest["company_id"], largest["currency_code"], 90)
        rows = kpi_rows.rows(connection, asked, "ar_amount", 2)
    assert len(rows) == 2 and rows[0]["amount"] >= rows[1]["amount"]
    assert (rows[0]["rows"], rows[0]["total_amount"]) == (largest["open_items"], largest["open_amount"])
