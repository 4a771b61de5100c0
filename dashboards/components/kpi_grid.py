"""Every KPI of the catalogue by family, with its value per company and currency; one is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st

from cartera.warehouse.metrics import Catalogue, Metric
from dashboards.components import filters
from dashboards.components.tables import Column, table
from dashboards.components.view import View
from dashboards.queries import receivables
from dashboards.queries.kpis import DSO
from dashboards.queries.session import Clocks

HEIGHT = 480
NAME = 254
"""Pixels of a KPI's name, which stays in sight."""
Place = tuple[str, str]
"""A company and a currency."""


def kpi_grid(view: View, catalogue: Catalogue, figures: pd.DataFrame) -> str | None:
    """The table; the name of the KPI whose row is clicked."""
    words = view.words
    data, names = grid(view, catalogue, figures)
    headings = {position for position, name in enumerate(names) if name is None}
    places = {place: Column(label, "figure", is_plain=True) for place, label in labels(figures).items()}
    columns = {
        "kpi": Column("column.kpi", width=NAME, is_pinned=True, lines=2 if view.is_phone else 1),
        **{_column(place): column for place, column in places.items()},
        "note": Column("column.note", width=240 if len(places) > 2 else 420),
    }
    selection = table(
        view,
        data,
        columns,
        alt=words("kpis.table"),
        key=f"kpis_{'_'.join(map(_column, places))}",
        selects="single-cell",
        headings=headings,
        height=HEIGHT,
    )
    rows = [row for row, _ in selection["cells"]]
    return names[rows[0]] if rows and rows[0] < len(names) else None


def one_place(view: View, clocks: Clocks, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of one company and currency, chosen where there are several. Once on a page: the choice is in the URL."""
    offered = {_column(place): label for place, label in labels(rows).items()}
    if not offered:
        return rows
    if len(offered) == 1:
        chosen = filters.the_only(view, "place", offered)
    else:
        chosen = filters.place(view, "place", offered, receivables.totals(view.reading, clocks))
    return rows[rows["company_id"] + "/" + rows["currency_code"] == chosen]


def choose_kpi(view: View, catalogue: Catalogue, clicked: str | None) -> Metric:
    """The KPI of the row that was clicked last, or of the list if that was used since; it is in the URL."""
    words, language = view.words, view.words.language
    offered = {m.name: m.label.of(language) for family in catalogue.families for m in catalogue.of_family(family)}
    key = filters.linked(view, "kpi", offered, DSO)
    if clicked and clicked != st.session_state.get("kpi_clicked"):
        st.session_state[key] = clicked
    st.session_state["kpi_clicked"] = clicked
    chosen = st.selectbox(
        words("filter.kpi"),
        list(offered),
        format_func=lambda name: offered[name],
        key=key,
        help=words("filter.kpi_help"),
    )
    metric = catalogue.find(filters.link("kpi", chosen, DSO))
    assert metric is not None, "offered is what the catalogue has"
    return metric


def labels(figures: pd.DataFrame) -> dict[Place, str]:
    """What each company and currency is called: by the currency alone where there is one company."""
    places: Iterable[Place] = dict.fromkeys(zip(figures["company_id"], figures["currency_code"], strict=True))
    places = sorted(places)
    several = len({company for company, _ in places}) > 1
    return {(company, code): f"{company} · {code}" if several else code for company, code in places}


def grid(view: View, catalogue: Catalogue, figures: pd.DataFrame) -> tuple[pd.DataFrame, list[str | None]]:
    """Rows of kpi, one text per place, note; and the name of each row's KPI, None for the heading of a family."""
    words, places = view.words, labels(figures)
    of: dict[str, dict[Place, Any]] = {}
    for row in figures.to_dict("records"):
        of.setdefault(row["kpi"], {})[row["company_id"], row["currency_code"]] = row
    rows: list[dict[str, str]] = []
    names: list[str | None] = []
    for family in catalogue.families:
        metrics = catalogue.of_family(family)
        if metrics:
            rows.append(
                {"kpi": family.label.of(words.language), **{_column(place): "" for place in places}, "note": ""}
            )
            names.append(None)
        for metric in metrics:
            found = of.get(metric.name, {})
            written = {
                _column(place): words.figure(found[place]["value"], metric.unit, place[1]) if place in found else "—"
                for place in places
            }
            rows.append({"kpi": metric.label.of(words.language), **written, "note": _note(view, metric, found, places)})
            names.append(metric.name)
    return pd.DataFrame(rows, dtype=object), names


def _column(place: Place) -> str:
    return "/".join(place)


def _note(view: View, metric: Metric, found: dict[Place, Any], places: dict[Place, str]) -> str:
    """Why figures are missing, or what they are a bound of; where, unless it is so everywhere."""
    if metric.command:
        return view.words("kpis.by_command", command=metric.command)
    where: dict[str, list[str]] = {}
    for place, row in found.items():
        if row["reason"]:
            where.setdefault(view.words.reason(row["reason"]), []).append(places[place])
    return "; ".join(
        reason if len(named) == len(places) else f"{', '.join(sorted(named))}: {reason}"
        for reason, named in where.items()
    )
