"""A square of figures: from a row to a column; the more of its row a figure is, the more its cell is coloured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboards.charts.theme import theme
from dashboards.components.tables import Column, Kind, table
from dashboards.components.view import View

Cell = tuple[str, str]


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
    data = pd.DataFrame(
        [[label, *(values.get((row, column)) for column in columns)] for row, label in rows.items()],
        columns=["", *(f"to {column}" for column in columns)],
        dtype=object,
    )
    look = theme(view.is_dark)

    def shade(share: float | None) -> str:
        return f"background-color: {look.tint(share)}; color: {look.text}" if share else ""

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
