"""Below a report's table: the documents that a clicked row, figure or total adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zlib import crc32

import streamlit as st

from cartera.reports.behind import Place, narrowed_by_figures, place_of
from cartera.reports.build import Table
from cartera.reports.made import Made
from cartera.reports.marts import CURRENCY
from cartera.warehouse.metrics import without_window
from dashboards.components.access import may_open
from dashboards.components.export import audit_view
from dashboards.components.rows_behind import Sum, rows_behind
from dashboards.components.saved_views import opening
from dashboards.components.tables import CUSTOMER, Column, Kind
from dashboards.components.view import View, as_text
from dashboards.queries import kpis, reports
from dashboards.queries.session import Clocks, actor

KINDS: Mapping[str, Kind] = {"money": "money_or_dash", "date": "date", "number": "number", "figure": "figure"}
IDS = ("company_id", "customer_id", "customer_name", "item_id", "invoice_id", "payment_id", "promise_id", "dispute_id")
ONE = ("customer_id", "customer_name")
"""Columns whose value is a customer: what stands behind it is looked at as the customer's, and written down."""


def hint(view: View, part: Table) -> None:
    """Said before anything is clicked; nothing of a report that leads nowhere."""
    if part.part.declared.documents:
        st.caption(f":material/touch_app: {view.words('reports.click')}")
    elif _leads_to_kpis(part):
        st.caption(f":material/touch_app: {view.words('reports.click_kpi')}")


def table_key(made: Made, part: Table, name: str, number: int) -> str:
    """Another one for other rows: what was clicked in those says nothing of these."""
    asked = f"{part.part.model_dump_json()}{made.clocks}{[row.get(CURRENCY) for row in part.rows][:1]}"
    return f"report_{name}_{number}_{crc32(asked.encode()):x}"


def of_row(view: View, made: Made, part: Table, cells: Sequence[tuple[int, str]], key: str) -> None:
    """Of the cell of the table that was clicked; of one that is no figure, all figures of its row."""
    if not cells or cells[0][0] >= len(part.rows):
        return
    row = part.rows[cells[0][0]]
    if part.part.declared.documents:
        documents(view, _clocks(made), place_of(part.part, row, _measure(part, cells[0][1])), row, key)
    else:
        _to_kpi(view, made, part, row)


def of_total(view: View, made: Made, part: Table, cells: Sequence[tuple[int, str]], key: str) -> None:
    """Of a total by currency. Of a report of KPIs there is none."""
    if not cells or cells[0][0] >= len(part.totals):
        return
    code = list(part.totals)[cells[0][0]]
    if narrowed_by_figures(part.part):
        st.caption(view.words("reports.total_of_rows"))
        return
    place = Place(part.part, ((CURRENCY, code or None),), _measure(part, cells[0][1]))
    documents(view, _clocks(made), place, part.totals[code] | {CURRENCY: code or None}, key)


def _measure(part: Table, column: str) -> str | None:
    return column if column in part.part.measures else None


def _clocks(made: Made) -> Clocks:
    return Clocks(made.clocks.as_of, made.clocks.known_at)


def documents(view: View, clocks: Clocks, place: Place, row: Mapping[str, Any], key: str) -> None:
    """They must add up to the figures of `row`."""
    words, said = view.words, reports.wording(view.words)
    no_sums = [each for each in place.part.measures if not _adds(place, each)]
    note = words("reports.no_sum", figures=", ".join(map(said.column, no_sums))) if no_sums else ""
    if place.measure in no_sums:
        place = replace(place, measure=None)
    has_sums = bool(place.measures)
    if not has_sums:
        # figures that are no sums alone: the rows are told apart by the mart's first that is one
        first = next(each.name for each in place.mart.measures if each.adds)
        place = replace(place, part=place.part.model_copy(update={"measures": (first,)}))
    found = reports.documents(view.reading, place, clocks)
    sums = [
        Sum(f"total_{each.name}", said.column(each.name), Decimal(row[each.name] or 0), each.kind == "money")
        for each in (place.measures if has_sums else ())
    ]
    if found.empty and not any(each.figure for each in sums):
        st.caption(words("reports.no_rows_behind"))
        return
    if _is_of_one(place):
        # several may have one name
        for customer_id in sorted(set(found["customer_id"].dropna())):
            audit_view(actor(), customer_id)
    title = _title(view, place)
    rows_behind(
        view,
        clocks,
        found,
        _columns(view, place, list(found.columns)),
        sums,
        title=title,
        currency_code=row[CURRENCY] or "",
        key=f"{key}_behind_{crc32(repr((place.values, place.measure)).encode()):x}",
        name="report-rows",
        content=lambda: reports.documents_csv(words, place, clocks, title),
        # for the log: the address does not say what was clicked
        of=" · ".join([key, *_said_of(view, place)]),
        note=as_text(note),
        opens_one=True,
    )


def _is_of_one(place: Place) -> bool:
    """Whether a customer was asked for, by the row that was clicked or by a filter."""
    filtered = {each.column for each in place.part.all_filters() if len(each.among) == 1}
    return bool(filtered & set(ONE)) or any(value for name, value in place.values if name in ONE)


def _adds(place: Place, name: str) -> bool:
    measure = place.mart.measure(name)
    return measure is not None and measure.adds


def _title(view: View, place: Place) -> str:
    """What was clicked, as plain text."""
    return view.words("reports.behind", of=" · ".join(_said_of(view, place)))


def _said_of(view: View, place: Place) -> list[str]:
    """The figure and the values of its row."""
    figure = [reports.wording(view.words).column(place.measure)] if place.measure else []
    return [*figure, *(str(_value(view, name, value)) for name, value in place.values)]


def _value(view: View, name: str, value: Any) -> Any:
    said = reports.wording(view.words)
    if value is None or value == "":
        none = said("said.no_currency") if name == CURRENCY else said("value.none")
        return none if name == CURRENCY else f"{said.column(name)}: {none}"
    if isinstance(value, bool):
        return f"{said.column(name)}: {said.value(name, value)}"
    if hasattr(value, "isoformat"):
        return f"{said.column(name)}: {said.date(value)}"
    return f"{said.column(name)}: {value}" if isinstance(value, int) else said.value(name, value)


def _columns(view: View, place: Place, names: Sequence[str]) -> dict[str, Column]:
    """Who and how much first, as they stand beside each other on a phone; ids lead on and are in the file."""
    said, finest = reports.wording(view.words), place.mart.by_document()
    measures = {each.name: Column(said.column(each.name), KINDS[each.kind], is_plain=True) for each in place.measures}
    first = next(iter(measures))
    columns = {"customer_name": CUSTOMER, first: measures[first]}
    for name in names:
        dimension = finest.dimension(name)
        if dimension and name not in IDS:
            columns[name] = Column(said.column(name), KINDS.get(dimension.kind, "text"), is_plain=True)
    return columns | measures


def _leads_to_kpis(part: Table) -> bool:
    return part.part.mart == "kpis" and may_open(actor(), "kpis")


def _to_kpi(view: View, made: Made, part: Table, row: Mapping[str, Any]) -> None:
    """A KPI is a quotient: its sums have their rows on its own page, where those of the first are open."""
    if not _leads_to_kpis(part):
        return
    name = reports.wording(view.words).value("kpi", row["kpi"])
    metric = kpis.catalogue().find(row["kpi"])
    first = {"rows": metric.made_of[0]} if metric and metric.made_of else {}
    st.page_link(
        "app_pages/kpis.py",
        label=view.words("reports.open_kpi", kpi=as_text(name)),
        icon=":material/list_alt:",
        query_params=opening(
            # its page asks for the window apart
            kpi=without_window(row["kpi"]),
            place=f"{row['company_id']}/{row[CURRENCY]}",
            as_of=made.clocks.as_of.isoformat(),
            known_at=made.clocks.known_at.date().isoformat(),
            **first,
        ),
    )
