"""Where records begin and end in CSV text (UTF-8): a line end inside quotes is data.

Quotes count as in Arrow's parser: they open only at the start of a field, `""` inside is one quote, and
what follows the closing quote belongs to the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from cartera.errors import UnreadableFile

MAX_RECORD_BYTES = 16 << 20
BLOCK_BYTES = 8 << 20

Span = tuple[int, int]


@cache
def _record(delimiter: str) -> re.Pattern[bytes]:
    """One record without its line end; a group matches when a quote is never closed."""
    end = re.escape(delimiter.encode()) + rb"\r\n"
    quoted = rb'"(?:[^"]++|"")*+(?:"[^%s]*+|(\Z))' % end
    field = rb"(?:%s|[^%s]*+)" % (quoted, end)
    return re.compile(rb"%s(?:%s%s)*+" % (field, re.escape(delimiter.encode()), field))


@cache
def _field(delimiter: str) -> re.Pattern[bytes]:
    end = re.escape(delimiter.encode()) + rb"\r\n"
    return re.compile(rb'(?:"(?:[^"]++|"")*+(?:"[^%s]*+|\Z)|[^%s]*+)' % (end, end))


def record_blocks(chunks: Iterable[bytes], delimiter: str, path: Path) -> Iterator[bytes]:
    """The text cut into blocks of whole records. Raises UnreadableFile for a record beyond 16 MB."""
    waiting: list[bytes] = []
    for chunk in _sized(chunks):
        data = b"".join((*waiting, chunk))
        end = complete_length(data, delimiter)
        if end:
            yield data[:end]
        rest = data[end:]
        if len(rest) > MAX_RECORD_BYTES:
            raise _too_long(rest, path)
        waiting = [rest] if rest else []
    if waiting:
        yield waiting[0]


def _sized(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Joined to BLOCK_BYTES: fewer, larger batches."""
    held: list[bytes] = []
    for chunk in chunks:
        held.append(chunk)
        if sum(map(len, held)) >= BLOCK_BYTES:
            yield b"".join(held)
            held = []
    if held:
        yield b"".join(held)


def _too_long(record: bytes, path: Path) -> UnreadableFile:
    start = record[:60].decode("utf-8", "replace")
    if b"\n" in record:
        problem = f"a quote is opened and not closed within 16 MB, in the record that begins {start!r}"
        return UnreadableFile(f"{path}: {problem}", "correct the quotes in that record, or export again")
    problem = f"a line is longer than 16 MB; it begins {start!r}"
    return UnreadableFile(f"{path}: {problem}", "this is no list of records; export it again as CSV")


def complete_length(data: bytes, delimiter: str) -> int:
    """Length of the whole records at the start of `data`; 0 when not one is complete.

    The last line end with an even number of quotes before it ends a record. Where a stray quote makes all
    numbers odd, the exact scan decides.
    """
    if b"\n" not in data:
        # line ends of old Macs; a CR at the very end may be half of CR LF
        return 0 if b'"' in data else data.rfind(b"\r", 0, -1) + 1
    end, quotes = len(data), data.count(b'"')
    while (line_end := data.rfind(b"\n", 0, end)) >= 0:
        quotes -= data.count(b'"', line_end, end)
        if quotes % 2 == 0:
            return line_end + 1
        end = line_end
    return _exact_length(data, delimiter)


def _exact_length(data: bytes, delimiter: str) -> int:
    last = 0
    for match in _record(delimiter).finditer(data):
        if match.lastindex is None and match.end() < len(data):
            last = match.end()
    line_end = data.find(b"\n", last)
    return line_end + 1 if last and line_end >= 0 else 0


def record_spans(block: bytes, delimiter: str) -> list[Span]:
    """Start and end (without line end) of every record of a block, empty lines included."""
    if b'"' not in block and (b"\r" not in block or block.count(b"\r") == block.count(b"\r\n")):
        return _line_spans(block)
    spans, position, pattern = [], 0, _record(delimiter)
    while position < len(block):
        match = pattern.match(block, position)
        assert match is not None  # every part of the pattern may be empty
        spans.append(match.span())
        position = match.end() + (2 if block[match.end() : match.end() + 2] == b"\r\n" else 1)
    return spans


def _line_spans(block: bytes) -> list[Span]:
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10)
    starts = np.concatenate(([0], ends + 1))
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    spans = zip(starts.tolist(), ends.tolist(), strict=False)
    return [(start, end - 1 if end > start and block[end - 1] == 13 else end) for start, end in spans]


def is_unterminated(record: bytes, delimiter: str) -> bool:
    """Does a quote open in the record and never close?"""
    match = _record(delimiter).match(record)
    return match is not None and match.lastindex is not None


def split_fields(record: bytes, delimiter: str) -> list[bytes]:
    """The fields of one record, unquoted."""
    fields, position, pattern = [], 0, _field(delimiter)
    while True:
        match = pattern.match(record, position)
        assert match is not None
        fields.append(_unquoted(match.group()))
        position = match.end()
        if record[position : position + 1] != delimiter.encode():
            return fields
        position += 1


def _unquoted(field: bytes) -> bytes:
    if not field.startswith(b'"'):
        return field
    inner, closing, rest = field[1:].replace(b'""', b"\0\0").partition(b'"')
    return inner.replace(b"\0\0", b'"') + rest.replace(b"\0\0", b'""')


def sniff_delimiter(text: str) -> str:
    """The delimiter that gives the header several fields and most records as many; a comma when none does."""
    lines = text.encode()
    best, best_score = ",", (0.0, 0)
    for delimiter in (",", ";", "\t", "|"):
        spans = record_spans(lines, delimiter)[:200]
        counts = [len(split_fields(lines[start:end], delimiter)) for start, end in spans if end > start]
        if counts and counts[0] > 1:
            score = (sum(count == counts[0] for count in counts) / len(counts), counts[0])
            best, best_score = (delimiter, score) if score > best_score else (best, best_score)
    return best
