"""How fresh each source is, what holds it back, and what it delivered last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from cartera.settings import get_settings
from dashboards.components import filters, states
from dashboards.components.load_rows import COLUMNS, FIGURES, figure_of, load_rows
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View
from dashboards.i18n import log
from dashboards.queries import overview, runs
from dashboards.queries.session import Clocks

SOURCES = {
    "source": Column("column.source", width=90, is_pinned=True),
    "state": Column("health.state", width=90),
    "held_by": Column("health.held_by", width=200, lines=2),
    "stopped_at": Column("health.stopped_at", "moment"),
    "read_at": Column("health.read_at", "moment"),
    "age": Column("health.age", width=110),
    "waiting": Column("health.waiting", "number"),
}
LOADS = {
    "source": Column("column.source", is_pinned=True),
    "entity": Column("column.entity", width=125),
    "recorded_at": Column("column.landed", "moment"),
    "rows_in": Column("column.rows_in", "number"),
    "rows_loaded": Column("column.loaded", "number"),
    "rows_quarantined": Column("column.quarantined", "number"),
    "rows_new": Column("column.new", "number"),
    "rows_changed": Column("column.changed", "number"),
    "rows_unchanged": Column("column.unchanged", "number"),
    "rows_deleted": Column("column.deleted", "number"),
    "kind_text": Column("health.kind", width=70),
}
MARKS = {"fresh": "✓", "stale": "⚠", "stopped": "✗"}


def sources(view: View) -> list[dict[str, Any]]:
    """Each source with its `name` of state: fresh, stale or stopped."""
    stale = overview.stale_sources(view.reading)
    return [_row(view, source, stale) for source in runs.sources(view.reading)]


def sources_part(view: View, found: list[dict[str, Any]], waiting: pd.DataFrame | None) -> None:
    """`waiting`: the groups of quarantine, counted here by source; None where they could not be read."""
    words = view.words
    if not found:
        return
    counts = {} if waiting is None else {name: sum(group["records"]) for name, group in waiting.groupby("source")}
    rows = [source | {"waiting": counts.get(source["source"], 0)} for source in found]
    st.subheader(words("health.sources"), anchor=False)
    held = sum(row["name"] != "fresh" for row in rows)
    hours = words.number(get_settings().stale_after_hours)
    outcome = "health.sources_held" if held else "health.sources_fresh"
    st.caption(words.counted(outcome, len(rows), held=words.number(held), hours=hours))
    unknown = set() if any(row["stopped_at"] for row in rows) else {"stopped_at", "held_by"}
    unknown |= {"waiting"} if waiting is None else set()
    shown = {name: column for name, column in SOURCES.items() if name not in unknown}
    table(view, pd.DataFrame(rows, dtype=object), shown, alt=words("health.sources"))
    with st.expander(words("health.guards"), icon=":material/shield:"):
        guards = "".join(f"\n- {words(f'log.guard_{name}')}" for name in log.GUARDS)
        st.markdown(f"{words('health.guards_sub')}\n{guards}")


def _row(view: View, source: dict[str, Any], stale: list[str]) -> dict[str, Any]:
    words = view.words
    state = "stopped" if source["stopped_at"] else "stale" if source["source"] in stale else "fresh"
    read_at = source["read_at"]
    return source | {
        "name": state,
        "state": f"{MARKS[state]} {words(f'health.{state}')}",
        "age": words.ago(read_at) if read_at else "—",
        "held_by": log.guard(words, source["message"]) if source["stopped_at"] else "",
    }


def loads_part(view: View, clocks: Clocks, loads: pd.DataFrame) -> None:
    """The last load of each source and table; a click on a figure, or a link, opens its rows below."""
    if loads.empty:
        return
    words = view.words
    st.subheader(words("health.loads"), anchor=False)
    st.caption(words("health.loads_sub"))
    kinds = [words(f"health.kind_{kind}") for kind in loads["kind"]]
    tables = [words.named("entity", name) for name in loads["entity"]]
    columns = foremost(view, LOADS, "entity", "rows_in", "rows_quarantined")
    if view.is_phone:
        columns["source"] = replace(columns["source"], is_pinned=False)
    selection = table(
        view,
        loads.assign(kind_text=kinds, entity=tables),
        columns,
        alt=words("health.loads"),
        key=f"loads_{max(loads['load_id'])}",
        selects="single-cell",
    )
    cells = [cell for cell in selection["cells"] if cell[0] < len(loads)]
    rows, called = loads.to_dict("records"), {figure: words(text) for figure, text in FIGURES.items()}
    offered = {"": words("health.no_load_chosen")} | {
        _name(row, figure): f"{row['source']} · {table_name} · {called[figure]}: {words.number(row[column])}"
        for row, table_name in zip(rows, tables, strict=True)
        for column, figure in COLUMNS.items()
        if row.get(column)
    }
    clicked = _name(rows[cells[0][0]], figure_of(cells)) if cells else None
    chosen = filters.clickable(view, "load", offered, clicked)
    if chosen:
        row = next(row for row in rows if chosen.startswith(_name(row, "")))
        with states.plainly(words):
            load_rows(view, clocks, row["load_id"], chosen.rpartition("/")[2])


def _name(row: Mapping[Any, Any], figure: str) -> str:
    return f"{row['source']}/{row['entity']}/{figure}"
