"""PDF of what is owed: a statement of account, the list of documents due, and letters ready to print.

The same facts make the same bytes: the only date in the file is that of the figures.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartera.errors import ConfigError
from cartera.reminders import locale as written
from cartera.reminders.context import Facts, context, line_texts
from cartera.reminders.model import Item

if TYPE_CHECKING:
    from fpdf import FPDF

REGULAR, BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
MARGIN, WINDOW_TOP, BODY_TOP = 20.0, 50.0, 98.0
"""Millimetres of A4; the window is where DL envelopes have it."""
REPLACEMENT = "\ufffd"
PAGES = "\ue000" * 3
"""Becomes the number of pages, in as many places; cleaned text holds no letter of private use."""


class Fonts:
    """The two fonts of a folder."""

    def __init__(self, folder: Path) -> None:
        self.regular, self.bold = folder / REGULAR, folder / BOLD
        for path in (self.regular, self.bold):
            if not path.is_file():
                raise ConfigError(f"{path}: there is no such font", "restore the fonts of templates/pdf")


class _Document:
    """A4 pages with our fonts, our margins and no date but that of the figures."""

    def __init__(self, facts: Facts, fonts: Fonts, title: str) -> None:
        from fpdf import FPDF
        from fpdf.fonts import TTFFont

        words = facts.words

        class Paper(FPDF):
            def footer(self) -> None:
                self.set_y(-15)
                self.set_font("text", size=8)
                page = words.page.replace("{page}", str(self.page_no())).replace("{pages}", PAGES)
                self.cell(0, 5, page, align="R")

        self.facts = facts
        self.paper: FPDF = Paper(format="A4")
        self.paper.alias_nb_pages(PAGES)
        self.paper.set_creation_date(dt.datetime.combine(facts.as_of, dt.time(), dt.UTC))
        self.paper.set_producer("Cartera")
        self.paper.set_lang(facts.contact.language)
        self.paper.add_font("text", fname=fonts.regular)
        self.paper.add_font("text", style="B", fname=fonts.bold)
        font = self.paper.fonts["text"]
        assert isinstance(font, TTFFont)
        self._letters = font.cmap
        self.paper.set_title(self.shown(title))
        self.paper.set_margins(MARGIN, MARGIN, MARGIN)
        self.paper.set_auto_page_break(True, margin=MARGIN)
        self.paper.add_page()

    def shown(self, text: str) -> str:
        """A letter that the font has not is shown as one that can't be, never left out in silence."""
        plain = text.replace("\xa0", " ")
        return "".join(char if char == "\n" or ord(char) in self._letters else REPLACEMENT for char in plain)

    def say(self, text: str, *, size: float = 10, bold: bool = False, gap: float = 2) -> None:
        """A paragraph over the whole width."""
        self.paper.set_font("text", style="B" if bold else "", size=size)
        self.paper.multi_cell(0, size * 0.5, self.shown(text), new_x="LMARGIN", new_y="NEXT", align="L")
        self.paper.ln(gap)

    def table(
        self,
        headings: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[str]],
        *,
        bold: int,
        amounts: int = 1,
    ) -> None:
        """Rows under headings that every page repeats. The last columns are `amounts`, the last `bold` rows sums."""
        from fpdf.fonts import FontFace

        self.paper.set_font("text", size=8)
        found = list(rows)
        aligned = ("LEFT",) * (len(headings) - amounts) + ("RIGHT",) * amounts
        with self.paper.table(
            col_widths=tuple(widths),
            text_align=aligned,
            borders_layout="HORIZONTAL_LINES",
            line_height=4.6,
            padding=0.8,
            headings_style=FontFace(emphasis="BOLD"),
        ) as table:
            for number, cells in enumerate([headings, *found]):
                strong = FontFace(emphasis="BOLD") if number > len(found) - bold else None
                row = table.row(style=strong)
                for cell in cells:
                    row.cell(self.shown(cell))
        self.paper.ln(3)

    def bytes(self) -> bytes:
        return bytes(self.paper.output())


def statement(facts: Facts, fonts: Fonts) -> bytes:
    """All that is open between customer and company, due or not, credit too, by currency."""
    words, items = facts.words, facts.contact.statement
    document = _headed(facts, fonts, words.statement_title)
    headings = (words.document, words.issued, words.due, words.situation, words.original, words.balance)
    for currency in sorted({item.currency_code for item in items}):
        of_currency = sorted(
            (item for item in items if item.currency_code == currency), key=lambda i: (i.due_date, i.item_id)
        )
        net = sum((item.open_amount for item in of_currency), Decimal(0))
        rows = [_statement_row(item, facts) for item in of_currency]
        rows.append((f"{words.net_balance} {currency}", "", "", "", "", written.money(net, currency, facts.locale)))
        document.say(currency, bold=True, gap=1)
        document.table(headings, (33, 26, 28, 35, 29, 29), rows, bold=1, amounts=2)
    document.say(words.as_of.replace("{date}", written.date(facts.as_of, facts.locale)), size=9)
    _contact_lines(document)
    return document.bytes()


def _statement_row(item: Item, facts: Facts) -> tuple[str, ...]:
    shown = line_texts(item, facts)
    issued = written.date(item.issue_date, facts.locale) if item.issue_date else ""
    original = written.money(item.item_amount, item.currency_code, facts.locale)
    if item.is_credit:
        return (shown["number"], issued, "", shown["situation"], "", shown["amount"])
    situation = shown["situation"]
    if item.promised_date:
        # no column of its own, as the workbook has, on a page this wide
        situation += f"\n{facts.words.promised_for} {written.date(item.promised_date, facts.locale)}"
    return (shown["number"], issued, shown["due"], situation, original, shown["amount"])


def invoice_list(facts: Facts, fonts: Fonts) -> bytes:
    """The documents that the message asks for."""
    document = _headed(facts, fonts, facts.words.list_title)
    _due_tables(document, context(facts)["groups"])
    document.say(facts.words.as_of.replace("{date}", written.date(facts.as_of, facts.locale)), size=9)
    _contact_lines(document)
    return document.bytes()


def letter(
    facts: Facts, variables: Mapping[str, Any], parts: Mapping[str, str], lines: Sequence[str], fonts: Fonts
) -> bytes:
    """A letter for a window envelope: sender, address, date, text, documents, whom to talk to, how to dispute."""
    words, creditor = facts.words, facts.creditor
    subject = " ".join(parts["subject"].split())
    subject = subject[:1].upper() + subject[1:]
    document = _Document(facts, fonts, subject)
    document.say(creditor.name, size=12, bold=True, gap=0.5)
    document.say("\n".join((*creditor.address, creditor.email, *filter(None, (creditor.phone,)))), size=8.5)
    document.paper.set_y(WINDOW_TOP)
    document.say("\n".join(lines), size=10.5)
    document.paper.set_y(max(document.paper.get_y(), BODY_TOP))
    document.say(f"{words.date} {variables['as_of']}", size=9)
    document.say(subject, bold=True, gap=3)
    document.say(variables["greeting"])
    _paragraphs(document, parts["opening"])
    _due_tables(document, variables["groups"])
    document.say(words.as_of.replace("{date}", variables["as_of"]), size=9)
    _paragraphs(document, parts["closing"])
    for text in (*facts.disclosures, words.already_paid):
        document.say(text)
    _contact_lines(document)
    document.say(words.dispute_letter)
    document.say(f"{words.stop_letter} {variables['stop']}", size=9)
    if variables["reference"]:
        document.say(f"{words.reference} {variables['reference']}", size=9)
    return document.bytes()


def _headed(facts: Facts, fonts: Fonts, title: str) -> _Document:
    words, creditor = facts.words, facts.creditor
    document = _Document(facts, fonts, title)
    document.say(creditor.name, size=12, bold=True, gap=0.5)
    if creditor.address:
        document.say("\n".join(creditor.address), size=8.5)
    document.say(title, size=14, bold=True)
    document.say(f"{words.customer} {facts.name or facts.contact.customer_id}", gap=0)
    document.say(f"{words.date} {written.date(facts.as_of, facts.locale)}", gap=3)
    return document


def _due_tables(document: _Document, groups: Sequence[Mapping[str, Any]]) -> None:
    words = document.facts.words
    headings = (words.document, words.due, words.situation, words.balance)
    for group in groups:
        rows = [(line["number"], line["due"], line["situation"], line["amount"]) for line in group["lines"]]
        sums = [(f"{words.total} {group['currency_code']}", group["total"])]
        if group["credit"]:
            sums += [(words.credit, group["credit"]), (words.net, group["net"])]
        rows += [(label, "", "", amount) for label, amount in sums]
        document.table(headings, (62, 32, 38, 38), rows, bold=len(sums))
        for label, text in ((words.pay_to, group["payment"]), (words.pay_online, group["pay_link"])):
            if text:
                document.say(f"{label} {text}")
        for charge in group["charges"]:
            document.say(charge, size=9)


def _paragraphs(document: _Document, text: str) -> None:
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            document.say(" ".join(paragraph.split()))


def _contact_lines(document: _Document) -> None:
    words, creditor = document.facts.words, document.facts.creditor
    document.say(words.talk, gap=0)
    document.say(", ".join(filter(None, (creditor.contact_name, creditor.email, creditor.phone))))


def text_of(content: bytes) -> str:
    """What a PDF says."""
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
