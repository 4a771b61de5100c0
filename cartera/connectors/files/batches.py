"""Chunks of raw columns into batches: every record is a typed row, or a reject that says why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cartera.connectors.files.chunk import BadRecord, Chunk, Reader
from cartera.connectors.files.convert import Typed, plain
from cartera.connectors.files.judge import SAMPLES, Judge, Verdict
from cartera.connectors.files.mapping import Mapping
from cartera.connectors.files.messages import cell_problem, mapping_does_not_fit
from cartera.connectors.files.spec import FileSource
from cartera.errors import SourceError
from cartera.landing.delivery import Batch, RawFormat, Reject
from cartera.landing.entities import Column

Rows = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class _Problem:
    """The rows where one column fails for one reason."""

    column: Column
    reason: str
    rows: Rows


@dataclass(frozen=True)
class _Columns:
    """One chunk, typed: what was delivered, what became of it, and what is wrong."""

    chunk: Chunk
    raw: dict[Column, pa.Array]
    typed: dict[Column, Typed]
    problems: list[_Problem]


class FileBatches:
    """The batches of one file. Raises MissingColumn at once, SourceError while reading."""

    def __init__(self, source: FileSource, entity: str, reader: Reader, file_name: str) -> None:
        self.mapping = Mapping(source, entity, reader, file_name)
        self.judge = Judge()
        self.reader, self.file_name = reader, file_name

    def __iter__(self) -> Iterator[Batch]:
        for chunk in self.reader.chunks(self.mapping.wanted):
            yield self.batch(chunk)
        self._stop_if_misfit(is_end=True)

    def batch(self, chunk: Chunk) -> Batch:
        columns = self._columns(chunk)
        bad = np.zeros(chunk.table.num_rows, np.bool_)
        for problem in columns.problems:
            bad |= problem.rows
        blank = self._blank(columns, bad)
        self.judge.saw(int((~blank).sum()) + len(chunk.bad_records))
        if not bad.any() and not chunk.bad_records:
            return Batch(self._rows(columns, None), [], self.file_name)
        self._tell_judge(columns, blank)
        self._stop_if_misfit(is_end=False)
        rejects = self._rejects(columns, np.flatnonzero(bad & ~blank).tolist())
        return Batch(self._rows(columns, ~bad), [*rejects, *map(self._unreadable, chunk.bad_records)], self.file_name)

    def _columns(self, chunk: Chunk) -> _Columns:
        raw = self.mapping.raw(chunk)
        typed = {column: self.mapping.typed(column, values) for column, values in raw.items()}
        problems: list[_Problem] = []
        for column, result in typed.items():
            problems += [_Problem(column, reason, _mask(rows)) for reason, rows in result.problems.items()]
            if column.required and result.values.null_count:
                unread = [_mask(rows) for rows in result.problems.values()]
                missing = np.logical_and.reduce([_mask(pc.is_null(result.values)), *(~rows for rows in unread)])
                problems.append(_Problem(column, "missing_value", missing))
            if self.reader.raw_format == "json" and column.type == "text":
                nul = pc.fill_null(pc.match_substring(result.values, "\0"), False)
                problems.append(_Problem(column, "invalid_bytes", _mask(nul)))
        return _Columns(chunk, raw, typed, [problem for problem in problems if problem.rows.any()])

    def _blank(self, columns: _Columns, bad: Rows) -> Rows:
        """Rows that hold nothing at all: empty lines, and the `;;;;` that spreadsheets leave behind."""
        blank = np.zeros(len(bad), np.bool_)
        places = np.flatnonzero(bad)
        if len(places):
            empty = [_is_empty(raw.take(places)) for raw in columns.raw.values()]
            places = places[np.logical_and.reduce(empty)]
            originals = columns.chunk.originals(places.tolist())
            blank[places] = [_is_blank(original, self.reader.raw_format) for original in originals]
        return blank

    def _rows(self, columns: _Columns, good: Rows | None) -> pa.Table:
        count = columns.chunk.table.num_rows
        arrays = {"row_number": columns.chunk.row_numbers}
        for column in self.mapping.entity.columns:
            typed = columns.typed.get(column)
            arrays[column.name] = typed.values if typed else self.mapping.constant(column, count)
        table = pa.table(arrays)
        return table if good is None or good.all() else table.filter(pa.array(good))

    def _rejects(self, columns: _Columns, bad: Sequence[int]) -> Iterator[Reject]:
        if not bad:
            return
        numbers = columns.chunk.row_numbers.take(bad).to_pylist()
        originals = columns.chunk.originals(bad)
        keys, amounts, currencies = (self._known(columns, name, bad) for name in self._naming())
        for place, number, original, key, amount, currency in zip(
            bad, numbers, originals, keys, amounts, currencies, strict=True
        ):
            failed = [problem for problem in columns.problems if problem.rows[place]]
            said = "; ".join(self._cell(columns, problem, place) for problem in failed)
            yield Reject(
                file_name=self.file_name,
                row_number=number,
                record_key=key,
                column_name=failed[0].column.name,
                reason_code=failed[0].reason,
                message=f"{self.file_name} row {number}: {said}",
                raw_bytes=original,
                raw_format=self.reader.raw_format,
                amount=amount,
                currency_code=currency,
            )

    def _naming(self) -> tuple[str, str | None, str | None]:
        entity = self.mapping.entity
        return entity.key, entity.amount, "currency_code" if entity.has_currency else None

    def _known(self, columns: _Columns, name: str | None, places: Sequence[int]) -> list[Any]:
        """The typed values of a column at some rows, as far as they could be read."""
        if name is None:
            return [None] * len(places)
        column = self.mapping.entity.column(name)
        typed = columns.typed.get(column)
        values = typed.values.take(places) if typed else self.mapping.constant(column, len(places))
        return list(values.to_pylist())

    def _cell(self, columns: _Columns, problem: _Problem, place: int) -> str:
        value = columns.raw[problem.column][place].as_py()
        header = self.mapping.header_of(problem.column)
        said = f"{value.normalize():f}" if isinstance(value, Decimal) else value
        return cell_problem(problem.reason, problem.column, header, said, self.mapping.files)

    def _unreadable(self, record: BadRecord) -> Reject:
        return Reject(
            file_name=self.file_name,
            row_number=record.row_number,
            record_key=None,
            column_name=None,
            reason_code=record.reason_code,
            message=f"{self.file_name} row {record.row_number}: {record.message}",
            raw_bytes=record.raw_bytes,
            raw_format=self.reader.raw_format,
        )

    def _tell_judge(self, columns: _Columns, blank: Rows) -> None:
        for problem in columns.problems:
            places = np.flatnonzero(problem.rows & ~blank)
            if len(places):
                values = plain(columns.raw[problem.column]).take(places[:SAMPLES].tolist()).to_pylist()
                example = self._cell(columns, problem, int(places[0]))
                texts = [str(value) for value in values if value is not None]
                self.judge.failed((problem.reason, problem.column.name), len(places), example, texts)
        for record in columns.chunk.bad_records:
            self.judge.failed((record.reason_code, None), 1, f"row {record.row_number} {record.message}", [])

    def _stop_if_misfit(self, *, is_end: bool) -> None:
        verdict = self.judge.verdict(is_end=is_end)
        if verdict:
            raise self._misfit(verdict)

    def _misfit(self, verdict: Verdict) -> SourceError:
        return mapping_does_not_fit(self.mapping.source, self.mapping.entity.name, self.file_name, verdict)


def _mask(rows: pa.BooleanArray) -> Rows:
    mask: Rows = np.asarray(pc.fill_null(rows, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    return mask


def _is_empty(raw: pa.Array) -> Rows:
    text = plain(raw)
    empty = _mask(pc.is_null(text))
    if pa.types.is_string(text.type):
        empty |= _mask(pc.equal(pc.binary_length(pc.utf8_trim_whitespace(text)), 0))
    return empty


def _is_blank(original: bytes, raw_format: RawFormat) -> bool:
    if raw_format == "json":
        cells = json.loads(original)
        return all(cell is None or str(cell).strip() == "" for cell in cells)
    return not original.strip(b'\0 \t\r\n,;|"')
