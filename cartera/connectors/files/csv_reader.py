"""CSV by Arrow, block by block: memory stays flat, and a block's bytes are at hand when a row is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from cartera.connectors.files.chunk import BadRecord, Chunk, Wanted, column_name
from cartera.connectors.files.csv_records import (
    is_unterminated,
    record_blocks,
    record_spans,
    sniff_delimiter,
    split_fields,
)
from cartera.connectors.files.encodings import as_utf8, is_utf8, original_bytes, utf8_chunks
from cartera.connectors.files.spec import EntityFiles
from cartera.connectors.files.survey import Survey, check_unchanged, read_chunks
from cartera.connectors.files.types import AMOUNT, is_currency
from cartera.errors import UnreadableFile
from cartera.landing.delivery import RawFormat
from cartera.landing.entities import Column

HEADER_SAMPLE = 64 << 10
_LEAD = re.compile(rb"(?:[ \t]*(?:\r\n|\r|\n))*(?:sep=(.)(?:\r\n|\r|\n))?")
"""Empty lines before the header, and Excel's own `sep=;` line."""


@dataclass(frozen=True)
class Dialect:
    """How the text of one file is to be cut. `width`: fields per record."""

    encoding: str
    delimiter: str
    decimal: str
    thousands: str | None
    width: int


@dataclass(frozen=True)
class _Parsed:
    """A block as a table; `places`: which records of the block its rows are; `wrong`: (record, fields)."""

    table: pa.Table
    places: np.ndarray[Any, np.dtype[np.int64]]
    wrong: list[tuple[int, int]]


class CsvReader:
    """One CSV file. Raises UnreadableFile where it can't be cut into records."""

    raw_format: RawFormat = "csv"

    def __init__(self, survey: Survey, files: EntityFiles) -> None:
        self._survey = survey
        start = next(self._blocks(files.delimiter or ","), b"")
        lead = _LEAD.match(start)
        assert lead is not None  # every part may be empty
        said = lead.group(1).decode() if lead.group(1) else None
        sample = start[lead.end() : lead.end() + HEADER_SAMPLE].decode("utf-8", "replace")
        delimiter = files.delimiter or said or sniff_delimiter(sample)
        header, self._header_bytes = _first_record(start, lead.end(), delimiter)
        self.headers = self._fields_of_header(header, delimiter)
        self.first_row = len(record_spans(start[: lead.end()], delimiter) if lead.end() else []) + 2
        self.dialect = Dialect(survey.encoding, delimiter, files.decimal, files.thousands, len(self.headers))

    def _fields_of_header(self, header: bytes, delimiter: str) -> list[str]:
        path = self._survey.path
        if not header.strip():
            raise UnreadableFile(f"{path}: holds only empty lines", "export it again with a header line")
        if b"\0" in header or not is_utf8(header):
            raise UnreadableFile(
                f"{path}: the header line holds bytes that are no text in {self._survey.encoding}",
                "name the right `encoding` in the mapping, or export the file again",
            )
        if is_unterminated(header, delimiter):
            raise UnreadableFile(
                f"{path}: the header line opens a quote that is never closed", "correct the header, or export again"
            )
        return [field.decode().strip() for field in split_fields(header, delimiter)]

    @property
    def replay_header(self) -> str:
        return json.dumps(
            {"headers": self.headers, "encoding": self.dialect.encoding, "delimiter": self.dialect.delimiter},
            ensure_ascii=False,
        )

    def _blocks(self, delimiter: str) -> Iterator[bytes]:
        path = self._survey.path
        return record_blocks(utf8_chunks(read_chunks(path), self._survey.encoding, path), delimiter, path)

    def _data_blocks(self) -> Iterator[tuple[bytes, bool]]:
        """(block of whole records, is it the last one), the header left out."""
        blocks = self._blocks(self.dialect.delimiter)
        held = next(blocks, b"")[self._header_bytes :]
        for block in blocks:
            if held:
                yield held, False
            held = block
        yield held, True

    def chunks(self, wanted: Wanted) -> Iterator[Chunk]:
        row = self.first_row
        for block, is_last in self._data_blocks():
            if is_last:
                self._check_end(block, row)
            if block:
                chunk, records = self._chunk(block, row, wanted)
                yield chunk
                row += records
        check_unchanged(self._survey)

    def _check_end(self, block: bytes, row: int) -> None:
        """The last record must be whole: closed quotes, and all fields unless a line end follows."""
        if not block or (block.endswith((b"\n", b"\r")) and b'"' not in block):
            return
        delimiter, width = self.dialect.delimiter, self.dialect.width
        spans = record_spans(block, delimiter)
        last = block[slice(*spans[-1])]
        where = f"{self._survey.path}: row {row + len(spans) - 1}"
        mend = "the file seems truncated: transfer or export it again"
        if is_unterminated(last, delimiter):
            raise UnreadableFile(f"{where} opens a quote that is never closed", f"{mend}, or correct the quote")
        found = len(split_fields(last, delimiter))
        if found < width and last.strip() and not block.endswith((b"\n", b"\r")):
            raise UnreadableFile(f"{where}, the last, ends after {found} of {width} fields without a line end", mend)

    def _chunk(self, block: bytes, row: int, wanted: Wanted) -> tuple[Chunk, int]:
        unreadable = [] if self._survey.is_clean_text else _unreadable(block, self.dialect.delimiter)
        spans = record_spans(block, self.dialect.delimiter) if unreadable else []
        text = _without(block, [spans[place] for place in unreadable]) if unreadable else block
        parsed = _parse(text, self.dialect, wanted, self._survey)
        places, wrong = parsed.places, parsed.wrong
        if unreadable:
            kept = np.setdiff1d(np.arange(len(spans)), unreadable)
            places, wrong = kept[places], [(int(kept[place]), fields) for place, fields in wrong]
        count = parsed.table.num_rows + len(parsed.wrong) + len(unreadable)

        def originals(positions: Sequence[int]) -> list[bytes]:
            return self._at(block, [int(places[position]) for position in positions]) if positions else []

        bad = self._bad_bytes(block, unreadable, row) + self._bad_widths(block, wrong, row)
        return Chunk(parsed.table, pa.array(places + row), originals, bad), count

    def _at(self, block: bytes, places: Sequence[int]) -> list[bytes]:
        spans = record_spans(block, self.dialect.delimiter)
        return [original_bytes(block[slice(*spans[place])], self.dialect.encoding) for place in places]

    def _bad_bytes(self, block: bytes, places: Sequence[int], row: int) -> list[BadRecord]:
        if not places:
            return []
        message = f"holds bytes that are no text in {self.dialect.encoding}; name the right `encoding` or correct them"
        raws = self._at(block, places)
        return [BadRecord(row + place, "invalid_bytes", message, raw) for place, raw in zip(places, raws, strict=True)]

    def _bad_widths(self, block: bytes, wrong: Sequence[tuple[int, int]], row: int) -> list[BadRecord]:
        raws = self._at(block, [place for place, _fields in wrong]) if wrong else []
        return [
            BadRecord(
                row + place,
                "wrong_field_count",
                f"has {fields} fields, the header has {self.dialect.width}; quote text that holds the delimiter "
                f"{self.dialect.delimiter!r}, or correct the row",
                raw,
            )
            for (place, fields), raw in zip(wrong, raws, strict=True)
            if raw.strip()
        ]

    def originals(self, row_numbers: Sequence[int]) -> dict[int, bytes]:
        """The original bytes of rows, by row number: reads the file once more."""
        wanted, found, row = sorted(set(row_numbers)), dict[int, bytes](), self.first_row
        for block, _is_last in self._data_blocks():
            if not wanted or not block:
                break
            count = len(record_spans(block, self.dialect.delimiter))
            here = [number for number in wanted if number < row + count]
            found.update(zip(here, self._at(block, [number - row for number in here]), strict=True))
            wanted, row = wanted[len(here) :], row + count
        return found


def _first_record(start: bytes, position: int, delimiter: str) -> tuple[bytes, int]:
    """(the header record, bytes up to the first record after it)."""
    end = min(len(start), position + HEADER_SAMPLE)
    begin, stop = record_spans(start[position:end], delimiter)[0] if position < end else (0, 0)
    after = position + stop
    line_end = 2 if start[after : after + 2] == b"\r\n" else 1
    return start[position + begin : after], after + line_end


def _unreadable(block: bytes, delimiter: str) -> list[int]:
    """Places of the records that hold NUL or invalid bytes."""
    if b"\0" not in block and is_utf8(block):
        return []
    records = [block[start:end] for start, end in record_spans(block, delimiter)]
    return [place for place, record in enumerate(records) if b"\0" in record or not is_utf8(record)]


def _without(block: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    """The block without some records and their line ends."""
    kept, position = [], 0
    for start, end in spans:
        kept.append(block[position:start])
        position = end + (2 if block[end : end + 2] == b"\r\n" else 1)
    kept.append(block[position:])
    return b"".join(kept)


def _parse(text: bytes, dialect: Dialect, wanted: Wanted, survey: Survey) -> _Parsed:
    names = [column_name(position) for position in range(dialect.width)]
    types = {column_name(position): _welcome(columns, dialect) for position, columns in wanted.items()}
    if not text:
        empty = pa.table({name: pa.array([], kind) for name, kind in types.items()})
        return _Parsed(empty, np.zeros(0, np.int64), [])
    try:
        table, wrong = _read(text, dialect, names, types)
    except pa.ArrowInvalid:
        # an amount that is none: read the block as text, so that typing can point at the cell
        try:
            table, wrong = _read(text, dialect, names, dict.fromkeys(types, pa.string()))
        except pa.ArrowInvalid as error:
            raise UnreadableFile(f"{survey.path}: is no CSV: {error}", "export it again as CSV") from None
    places = np.arange(table.num_rows + len(wrong), dtype=np.int64)
    return _Parsed(table, np.delete(places, [place for place, _ in wrong]) if wrong else places, wrong)


def _welcome(columns: Sequence[Column], dialect: Dialect) -> pa.DataType:
    """What Arrow may make of a column while it parses: amounts at once, few distinct values as a dictionary."""
    if all(column.type == "amount" for column in columns) and dialect.thousands is None:
        return AMOUNT
    if all(column.type in ("date", "boolean") or column.choices or is_currency(column) for column in columns):
        return pa.dictionary(pa.int32(), pa.string())
    return pa.string()


def _read(
    text: bytes, dialect: Dialect, names: Sequence[str], types: Mapping[str, pa.DataType]
) -> tuple[pa.Table, list[tuple[int, int]]]:
    wrong: list[tuple[int, int]] = []

    def skip(row: Any) -> str:
        wrong.append((row.number - 1, row.actual_columns))
        return "skip"

    table = arrow_csv.read_csv(
        pa.py_buffer(text),
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=list(types),
            column_types=types,
            decimal_point=dialect.decimal,
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    return table, wrong


def parse_record(raw: bytes, encoding: str, delimiter: str) -> list[str]:
    """The fields of one record kept in quarantine, invalid bytes as surrogates."""
    fields = split_fields(as_utf8(raw, encoding), delimiter)
    return [field.decode("utf-8", "surrogateescape") for field in fields]
