"""Files in the dialects of other people's systems, written a chunk at a time."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import xlsxwriter

Columns = dict[str, pa.Array]
"""Header -> column; all of one length, texts for CSV."""


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written; `dates` is a strftime pattern. A byte order mark where `has_mark`."""

    delimiter: str
    encoding: str = "utf-8"
    has_mark: bool = False
    decimal: str = "."
    thousands: str = ""
    dates: str = "%Y-%m-%d"


class CsvExport:
    """One CSV file. `rows` counts the lines after the header."""

    def __init__(self, path: Path, dialect: Dialect, header: Sequence[str]) -> None:
        self.path, self.dialect, self.rows = path, dialect, 0
        self.first_line = ""
        self._file = path.open("wb", buffering=1 << 20)
        mark = "\ufeff" if dialect.has_mark else ""
        self._write(mark + dialect.delimiter.join(header) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._file.close()

    def write(self, columns: Columns) -> None:
        """Append rows; their texts hold neither quotes nor the delimiter (pyarrow refuses them)."""
        table = pa.table(columns)
        sink = pa.BufferOutputStream()
        options = pa_csv.WriteOptions(
            include_header=False, delimiter=self.dialect.delimiter, quoting_style="none", batch_size=65_536
        )
        pa_csv.write_csv(table, sink, options)
        data = sink.getvalue().to_pybytes()
        if not self.first_line and table.num_rows:
            self.first_line = data[: data.index(b"\n")].decode()
        self._file.write(data if self.dialect.encoding == "utf-8" else data.decode().encode(self.dialect.encoding))
        self.rows += table.num_rows

    def write_rows(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows of any text, quoted where they must be."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.dialect.delimiter, lineterminator="\n")
        for row in rows:
            writer.writerow(row)
            self.rows += 1
        self._write(text.getvalue())

    def write_line(self, line: str) -> int:
        """Append one line as it is. Returns its number in the file, the header being line 1."""
        self._write(line + "\n")
        self.rows += 1
        return self.rows + 1

    def _write(self, text: str) -> None:
        self._file.write(text.encode(self.dialect.encoding))


class ParquetExport:
    """One Parquet file with a row group for each chunk."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.rows, self._schema = path, 0, schema
        self._writer = pq.ParquetWriter(path, schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._writer.close()

    def write(self, columns: Columns) -> None:
        table = pa.table(columns, self._schema)
        self._writer.write_table(table)
        self.rows += table.num_rows


def write_xlsx(path: Path, sheet: str, header: Sequence[str], rows: Iterable[Sequence[object]], day: dt.date) -> int:
    """A workbook with one sheet; texts stay texts (`=1+1` is no formula), the same bytes for the same rows."""
    workbook = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    )
    workbook.set_properties({"created": dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)})
    worksheet = workbook.add_worksheet(sheet)
    worksheet.write_row(0, 0, header)
    count = 0
    for count, row in enumerate(rows, start=1):
        worksheet.write_row(count, 0, row)
    workbook.close()
    return count
