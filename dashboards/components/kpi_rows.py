"""The rows behind a KPI: each sum in its numerator and denominator leads to what adds up to it."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.warehouse import counting_back, kpi_rows
from cartera.warehouse.metrics import Metric
from dashboards.components import filters
from dashboards.components.access import may_open
from dashboards.components.kpi_grid import labels, one_place
from dashboards.components.months_counted import counted_back
from dashboards.components.narrowed import in_file
from dashboards.components.rows_behind import CLOSE, listed, total
from dashboards.components.tables import CUSTOMER, Column
from dashboards.components.view import View, as_text
from dashboards.queries import kpi_export, kpis
from dashboards.queries.session import actor

ELSEWHERE = {"promises": "promises", "disputes": "promises", "contact": "campaigns", "concentration": "aging"}
"""The page that has the rows of a family's other KPIs."""
COLUMNS = {
    "customer_name": CUSTOMER,
    "amount": Column("unit.amount", "money"),
    "document_number": Column("column.any_document"),
    "date": Column("column.date", "date"),
    "days": Column("unit.days", "number"),
}
VALUED = {"in_document": Column("column.in_document", "figure"), "at_rate": Column("column.rate", "figure")}
"""Where amounts are in another currency than their documents."""
VALUED_IN_FILE = {
    "document_amount": VALUED["in_document"],
    "document_currency_code": Column("column.document_currency"),
    "rate": VALUED["at_rate"],
}


def rows_behind(view: View, asked: kpis.Asked, metric: Metric, figures: pd.DataFrame) -> None:
    """Of one company and currency of the view."""
    words, rows = view.words, figures[figures["kpi"] == metric.name]
    if not metric.made_of:
        return _elsewhere(view, metric)
    if rows.empty:
        return
    st.markdown(f"**{words('kpis.rows')}**")
    offered = {"": words("kpis.rows_none")} | {name: words(f"kpi_part.{name}") for name in metric.made_of}
    with st.container(horizontal=True):
        row = one_place(view, asked.clocks, rows.sort_values(["company_id", "currency_code"])).iloc[0]
        part = filters.choice(view, "rows", offered, "")
    if part:
        _listed(view, asked, metric, row, part, labels(rows)[row["company_id"], row["currency_code"]])


def _elsewhere(view: View, metric: Metric) -> None:
    page = ELSEWHERE.get(metric.family)
    # a link to a page that is not offered is an error of Streamlit's
    if page and not metric.command and may_open(actor(), page):
        st.page_link(f"app_pages/{page}.py", label=view.words("kpis.rows_elsewhere", page=view.words(f"page.{page}")),
                     icon=":material/list_alt:")  # fmt: skip


def _listed(view: View, asked: kpis.Asked, metric: Metric, row: pd.Series, part: str, label: str) -> None:
    words, code, of = view.words, row["currency_code"], kpi_rows.PARTS[part]
    place = kpis.place(asked, row["company_id"], code)
    if part == counting_back.SALES:
        counted = counted_back(view, place, metric, row)
        if counted is None:
            return
        place = counted
    found = kpis.part_rows(view.reading, place, part)
    _sum_up(view, row, found, part, label)
    data, columns, further = found, COLUMNS, dict[str, Column]()
    if asked.view != kpis.VIEWS[0] and of.unit != "count":
        columns, further = COLUMNS | VALUED, VALUED_IN_FILE
        data = data.assign(in_document=list(map(words.money, data["document_amount"], data["document_currency_code"])),
                           at_rate=[_rate(view, rate) for rate in data["rate"]])  # fmt: skip
    if not of.is_money:
        columns = columns | {"amount": Column(f"kpi_part.{part}", "figure")}
        data = data.assign(amount=[words.figure(value, "count") for value in found["amount"]])
    if found["days"].isna().all():
        columns = {name: column for name, column in columns.items() if name != "days"}
    of_metric = f"{metric.label.of(words.language)}: {words(f'kpi_part.{part}')}"
    moved = None if place.days is None else " – ".join(map(words.date, place.days))
    said = in_file(
        view, place.company_id, columns | further, of_metric,
        currency_view=words(f"currency_view.{asked.view}"), window=str(place.window_days), counted=moved,
    )  # fmt: skip
    listed(view, asked.clocks, data, columns, alt=words(f"kpi_part.{part}"), currency_code=code,
           key=f"rows_{metric.name}_{part}_{place}", name="kpi-rows",
           content=lambda: kpi_export.rows_csv(place, part, said), of=f"{row['company_id']}-{part}")  # fmt: skip


def _rate(view: View, rate: Decimal | None) -> str:
    return "—" if rate is None else view.words.decimal(rate)


def _sum_up(view: View, row: pd.Series, found: pd.DataFrame, part: str, place: str) -> None:
    """How many rows, what they add up to, and whether that is what the figure divides, or is divided by."""
    words, is_money = view.words, kpi_rows.PARTS[part].is_money
    count, added = int(total(found, "rows")), total(found, "total_amount")
    reason = found["reason"].iloc[0] if len(found) else None
    if reason:
        st.warning(words.counted("kpis.rows_unvalued", count, reason=as_text(words.reason(reason))),
                   icon=":material/currency_exchange:")  # fmt: skip
        return
    written = words.money(added, row["currency_code"]) if is_money else words.figure(added, "count")
    text = words.counted("kpis.rows_add_up", count, amount=f"**{as_text(written)}**")
    same = [name for name in ("numerator", "denominator") if row[name] is not None and abs(row[name] - added) < CLOSE]
    if same:
        text += " " + words(f"kpis.rows_{same[0]}", place=as_text(place))
    st.markdown(f":material/functions: {text}")
