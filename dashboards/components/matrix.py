"""A square of figures: from a row to a column; the more of its row a figure is, the more its cell is coloured.

On a phone, which is too narrow for it, a list: under each row the columns in which it has a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.charts.theme import theme
from dashboards.components.tables import Column, Kind, table
from dashboards.components.view import View

Cell = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """Of a list: a name with a figure; a heading heads those below it. `of`: what a click on it asks for."""

    name: str
    figure: str = ""
    style: str = ""
    is_heading: bool = False
    of: Any = None


def matrix(
    view: View,
    values: Mapping[Cell, Any],
    shares: Mapping[Cell, float],
    rows: Mapping[str, str],
    columns: Mapping[str, str],
    *,
    alt: str,
    corner: str,
    kind: Kind,
    key: str,
    currency_code: str | None = None,
) -> Cell | None:
    """`rows` and `columns` give each name what it is called; the cell that was clicked, where there is a figure."""
    look = theme(view.is_dark)

    def shade(share: float | None) -> str:
        return f"background-color: {look.tint(share)}; color: {look.text}" if share else ""

    if view.is_phone:
        shaded = {cell: shade(shares.get(cell)) for cell in values}
        return _listed(view, values, shaded, rows, columns, alt=alt, corner=corner, kind=kind, key=key)
    data = pd.DataFrame(
        [[label, *(values.get((row, column)) for column in columns)] for row, label in rows.items()],
        columns=["", *(f"to {column}" for column in columns)],
        dtype=object,
    )
    shades = pd.DataFrame(
        [["", *(shade(shares.get((row, column))) for column in columns)] for row in rows],
        index=data.index,
        columns=data.columns,
    )
    headings = {"": Column(corner, is_pinned=True, is_plain=True, width=130)}
    headings |= {f"to {name}": Column(label, kind, is_plain=True) for name, label in columns.items()}
    selection = table(
        view, data, headings, alt=alt, currency_code=currency_code, key=key, selects="single-cell", shades=shades
    )
    if not selection["cells"] or selection["cells"][0][0] >= len(data):
        return None
    place, name = selection["cells"][0]
    cell = (list(rows)[place], name.removeprefix("to "))
    return cell if cell in values else None


def _listed(
    view: View,
    values: Mapping[Cell, Any],
    shades: Mapping[Cell, str],
    rows: Mapping[str, str],
    columns: Mapping[str, str],
    *,
    alt: str,
    corner: str,
    kind: Kind,
    key: str,
) -> Cell | None:
    """A line heads those of its row."""
    words = view.words
    written: Callable[[Any], str] = {"percent": words.percent, "money": words.units}.get(kind, words.number)
    lines: list[Line] = []
    for row, label in rows.items():
        lines.append(Line(label, is_heading=True))
        for column, name in columns.items():
            if values.get((row, column)) is not None:
                cell = (row, column)
                lines.append(Line(f"→ {name}", written(values[cell]), style=shades[cell], of=cell))
    asked: Cell | None = line_list(view, lines, alt=alt, corner=corner, key=f"{key}_listed")
    return asked


def line_list(
    view: View,
    lines: Sequence[Line],
    *,
    alt: str,
    corner: str,
    key: str,
    on_select: Callable[[Any], None] | None = None,
) -> Any:
    """A table as wide as a phone; `Line.of` of the one that is clicked, which `on_select` is given before the page is
    drawn."""
    data = pd.DataFrame([(line.name, line.figure) for line in lines], columns=["name", "figure"], dtype=object)
    styles = pd.DataFrame([(line.style, line.style) for line in lines], index=data.index, columns=data.columns)
    styles["name"] = [line.style if line.is_heading else "" for line in lines]
    shown = {
        "name": Column(corner, is_plain=True, width=210, is_cut=True),
        "figure": Column("column.figure", "figure"),
    }
    headings = [place for place, line in enumerate(lines) if line.is_heading]

    def asked(selection: Mapping[str, Any]) -> Any:
        return next((lines[place].of for place, _ in selection["cells"] if place < len(lines)), None)

    def clicked() -> None:
        found = asked(st.session_state[key]["selection"])
        if on_select and found is not None:
            on_select(found)

    selection = table(
        view, data, shown, alt=alt, key=key, selects="single-cell", on_select=clicked if on_select else "rerun",
        headings=headings, shades=styles,
    )  # fmt: skip
    return asked(selection)
