"""Lines of text files whose encoding nobody says: UTF-8 where it is that, else that of Western banks."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from cartera.connectors.bank.statement import BadStatement

LONGEST = 1 << 16


def lines_of(path: Path) -> Iterator[str]:
    """Without their ends. Raises BadStatement."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline=None) as file:
        while line := file.readline(LONGEST):
            if len(line) == LONGEST:
                raise BadStatement(f"holds a line of more than {LONGEST:,} characters")
            if "\0" in line:
                raise BadStatement("holds bytes that are no text")
            yield line.rstrip("\n")


def encoding_of(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"
