"""A look at a sheet's XML as it streams by: how far its cells reach, and which hold errors.

The workbook reader keeps the whole rectangle of a sheet in memory, so two cells far apart would be a bomb;
and it gives an error such as #N/A as an empty cell, which would land as nothing said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_CELLS = 50_000_000
"""Rows times columns. With columns A to Z alone no sheet can exceed it."""

_WIDE = re.compile(rb"r=[\"'][A-Z][A-Z]")
_REFERENCE = re.compile(rb"r=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_ERROR = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>"
    rb"(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]*)<"
)
_CARRIED_BYTES = 16 << 10

Cell = tuple[int, int]
"""Row and column, from 1."""


@dataclass
class SheetScan:
    """`is_wide`: there are columns beyond Z, so that the extent must be measured in a second pass."""

    is_wide: bool = False
    errors: dict[Cell, str] = field(default_factory=dict)

    def see(self, pieces: Iterable[bytes]) -> None:
        carried = b""
        for piece in pieces:
            text = carried + piece
            self.is_wide = self.is_wide or _WIDE.search(text) is not None
            if b't="e"' in text or b"t='e'" in text:
                self.errors |= {
                    (int(row), column_number(letters)): said.decode("utf-8", "replace")
                    for letters, row, said in _ERROR.findall(text)
                }
            last = max(text.rfind(b"<c "), text.rfind(b":c "), len(text) - _CARRIED_BYTES)
            carried = text[max(last, 0) :]


def extent(pieces: Iterable[bytes]) -> tuple[int, int]:
    """(last row, last column) of the cells."""
    rows = columns = 0
    carried = b""
    for piece in pieces:
        found = _REFERENCE.findall(carried + piece)
        rows = max([rows, *{int(row) for _letters, row in found}])
        columns = max([columns, *{column_number(letters) for letters, _row in set(found)}])
        carried = piece[-32:]
    return rows, columns


def column_number(letters: bytes) -> int:
    """A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
