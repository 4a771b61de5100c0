"""XLSX by calamine: cells as they were last computed, never formulas.

Excel keeps 15 significant digits; a number is taken as the shortest text that says it, to 15 digits.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from cartera.connectors.files.chunk import Chunk, Wanted, column_name
from cartera.connectors.files.spec import EntityFiles, did_you_mean
from cartera.connectors.files.survey import Survey, check_unchanged
from cartera.connectors.files.zip_guard import check_workbook
from cartera.errors import UnreadableFile
from cartera.landing.delivery import RawFormat
from cartera.landing.entities import Column

CHUNK_ROWS = 20_000
Cell = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class XlsxReader:
    """One sheet of a workbook. The header is the first row that is not empty."""

    raw_format: RawFormat = "json"

    def __init__(self, survey: Survey, files: EntityFiles) -> None:
        self._survey, self._decimal = survey, files.decimal
        errors = check_workbook(survey.path)
        self._sheet, place = self._open(files.sheet)
        self._errors = errors[place] if place < len(errors) else {}
        self.headers: list[str] = []
        self.first_row = 1
        for row in self._sheet.iter_rows():
            self.first_row += 1
            if any(cell != "" for cell in row):
                self.headers = [cell_text(cell).strip() for cell in row]
                break
        if not self.headers:
            raise UnreadableFile(
                f"{survey.path}: the sheet {self._sheet.name!r} is empty",
                "name the sheet that holds the list under `sheet`",
            )

    @property
    def replay_header(self) -> str:
        return json.dumps({"headers": self.headers}, ensure_ascii=False)

    def _open(self, wanted: str | None) -> tuple[CalamineSheet, int]:
        path = self._survey.path
        try:
            workbook = CalamineWorkbook.from_path(str(path))
            names = workbook.sheet_names
            if wanted is not None and wanted not in names:
                raise UnreadableFile(
                    f"{path}: there is no sheet {wanted!r}; {did_you_mean(wanted, names)}",
                    "correct `sheet` in the mapping",
                )
            place = names.index(wanted) if wanted is not None else 0
            return workbook.get_sheet_by_index(place), place
        except PasswordError:
            raise UnreadableFile(f"{path}: is protected by a password", "save it without password") from None
        except CalamineError as error:
            raise UnreadableFile(
                f"{path}: is no readable workbook ({error})", "open it in a spreadsheet and save it again as XLSX"
            ) from None

    def _records(self) -> Iterator[tuple[int, list[Cell]]]:
        """(row number as the spreadsheet shows it, cells)."""
        rows = islice(self._sheet.iter_rows(), self.first_row - 1, None)
        left, in_error = (self._sheet.start or (0, 0))[1], {row for row, _column in self._errors}
        for number, cells in enumerate(rows, start=self.first_row):
            if number in in_error:
                cells = [self._errors.get((number, left + place), cell) for place, cell in enumerate(cells, start=1)]
            yield number, cells

    def chunks(self, wanted: Wanted) -> Iterator[Chunk]:
        records = self._records()
        while held := list(islice(records, CHUNK_ROWS)):
            rows = [(number, cells) for number, cells in held if any(cell != "" for cell in cells)]
            if rows:
                yield self._chunk(rows, wanted)
        check_unchanged(self._survey)

    def _chunk(self, rows: list[tuple[int, list[Cell]]], wanted: Wanted) -> Chunk:
        columns = {
            column_name(position): pa.array(
                [cell_text(cells[position], self._decimal_of(columns)) for _number, cells in rows], pa.string()
            )
            for position, columns in wanted.items()
        }
        numbers = pa.array([number for number, _cells in rows], pa.int64())

        def originals(places: Sequence[int]) -> list[bytes]:
            return [cells_json(rows[place][1]) for place in places]

        return Chunk(pa.table(columns), numbers, originals)

    def _decimal_of(self, columns: Sequence[Column]) -> str:
        """Text cells of an amount column follow the mapping's decimal sign, so number cells must too."""
        return self._decimal if any(column.type in ("amount", "rate") for column in columns) else "."

    def originals(self, row_numbers: Sequence[int]) -> dict[int, bytes]:
        wanted = set(row_numbers)
        return {number: cells_json(cells) for number, cells in self._records() if number in wanted}


def cell_text(cell: Cell, decimal: str = ".") -> str:
    """A cell as text: 12345.0 is 12345, dates are ISO, booleans true and false."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return _number_text(cell).replace(".", decimal)
    return cell.isoformat() if isinstance(cell, (dt.date, dt.time)) else str(cell)


def _number_text(number: float) -> str:
    if isinstance(number, int) or (number.is_integer() and abs(number) < 2**53):
        return str(int(number))
    text = repr(number)
    return text if sum(map(str.isdigit, text)) <= 15 else f"{number:.15g}"


def cells_json(cells: Sequence[Cell]) -> bytes:
    """A row as a JSON list of cell texts: what quarantine keeps."""
    return json.dumps([cell_text(cell) for cell in cells], ensure_ascii=False).encode("utf-8", "replace")
