"""Which encoding a text file is in; and UTF-8 with a way back to the original bytes.

Everything downstream works on UTF-8. What is invalid in the file's encoding becomes invalid UTF-8, so
that one check finds it, and `original_bytes` restores exactly what was delivered.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from cartera.errors import UnreadableFile

SAMPLE_BYTES = 256 << 10
MAX_LINE_BYTES = 16 << 20
MIN_GOOD_PER_BAD = 5
"""A file with this many valid UTF-8 letters per invalid byte is UTF-8 with damage, not another encoding."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LETTERS = frozenset("áéíóúüñàâãêõôçÁÉÍÓÚÜÑÀÂÃÊÕÔÇäöÄÖßèìòùÈîïûº°ª¿¡€–—’‘“”«»·\u00a0£")
_OTHERS = ["cp850", "cp437", "mac_roman", "cp1250", "cp1251", "iso8859_15", "cp1252"]


class TextSurvey:
    """Sees a file chunk by chunk, then concludes on its encoding."""

    def __init__(self, path: Path, encoding: str | None) -> None:
        self._path = path
        self._wanted = encoding
        self._head = b""
        self._sample = b""
        self._tail = b""
        self._is_utf8 = True
        self._has_nul = False
        self._line_bytes = 0

    def see(self, chunk: bytes) -> None:
        if not self._head:
            self._head = chunk[:SAMPLE_BYTES]
        self._has_nul = self._has_nul or b"\0" in chunk
        self._line_bytes = 0 if b"\n" in chunk or b"\r" in chunk else self._line_bytes + len(chunk)
        if self._line_bytes > 2 * MAX_LINE_BYTES:
            raise UnreadableFile(
                f"{self._path}: a line is longer than 16 MB", "this is no list of records; export it again as CSV"
            )
        if chunk.isascii() and not self._tail:
            return
        if len(self._sample) < SAMPLE_BYTES:
            self._sample += _around_letters(chunk)
        if self._is_utf8:
            whole = self._tail + chunk
            end = _whole_characters(whole)
            self._tail = whole[end:]
            self._is_utf8 = is_utf8(whole[:end])

    def conclude(self) -> tuple[str, bool]:
        """(encoding, is every byte valid in it and none NUL). Raises UnreadableFile for binary data."""
        encoding = self._wanted or self._detect()
        if encoding == "utf-16":
            encoding = next((name for bom, name in _BOMS if self._head.startswith(bom)), "utf-16-le")
        if encoding in ("utf-8-sig", "ascii"):
            encoding = "utf-8"
        is_valid = self._is_utf8 and not self._tail if encoding == "utf-8" else encoding == "iso8859-1"
        return encoding, is_valid and not self._has_nul

    def _detect(self) -> str:
        for bom, name in _BOMS:
            if self._head.startswith(bom):
                return name
        if b"\0" in self._head and (wide := _utf16_without_bom(self._head)):
            return wide
        if self._head.count(b"\0") > len(self._head) // 10:
            raise UnreadableFile(f"{self._path}: is binary data, not text", "name a CSV, XLSX or Parquet file")
        if self._is_utf8 and not self._tail:
            return "utf-8"
        return _single_byte_or_damaged(self._sample)


def is_utf8(data: bytes) -> bool:
    """As fast as it gets: Arrow's validator, on one value that is the whole chunk."""
    if data.isascii():
        return True
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _whole_characters(data: bytes) -> int:
    """Length without a character that is cut off at the end (at most three bytes)."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return len(data)
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if needed > back else len(data)
    return len(data)


def _around_letters(chunk: bytes) -> bytes:
    """The lines that hold bytes beyond ASCII, for statistics."""
    first = next(
        (position for position in range(0, len(chunk), 4096) if not chunk[position : position + 4096].isascii()), 0
    )
    return chunk[first : first + SAMPLE_BYTES]


def _utf16_without_bom(head: bytes) -> str | None:
    """Western text in UTF-16 has NUL in every second byte."""
    half = len(head) // 2
    odd, even = head[1::2].count(b"\0"), head[::2].count(b"\0")
    if odd > half * 0.6 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _single_byte_or_damaged(sample: bytes) -> str:
    text = sample.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= letter <= "\udcff" for letter in text)
    good = sum(letter > "\x7f" for letter in text) - bad
    if good >= MIN_GOOD_PER_BAD * bad:
        return "utf-8"
    beyond = [letter for letter in sample.decode("cp1252", "replace") if letter > "\x7f"]
    if sum(letter in _LETTERS for letter in beyond) >= 0.8 * len(beyond):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_OTHERS).best()
    return codecs.lookup(best.encoding).name if best else "cp1252"


def utf8_chunks(chunks: Iterable[bytes], encoding: str, path: Path) -> Iterator[bytes]:
    """The text as UTF-8 chunks without byte order mark; characters may be cut between chunks in UTF-8 only."""
    bom = next((mark for mark, name in _BOMS if name == encoding), b"")
    source = _without_bom(chunks, bom)
    if encoding == "utf-8":
        yield from source
        return
    errors = _errors(encoding)
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for chunk in source:
        yield decoder.decode(chunk).encode("utf-8", errors)
    try:
        yield decoder.decode(b"", final=True).encode("utf-8", errors)
    except UnicodeDecodeError:
        raise UnreadableFile(
            f"{path}: ends in the middle of a character ({encoding}): the file is truncated", "transfer it again"
        ) from None


def _without_bom(chunks: Iterable[bytes], bom: bytes) -> Iterator[bytes]:
    iterator = iter(chunks)
    yield next(iterator, b"").removeprefix(bom)
    yield from iterator


def original_bytes(record: bytes, encoding: str) -> bytes:
    """What the file holds for a record that `utf8_chunks` gave."""
    if encoding == "utf-8":
        return record
    errors = _errors(encoding)
    return record.decode("utf-8", errors).encode(encoding, errors)


def as_utf8(original: bytes, encoding: str) -> bytes:
    """The other way, for one record kept in quarantine."""
    errors = _errors(encoding)
    return original if encoding == "utf-8" else original.decode(encoding, errors).encode("utf-8", errors)


def _errors(encoding: str) -> str:
    """Single bytes escape one by one; in UTF-16 only lone surrogates are invalid, and they pass through."""
    return "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
