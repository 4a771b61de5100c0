"""A report as PDF: landscape A4, headings on every page, totals by currency. No date in it but those of the figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
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

MARGIN, PADDING, WIDEST = 12.0, 0.6, 60.0
"""Millimetres: of a page, of a cell, and the most that a column asks for; a word that is wider is broken."""
SMALL, FINE, SMALLEST, SMALLER = 7.5, 6.0, 4.5, 0.5
"""Points: of a table, of one whose texts would take more than two lines else, of one whose words would not fit else;
the step between them."""
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


def _in_two_lines(words: Sequence[float], lines: Sequence[float]) -> float:
    return sum(max(word, line / 2) for word, line in zip(words, lines, strict=True))


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

        rights, shown = set(right), [[self._shown(cell) for cell in cells] for cells in [headings, *rows]]
        strong = {0, *range(len(shown) - bold, len(shown))}
        widths = self._fitting(shown, strong)
        with self.paper.table(
            col_widths=widths,
            text_align=tuple("RIGHT" if number in rights else "LEFT" for number in range(len(headings))),
            borders_layout="HORIZONTAL_LINES",
            line_height=self.paper.font_size * 1.5,
            padding=PADDING,
            headings_style=FontFace(emphasis="BOLD"),
        ) as table:
            for number, cells in enumerate(shown):
                row = table.row(style=FontFace(emphasis="BOLD") if number in strong else None)
                for cell in cells:
                    row.cell(cell)

    def _fitting(self, shown: Sequence[Sequence[str]], strong: Collection[int]) -> tuple[float, ...]:
        """Widths of columns in which no word or amount is broken; the font is set that they are for."""
        size, page = SMALL, self.paper.epw
        words, lines = self._measured(shown, strong, size)
        while (sum(words) > page and size > SMALLEST) or (_in_two_lines(words, lines) > page and size > FINE):
            size -= SMALLER
            words, lines = self._measured(shown, strong, size)
        # what is left is for texts of several words
        more = [line - word for word, line in zip(words, lines, strict=True)]
        share = min(1.0, max(0.0, page - sum(words)) / (sum(more) or 1.0))
        return tuple(word + share * each for word, each in zip(words, more, strict=True))

    def _measured(
        self, shown: Sequence[Sequence[str]], strong: Collection[int], size: float
    ) -> tuple[list[float], list[float]]:
        """Of each column the widest word, and the widest text, but that of the sums, which runs over."""
        words, lines = [0.0] * len(shown[0]), [0.0] * len(shown[0])
        for is_strong in (True, False):  # the font of what follows is set last
            self.paper.set_font("text", style="B" if is_strong else "", size=size)
            rows = [cells for number, cells in enumerate(shown) if (number in strong) == is_strong]
            for column, cells in enumerate(zip(*rows, strict=True)):
                single = {word for cell in cells for word in cell.split()}
                words[column] = max(words[column], min(WIDEST, max(map(self._width, single), default=0.0)))
                if not is_strong:
                    lines[column] = max(map(self._width, cells))
        return words, [max(word, min(line, WIDEST)) for word, line in zip(words, lines, strict=True)]

    def _width(self, text: str) -> float:
        """Of a cell that has it in one line, in the font that is set."""
        return self.paper.get_string_width(text) + 2 * PADDING + 0.1

    def bytes(self) -> bytes:
        return bytes(self.paper.output())
