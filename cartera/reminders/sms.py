"""The length of an SMS as networks count it (3GPP TS 23.038): GSM-7 where every letter is in it, else UCS-2."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€")
"""These take two places."""

PLAIN = str.maketrans(
    {
        "\xa0": " ", "\u202f": " ", "\u2009": " ", "–": "-", "—": "-", "…": "...", "‘": "'", "’": "'", "“": '"',
        "”": '"', "«": '"', "»": '"', "·": "-", "•": "-", "º": "o", "ª": "a",
    }
)  # fmt: skip
"""What a printed text has and a telephone's alphabet has not."""


@dataclass(frozen=True)
class SmsLength:
    """`units`: places in the encoding. `segments`: messages that it is billed as."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def prepared(text: str, *, keep_accents: bool) -> str:
    """One line, without what costs a more expensive alphabet for nothing; accents too unless they are kept."""
    line = " ".join(unicodedata.normalize("NFC", text).translate(PLAIN).split())
    return line if keep_accents else "".join(_unaccented(char) for char in line)


def _unaccented(char: str) -> str:
    if char in GSM_BASIC or char in GSM_EXTENDED:
        return char
    base = "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))
    return base if base and all(part in GSM_BASIC for part in base) else char


def length(text: str) -> SmsLength:
    """How a text is sent and billed."""
    if all(char in GSM_BASIC or char in GSM_EXTENDED for char in text):
        sizes = [2 if char in GSM_EXTENDED else 1 for char in text]
        return SmsLength("GSM-7", sum(sizes), _segments(sizes, whole=160, part=153))
    sizes = [2 if ord(char) > 0xFFFF else 1 for char in text]
    return SmsLength("UCS-2", sum(sizes), _segments(sizes, whole=70, part=67))


def _segments(sizes: list[int], *, whole: int, part: int) -> int:
    """A character of two places is never cut: the segment ends before it."""
    if sum(sizes) <= whole:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return count
