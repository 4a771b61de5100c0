"""The provision matrix as a workbook: formulas that give what the marts gave, and text that never runs."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import load_workbook

from cartera.warehouse.provision_workbook import COLUMNS, write_workbook
from cartera.warehouse.read import BUCKETS, Row

EVIL = '=HYPERLINK("http://example.com")'


def _matrix() -> list[Row]:
    """The published example: what entered each bucket of 100000 sold, 2000 never paid, at a factor of 1.1."""
    entered = [Decimal(n) for n in (100000, 50000, 23000, 8000, 2000, 0)]
    balances = [Decimal(n) for n in (300000, 140000, 60000, 23000, 5000, 0)]
    texts = {"company_id": EVIL, "currency_code": "USD", "segment": "@all"}
    rows: list[Row] = []
    for number, (bucket, came, balance) in enumerate(zip(BUCKETS, entered, balances, strict=True)):
        unpaid = Decimal(2000) if came else Decimal(0)
        rate = unpaid / came if came else None
        applied = None if rate is None else min(Decimal(1), rate * Decimal("1.1"))
        following = entered[number + 1] if number < 5 else unpaid
        rows.append(
            texts
            | {
                "bucket": bucket,
                "entered_items": 7,
                "entered_amount": came,
                "unpaid_amount": unpaid,
                "roll_rate": following / came if came else None,
                "loss_rate": rate,
                "applied_rate": applied,
                "balance_amount": balance,
                "ecl_amount": balance * applied if applied is not None else Decimal(0),
                "reason": None if came else "nothing entered this bucket in the history",
            }
        )
    total: Row = dict.fromkeys(rows[0]) | texts | {"bucket": "total"}
    for name in ("balance_amount", "ecl_amount"):
        total[name] = sum(row[name] for row in rows)
    return [*rows, total]


def _written(tmp_path: Path) -> Path:
    path = tmp_path / "provision.xlsx"
    write_workbook(path, _matrix(), {"as_of": dt.date(2026, 6, 30), "factor": Decimal("1.1"), "history_days": 365})
    return path


def test_a_path_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Which the command line says in one line; the library's own was a stack trace."""
    with pytest.raises(FileNotFoundError):
        write_workbook(tmp_path / "nowhere" / "provision.xlsx", _matrix(), {"factor": Decimal(1)})


def test_the_cells_hold_the_figures_and_the_inputs(tmp_path: Path) -> None:
    book = load_workbook(_written(tmp_path))
    heading, *lines = book.get_sheet_by_name("matrix").to_python()
    assert heading == list(COLUMNS.values())
    for line, row in zip(lines, _matrix(), strict=True):
        for cell, name in zip(line, COLUMNS, strict=True):
            assert cell == ("" if row[name] is None else row[name] if isinstance(row[name], str) else float(row[name]))
    assert ["factor", 1.1] in book.get_sheet_by_name("inputs").to_python()


def test_the_formulas_give_those_figures(tmp_path: Path) -> None:
    """Computed here by a reader of the four formulas that there are: another file than the cached values."""
    with zipfile.ZipFile(_written(tmp_path)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    cells: dict[str, float] = {}
    formulas: dict[str, str] = {}
    for place, formula, value in re.findall(r'<c r="([A-Z]+\d+)"[^>]*?>(?:<f>(.*?)</f>)?<v>([^<]*)</v>', sheet):
        cells[place] = float(value)
        if formula:
            formulas[place] = formula
    assert len(formulas) == 5 * 4 + 1 + 2
    for place, formula in formulas.items():
        assert abs(_computed(formula, cells) - cells[place]) < 1e-9, (place, formula)


def _computed(formula: str, cells: dict[str, float]) -> float:
    if match := re.fullmatch(r"SUM\(([A-Z])(\d+):[A-Z](\d+)\)", formula):
        letter, first, last = match.groups()
        return sum(cells[f"{letter}{n}"] for n in range(int(first), int(last) + 1))
    if match := re.fullmatch(r"MIN\(1,(I\d+)\*inputs!\$B\$2\)", formula):
        return min(1.0, cells[match[1]] * 1.1)
    if match := re.fullmatch(r"([A-Z]\d+)([*/])([A-Z]\d+)", formula):
        one, other = cells[match[1]], cells[match[3]]
        return one * other if match[2] == "*" else one / other
    return float(formula)


def test_outside_text_is_text(tmp_path: Path) -> None:
    """Law 10: a name that looks like a formula is a shared string, not a formula nor a link."""
    with zipfile.ZipFile(_written(tmp_path)) as archive:
        sheet, names = archive.read("xl/worksheets/sheet1.xml").decode(), archive.namelist()
        assert (
            EVIL.replace('"', "&quot;") in archive.read("xl/sharedStrings.xml").decode()
            or EVIL in archive.read("xl/sharedStrings.xml").decode()
        )
    assert "HYPERLINK" not in sheet and "hyperlink" not in sheet
    assert not any("rels" in name and "worksheets" in name for name in names)
