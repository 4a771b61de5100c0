"""A workbook is a zip archive: what it would unpack to is measured before anything else opens it."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from cartera.errors import UnreadableFile

MAX_UNPACKED_BYTES = 1 << 30
MAX_RATIO = 200
MIN_JUDGED_BYTES = 20 << 20
"""Below this size a high ratio does no harm (a sheet of equal cells packs well)."""
MAX_CELLS = 50_000_000
"""Rows times columns of one sheet; the reader keeps the whole rectangle in memory."""
STEP_BYTES = 1 << 20

_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="(\d{1,7})"')
_ERROR_CELL = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"[^>]*?\bt="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>'
)
_KINDS = {
    "xl/workbook.bin": "an XLSB workbook (binary)",
    "content.xml": "an OpenDocument file",
    "word/document.xml": "a Word document",
}


def check_workbook(path: Path) -> None:
    """Raises UnreadableFile: not a workbook, damaged, or one that would unpack to too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_is_workbook(path, archive)
            _check_declared(path, archive)
            for member in archive.infolist():
                _check_member(path, archive, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnreadableFile(
            f"{path}: the workbook is truncated or damaged ({error})", "transfer it again, or save it again as XLSX"
        ) from None
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "see that the file is readable") from None


def _check_is_workbook(path: Path, archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return
    kind = next((kind for name, kind in _KINDS.items() if name in names), None)
    if kind:
        raise UnreadableFile(f"{path}: is {kind}, not XLSX", "save it as XLSX or CSV")
    raise UnreadableFile(f"{path}: is a zip archive, not a workbook", "unpack it and name the file inside")


def _check_declared(path: Path, archive: zipfile.ZipFile) -> None:
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise _bomb(path, f"unpacks to {unpacked:,} bytes, more than {MAX_UNPACKED_BYTES:,}")
    if unpacked > MIN_JUDGED_BYTES and unpacked > MAX_RATIO * path.stat().st_size:
        raise _bomb(path, f"unpacks to more than {MAX_RATIO} times its size")


def _bomb(path: Path, problem: str) -> UnreadableFile:
    return UnreadableFile(f"{path}: {problem}: a zip bomb", "if you trust it, save it as CSV and deliver that")


def _check_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """The declared size may lie: unpack in steps and count, and see how wide a sheet really is."""
    is_sheet = member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
    seen, extent, tail = 0, Extent(), b""
    with archive.open(member) as file:
        while piece := file.read(STEP_BYTES):
            seen += len(piece)
            if is_sheet:
                extent.see(tail + piece)
                tail = piece[-64:]
    if seen != member.file_size:
        raise _bomb(path, f"{member.filename} is not of the size that the archive declares")
    if extent.cells > MAX_CELLS:
        raise _bomb(path, f"a sheet spans {extent.rows:,} rows and {extent.columns:,} columns")


@dataclass
class Extent:
    """How far the cells of a sheet reach."""

    rows: int = 0
    columns: int = 0

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def see(self, xml: bytes) -> None:
        if numbers := _ROW.findall(xml):
            self.rows = max(self.rows, *map(int, numbers)) if len(numbers) > 1 else max(self.rows, int(numbers[0]))
        widest = max(
            {letters for letters, _row in _CELL.findall(xml)}, key=lambda letters: (len(letters), letters), default=b""
        )
        self.columns = max(self.columns, _column_number(widest))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
