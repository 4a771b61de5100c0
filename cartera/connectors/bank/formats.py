"""What a file is, by its first bytes, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from cartera.connectors.bank import bai2, camt, mt940, norma43, ofx
from cartera.connectors.bank.statement import BadStatement, Item

HEAD = 64 << 10
CSV_SUFFIXES = (".csv", ".txt")

Read = Callable[[Path, bytes], Iterator[Item]]


def reader_of(path: Path, csv: Read | None) -> tuple[str, Read]:
    """The format's name and its reader; `csv`: that of the declared CSV. Raises BadStatement."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip():
        raise BadStatement("is empty")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if camt.MESSAGE.search(head):
        return "camt", camt.read
    if ofx.START.search(head):
        return "ofx", ofx.read
    if norma43.START.match(start):
        return "norma43", norma43.read
    if bai2.START.match(start):
        return "bai2", bai2.read
    if mt940.START.search(head):
        return "mt940", mt940.read
    if csv is not None and path.suffix.lower() in CSV_SUFFIXES:
        return "csv", csv
    raise BadStatement(
        "is in none of the formats camt.052/053/054, MT940/942, BAI2, OFX, Norma 43"
        + ("" if csv else ", and no `csv` is declared")
    )
