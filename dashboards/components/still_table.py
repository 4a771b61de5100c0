"""A few rows in order, as the page's own text: nothing in them is chosen, sorted or exported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from dashboards.charts.theme import theme
from dashboards.components.tables import RIGHT, WORDED, Column, cut, holds_sums, words_of, writer_of
from dashboards.components.view import View

STYLE = """
.still {{ overflow-x: auto; max-width: 100%; }}
.still table {{ border-collapse: collapse; font-size: 0.875em; line-height: 1.5; }}
.still th, .still td {{ padding: 0.28em 0.55em; text-align: left; white-space: nowrap; font-weight: 400;
    border-bottom: 1px solid {line}; }}
.still th {{ color: {muted}; }}
.still .figure {{ text-align: right; }}
"""


def still_table(
    view: View, data: pd.DataFrame, columns: Mapping[str, Column], *, alt: str, currency_code: str | None = None
) -> None:
    """One piece of HTML, which costs the browser least of all that Streamlit has: `st.table` renders each cell as
    Markdown, a sixth of what a first load is, and `table` more. Where the page is narrower than it, it scrolls, also by
    keyboard.
    """
    is_whole = view.is_phone and holds_sums(columns)
    headings = [column.heading if column.is_plain else view.words(column.heading) for column in columns.values()]
    sides = [' class="figure"' if column.kind in RIGHT else "" for column in columns.values()]
    texts = [_written(view, data[name], column, currency_code, is_whole=is_whole) for name, column in columns.items()]
    look = theme(view.is_dark)
    heads = "".join(f'<th scope="col"{side}>{escape(text)}</th>' for text, side in zip(headings, sides, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{side}>{escape(text)}</td>" for text, side in zip(row, sides, strict=True)) + "</tr>"
        for row in zip(*texts, strict=True)
    )
    st.html(
        f"<style>{STYLE.format(line=look.line, muted=look.muted)}</style>"
        f'<div class="still" tabindex="0"><table aria-label="{escape(alt)}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _written(view: View, values: pd.Series, column: Column, currency_code: str | None, *, is_whole: bool) -> list[str]:
    if column.kind not in WORDED:
        write = writer_of(view, column, currency_code, is_whole=is_whole) or str
        return ["—" if pd.isna(value) else write(value) for value in values]
    text = values.map(words_of(view, column.kind))
    if view.is_phone and isinstance(column.width, int):
        # one long name would push the amounts of all others out of sight
        text = text.map(partial(cut, width=column.width))
    return list(text)
