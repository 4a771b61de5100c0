"""A report as PDF: landscape A4, headings on every page, totals by currency. No date in it but those of the figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cartera.reminders.pdf import PAGES, REPLACEMENT, Fonts
from cartera.reports.build import Table
from cartera.reports.exports import frame
from cartera.reports.exports.workbook import certificate_said
from cartera.reports.made import Made, TooLarge
from cartera.reports.wording import Wording
from cartera.settings import get_settings

if TYPE_CHECKING:
    from fpdf import FPDF

MOST_ROWS = 3_000
"""Of a report on paper: some 150 pages, and 15 seconds of a processor, as fpdf2 draws 200 rows of 14 columns in one."""

MARGIN, SMALL, BOLDER, WIDEST = 12.0, 7.5, 1.35, 34
"""Millimetres; points; how much wider a bold letter is; letters of a column."""
RIGHT = ("money", "number", "figure")


def pdf(made: Made, wording: Wording) -> bytes:
    """Raises TooLarge."""
    check(made, frame.report_title(made, wording))
    paper = _Paper(made, wording)
    paper.say(frame.report_title(made, wording), size=15, bold=True)
    paper.said(frame.about_report(made, wording))
    for table in made.tables:
        paper.say(frame.part_title(table, wording), size=11, bold=True, before=4)
        paper.said(frame.about_part(made, table, wording))
        if table.part.is_summed_on_paper:
            paper.say(wording("said.not_on_paper"), size=SMALL)
        elif table.rows:
            _table(paper, table, wording)
    if made.certificate:
        paper.say(wording("said.certificate"), size=11, bold=True, before=4)
        paper.say(wording("said.certificate_about"), size=SMALL)
        paper.said(certificate_said(made.certificate, wording))
        headings = [wording(f"certificate.{name}") for name in frame.CERTIFICATE]
        rows = [[_certified(line, name, wording) for name in frame.CERTIFICATE] for line in made.certificate.lines]
        paper.table(headings, rows, right=range(2, len(headings) - 1), bold=0)
    return paper.bytes()


def rows_on_paper(made: Made) -> int:
    return sum(each.row_count for each in made.tables if not each.part.is_summed_on_paper)


def check(made: Made, title: str) -> None:
    """Raises TooLarge."""
    if rows_on_paper(made) > MOST_ROWS:
        raise TooLarge(title, rows_on_paper(made), MOST_ROWS)


def _table(paper: _Paper, table: Table, wording: Wording) -> None:
    columns = table.shown
    rows = [
        [
            frame.written(row[each.name], each.kind, row["currency_code"], wording)
            if each.kind in RIGHT
            else wording.date(row[each.name])
            if each.kind == "date" and row[each.name]
            else str(wording.value(each.name, row[each.name]))
            for each in columns
        ]
        for row in table.rows
    ]
    totals = [
        [
            label,
            *[""] * (len(table.columns) - 1),
            *(frame.written(sums[m.name], m.kind, code, wording) if m.adds else "" for m in table.measures),
        ]
        for label, code, sums in frame.total_rows(table, wording)
    ]
    right = [number for number, each in enumerate(columns) if each.kind in RIGHT]
    paper.table(frame.headings(table, wording), [*rows, *totals], right=right, bold=len(totals))


def _certified(line: dict[str, Any], name: str, wording: Wording) -> str:
    value = line[name]
    if name.endswith("_amount"):
        return frame.written(value, "money", line["currency_code"], wording)
    return str(wording.value(name, value))


class _Paper:
    """Landscape pages with our fonts."""

    def __init__(self, made: Made, wording: Wording) -> None:
        from fpdf import FPDF
        from fpdf.fonts import TTFFont

        class Sheet(FPDF):
            def footer(self) -> None:
                self.set_y(-10)
                self.set_font("text", size=7)
                self.cell(0, 5, wording("said.page", page=self.page_no(), pages=PAGES), align="R")

        fonts = Fonts(get_settings().project_dir / "templates" / "pdf")
        self.paper: FPDF = Sheet(orientation="landscape", format="A4")
        self.paper.alias_nb_pages(PAGES)
        self.paper.set_creation_date(dt.datetime.combine(made.clocks.as_of, dt.time(), dt.UTC))
        self.paper.set_producer("Cartera")
        self.paper.set_lang(wording.language)
        self.paper.add_font("text", fname=fonts.regular)
        self.paper.add_font("text", style="B", fname=fonts.bold)
        font = self.paper.fonts["text"]
        assert isinstance(font, TTFFont)
        self._letters = font.cmap
        self.paper.set_title(self._shown(frame.report_title(made, wording)))
        self.paper.set_margins(MARGIN, MARGIN, MARGIN)
        self.paper.set_auto_page_break(True, margin=MARGIN)
        self.paper.add_page()

    def _shown(self, text: str) -> str:
        """A letter that the font has not is shown as one that can't be, never left out in silence."""
        plain = " ".join(text.replace("\xa0", " ").split())
        return "".join(letter if ord(letter) in self._letters else REPLACEMENT for letter in plain)

    def say(self, text: str, *, size: float, bold: bool = False, before: float = 0) -> None:
        self.paper.ln(before)
        self.paper.set_font("text", style="B" if bold else "", size=size)
        self.paper.multi_cell(0, size * 0.5, self._shown(text), new_x="LMARGIN", new_y="NEXT", align="L")
        self.paper.ln(1)

    def said(self, lines: Iterable[tuple[str, str]]) -> None:
        for label, text in lines:
            self.say(f"{label}: {text}", size=SMALL)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Iterable[int], bold: int) -> None:
        """Rows under headings that every page repeats; the last `bold` are sums."""
        from fpdf.fonts import FontFace

        self.paper.set_font("text", size=SMALL)
        rights = set(right)
        body = rows[: len(rows) - bold]
        # no word of a heading is broken
        least = [BOLDER * max(len(word) for word in heading.split()) for heading in headings]
        widths = tuple(
            max(each, min(max(len(row[number]) for row in [headings, *body]), WIDEST))
            for number, each in enumerate(least)
        )
        with self.paper.table(
            col_widths=widths,
            text_align=tuple("RIGHT" if number in rights else "LEFT" for number in range(len(headings))),
            borders_layout="HORIZONTAL_LINES",
            line_height=4,
            padding=0.6,
            headings_style=FontFace(emphasis="BOLD"),
        ) as table:
            for number, cells in enumerate([headings, *rows]):
                row = table.row(style=FontFace(emphasis="BOLD") if number > len(rows) - bold else None)
                for cell in cells:
                    row.cell(self._shown(cell))

    def bytes(self) -> bytes:
        return bytes(self.paper.output())
