"""Parquet by row groups, native types kept: decimals stay decimals, ids that are numbers become text."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from cartera.connectors.files.chunk import Chunk, Wanted, column_name
from cartera.connectors.files.spec import EntityFiles
from cartera.connectors.files.survey import Survey, check_unchanged
from cartera.errors import UnreadableFile
from cartera.landing.delivery import RawFormat

Originals = Callable[[Sequence[int]], list[bytes]]

CHUNK_ROWS = 65_536
MAX_GROUP_BYTES = 4 << 30
MAX_RATIO = 1_000


class ParquetReader:
    """One Parquet file. Rows are counted from 1: there is no header line."""

    raw_format: RawFormat = "json"
    first_row = 1

    def __init__(self, survey: Survey, files: EntityFiles) -> None:
        self._survey = survey
        self._file = self._open()
        self.headers = [name.strip() for name in self._file.schema_arrow.names]
        self._check_size()

    @property
    def replay_header(self) -> str:
        return json.dumps({"headers": self.headers}, ensure_ascii=False)

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._survey.path, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> UnreadableFile:
        said = str(error).splitlines()[0][:200]
        return UnreadableFile(
            f"{self._survey.path}: the Parquet file is truncated or damaged ({said})", "transfer it or write it again"
        )

    def _check_size(self) -> None:
        metadata, size = self._file.metadata, self._survey.stamp[0]
        for group in range(metadata.num_row_groups):
            unpacked = metadata.row_group(group).total_byte_size
            if unpacked > MAX_GROUP_BYTES and unpacked > MAX_RATIO * size:
                raise UnreadableFile(
                    f"{self._survey.path}: a row group unpacks to {unpacked:,} bytes: a bomb",
                    "write it with smaller row groups if you trust it",
                )

    def chunks(self, wanted: Wanted) -> Iterator[Chunk]:
        names = self._file.schema_arrow.names
        row, follower = self.first_row, self._follower()
        for batch in self._batches([names[position] for position in wanted]):
            arrays = {column_name(position): batch.column(names[position]) for position in wanted}
            numbers = pa.array(range(row, row + len(batch)), pa.int64())
            yield Chunk(pa.table(arrays), numbers, self._later(row, follower))
            row += len(batch)
        check_unchanged(self._survey)

    def _batches(self, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._file.iter_batches(batch_size=CHUNK_ROWS, columns=columns, use_threads=False):
                batch.validate(full=True)
                yield batch
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from None

    def _later(self, row: int, follower: _Follower) -> Originals:
        def originals(places: Sequence[int]) -> list[bytes]:
            found = follower.rows([row + place for place in places]) if places else {}
            return [found[row + place] for place in places]

        return originals

    def originals(self, row_numbers: Sequence[int]) -> dict[int, bytes]:
        return self._follower().rows(sorted(set(row_numbers)))

    def _follower(self) -> _Follower:
        """All columns as JSON lists, in the order of the header; goes through the file at most once."""
        return _Follower(self._batches(None), self.first_row)


class _Follower:
    """Walks behind the reader and only as far as rows are asked for, which must be in order."""

    def __init__(self, batches: Iterator[pa.RecordBatch], first_row: int) -> None:
        self._batches, self._next_row = batches, first_row
        self._batch: pa.RecordBatch | None = None

    def rows(self, numbers: Sequence[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        left = list(numbers)
        while left:
            here = [number for number in left if number < self._next_row]
            if here and self._batch is not None:
                first = self._next_row - len(self._batch)
                records = self._batch.take(pa.array([number - first for number in here]))
                cells = zip(*(column.to_pylist() for column in records.columns), strict=True)
                found.update((number, _json(values)) for number, values in zip(here, cells, strict=True))
                left = left[len(here) :]
            if left:
                self._batch = next(self._batches)
                self._next_row += len(self._batch)
        return found


def _json(cells: Sequence[object]) -> bytes:
    return json.dumps([_text(cell) for cell in cells], ensure_ascii=False).encode("utf-8", "replace")


def _text(cell: object) -> object:
    """Text as text, so that no digit is lost; nothing stays null."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, (dt.datetime, dt.date)):
        return cell.isoformat()
    return base64.b64encode(cell).decode() if isinstance(cell, bytes) else str(cell)
