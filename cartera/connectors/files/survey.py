"""First look at a file: is it there, what is it really, its hash, its encoding."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cartera.connectors.files.encodings import TextSurvey
from cartera.connectors.files.spec import EntityFiles, FileFormat
from cartera.errors import UnreadableFile

CHUNK_BYTES = 4 << 20
MAX_INFLATION = 200
MAX_UNCHECKED_BYTES = 100 << 20
"""A gzip file may unpack to this size whatever its ratio; beyond, real exports stay under 200 : 1."""

_EXTENSIONS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".gz": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_TEXT_NAMES = {"csv": "CSV text", "xlsx": "an XLSX workbook", "parquet": "a Parquet file"}
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel file (.xls) or a password-protected workbook",
        "save it as XLSX without password",
    ),
    (b"%PDF", "a PDF document", "export the list as CSV, XLSX or Parquet"),
    (b"<!doctype html", "an HTML page, not data", "export again: a login or error page was saved instead"),
    (b"<html", "an HTML page, not data", "export again: a login or error page was saved instead"),
    (b"<table", "an HTML table, not data", "open it in a spreadsheet and save it as XLSX or CSV"),
    (b"<?xml", "an XML document", "export the list as CSV, XLSX or Parquet"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and name the file inside"),
    (b"Rar!", "a RAR archive", "unpack it and name the file inside"),
    (b"{\\rtf", "a text document (RTF)", "export the list as CSV, XLSX or Parquet"),
)


@dataclass(frozen=True)
class Survey:
    """`content_hash`: sha256 of the file as it lies there. `encoding`: of text files, else ''.

    `is_clean_text`: every byte is valid in the encoding and none is NUL, so that readers need not look.
    """

    path: Path
    format: FileFormat
    content_hash: str
    stamp: tuple[int, int]
    encoding: str = ""
    is_clean_text: bool = False


def survey(path: Path, files: EntityFiles) -> Survey:
    """Look at the whole file once. Raises UnreadableFile."""
    head, stamp = _head(path)
    found = _real_format(path, head)
    _agree(path, found, files)
    digest, text = hashlib.sha256(), TextSurvey(path, files.encoding)
    for chunk in read_plain(path):
        digest.update(chunk)
        if found == "csv" and not is_gzip(head):
            text.see(chunk)
    if is_gzip(head):
        for chunk in read_chunks(path):
            text.see(chunk)
    if found != "csv":
        return Survey(path, found, digest.hexdigest(), stamp)
    return Survey(path, found, digest.hexdigest(), stamp, *text.conclude())


def is_gzip(head: bytes) -> bool:
    return head[:2] == b"\x1f\x8b"


def stamp_of(path: Path) -> tuple[int, int]:
    """Size and time of change: tells whether a file was written to while it was read."""
    try:
        status = path.stat()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "see that the file is there and readable") from None
    return status.st_size, status.st_mtime_ns


def check_unchanged(seen: Survey) -> None:
    """Raises UnreadableFile when the file was written to since it was surveyed."""
    if stamp_of(seen.path) != seen.stamp:
        raise UnreadableFile(
            f"{seen.path}: changed while it was read", "run again when the export has finished writing"
        )


def _head(path: Path) -> tuple[bytes, tuple[int, int]]:
    stamp = stamp_of(path)
    if not path.is_file():
        raise UnreadableFile(f"{path}: is a folder or a device, not a file", "name a file or a pattern like *.csv")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise UnreadableFile(
            f"{path}: {error.strerror}", "let the user who runs cartera read the file (chmod, chown, ACL)"
        ) from None
    if not head:
        raise UnreadableFile(f"{path}: the file is empty (0 bytes)", "export it again; the export was interrupted")
    return head, stamp


def _real_format(path: Path, head: bytes) -> FileFormat:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:32].lower()
    for magic, what, mend in _FOREIGN:
        if start.startswith(magic.lower()):
            raise UnreadableFile(f"{path}: is {what}", mend)
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "xlsx"
    if not head.strip(b"\0"):
        raise UnreadableFile(
            f"{path}: begins with zero bytes, there is no text", "export it again; the disk copy is damaged"
        )
    return "csv"


def _agree(path: Path, found: FileFormat, files: EntityFiles) -> None:
    expected = files.format or _EXTENSIONS.get(path.suffix.lower())
    if expected is None or expected == found:
        return
    named = f"set to format: {files.format}" if files.format else f"named {path.suffix}"
    raise UnreadableFile(
        f"{path}: is {_TEXT_NAMES[found]}, {named}", f"set `format: {found}` in the mapping, or rename the file"
    )


def read_plain(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "see that the disk and the file are readable") from None


def read_chunks(path: Path) -> Iterator[bytes]:
    """The content, unpacked when it is gzip. Raises UnreadableFile when it ends too early or swells too much."""
    with path.open("rb") as file:
        if not is_gzip(file.read(2)):
            yield from read_plain(path)
            return
    limit = max(MAX_UNCHECKED_BYTES, MAX_INFLATION * path.stat().st_size)
    total = 0
    try:
        with gzip.open(path, "rb") as unpacked:
            while chunk := unpacked.read(CHUNK_BYTES):
                total += len(chunk)
                if total > limit:
                    raise UnreadableFile(
                        f"{path}: unpacks to more than {MAX_INFLATION} times its size: a zip bomb",
                        "unpack it yourself if you trust it, and name the file inside",
                    )
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"{path}: the gzip file is truncated or damaged ({error})", "transfer it again") from None
