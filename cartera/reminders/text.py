"""Text from outside made safe to show: law 10. It is data: one line, visible, of bounded length."""

from __future__ import annotations

import unicodedata

MAX_NAME = 100
MAX_NUMBER = 60
MAX_MARKS = 3
"""Combining marks kept per letter: enough for every living script, too few to paint over other lines."""

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, format characters (bidi overrides, zero width, tags), surrogates, private, unassigned, separators."""


def clean(text: str | None, limit: int = MAX_NAME) -> str:
    """One visible line of at most `limit` characters: no control, bidi or invisible character is left."""
    if not text:
        return ""
    # normalised from a bounded piece: a name of megabytes costs nothing
    normal = unicodedata.normalize("NFC", text[: limit * 8])
    spaced = "".join(" " if _is_gap(char) else char for char in normal)
    visible = "".join(char for char in spaced if unicodedata.category(char) not in _DROPPED)
    line = " ".join(_unpiled(visible).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _is_gap(char: str) -> bool:
    return char in "\r\n\t\v\f" or unicodedata.category(char) in ("Zs", "Zl", "Zp")


def _unpiled(text: str) -> str:
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def header(text: str, limit: int = 200) -> str:
    """A line for an e-mail header: also without what a reader would take for an encoded word."""
    return clean(text, limit).replace("=?", "= ?")
