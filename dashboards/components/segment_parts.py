"""What each segment owes, and the customers in it; every amount leads to its invoices."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from dashboards.charts.segments import segment_of, segment_treemap
from dashboards.components import filters
from dashboards.components.drill import Figure, drill
from dashboards.components.export import csv_button
from dashboards.components.narrowed import narrowed
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import receivables, segments

TILES_CLICKED = "segment_tiles_clicked"
COLUMNS = {
    "segment": Column("column.segment", width=130, is_pinned=True),
    "customers": Column("column.customers", "number"),
    "open_amount": Column("column.open", "money"),
    "share": Column("column.share", "share", width=95),
    "overdue_amount": Column("column.overdue", "money"),
    "overdue_pct": Column("column.overdue_pct", "percent"),
}
DEBTORS = {
    "customer_name": CUSTOMER,
    "open_amount": Column("column.open", "money"),
    "overdue_amount": Column("column.overdue", "money"),
    "overdue_pct": Column("column.overdue_pct", "percent"),
    "share": Column("column.share", "share"),
    "company_id": Column("column.company"),
}


def choose_scheme(view: View, rules: pd.DataFrame) -> str:
    """By which rules customers are parted; that by behaviour unless another is chosen."""
    offered = {name: view.words.named("scheme", name) for name in dict.fromkeys(rules["scheme"])}
    default = "payer_behaviour" if "payer_behaviour" in offered else next(iter(offered))
    return filters.choice(view, "scheme", offered, default)


def treemap(view: View, asked: segments.Asked, rows: pd.DataFrame, chosen: str | None) -> None:
    """A click on a tile chooses its segment, as one on the row of the table; a second one takes that away."""
    words = view.words
    figure = segment_treemap(segments.by_age(rows), asked.currency_code, words, view.is_dark, chosen)
    key = f"treemap_{asked.scheme}_{asked.currency_code}_{asked.company_id}_{words.language}_{_tiles_clicked()}"

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            filters.toggle(view, segment=segment_of(figure.data[0].ids[points[0]["point_number"]]))
            st.session_state[TILES_CLICKED] = _tiles_clicked() + 1

    st.subheader(words("segments.where"), anchor=False)
    st.caption(words("segments.where_sub", currency=asked.currency_code))
    st.plotly_chart(
        figure,
        key=key,
        on_select=clicked,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=words("segments.where_alt", currency=asked.currency_code),
    )


def _tiles_clicked() -> int:
    """For the keys of what can be clicked: Plotly opens the tile that is clicked, so another chart takes its place, and
    of the table no row stays selected that is not the one chosen."""
    clicks: int = st.session_state.get(TILES_CLICKED, 0)
    return clicks


def segments_table(view: View, asked: segments.Asked, rows: pd.DataFrame, whole: Decimal) -> str | None:
    """What each owes with its share; the segment whose customers are asked for. `whole` is all that is open."""
    words, code = view.words, asked.currency_code
    st.subheader(words("segments.table"), anchor=False)
    added = sum(rows["open_amount"], Decimal(0))
    amount = as_text(words.money(added, code))
    if added == whole:
        st.caption(words.counted("segments.adds_up", len(rows), amount=amount))
    else:
        st.error(words("drill.differs", sum=amount, amount=as_text(words.money(whole, code))))
    names = [words.named("segment", name) for name in rows["segment"]]
    data = _with_shares(rows, added).assign(segment=names)
    selection = table(
        view,
        data,
        COLUMNS,
        alt=words("segments.table"),
        currency_code=code,
        key=f"segments_{asked}_{_tiles_clicked()}",
        selects="single-cell",
    )
    cells = [cell for cell in selection["cells"] if cell[0] < len(rows)]
    to = _narrowed(view, asked)
    csv_button(view, asked.clocks, code, "segments", lambda: segments.totals_csv(words, asked, to), narrowed=to,
               of=asked.scheme)  # fmt: skip
    offered = {"": words("segments.none_chosen"), **dict(zip(rows["segment"], names, strict=True))}
    clicked = rows["segment"].iloc[cells[0][0]] if cells else None
    return filters.clickable(view, "segment", offered, clicked) or None


def segment_customers(view: View, asked: segments.Asked, segment: str, rows: pd.DataFrame) -> None:
    """The customers behind a segment's figure, and the invoices of the one that is clicked."""
    words, code = view.words, asked.currency_code
    figure = rows[rows["segment"] == segment].iloc[0]
    found = segments.debtors(view.reading, asked, segment)
    title = words("segments.customers_of", name=as_text(words.named("segment", segment)))
    with st.container(border=True):
        st.subheader(title, anchor=False)
        _sum_up(view, found, figure, code)
        data = _with_shares(found, figure["open_amount"])
        shown = {n: c for n, c in DEBTORS.items() if n != "company_id" or found["company_id"].nunique() > 1}
        key = f"debtors_{asked}_{segment}"
        selection = table(view, data, shown, alt=title, currency_code=code, key=key, selects="single-cell")
        to = _narrowed(view, asked, segment)
        csv_button(
            view,
            asked.clocks,
            code,
            "segment-customers",
            lambda: segments.debtors_csv(words, asked, segment, to),
            narrowed=to,
            of=f"{asked.scheme}_{segment}",
        )
    if selection["cells"] and selection["cells"][0][0] < len(found):
        drill(view, asked.clocks, figure_of(found.iloc[selection["cells"][0][0]], code))


def _narrowed(view: View, asked: segments.Asked, segment: str | None = None) -> tuple[str, ...]:
    words = view.words
    return narrowed(
        words,
        company=asked.company_id,
        scheme=words.named("scheme", asked.scheme),
        segment=words.named("segment", segment) if segment else None,
    )


def figure_of(row: pd.Series, currency_code: str) -> Figure:
    """What one customer owes one company."""
    return Figure(
        row["open_amount"], None, currency_code, row["company_id"], row["customer_id"], row["customer_name"]
    )  # fmt: skip


def _sum_up(view: View, found: pd.DataFrame, figure: pd.Series, code: str) -> None:
    words, added = view.words, sum(found["open_amount"], Decimal(0))
    amount = as_text(words.money(figure["open_amount"], code))
    if added == figure["open_amount"]:
        told = words.counted("segments.customers_add_up", len(found), amount=f"**{amount}**")
        st.markdown(f":material/check_circle: {told}")
    elif len(found) == receivables.LISTED_CUSTOMERS:
        counts = {"shown": words.number(len(found)), "count": words.number(figure["customers"])}
        st.caption(words("segments.capped", amount=amount, **counts))
    else:
        st.error(words("drill.differs", sum=as_text(words.money(added, code)), amount=amount))


def _with_shares(rows: pd.DataFrame, whole: Decimal) -> pd.DataFrame:
    return rows.assign(
        share=[float(amount / whole) if whole else 0.0 for amount in rows["open_amount"]],
        overdue_pct=[
            float(late / owed) if owed else None
            for late, owed in zip(rows["overdue_amount"], rows["open_amount"], strict=True)
        ],
    )
