"""What a system gave, on disk before any of it is landed: landing holds a lock, and a slow API must not.

`<home>/spool/<source>/`: for each table `<table>.jsonl` with one record in a line, `<table>.gone` with the line number
and key of records that were said to be deleted, `<table>.keys` with all keys of a sweep. The folder belongs to one
reading: a stale one is removed before the next, its own once all has landed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from cartera.connectors.api import jsons
from cartera.connectors.api.system import Record
from cartera.errors import SourceError


def fresh_folder(home: Path, source: str) -> Path:
    """An empty folder for the owner alone. Raises SourceError."""
    folder = home / "spool" / source
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise SourceError(f"{folder}: {error.strerror}", "make room and the folder writable") from None
    return folder


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


class Spool:
    """The files of one table while it is read, and how they are read back."""

    def __init__(self, folder: Path, table: str) -> None:
        self._records, self._gone, self._keys = (folder / f"{table}.{kind}" for kind in ("jsonl", "gone", "keys"))
        self.records = self.gone = 0
        self.is_swept = False
        self._hash = hashlib.blake2b(digest_size=16)
        self._file = self._records.open("wb")
        self._gone_file = self._gone.open("wb")

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        self._gone_file.close()

    def add(self, records: Sequence[Record]) -> None:
        """Raises BadJson, and OSError when the disk is full."""
        for record in records:
            line = jsons.encode(record) + b"\n"
            self._hash.update(line)
            self._file.write(line)
        self.records += len(records)

    def add_gone(self, keys: Sequence[str]) -> None:
        for key in keys:
            line = json.dumps([self.records, key]).encode() + b"\n"
            self._hash.update(b"gone" + line)
            self._gone_file.write(line)
        self.gone += len(keys)

    def add_keys(self, keys: Iterable[Sequence[str]]) -> None:
        """All keys that the system has."""
        self.is_swept = True
        with self._keys.open("wb") as file:
            for page in keys:
                for key in page:
                    line = json.dumps(key).encode() + b"\n"
                    self._hash.update(b"key" + line)
                    file.write(line)

    def restart(self) -> None:
        """Forget what was read: all is read again."""
        self._file.truncate(0)
        self._file.seek(0)
        self._gone_file.truncate(0)
        self._gone_file.seek(0)
        self.records = self.gone = 0
        self._hash = hashlib.blake2b(digest_size=16)

    @property
    def fingerprint(self) -> str:
        return self._hash.hexdigest()

    def lines(self) -> Iterator[bytes]:
        with self._records.open("rb") as file:
            for line in file:
                yield line[:-1]

    def gone_keys(self) -> Iterator[tuple[int, str]]:
        with self._gone.open("rb") as file:
            for line in file:
                number, key = json.loads(line)
                yield number, key

    def keys(self) -> Iterator[str] | None:
        return self._read_keys() if self.is_swept else None

    def _read_keys(self) -> Iterator[str]:
        with self._keys.open("rb") as file:
            for line in file:
                yield json.loads(line)
