"""A provision matrix as a workbook that shows its workings: rates and losses are formulas over the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from cartera.warehouse.read import Row

COLUMNS = {
    "company_id": "Company",
    "currency_code": "Currency",
    "segment": "Segment",
    "bucket": "Bucket",
    "entered_items": "Debts that entered",
    "entered_amount": "Entered the bucket",
    "unpaid_amount": "Finally unpaid",
    "roll_rate": "Roll rate",
    "loss_rate": "Loss rate",
    "applied_rate": "Applied rate",
    "balance_amount": "Balance",
    "ecl_amount": "Expected loss",
    "reason": "Why empty",
}
TEXTS = ("company_id", "currency_code", "segment", "bucket", "reason")
FIRST_ROW = 2  # as Excel counts; the row of headings is 1


def stated(
    as_of: dt.date, known_at: dt.datetime, inputs: Mapping[str, str | int | Decimal]
) -> dict[str, str | int | Decimal | dt.date]:
    """The second sheet: both clocks, what the matrix was asked with, and what its words mean."""
    return {
        "as_of": as_of,
        "known_at": known_at.isoformat(),
        **inputs,
        "roll rate": "what entered the next bucket / what entered this one",
        "loss rate": "finally unpaid / entered the bucket: the product of the roll rates from it on",
        "finally unpaid": "written off, or open loss_days after the due date",
        "expected loss": "balance x loss rate x factor, at most the balance",
    }


def write_workbook(path: Path, rows: Sequence[Row], inputs: Mapping[str, str | int | Decimal | dt.date]) -> None:
    """Write the rows of risk.expected_losses to `path`. `inputs` (with `factor`) stand on the second sheet.

    Outside text is written as text cells, which a spreadsheet never runs (law 10). Numbers are not rounded, but
    shown with four decimals (rates) or two. Raises OSError when the file can't be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    # opened here: the library has errors of its own for a path that it can't write
    with path.open("wb") as file, xlsxwriter.Workbook(file, options) as book:
        matrix, notes = book.add_worksheet("matrix"), book.add_worksheet("inputs")
        bold = book.add_format({"bold": True})
        formats = {
            "rate": book.add_format({"num_format": "0.0000%"}),
            "amount": book.add_format({"num_format": "#,##0.00"}),
        }
        for number, heading in enumerate(COLUMNS.values()):
            matrix.write_string(0, number, heading, bold)
        for number, (name, value) in enumerate(inputs.items()):
            notes.write_string(number, 0, name, bold)
            if isinstance(value, int | Decimal):
                notes.write_number(number, 1, value)
            else:
                notes.write_string(number, 1, str(value))
        factor = f"inputs!$B${list(inputs).index('factor') + 1}"
        _write_rows(matrix, rows, factor, formats)
        matrix.freeze_panes(1, 4)
        matrix.autofit()
        notes.autofit()


def _write_rows(sheet: Worksheet, rows: Sequence[Row], factor: str, formats: Mapping[str, object]) -> None:
    group_start = FIRST_ROW
    for line, row in enumerate(rows, FIRST_ROW):
        formulas = _total(group_start, line) if row["bucket"] == "total" else _formulas(line, factor, rows, row)
        for number, name in enumerate(COLUMNS):
            style = (
                formats["rate" if name.endswith("rate") else "amount"] if name.endswith(("rate", "amount")) else None
            )
            if row[name] is None:
                continue
            if name in TEXTS:
                sheet.write_string(line - 1, number, row[name])
            elif name in formulas:
                sheet.write_formula(line - 1, number, formulas[name], style, float(row[name]))
            else:
                sheet.write_number(line - 1, number, row[name], style)
        if row["bucket"] == "total":
            group_start = line + 1


def _formulas(line: int, factor: str, rows: Sequence[Row], row: Row) -> dict[str, str]:
    is_last = rows[line - FIRST_ROW + 1]["bucket"] == "total"
    return {
        "roll_rate": f"=G{line}/F{line}" if is_last else f"=F{line + 1}/F{line}",
        "loss_rate": f"=G{line}/F{line}",
        "applied_rate": f"=MIN(1,I{line}*{factor})",
        "ecl_amount": f"=K{line}*J{line}" if row["applied_rate"] is not None else "=0",
    }


def _total(first: int, line: int) -> dict[str, str]:
    return {
        name: f"=SUM({letter}{first}:{letter}{line - 1})"
        for name, letter in (("balance_amount", "K"), ("ecl_amount", "L"))
    }
