"""A workbook is a zip archive: what it would unpack to is measured before anything else opens it."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from cartera.connectors.files.sheet_scan import MAX_CELLS, Cell, SheetScan, extent
from cartera.errors import UnreadableFile

MAX_UNPACKED_BYTES = 1 << 30
MAX_RATIO = 200
MIN_JUDGED_BYTES = 20 << 20
"""Below this size a high ratio does no harm (a sheet of equal cells packs well)."""
STEP_BYTES = 1 << 20

_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*?\br:id=\"([^\"]*)\"")
_TARGET = re.compile(r"<Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r"\b(Id|Target)=\"([^\"]*)\"")
_KINDS = {
    "xl/workbook.bin": "an XLSB workbook (binary)",
    "content.xml": "an OpenDocument file",
    "word/document.xml": "a Word document",
}


def check_workbook(path: Path) -> list[dict[Cell, str]]:
    """The cells with errors of each sheet, in the order of the sheets.

    Raises UnreadableFile: not a workbook, damaged, or one that would unpack to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_is_workbook(path, archive)
            _check_declared(path, archive)
            errors = {member.filename: _check_member(path, archive, member) for member in archive.infolist()}
            return [errors.get(part, {}) for part in _sheet_parts(archive)]
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


def _check_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[Cell, str]:
    """Unpacks it once, so that damage shows here; of a sheet, the cells with errors."""
    if not re.fullmatch(r"xl/worksheets/[^/]*\.xml", member.filename):
        for _piece in _pieces(archive, member):
            pass
        return {}
    scan = SheetScan()
    scan.see(_pieces(archive, member))
    if scan.is_wide:
        rows, columns = extent(_pieces(archive, member))
        if rows * columns > MAX_CELLS:
            raise _bomb(path, f"a sheet spans {rows:,} rows and {columns:,} columns")
    return scan.errors


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """zipfile stops at the declared size and then compares the checksum: a directory that lies is damage."""
    with archive.open(member) as file:
        while piece := file.read(STEP_BYTES):
            yield piece


def _sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """The names of the sheets' parts in the order of the workbook."""
    targets: dict[str, str] = {}
    if "xl/_rels/workbook.xml.rels" in archive.namelist():
        for relation in _TARGET.findall(archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")):
            attributes = dict(_ATTRIBUTE.findall(relation))
            targets[attributes.get("Id", "")] = attributes.get("Target", "")
    ids = _SHEET.findall(archive.read("xl/workbook.xml").decode("utf-8", "replace"))
    return [posixpath.normpath(posixpath.join("/xl", targets.get(one, ""))).lstrip("/") for one in ids]
