"""Below a load: the rows behind the figure that was clicked, which add up to it, and the way to those in quarantine."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cartera.loads import NO_CURRENCY
from dashboards.components.actor import current_actor
from dashboards.components.export import CSV, audit_rows, file_button, logged
from dashboards.components.saved_views import opening
from dashboards.components.tables import Column, foremost, table
from dashboards.components.view import View, as_text
from dashboards.queries import loads, quarantine
from dashboards.queries.loads import Behind, Load
from dashboards.queries.quarantine import Group
from dashboards.queries.session import Clocks

FIGURES = {
    "in": "column.rows_in",
    "loaded": "column.loaded",
    "quarantined": "column.quarantined",
    "new": "column.new",
    "changed": "column.changed",
    "unchanged": "column.unchanged",
    "deleted": "column.deleted",
    "written": "column.rows_out",
}
"""Each figure of a load and what its column is called."""
COLUMNS = {f"rows_{figure}": figure for figure in FIGURES} | {"rows_out": "written"}
ROWS = {
    "record_key": Column("quarantine.key", width=170, is_pinned=True),
    "change_text": Column("health.change", width=170),
    "amount_text": Column("quarantine.amount", "figure"),
    "document_date": Column("health.document_date", "date"),
}


def figure_of(cells: Sequence[tuple[int, str]]) -> str:
    """That of the column that was clicked, of one without a figure all that came in."""
    return COLUMNS.get(cells[0][1], "in") if cells else ""


def load_rows(view: View, clocks: Clocks, load_id: int, figure: str) -> None:
    """Written into the log of views before they are shown."""
    of = loads.load(load_id)
    if of is None or figure not in loads.stated(of):
        return
    words, found = view.words, loads.behind(view.reading, of, figure)
    data = loads.listed(found)
    # a load's rows stay what they are: its number says which
    audit_rows(current_actor(), f"{of.source}/{of.entity}/{of.load_id}/{figure}", range(len(data)), "load")
    with st.container(border=True):
        named = (of.source, words.named("entity", of.entity), words(FIGURES[figure]), words.moment(of.recorded_at))
        title = " · ".join(named)
        st.subheader(as_text(title), anchor=False)
        _sum_up(view, found)
        if len(data) < found.count:
            st.caption(words("health.rows_capped", shown=words.number(len(data)), count=words.number(found.count)))
        if len(data):
            data = data.assign(
                change_text=[words(f"health.row_{change}") for change in data["change"]],
                amount_text=[_amount(view, amount, code) for amount, code in _pairs(data)],
            )
            table(view, data, _columns(view, data), alt=title, key=f"load_rows_{load_id}_{figure}")
        _export(view, clocks, of, figure)
        _to_quarantine(view, of, found)


def _sum_up(view: View, found: Behind) -> None:
    words = view.words
    name = words(FIGURES[found.figure])
    # of a table whose rows have no currency of their own
    is_control = found.load.amounts.keys() == {NO_CURRENCY}
    none = words("health.control_sum" if is_control else "health.no_currency")
    said = _said(view, name, found.stated_rows, {} if found.unlisted else found.stated, none)
    if not found.adds_up:
        added = _said(view, name, found.count + found.unlisted, found.amounts if found.stated else {}, none)
        st.error(words("rows.differ", added=added, said=said))
    elif found.unlisted:
        unlisted = words.counted("health.rows_unlisted", found.unlisted, listed=words.number(found.count), said=said)
        st.markdown(f":material/check_circle: {unlisted}")
    else:
        st.markdown(f":material/check_circle: {words.counted('rows.add_up', found.count, sums=f'**{said}**')}")
    if is_control and found.stated and not found.unlisted:
        st.caption(words("health.control_sum_sub"))


def _said(view: View, name: str, rows: int, amounts: dict[str, object], none: str) -> str:
    """A figure with its amounts by currency, which are never added; `none` names that of no currency."""
    parts = [f"{name} {view.words.number(rows)}"]
    for code, amount in sorted(amounts.items(), key=lambda pair: (pair[0] == NO_CURRENCY, pair[0])):
        parts.append(f"{none} {_amount(view, amount, None)}" if code == NO_CURRENCY else _amount(view, amount, code))
    return as_text(" · ".join(parts))


def _pairs(data: pd.DataFrame) -> zip[tuple[object, ...]]:
    return zip(data["amount"], data["currency_code"], strict=True)


def _amount(view: View, amount: object, code: object) -> str:
    return "" if amount is None else f"{code or ''} {view.words.decimal(amount)}".strip()


def _columns(view: View, data: pd.DataFrame) -> dict[str, Column]:
    """Without those in which no such record has anything."""
    columns = {name: column for name, column in ROWS.items() if any(value not in (None, "") for value in data[name])}
    return foremost(view, columns, "record_key", "amount_text")


def _export(view: View, clocks: Clocks, of: Load, figure: str) -> None:
    words, subject = view.words, f"{of.source}/{of.entity}/{of.load_id}/{figure}"
    file_name = f"cartera-load-{of.load_id}-{of.source}-{of.entity}-{figure}.csv"
    file_button(
        view,
        words("export.csv"),
        logged(lambda: loads.rows_csv(words, of, figure), file_name, clocks, of=subject),
        file_name=file_name,
        mime=CSV,
        key=f"export_load_{of.load_id}_{figure}",
        icon=":material/download:",
        help_text=words("health.rows_export_help"),
    )


def _to_quarantine(view: View, of: Load, found: Behind) -> None:
    """What of them still waits, by reason: with its values as delivered, and to be replayed."""
    for reason, count in found.waiting.items():
        label = view.words.counted(
            "health.open_quarantine", count, reason=as_text(view.words.named("quarantine.reason", reason))
        )
        st.page_link(
            "app_pages/data_health.py",
            label=label,
            icon=":material/report:",
            query_params=opening(quarantine=quarantine.subject(Group(of.source, of.entity, reason))),
        )
