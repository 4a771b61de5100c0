"""The files of a report: XLSX for people, XLSX for programs, CSV, PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cartera.reports.exports import csv_file, frame
from cartera.reports.made import Made
from cartera.reports.wording import Wording

Format = Literal["xlsx", "xlsx-raw", "csv", "pdf"]
FORMATS: tuple[Format, ...] = ("xlsx", "xlsx-raw", "csv", "pdf")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class File:
    name: str
    media_type: str
    content: bytes


def export(made: Made, format: Format, wording: Wording) -> File:
    """Raises TooLarge where this kind of file can't hold all rows."""
    match format:
        case "xlsx" | "xlsx-raw":
            # heavy, and needed only here
            from cartera.reports.exports import workbook

            is_raw = format == "xlsx-raw"
            write = workbook.raw if is_raw else workbook.formatted
            return File(frame.file_name(made, wording, "xlsx", is_raw=is_raw), XLSX, write(made, wording))
        case "csv":
            if len(made.tables) == 1 and made.certificate is None:
                content = csv_file.part_csv(made, made.tables[0], wording)
                return File(frame.file_name(made, wording, "csv"), "text/csv", content)
            return File(frame.file_name(made, wording, "zip"), "application/zip", csv_file.zipped(made, wording))
        case "pdf":
            from cartera.reports.exports import paper

            return File(frame.file_name(made, wording, "pdf"), "application/pdf", paper.pdf(made, wording))
