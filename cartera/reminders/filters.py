"""What the e-mail layouts may do with text beyond Jinja's own filters."""

from __future__ import annotations

import textwrap
import unicodedata

from markupsafe import Markup, escape

WIDTH = 76


def html_paragraphs(text: str) -> Markup:
    """Blank lines part paragraphs. Text that is not markup already is escaped."""
    parts = [" ".join(part.split()) for part in str(escape(text)).split("\n\n")]
    return Markup("\n").join(Markup("<p>{}</p>").format(Markup(part)) for part in parts if part)


def text_paragraphs(text: str) -> str:
    """Paragraphs filled to WIDTH; no word is broken, so that addresses stay whole."""
    parts = [" ".join(part.split()) for part in text.split("\n\n")]
    return "\n\n".join(
        textwrap.fill(part, WIDTH, break_long_words=False, break_on_hyphens=False) for part in parts if part
    )


def column(text: str, width: int, align: str = "left") -> str:
    """Text filled up with spaces to a width on screen; longer text stays whole."""
    space = " " * (width - sum(_cells(char) for char in text))
    return space + text if align == "right" else text + space


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
