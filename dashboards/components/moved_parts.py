"""The debts behind a cell of the matrix of transitions: they add up to it."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from cartera.warehouse import moves
from dashboards.components.customer_link import customers_table
from dashboards.components.export import csv_button
from dashboards.components.tables import CUSTOMER, Column, foremost
from dashboards.components.view import View, as_text
from dashboards.queries import recovery
from dashboards.queries.session import Clocks

COLUMNS = {
    "customer_name": CUSTOMER,
    "document_number": Column("column.document"),
    "from_date": Column("column.period_from", "date"),
    "from_amount": Column("column.at_start", "money"),
    "to_date": Column("column.period_to", "date"),
    "to_amount": Column("column.at_end", "money"),
    "amount": Column("column.moved", "money"),
}


def moved_debts(view: View, clocks: Clocks, asked: moves.Asked, cells: pd.DataFrame) -> None:
    """`cells`: recovery.transitions of the company and currency, which the debts are compared with."""
    words, code = view.words, asked.currency_code
    found, figures = recovery.debts(view.reading, asked), _figures(asked, cells)
    ends = " / ".join(state_name(view, name) for name in figures)
    title = words("recovery.debts", first=state_name(view, asked.from_state), second=ends)
    with st.container(border=True):
        st.subheader(as_text(title), anchor=False)
        _sum_up(view, asked, figures, found)
        columns = foremost(view, COLUMNS, "customer_name", "amount", "document_number")
        customers_table(view, found, columns, alt=title, currency_code=code, key=f"moved_{asked}")
        csv_button(view, clocks, code, "moved-debts", lambda: recovery.debts_csv(asked, clocks),
                   of=f"{asked.from_state}-{asked.to_state}")  # fmt: skip


def _figures(asked: moves.Asked, cells: pd.DataFrame) -> dict[str, Decimal]:
    """The cell as the matrix has it; paid and written off are two, of which the debts are the sum."""
    measure = "items" if asked.basis == "count" else "amount"
    ends = moves.SETTLED if asked.to_state == "settled" else (asked.to_state,)
    rows = cells[(cells["from_state"] == asked.from_state) & cells["to_state"].isin(ends)]
    return {row["to_state"]: Decimal(row[measure]) for row in rows.to_dict("records") if row[measure]}


def _sum_up(view: View, asked: moves.Asked, figures: dict[str, Decimal], found: pd.DataFrame) -> None:
    """Whether the debts add up to the figures."""
    words, is_count = view.words, asked.basis == "count"
    figure = sum(figures.values(), Decimal(0))
    count = found["moves"].iloc[0] if len(found) else 0
    added = count if is_count else (found["moved_amount"].iloc[0] if len(found) else Decimal(0))

    def written(value: Decimal) -> str:
        return as_text(words.number(int(value)) if is_count else words.money(value, asked.currency_code))

    if added != figure:
        st.error(words("drill.differs", sum=written(Decimal(added)), amount=written(figure)))
        return
    text = words.counted("recovery.debts_add_up", count, amount=f"**{written(figure)}**")
    if len(figures) > 1:
        parts = " + ".join(f"{as_text(state_name(view, name))} {written(value)}" for name, value in figures.items())
        text += f" ({parts})"
    st.markdown(f":material/check_circle: {text}")
    if len(found) < count:
        st.caption(words("recovery.debts_capped", shown=words.number(len(found)), count=words.number(count)))


def state_name(view: View, name: str) -> str:
    """Of a bucket, or of what a debt came from or came to."""
    known = ("new", "reopened", "paid", "written_off", "total")
    return view.words(f"state_of.{name}") if name in known else view.words.bucket(name)
