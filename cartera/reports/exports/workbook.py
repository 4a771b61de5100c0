"""A report as a workbook: formatted, for people; or raw, for programs and pivots.

Text from outside is written as text cells, which a spreadsheet never runs (law 10).
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cartera.money import minor_units
from cartera.reports.build import Table
from cartera.reports.exports import frame
from cartera.reports.made import Certificate, Made
from cartera.reports.wording import Wording

OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd", "remove_timezone": True,
}  # fmt: skip
LONGEST_TEXT, LONGEST_NAME, WIDEST = 32_767, 31, 72
NO_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


class _Book:
    """A workbook with the formats it needs, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self._formats: dict[tuple[tuple[str, object], ...], Format] = {}
        self._names: set[str] = set()

    def format(self, **properties: object) -> Format:
        key = tuple(sorted(properties.items()))
        return self._formats.setdefault(key, self.book.add_format(properties))

    def sheet(self, title: str) -> Worksheet:
        """A sheet whose name a spreadsheet takes, and no other has."""
        plain = NO_SHEET.sub(" ", title).strip(" '") or "-"
        if len(plain) > LONGEST_NAME:
            # at the end of a word, where one ends late enough
            plain = re.sub(r"(?<=.{15}) +\S*$", "", plain[: LONGEST_NAME - 1]).rstrip(" '") + "…"
        name, number = plain, 1
        while name.lower() in self._names or name.lower() == "history":
            number += 1
            name = f"{plain[: LONGEST_NAME - 4].rstrip()} ({number})"
        self._names.add(name.lower())
        return self.book.add_worksheet(name)

    def money(self, currency_code: str | None, **also: object) -> Format:
        digits = minor_units(currency_code) if currency_code else 2
        return self.format(num_format="#,##0" + ("." + "0" * digits if digits else ""), **also)


def formatted(made: Made, wording: Wording) -> bytes:
    """One sheet per part: title, what it states, a frozen heading, rows in words, totals by currency."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as workbook:
        _dated(workbook, made, wording)
        book = _Book(workbook)
        for table in made.tables:
            sheet = book.sheet(frame.part_title(table, wording))
            top = _head(book, sheet, made, table, wording)
            _rows(book, sheet, table, wording, top)
        if made.certificate:
            _certificate(book, made, made.certificate, wording)
    return content.getvalue()


def raw(made: Made, wording: Wording) -> bytes:
    """One sheet per part: machine names in the first row, typed values below, nothing else; `about` states the rest."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as workbook:
        _dated(workbook, made, wording)
        book = _Book(workbook)
        for table in made.tables:
            sheet = book.sheet(frame.part_title(table, wording))
            names = [each.name for each in table.shown]
            _heading(book, sheet, 0, names)
            for number, row in enumerate(table.rows, 1):
                for column, value in enumerate(frame.values(table, row)):
                    _typed(sheet, number, column, value)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(table.rows), len(names) - 1)
        _about(book, made, wording)
        if made.certificate:
            _certificate(book, made, made.certificate, wording)
    return content.getvalue()


def _dated(workbook: xlsxwriter.Workbook, made: Made, wording: Wording) -> None:
    """The same report is the same file: its only date is that of the figures."""
    created = dt.datetime.combine(made.clocks.as_of, dt.time())
    workbook.set_properties({"title": frame.report_title(made, wording)[:255], "author": "Cartera", "created": created})


def _head(book: _Book, sheet: Worksheet, made: Made, table: Table, wording: Wording) -> int:
    """Title and statements; returns the row of the heading."""
    title = f"{frame.report_title(made, wording)}: {frame.part_title(table, wording)}"
    sheet.write_string(0, 0, _fit(title), book.format(bold=True, font_size=14))
    lines = [*frame.about_report(made, wording), *frame.about_part(made, table, wording)]
    for number, (label, text) in enumerate(lines, 1):
        sheet.write_string(number, 0, _fit(label), book.format(font_color="#555555"))
        sheet.write_string(number, 1, _fit(text))
    return len(lines) + 2


def _rows(book: _Book, sheet: Worksheet, table: Table, wording: Wording, top: int) -> None:
    headings = frame.headings(table, wording)
    _heading(book, sheet, top, headings)
    columns, labels = table.shown, len(table.columns)
    widths = [len(each) + 3 for each in headings]
    code_of = "currency_code"
    for number, row in enumerate(table.rows, top + 1):
        for position, column in enumerate(columns):
            value = row[column.name]
            if column.kind in ("text", "yes_no"):
                value = wording.value(column.name, value)
            if column.kind == "money":
                _typed(sheet, number, position, value, book.money(row[code_of]))
            elif column.kind == "number":
                _typed(sheet, number, position, value, book.format(num_format="#,##0"))
            elif column.kind == "figure":
                _typed(sheet, number, position, value, book.format(num_format="#,##0.00"))
            else:
                _typed(sheet, number, position, value)
            if number < top + 500:
                widths[position] = max(widths[position], len(f"{value:,.2f}" if _is_number(value) else str(value)) + 2)
    line = top + 1 + len(table.rows)
    for label, code, sums in frame.total_rows(table, wording):
        sheet.write_string(line, 0, label, book.format(bold=True, top=1))
        for position, column in enumerate(columns[1:], 1):
            is_sum = position >= labels and column.name in sums
            style = book.money(code, bold=True, top=1) if column.kind == "money" else book.format(
                num_format="#,##0", bold=True, top=1
            )  # fmt: skip
            if is_sum:
                sheet.write_number(line, position, sums[column.name], style)
                widths[position] = max(widths[position], len(f"{sums[column.name]:,.2f}") + 2)
            else:
                sheet.write_blank(line, position, None, book.format(top=1))
        line += 1
    for position, width in enumerate(widths):
        sheet.set_column(position, position, min(max(width, 11 if position else 20), WIDEST))
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + len(table.rows), len(headings) - 1)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _about(book: _Book, made: Made, wording: Wording) -> None:
    sheet = book.sheet(wording("said.about"))
    lines = [(wording("said.report"), frame.report_title(made, wording)), *frame.about_report(made, wording)]
    for table in made.tables:
        lines += [(wording("said.part"), frame.part_title(table, wording)), *frame.about_part(made, table, wording)]
    for number, (label, text) in enumerate(lines):
        sheet.write_string(number, 0, _fit(label), book.format(bold=True))
        sheet.write_string(number, 1, _fit(text))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 80)


def _certificate(book: _Book, made: Made, certificate: Certificate, wording: Wording) -> None:
    sheet = book.sheet(wording("said.certificate"))
    sheet.write_string(0, 0, wording("said.certificate"), book.format(bold=True, font_size=14))
    sheet.write_string(1, 0, wording("said.certificate_about"))
    lines = [*frame.about_report(made, wording)[:2], *certificate_said(certificate, wording)]
    for number, (label, text) in enumerate(lines, 2):
        sheet.write_string(number, 0, label, book.format(font_color="#555555"))
        sheet.write_string(number, 1, text)
    top = len(lines) + 3
    _heading(book, sheet, top, [wording(f"certificate.{name}") for name in frame.CERTIFICATE])
    widths = [max(22, len(wording(f"certificate.{name}")) + 3) for name in frame.CERTIFICATE]
    for number, line in enumerate(certificate.lines, top + 1):
        for position, name in enumerate(frame.CERTIFICATE):
            value = line[name]
            style = book.money(line["currency_code"]) if isinstance(value, Decimal) else None
            _typed(sheet, number, position, wording.value(name, value) if isinstance(value, bool) else value, style)
    for position, width in enumerate(widths):
        sheet.set_column(position, position, width)
    sheet.freeze_panes(top + 1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def certificate_said(certificate: Certificate, wording: Wording) -> list[tuple[str, str]]:
    """Of which run the certificate is, or that it was made with the report."""
    if certificate.run_id is None or certificate.issued_at is None:
        return [(wording("said.issued_at"), wording("said.compared_now"))]
    return [
        (wording("said.run"), certificate.run_id),
        (wording("said.issued_at"), wording.moment(certificate.issued_at)),
    ]


def _heading(book: _Book, sheet: Worksheet, line: int, headings: Sequence[str]) -> None:
    for position, heading in enumerate(headings):
        sheet.write_string(line, position, heading, book.format(bold=True, bg_color="#E8EDF3", bottom=1))


def _typed(sheet: Worksheet, line: int, position: int, value: Any, style: Format | None = None) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, int | Decimal):
        sheet.write_number(line, position, value, style)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, position, dt.datetime.combine(value, dt.time()))
    else:
        sheet.write_string(line, position, _fit(str(value)), style)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _fit(text: str) -> str:
    """A cell holds so much and no more; what is cut says so."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
