"""The folder: its files in the order of their names, each parsed once in a reading, whatever the tables made of it.

What the files give waits in a spool until it is asked for, since only the whole folder says which documents are
replaced by others.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cartera.connectors.api import Access, Page, Record, Resource, jsons
from cartera.connectors.api.folders import refuse_outside
from cartera.connectors.documents import known, one_file
from cartera.connectors.documents.one_file import Read
from cartera.connectors.documents.parts import identity, stamp_of
from cartera.errors import SourceError
from cartera.settings import get_settings
from cartera.words import counted

MOST_BYTES = 32 << 20
AT_ONCE = 200


class Folder:
    """`issuers`: as the user writes them, by what is compared."""

    def __init__(self, source: str, path: Path, issuers: dict[str, str]) -> None:
        self.source, self.path, self.issuers = source, path, issuers
        self.outcomes: Counter[str] = Counter()
        self.replaced: dict[str, str] = {}
        """Which document took the place of one: by the key of what it replaces."""
        self._stamps: set[str] = set()
        self._lock = threading.Lock()
        self._spool: Any = None

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()

    def names(self) -> list[str]:
        """All XML and PDF files, those in folders within too. Raises SourceError, also for a link that leads out."""
        found = []
        try:
            for folder, folders, names in os.walk(self.path, onerror=_raise):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in folders:
                    refuse_outside(self.source, Path(folder, name), self.path)
                found += [Path(folder, name) for name in names if not name.startswith(".")]
            wanted = [path for path in found if path.suffix.lower() in (".xml", ".pdf") and not _is_odd(path)]
        except OSError as error:
            raise SourceError(f"{self.source}: {self.path}: {error.strerror}", "correct the folder") from None
        for path in wanted:
            refuse_outside(self.source, path, self.path)
        return sorted(path.relative_to(self.path).as_posix() for path in wanted)

    def read(self, name: str) -> Read:
        """Raises SourceError."""
        try:
            body = (self.path / name).read_bytes() if (self.path / name).stat().st_size <= MOST_BYTES else b""
        except OSError as error:
            raise SourceError(f"{self.source}: {self.path / name}: {error.strerror}", "make it readable") from None
        return one_file.read(name, body, self.issuers)

    def parsed(self) -> Folder:
        """With every file in the spool. Raises SourceError."""
        with self._lock:
            if self._spool is None:
                spool = tempfile.TemporaryFile(prefix="cartera-documents-")  # noqa: SIM115 (closed with the folder)
                broken = []
                for name in self.names():
                    read = self.read(name)
                    if read.file["outcome"] == "broken":
                        broken.append(name)
                    else:
                        self._note(read)
                    self.outcomes[read.file["outcome"]] += 1
                    spool.write(jsons.encode([read.file, read.documents]) + b"\n")
                # what a file replaced that can't be read now stays replaced, as its own documents stay
                self.replaced |= known.replacements(self.source, broken)
                self._follow_chains()
                self._spool = spool
            return self

    def _follow_chains(self) -> None:
        """A was replaced by B, that by C, and the file of B was put away: A stays replaced, as C stands for both."""
        missing = self.replaced.keys() - self._stamps
        while missing:
            found = known.replaced_long_ago(self.source, missing)
            new = {key: stamp for key, stamp in found.items() if key not in self.replaced}
            self.replaced |= new
            missing = new.keys() - self._stamps

    def _note(self, read: Read) -> None:
        for document in read.documents:
            stamp = stamp_of(document["document_key"], document["kind"])
            self._stamps.add(stamp)
            self.replaced |= {key: stamp for one in document["replaces"] if (key := one["document_key"]) != stamp}

    def files(self) -> Iterator[Read]:
        """All that the folder holds, of the one reading of it."""
        self.parsed()
        place = 0
        while True:
            with self._lock:
                self._spool.seek(place)
                line = self._spool.readline()
                place = self._spool.tell()
            if not line:
                return
            file, documents = jsons.decode(line)
            yield Read(file, documents)


def _raise(error: OSError) -> None:
    raise error


def _is_odd(path: Path) -> bool:
    """A pipe, which has no end. A link that leads nowhere is not left out: what it led to would be gone."""
    return path.exists() and not path.is_file()


@contextmanager
def open_folder(access: Access) -> Iterator[Folder]:
    path = get_settings().project_dir / Path(access["folder"]).expanduser()
    issuers = {identity(one): one.strip() for one in access["issuers"].split(",") if identity(one)}
    if not issuers:
        raise SourceError(f"{access.source}: issuers names no tax id", "name those of our companies")
    folder = Folder(access.source, path, issuers)
    try:
        yield folder
    finally:
        folder.close()


def pages(folder: Folder, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    records: list[Record] = []
    for read in folder.files():
        if read.file["outcome"] == "broken" and resource.name != "file":
            records += _held(folder.source, resource.entity.key, read)
        else:
            records += _records(resource.name, read, folder)
        if len(records) >= AT_ONCE:
            yield Page(records)
            records = []
    yield Page(records)


def _held(source: str, key: str, read: Read) -> list[Record]:
    """Of a file that can't be read: a reject for each record that was read from it before, which keeps that one."""
    (problem,) = read.documents
    landed = known.records_of(source, read.file["file_name"], key)
    return [{**problem, key: one} for one in landed] or ([problem] if key == "document_key" else [])


def _records(table: str, read: Read, folder: Folder) -> list[Record]:
    if table == "file":
        return [read.file]
    if table == "document":
        return [
            {name: value for name, value in one.items() if name != "customer"}
            | {"replaced_by": folder.replaced.get(stamp_of(one["document_key"], one["kind"]))}
            for one in read.documents
        ]
    return [{"customer_key": one["customer_key"], "issuer": one["issuer"], **one["customer"]} for one in read.documents]


def check(folder: Folder) -> str:
    """How many files are what, those of others counted too. Raises SourceError when none is ours."""
    outcomes = folder.parsed().outcomes
    if not outcomes:
        raise SourceError(
            f"{folder.source}: {folder.path} holds no XML or PDF file",
            "put the first invoice there, correct `folder`, or mount it",
        )
    if not outcomes["issued"] and not outcomes["broken"]:
        raise SourceError(
            f"{folder.source}: of {counted(outcomes.total(), 'file')} in {folder.path} none was issued by"
            f" {', '.join(folder.issuers.values())}",
            "correct `issuers`: the tax ids of our companies as the files write them",
        )
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
    return f"{folder.path}: {said}"
