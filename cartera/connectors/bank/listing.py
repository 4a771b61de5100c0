"""The statement files of a folder: whole ones, of the folder itself, in the order in which they came."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cartera.connectors.api.folders import refuse_outside
from cartera.errors import SourceError

_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Found:
    """One file of the folder; `name` is its path in it."""

    name: str
    path: Path
    stamp: tuple[int, int]
    sha256: str


def files(source: str, folder: Path, pattern: str) -> list[Found]:
    """By date and name, so that the later of two with one statement counts. Raises SourceError."""
    try:
        if not folder.is_dir():
            raise SourceError(f"{source}: {folder} is no folder", "correct `folder`, or mount it")
        met = [path for path in folder.glob(pattern) if _is_whole(path, folder)]
        for path in met:
            refuse_outside(source, path, folder)
        found = [_found(path, folder) for path in met if path.is_file()]
    except OSError as error:
        raise SourceError(
            f"{source}: {error.filename}: {error.strerror}", "let Cartera read the folder and its files"
        ) from None
    if not found:
        raise SourceError(
            f"{source}: {folder} holds no file like {pattern}",
            "put the first statement there, correct `folder` or `pattern`, or mount it",
        )
    return sorted(found, key=lambda file: (file.stamp[1], file.name))


def _is_whole(path: Path, folder: Path) -> bool:
    """Not hidden, and not being copied."""
    parts = path.relative_to(folder).parts
    return not any(part.startswith((".", "~$")) for part in parts) and path.suffix.lower() not in _UNFINISHED


def _found(path: Path, folder: Path) -> Found:
    stamp, digest = stamp_of(path), hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return Found(path.relative_to(folder).as_posix(), path, stamp, digest.hexdigest())


def stamp_of(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
