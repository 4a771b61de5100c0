"""What a page is given to draw with."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from dashboards.components.actor import current_actor
from dashboards.i18n import LOCALES, Words
from dashboards.queries.session import Clocks, Reading

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:=^&])")
ADDRESS = re.compile(r"(?i)(?<=http)(?=s?://)|(?<=www)(?=\.)|(?<=[-.+\w])(?=@)")
NOTHING = ":small[]"
"""In Markdown a piece of text without a letter. The browser makes links of addresses after it has taken the backslashes
away, but of none in two pieces; and who copies one from the page gets nothing in between."""


@dataclass(frozen=True)
class View:
    """One rendering: its read transaction, the reader's language, light or dark, on a phone or not."""

    reading: Reading
    words: Words
    is_dark: bool
    is_phone: bool = False

    def stamp(self, clocks: Clocks, currency_code: str | None = None) -> str:
        """As of, known at, last publication, currency: what every figure carries."""
        words, publication = self.words, self.reading.publication
        parts = [
            words("stamp.as_of", date=words.date(clocks.as_of)),
            words("stamp.known_at", moment=words.moment(clocks.known_at)),
            words(
                "stamp.published",
                moment=words.moment(publication.published_at),
                ago=words.ago(publication.published_at),
            ),
        ]
        if currency_code:
            parts.append(words("stamp.currency", currency=currency_code))
        if self.is_phone:
            parts.append(words("stamp.whole"))
        return " · ".join(parts)


def current_words() -> Words:
    """The language chosen in the sidebar; the browser's before anything is chosen."""
    chosen = st.session_state.get("lang")
    return Words(chosen if chosen in LOCALES else browser_language())


def current_user() -> str:
    """Who is looking, or clicks: "local" where nobody signs in. Raises NotSignedInError."""
    # not session.actor(): a click is done before app.py has asked who looks
    return current_actor().user


def browser_language() -> str:
    asked = (st.context.locale or "")[:2].upper()
    return asked if asked in LOCALES else "EN"


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def is_phone() -> bool:
    """As browsers of phones say it of themselves; those of tablets do not."""
    return "Mobi" in st.context.headers.get("User-Agent", "")


def as_text(outside: object) -> str:
    """Text from outside, shown as it is: Streamlit reads Markdown in headings and captions (law 10)."""
    pieces = ADDRESS.split(" ".join(str(outside).split()))
    return NOTHING.join(MARKDOWN.sub(r"\\\1", piece) for piece in pieces)
