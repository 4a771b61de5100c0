"""The debts behind a cell of the matrix of transitions: they add up to it."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from cartera.warehouse import moves
from dashboards.components.rows_behind import Sum, rows_behind
from dashboards.components.tables import CUSTOMER, Column, foremost
from dashboards.components.view import View
from dashboards.queries import recovery_rows
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
    words = view.words
    cell = cells[(cells["from_state"] == asked.from_state) & (cells["to_state"] == asked.to_state)].iloc[0]
    if asked.basis == "count":
        figure = Sum("rows", words("recovery.by_count"), Decimal(cell["items"]), is_money=False)
    else:
        figure = Sum("total_amount", words("column.moved"), cell["amount"])
    first, second = state_name(view, asked.from_state), state_name(view, asked.to_state)
    rows_behind(
        view,
        clocks,
        recovery_rows.moved_debts(view.reading, asked),
        foremost(view, COLUMNS, "customer_name", "amount", "document_number"),
        [figure],
        title=words("recovery.debts", first=first, second=second),
        currency_code=asked.currency_code,
        key=f"moved_{asked}",
        name="moved-debts",
        content=lambda: recovery_rows.moved_csv(asked, clocks),
        of=f"{asked.from_state}-{asked.to_state}",
    )


def state_name(view: View, name: str) -> str:
    """Of a bucket, or of what a debt came from or came to."""
    known = ("new", "reopened", "paid", "written_off", "total")
    return view.words(f"state_of.{name}") if name in known else view.words.bucket(name)
