"""What every reader gives: raw columns of consecutive records, not yet typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from cartera.landing.delivery import RawFormat
from cartera.landing.entities import Column

Wanted = Mapping[int, Sequence[Column]]
"""Header position -> the columns of ours that are read from it."""


@dataclass(frozen=True)
class BadRecord:
    """A record that has no columns to speak of: wrong number of fields, bytes that are no text."""

    row_number: int
    reason_code: str
    message: str
    raw_bytes: bytes


@dataclass(frozen=True)
class Chunk:
    """`table`: one column per wanted header position, named by `column_name`; `row_numbers`: one per row.

    Columns are strings (or dictionaries of strings, or decimals already) from text files, native types from
    Parquet. `originals` gives the original bytes of rows of the table, by their position.
    """

    table: pa.Table
    row_numbers: pa.Array
    originals: Callable[[Sequence[int]], list[bytes]]
    bad_records: list[BadRecord] = field(default_factory=list)


class Reader(Protocol):
    """One opened file. `headers` are trimmed, in order; `replay_header` is what replay needs later."""

    raw_format: RawFormat
    headers: list[str]
    first_row: int

    @property
    def replay_header(self) -> str: ...

    def chunks(self, wanted: Wanted) -> Iterator[Chunk]:
        """Records in order, the wanted columns only."""

    def originals(self, row_numbers: Sequence[int]) -> dict[int, bytes]:
        """The original bytes of rows, by row number: reads the file again."""


def column_name(position: int) -> str:
    """Headers may repeat or be empty; positions do not."""
    return f"c{position}"
