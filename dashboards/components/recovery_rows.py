"""The debts behind a figure of recovery that was clicked: of the provision matrix, of a cohort, of the cures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from cartera.warehouse import cohort_rows, cure_rows, loss_rows
from dashboards.components.moved_parts import state_name
from dashboards.components.narrowed import in_file
from dashboards.components.rows_behind import Sum, rows_behind, total
from dashboards.components.tables import CUSTOMER, Column, foremost
from dashboards.components.view import View, as_text
from dashboards.queries import recovery_rows
from dashboards.queries.session import Clocks

Cell = tuple[int, str]
"""The place of a row in its table and the name of a column."""

NAMED = {
    "customer_name": CUSTOMER,
    "document_number": Column("column.document"),
    "due_date": Column("column.due", "date"),
}
OPEN = NAMED | {
    "days_past_due": Column("column.days", "number"),
    "open_amount": Column("column.balance", "money"),
    "expected_amount": Column("column.ecl", "money"),
}
HISTORY = NAMED | {
    "entered_date": Column("column.entered_on", "date"),
    "entered_amount": Column("column.entered", "money"),
    "unpaid_amount": Column("column.unpaid", "money"),
}
COHORT = NAMED | {
    "placed_date": Column("column.placed_on", "date"),
    "placed_amount": Column("column.placed", "money"),
    "collected_amount": Column("column.collected", "money"),
    "credited_amount": Column("column.credited", "money"),
    "written_off_amount": Column("column.written_off", "money"),
    "open_amount": Column("column.open", "money"),
    "until_date": Column("column.until", "date"),
}
CURES = NAMED | {
    "days": Column("column.days", "number"),
    "amount": Column("column.past_due_at_start", "money"),
    "collected_amount": Column("column.collected", "money"),
    "credited_amount": Column("column.credited", "money"),
    "written_off_amount": Column("column.written_off", "money"),
    "open_amount": Column("column.open", "money"),
    "outcome": Column("column.outcome"),
}

LEARNED_FROM: dict[str, loss_rows.Measure] = {
    "entered_items": "entered_amount",
    "entered_amount": "entered_amount",
    "roll_rate": "entered_amount",
    "unpaid_amount": "unpaid_amount",
    "loss_rate": "unpaid_amount",
}
"""The columns of the provision matrix that are of its history, and what its debts are led by."""

CAME_OF: dict[str, cohort_rows.Measure] = {
    "collected_amount": "collected_amount",
    "rate": "collected_amount",
    "credited_amount": "credited_amount",
    "written_off_amount": "written_off_amount",
    "lost": "written_off_amount",
    "open_amount": "open_amount",
}
BECAME = ("collected", "credited", "written_off", "open")
"""What came of a debt, besides the outcome of who owed it."""

OUTCOMES: dict[str, cure_rows.Outcome] = {
    "cured": "cured",
    "cure_rate": "cured",
    "redefaulted": "redefaulted",
    "redefault_rate": "redefaulted",
    "written_off": "written_off",
}


def clicked(selection: Any, rows: pd.DataFrame) -> Cell | None:
    """Of a table of these rows."""
    cells: list[Cell] = [cell for cell in selection["cells"] if cell[0] < len(rows)]
    return cells[0] if cells else None


def loss_debts(view: View, clocks: Clocks, asked: loss_rows.Asked, matrix: pd.DataFrame, cell: Cell) -> None:
    """`matrix`: of one segment; a figure of its history leads to that, any other to what is open."""
    words, row = view.words, matrix.iloc[cell[0]]
    bucket: str = row["bucket"]
    first = LEARNED_FROM.get(cell[1])
    computed = _computed(view, asked)
    if first and bucket != "total":
        title = words("recovery.loss_history", bucket=state_name(view, bucket))
        said = in_file(view, asked.company_id, HISTORY, title, **computed)
        rows_behind(
            view,
            clocks,
            recovery_rows.loss_history(view.reading, asked, bucket, first),
            foremost(view, HISTORY, "customer_name", first, "document_number"),
            [
                _count(view, row["entered_items"]),
                _amount(view, HISTORY, "entered_amount", row),
                _amount(view, HISTORY, "unpaid_amount", row),
            ],
            title=title,
            currency_code=asked.currency_code,
            key=f"loss_history_{asked}_{bucket}_{first}",
            name="loss-history",
            content=lambda: recovery_rows.history_csv(asked, bucket, first, clocks, said),
            of=f"{asked.segment}-{bucket}",
        )
        return
    rates = tuple(
        loss_rows.Rate(each["bucket"], each["entered_amount"], each["unpaid_amount"])
        for each in matrix.to_dict("records")
        if each["bucket"] != "total" and bucket in ("total", each["bucket"])
    )
    title = words("recovery.loss_open", bucket=state_name(view, bucket))
    said = in_file(view, asked.company_id, OPEN | {"bucket": Column("column.bucket")}, title, **computed)
    sums = [_amount(view, OPEN, "open_amount", row, "balance_amount")]
    if row["ecl_amount"] is not None:
        sums.append(_amount(view, OPEN, "expected_amount", row, "ecl_amount"))
    rows_behind(
        view,
        clocks,
        recovery_rows.open_debts(view.reading, asked, rates),
        foremost(view, OPEN, "customer_name", "open_amount", "expected_amount"),
        sums,
        title=title,
        currency_code=asked.currency_code,
        key=f"loss_open_{asked}_{bucket}",
        name="expected-losses",
        content=lambda: recovery_rows.open_csv(asked, rates, clocks, said),
        of=f"{asked.segment}-{bucket}",
    )


def cohort_debts(
    view: View, clocks: Clocks, asked: cohort_rows.Asked, figures: pd.Series, column: str, *, title: str
) -> None:
    """`figures`: of the cohort, which its debts are compared with; `title` is plain text."""
    first = CAME_OF.get(column, "placed_amount")
    columns = {name: shown for name, shown in COHORT.items() if name != "until_date" or asked.after_days is not None}
    said = in_file(view, asked.company_id, columns, title)
    rows_behind(
        view,
        clocks,
        recovery_rows.cohort_debts(view.reading, asked, first),
        foremost(view, columns, "customer_name", first, "document_number"),
        [
            _count(view, figures["placed_items"]),
            *(_amount(view, COHORT, name, figures) for name in recovery_rows.MEASURES),
        ],
        title=title,
        currency_code=asked.currency_code,
        key=f"cohort_debts_{asked}_{first}",
        name="cohort-debts",
        content=lambda: recovery_rows.cohort_csv(asked, first, clocks, said),
        of=f"{asked.cohort_month}-{asked.after_days}-{first}",
    )


def cure_debts(view: View, clocks: Clocks, place: str, figures: pd.DataFrame, column: str) -> None:
    """`figures`: recovery.cures of the place; a column of its table was clicked."""
    words, outcome = view.words, OUTCOMES.get(column)
    asked = recovery_rows.cured(place, clocks, outcome)
    of = {row["basis"]: Decimal(row[outcome or "delinquent"]) for row in figures.to_dict("records")}
    found = recovery_rows.cure_debts(view.reading, asked)
    data = found.assign(outcome=[words(f"recovery.outcome_{each}") for each in found["outcome"]])
    # of one outcome the title says it
    columns = {name: shown for name, shown in CURES.items() if name != "outcome" or outcome is None}
    became = {name: as_text(words.money(total(found, f"total_{name}_amount"), asked.currency_code)) for name in BECAME}
    title = words("recovery.cure_debts", outcome=words(f"column.customers_{outcome or 'delinquent'}"))
    said = in_file(
        view, asked.company_id, CURES, title,
        horizon_days=str(asked.horizon_days), cure_days=str(asked.cure_days),
    )  # fmt: skip
    rows_behind(
        view,
        clocks,
        data,
        foremost(view, columns, "customer_name", "amount", "outcome"),
        [
            Sum("total_customers", words("recovery.cures_count"), of["count"], is_money=False),
            Sum("total_amount", words("column.past_due_at_start"), of["amount"]),
        ],
        title=title,
        note=words("recovery.cures_became", date=words.date(clocks.as_of), **became),
        currency_code=asked.currency_code,
        key=f"cure_debts_{asked}",
        name="cure-debts",
        content=lambda: recovery_rows.cure_csv(asked, clocks, said),
        of=outcome or "delinquent",
    )


def _computed(view: View, asked: loss_rows.Asked) -> dict[str, str]:
    """What expected losses were computed with."""
    chosen = {"factor": str(asked.factor), "history": str(asked.history_days), "loss_after": str(asked.loss_days)}
    if asked.scheme and asked.segment:
        scheme, segment = view.words.named("scheme", asked.scheme), view.words.named("segment", asked.segment)
        chosen["by_segment"] = f"{scheme}, {segment}"
    return chosen


def _count(view: View, figure: Any) -> Sum:
    return Sum("rows", view.words("recovery.by_count"), Decimal(figure), is_money=False)


def _amount(view: View, columns: dict[str, Column], name: str, figures: pd.Series, figure: str | None = None) -> Sum:
    return Sum(f"total_{name}", view.words(columns[name].heading), figures[figure or name])
