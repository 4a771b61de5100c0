"""How customers moved between segments from one month-end to another, and who they are."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from dashboards.components import filters
from dashboards.components.drill import drill
from dashboards.components.export import csv_button
from dashboards.components.matrix import matrix
from dashboards.components.narrowed import narrowed
from dashboards.components.segment_parts import figure_of
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import receivables, segments

DAY_WIDTH = 170
ABSENT = ""
"""Stands for no segment: not a customer yet, or not one any more."""

MOVERS = {
    "customer_name": CUSTOMER,
    "open_amount": Column("column.open_now", "money"),
    "company_id": Column("column.company"),
}


def moves_part(view: View, asked: segments.Asked, rules: pd.DataFrame) -> None:
    """The matrix, the customers behind the figure that is clicked, the invoices of the one that is clicked there."""
    words, as_of = view.words, asked.clocks.as_of
    st.subheader(words("moves.title"), anchor=False)
    with st.container(horizontal=True):
        kept = segments.month_ends(view.reading, as_of, "kept")
        bases = {name: words(f"moves.{name}") for name in ("kept", "known")}
        basis = filters.choice(view, "basis", bases, "kept" if len(kept) > 1 else "known")
        days = kept if basis == "kept" else segments.month_ends(view.reading, as_of, "known")
        if len(days) > 1:
            earlier, later = st.container(width=DAY_WIDTH), st.container(width=DAY_WIDTH)
            with later:
                second = _day(view, "moved_to", days[:-1], segments.opening_day(days[:-1]))
            with earlier:
                before = [day for day in days if day < second]
                first = _day(view, "moved_from", before, before[0])
    if len(days) < 2:
        st.info(words("moves.none_kept"), icon=":material/hourglass_empty:")
        return
    st.caption(words(f"moves.{basis}_sub", first=words.date(first), second=words.date(second)))
    between = segments.compared(asked, first, second, "kept" if basis == "kept" else "known")
    found = segments.moves(view.reading, between)
    cell = _moves_matrix(view, between, found, rules[rules["scheme"] == asked.scheme])
    said = narrowed(
        words, company=asked.company_id, scheme=words.named("scheme", asked.scheme), basis=bases[basis],
        moved_from=words.date(first), moved_to=words.date(second),
    )  # fmt: skip
    csv_button(view, asked.clocks, "", "segment-moves", lambda: segments.moves_csv(words, asked, between, said),
               narrowed=said, help_text=words("moves.export_help"))  # fmt: skip
    if cell:
        _movers(view, asked, between, cell, found)


def _day(view: View, name: str, days: list[dt.date], opening: dt.date) -> dt.date:
    offered, default = {day.isoformat(): view.words.date(day) for day in days}, opening.isoformat()
    key = filters.linked(view, name, offered, default)
    chosen = st.selectbox(
        view.words(f"filter.{name}"),
        list(offered),
        format_func=lambda day: offered[day],
        key=key,
        help=view.words(f"filter.{name}_help"),
    )
    return dt.date.fromisoformat(filters.link(name, chosen, default))


def _moves_matrix(
    view: View, between: segments.Compared, found: pd.DataFrame, rules: pd.DataFrame
) -> tuple[str, str] | None:
    words = view.words
    values = {
        (row.from_segment or ABSENT, row.to_segment or ABSENT): row.customers for row in found.itertuples(index=False)
    }
    order = [*dict.fromkeys(rules["segment"].dropna())]
    seen = {name for pair in values for name in pair if name != ABSENT}
    names = [name for name in order if name in seen] + sorted(seen - set(order))
    rows = {name: words.named("segment", name) for name in names}
    columns = dict(rows)
    if any(start == ABSENT for start, _ in values):
        rows[ABSENT] = words("moves.joined")
    if any(end == ABSENT for _, end in values):
        columns[ABSENT] = words("moves.left")
    of_row = {row: sum(count for (start, _), count in values.items() if start == row) for row in rows}
    stayed = sum(count for (start, end), count in values.items() if start == end)
    both = sum(count for pair, count in values.items() if ABSENT not in pair)
    if stayed == both > 0:
        st.markdown(words.counted("moves.all_stayed", both))
    else:
        st.markdown(words("moves.stayed", stayed=words.number(stayed), count=words.number(both)))
    return matrix(
        view,
        values,
        {cell: count / of_row[cell[0]] for cell, count in values.items()},
        rows,
        columns,
        alt=words("moves.title"),
        corner=words("moves.corner"),
        kind="number",
        key=f"moves_{between}",
    )


def _movers(
    view: View, asked: segments.Asked, between: segments.Compared, cell: tuple[str, str], found: pd.DataFrame
) -> None:
    words, code = view.words, asked.currency_code
    start, end = (name or None for name in cell)
    rows = segments.movers(view.reading, asked, between, start, end)
    counts = zip(found["from_segment"], found["to_segment"], found["customers"], strict=True)
    count = next(number for one, other, number in counts if (one or ABSENT, other or ABSENT) == cell)
    first = as_text(words.named("segment", start) if start else words("moves.joined"))
    second = as_text(words.named("segment", end) if end else words("moves.left"))
    title = words("moves.movers", first=first, second=second)
    with st.container(border=True):
        st.subheader(title, anchor=False)
        if len(rows) == count:
            st.markdown(f":material/check_circle: {words.counted('moves.counted', count)}")
        else:
            shown = words.number(min(len(rows), receivables.LISTED_CUSTOMERS))
            st.caption(words("moves.capped", shown=shown, count=words.number(count)))
        key = f"movers_{between}_{cell}_{asked}"
        columns = {n: c for n, c in MOVERS.items() if n != "company_id" or rows["company_id"].nunique() > 1}
        selection = table(view, rows, columns, alt=title, currency_code=code, key=key, selects="single-cell")
    if selection["cells"] and selection["cells"][0][0] < len(rows):
        row = rows.iloc[selection["cells"][0][0]]
        if row["open_amount"]:
            drill(view, asked.clocks, figure_of(row, code))
