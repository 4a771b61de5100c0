"""Tables: Streamlit's own dataframe, values written in the reader's language, exact amounts beneath."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal
from unicodedata import east_asian_width

import pandas as pd
import streamlit as st

from cartera.cells import harmless
from dashboards.charts.theme import theme
from dashboards.components.view import View, as_text

Kind = Literal[
    "text", "money", "money_or_dash", "units_or_dash", "date", "moment", "number", "percent", "share", "seconds",
    "yes_no", "passed", "status", "amounts", "figure",
]  # fmt: skip
WORDED = ("text", "yes_no", "passed", "status", "amounts")
"""Kinds that become words; the others keep their value, so that sorting goes by it, and are written on top."""

MONEY = ("money", "money_or_dash", "units_or_dash")
RIGHT = ("money", "money_or_dash", "units_or_dash", "number", "percent", "seconds")
"""Kinds aligned to the right. In too narrow a column they would lose their first digits, not their last."""

MOST_ROWS, TALLEST = 16, 560
LINE, FURTHER, WRAPS = 35, 18, 64
"""Pixels: of a row, of each further line in it, and the least in which the browser's table wraps text."""
CHARACTER, PADDING = 6, 20
"""Pixels: of a figure at the size that tables have, and of what a cell leaves beside it."""
LETTER, CAPITAL, WIDE, MARGINS = 6.4, 7.2, 13.2, 12
SLIM, BROAD = dict.fromkeys("fijlrtI.,:;·'()- /í", 3.6), dict.fromkeys("mwMW@%…", 10.0)
"""Pixels: of letters in the font of tables, the wide ones those of Chinese and Japanese, and of what a cell leaves on
both sides of its text."""


@dataclass(frozen=True)
class Column:
    """How a column of a frame is shown: its heading (a text key or, with `is_plain`, the text), its kind.

    A pinned one stays in sight when the others scroll. Text wraps into so many `lines` at most. Text that is too long
    for a width in pixels ends at a word, with dots, where the column is pinned, as such do not grow, or `is_cut`.
    """

    heading: str
    kind: Kind = "text"
    width: int | Literal["small", "medium", "large"] | None = None
    is_plain: bool = False
    is_pinned: bool = False
    lines: int = 1
    is_cut: bool = False


PHONE_NAME = 140
"""Pixels of a pinned name on a phone: two amounts fit beside it, and a third of less than six figures."""

CUSTOMER = Column("column.customer", width=190, is_pinned=True)
"""A name with an amount beside it is as wide as a phone."""


def table(
    view: View,
    data: pd.DataFrame,
    columns: Mapping[str, Column],
    *,
    alt: str,
    currency_code: str | None = None,
    key: str | None = None,
    selects: Literal["single-row", "single-cell", "single-row-required"] | None = None,
    on_select: Callable[[], None] | Literal["rerun"] = "rerun",
    headings: Collection[int] = (),
    height: int = TALLEST,
    shades: pd.DataFrame | None = None,
) -> Any:
    """Show the columns in order; with `selects`, returns what Streamlit calls the selection.

    `headings` are the positions of rows that head those below them. More rows than fit `height` scroll. `shades`, as
    large as the columns shown, has the style of each cell.
    """
    is_whole = view.is_phone and holds_sums(columns)
    if view.is_phone:
        columns = {name: _narrow(column) for name, column in columns.items()}
        st.space("small")  # for the toolbar, which a phone always shows, above the table and over what stands there
    worded = {
        name: data[name].map(words_of(view, column.kind)) for name, column in columns.items() if column.kind in WORDED
    }
    written = {name: writer_of(view, column, currency_code, is_whole=is_whole) for name, column in columns.items()}
    # quotients have as many digits as a Decimal can, more than a table of the browser takes; a rate is no money
    rates = {
        name: [None if value is None else float(value) for value in data[name]]
        for name, column in columns.items()
        if column.kind == "percent"
    }
    bars = {
        name: data[name].astype(float) * _share_scale(view)
        for name, column in columns.items()
        if column.kind == "share"
    }
    styled = (
        data[list(columns)]
        .assign(**worded, **rates, **bars)
        .style.format({name: writer for name, writer in written.items() if writer}, na_rep="—")
    )
    heads = [name for name in data.index if name in headings]
    if heads:
        styled = styled.apply(lambda row: [_heading(view)] * len(row), axis=1, subset=pd.IndexSlice[heads, :])
    if shades is not None:
        styled = styled.apply(lambda _: shades, axis=None)
    lines = max(lines_of(column, data[name]) for name, column in columns.items())
    row_height = LINE if lines == 1 else max(LINE + FURTHER * (lines - 1), WRAPS)
    selecting: Any = {"on_select": on_select, "selection_mode": selects} if selects else {}
    event: Any = st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        height=height if len(data) * row_height > MOST_ROWS * LINE else "content",
        row_height=row_height,
        placeholder="—",
        column_config={name: _config(view, column, data[name], written[name]) for name, column in columns.items()},
        key=key,
        alt=alt,
        **selecting,
    )
    return event["selection"] if selects else None


def last_clicked(key: str, selections: Sequence[Sequence[tuple[int, str]]]) -> tuple[int, str] | None:
    """The cell of several tables that was clicked last: each keeps its own selected."""
    now = [tuple(cells[0]) if cells else None for cells in selections]
    before, last = st.session_state.get(f"{key}_clicked", ([None] * len(now), None))
    changed = [cell for cell, was in zip(now, before, strict=True) if cell and cell != was]
    last = changed[0] if changed else last if last in now else next(filter(None, now), None)
    st.session_state[f"{key}_clicked"] = (now, last)
    return last


def foremost(view: View, columns: Mapping[str, Column], *names: str) -> dict[str, Column]:
    """The columns, on a phone with these first: what it shows without scrolling sideways."""
    if not view.is_phone:
        return dict(columns)
    return {name: columns[name] for name in dict.fromkeys((*names, *columns)) if name in columns}


def telling(
    view: View, data: pd.DataFrame, columns: Mapping[str, Column], asides: Collection[str]
) -> dict[str, Column]:
    """The columns without those of `asides` that say the same in every row; what they say is said once, above.

    So that a table fits the page: a column out of sight tells nobody anything.
    """
    shown, said = dict(columns), []
    for name in (name for name in asides if name in columns):
        values = list(dict.fromkeys(data[name]))
        column = columns[name]
        if len(values) > 1 or (values and values[0] and column.kind not in SAID_ONCE):
            continue
        del shown[name]
        if values and values[0]:
            heading = column.heading if column.is_plain else view.words(column.heading)
            text = view.words.date(values[0]) if column.kind == "date" else str(values[0])
            said.append(f"{heading}: {text}")
    if said:
        st.caption(as_text(view.words("table.in_all", facts=" · ".join(said))))
    return shown


SAID_ONCE = ("text", "date")


def holds_sums(columns: Mapping[str, Column]) -> bool:
    """Several amounts beside each other, which a phone shows whole, as the stamp says; not those of single documents,
    which people ask for to the cent."""
    return "document_number" not in columns and sum(column.kind in MONEY for column in columns.values()) > 1


def _narrow(column: Column) -> Column:
    """As it is on a phone."""
    if column.is_pinned and isinstance(column.width, int) and column.width > PHONE_NAME:
        return replace(column, width=PHONE_NAME)
    return column


def _heading(view: View) -> str:
    look = theme(view.is_dark)
    return f"background-color: {look.line}; color: {look.text}; font-weight: 600"


def writer_of(
    view: View, column: Column, currency_code: str | None, *, is_whole: bool = False
) -> Callable[[Any], str] | None:
    """How a value that keeps its type is written, and text that keeps its length."""
    words, width = view.words, column.width
    if column.kind == "text" and isinstance(width, int) and (column.is_pinned or column.is_cut) and column.lines == 1:
        return lambda text: cut(str(text), width - MARGINS)
    if is_whole:
        amount: Callable[[Any], str] = words.units
    else:
        amount = (lambda value: words.amount(value, currency_code)) if currency_code else words.decimal
    writers: dict[Kind, Callable[[Any], str]] = {
        "money": amount,
        "money_or_dash": lambda value: amount(value) if value else "–",
        "units_or_dash": lambda value: words.units(value) if value else "–",
        "date": words.date,
        "moment": words.moment,
        "number": words.number,
        "percent": words.percent,
        "seconds": words.decimal,
    }
    return writers.get(column.kind)


def lines_of(column: Column, values: pd.Series) -> int:
    """Into how many the longest text wraps; a line ends at a word, so that it holds a little less."""
    if column.lines == 1 or not isinstance(column.width, int):
        return column.lines
    longest = max((_drawn(str(text)) for text in values.dropna()), default=0.0)
    return min(column.lines, 1 + int(longest * 1.2 // (column.width - MARGINS)))


@lru_cache(maxsize=20_000)
def cut(text: str, width: int) -> str:
    """The words of a text that fit so many pixels, with dots where there are more; of one long word its letters."""
    if _drawn(text) <= width:
        return text
    letters = bisect_right(list(accumulate(map(_drawn, text))), width - _drawn("…"))
    words = [word.end() for word in re.finditer(r"\S+", text) if word.end() <= letters]
    return text[: words[-1] if words else letters].rstrip(" ,.·") + "…"


def _drawn(text: str) -> float:
    return sum(SLIM.get(letter) or BROAD.get(letter) or _usual(letter) for letter in text)


def _usual(letter: str) -> float:
    if east_asian_width(letter) in ("W", "F"):
        return WIDE
    return CAPITAL if letter.isupper() else LETTER


def words_of(view: View, kind: Kind) -> Callable[[Any], str]:
    words = view.words
    if kind == "text":
        # a cell that is copied or downloaded from here may end in a spreadsheet
        return harmless
    if kind == "amounts":
        return lambda amounts: " · ".join(
            f"{words('health.no_currency') if code == '*' else code} {words.decimal(Decimal(amount))}"
            for code, amount in (amounts or {}).items()
        )
    if kind == "status":
        return lambda status: words(f"status.{status}")
    if kind == "passed":
        results = {True: "✓ " + words("health.passed"), False: "✗ " + words("health.failed")}
        return lambda passed: words("health.unchecked") if passed is None else results[bool(passed)]
    return words.yes_no


def _share_scale(view: View) -> int:
    """The browser writes a bar's share as its own locale does, the table around it as the language that was chosen:
    where that has a decimal point, the label is of a hundred and written with one."""
    return 100 if view.words.percent(Decimal("0.125")) == "12.5%" else 1


def _config(view: View, column: Column, values: pd.Series, writer: Callable[[Any], str] | None) -> Any:
    label = column.heading if column.is_plain else view.words(column.heading)
    if column.kind == "share":
        # the longest bar is the largest share, not the whole: the label says the share itself
        scale = _share_scale(view)
        return st.column_config.ProgressColumn(
            label,
            format="percent" if scale == 1 else "%.1f%%",
            step=0.001 * scale,
            min_value=0,
            max_value=values.max() * scale,
            width=column.width,
        )
    if column.kind == "figure":
        # written out already, each in the unit of its row
        widest = max((len(str(value)) for value in values), default=0)
        width = CHARACTER * max(len(label), widest) + PADDING
        return st.column_config.TextColumn(label, width=width, alignment="right")
    if column.kind in RIGHT and writer:
        known = values.dropna()
        extremes = [writer(known.min()), writer(known.max())] if len(known) else []
        width = CHARACTER * max(map(len, [label, *extremes])) + PADDING
        # of a column without a value the browser knows no kind
        return st.column_config.Column(label, width=width, alignment="right")
    return st.column_config.Column(label, width=column.width, pinned=column.is_pinned or None)
