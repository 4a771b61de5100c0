"""The debts behind a cell of the matrix of transitions, or behind a roll rate: they add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from cartera.warehouse import moves
from dashboards.components.narrowed import in_file
from dashboards.components.rows_behind import Sum, rows_behind
from dashboards.components.tables import CUSTOMER, Column, foremost
from dashboards.components.view import View
from dashboards.queries import recovery, recovery_rows
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
LOST = Column("column.of_it_written_off", "money")


def moved_debts(view: View, clocks: Clocks, asked: moves.Asked, cells: pd.DataFrame) -> None:
    """`cells`: recovery.transitions of the company and currency, which the debts are compared with."""
    cell = cells[(cells["from_state"] == asked.from_state) & (cells["to_state"] == asked.to_state)].iloc[0]
    first, second = state_name(view, asked.from_state), state_name(view, asked.to_state)
    title = view.words("recovery.debts", first=first, second=second)
    _listed(view, clocks, asked, cell["items"] if asked.basis == "count" else cell["amount"], title)


def rolled_debts(view: View, clocks: Clocks, asked: moves.Asked, rate: pd.Series, cells: pd.DataFrame) -> None:
    """`rate`: of recovery.roll_rates, a figure of which was clicked; `cells` as in `moved_debts`, with which what was
    written off of what went on must agree too."""
    words, first = view.words, state_name(view, rate["bucket"])
    if asked.to_state == moves.ANY:
        return _listed(view, clocks, asked, rate["denominator"], words("recovery.roll_began", bucket=first))
    if asked.from_state == moves.ANY:
        title = words("recovery.roll_ended", bucket=state_name(view, rate["next_bucket"]))
        return _listed(view, clocks, asked, rate["numerator"], title)
    lost = cells[(cells["from_state"] == asked.from_state) & (cells["to_state"] == "written_off")]["amount"]
    of_it = Sum("total_written_off_amount", words("column.of_it_written_off"), sum(lost, Decimal(0)))
    title = words("recovery.debts", first=first, second=gone_on(view, rate["next_bucket"]))
    _listed(view, clocks, asked, rate["numerator"], title, [of_it] if asked.basis == "amount" else [])


def _listed(
    view: View, clocks: Clocks, asked: moves.Asked, figure: Decimal, title: str, further: Sequence[Sum] = ()
) -> None:
    words = view.words
    if asked.basis == "count":
        counted = Sum("rows", words("recovery.by_count"), Decimal(figure), is_money=False)
    else:
        counted = Sum("total_amount", words("column.moved"), figure)
    columns = COLUMNS | ({"written_off_amount": LOST} if asked.to_state == moves.ON else {})
    said = in_file(
        view, asked.company_id, columns, title,
        periods=str(asked.periods), count_by=words(f"recovery.by_{asked.basis}"),
    )  # fmt: skip
    rows_behind(
        view,
        clocks,
        recovery_rows.moved_debts(view.reading, asked),
        foremost(view, columns, "customer_name", "amount", "document_number"),
        [counted, *further],
        title=title,
        currency_code=asked.currency_code,
        key=f"moved_{asked}",
        name="moved-debts",
        content=lambda: recovery_rows.moved_csv(asked, clocks, said),
        of=f"{asked.from_state}-{asked.to_state}",
    )


def gone_on(view: View, next_bucket: str) -> str:
    """Where a debt that is followed goes on to: what is written off of it has gone on too."""
    name = state_name(view, next_bucket)
    return name if next_bucket == "written_off" else view.words("recovery.gone_on", bucket=name)


def state_name(view: View, name: str) -> str:
    """Of a bucket, or of what a debt came from or came to."""
    return recovery.state_name(view.words, name)
