"""A folder of statement files: which of them are new, what they hold, and what that replaces.

A file is known by its content, whatever its name or date: one that arrives late with an old date is read, one that was
copied or renamed is not read again. A statement that comes again, changed, replaces the one before: its entries that
are not in it any more are gone. What was read stays when its file is put away.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from cartera.connectors.api import Access, Page, Record, Resource, jsons
from cartera.connectors.bank import known, listing, repeats, shared
from cartera.connectors.bank.formats import CSV_SUFFIXES, HEAD, Read, reader_of
from cartera.connectors.bank.listing import Found, stamp_of
from cartera.connectors.bank.part import OpenPart, Part
from cartera.connectors.bank.statement import BadStatement, Statement
from cartera.errors import UnreadableFile
from cartera.settings import get_settings
from cartera.words import counted

AT_ONCE = 2_000


@dataclass
class Contents:
    """What one reading of the folder gives."""

    files: list[Record] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    """The statement that an entry came with first: one that repeats it makes no new version of it."""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """By file the statements that are there already, in another format or under another number."""
    skipped: dict[str, frozenset[str]] = field(default_factory=dict)
    """By statement the entries that a statement in another format has."""

    @property
    def entry_count(self) -> int:
        return sum(int(part.record["entry_count"]) for part in self.parts.values())


@contextmanager
def open_folder(access: Access) -> Iterator[Folder]:
    """Raises SourceError when it can't be read."""
    with Folder(access) as folder:
        yield folder


class Folder:
    def __init__(self, access: Access) -> None:
        self.source = access.source
        self.path = get_settings().project_dir / Path(access["folder"]).expanduser()
        self._pattern = access["pattern"]
        self._csv, self._declared = _csv(access["csv"])
        self._read: dict[bool, Contents] = {}
        self._lock = threading.RLock()
        self._spool = tempfile.TemporaryFile(prefix="cartera-bank-")  # noqa: SIM115 (closed with the folder)

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._spool.close()

    # what the tables are made of

    def contents(self, *, is_whole: bool) -> Contents:
        """All that the folder holds, or what has not landed of it. Read once. Raises SourceError."""
        with self._lock:
            if is_whole not in self._read:
                self._read[is_whole] = self._contents(is_whole=is_whole)
            return self._read[is_whole]

    def pages(self, table: str, *, is_whole: bool) -> Iterator[Page]:
        contents = self.contents(is_whole=is_whole)
        if table == "files":
            yield Page(contents.files)
        elif table == "statements":
            yield Page([part.record for part in contents.parts.values()])
        else:
            # what is gone goes first: a key that another statement of this reading still has lives on
            if contents.gone:
                yield Page(gone=contents.gone)
            for key, part in contents.parts.items():
                skipped = contents.skipped.get(key, frozenset())
                for page in self._entries(part, contents.owners):
                    yield Page([record for record in page.records if record["entry"] not in skipped])

    def notes(self) -> list[str]:
        return [
            f"{file}: left out, because it is counted already: {said}"
            for contents in self._read.values()
            for file, left_out in contents.left_out.items()
            for said in left_out
        ]

    def _entries(self, part: Part, owners: Mapping[str, str]) -> Iterator[Page]:
        place = part.start
        while place < part.end:
            with self._lock:
                self._spool.seek(place)
                lines = [self._spool.readline()]
                while len(lines) < AT_ONCE and self._spool.tell() < part.end:
                    lines.append(self._spool.readline())
                place = self._spool.tell()
            statement = part.record["statement"]
            records = [{**jsons.decode(line), "statement": statement} for line in lines]
            for record in records if owners else ():
                record["statement"] = owners.get(record["entry"], statement)
            yield Page(records)

    def _contents(self, *, is_whole: bool) -> Contents:
        found = self.files()
        landed = {} if is_whole else known.files(self.source)
        contents, seen, refused = Contents(), {content: name for name, content in landed.items()}, []
        for file in found:
            declared = self._declared if file.path.suffix.lower() in CSV_SUFFIXES else None
            content = (file.sha256, declared)
            if landed.get(file.name) == content:
                continue
            record: Record = {
                "file": file.name,
                "sha256": file.sha256,
                "declared": declared,
                "size": file.stamp[0],
            }
            if content in seen:
                record["same_as"] = seen[content]
            else:
                try:
                    record |= self._parts(file, contents)
                except BadStatement as error:
                    refused.append(f"{file.path}: {error}")
                seen[content] = file.name
            contents.files.append(record)
        if refused:
            raise UnreadableFile(
                "\n  ".join(
                    [f"{self.source}: {counted(len(refused), 'file')} can't be read, nothing was landed", *refused]
                ),
                "get them from the bank again, or take them out of the folder",
            )
        self._settle(contents, is_whole=is_whole)
        return contents

    def files(self) -> list[Found]:
        """Raises SourceError."""
        return listing.files(self.source, self.path, self._pattern)

    def _parts(self, file: Found, contents: Contents) -> Record:
        """The statements of one file, whole or not at all. Raises BadStatement."""
        name, read = reader_of(file.path, self._csv)
        with file.path.open("rb") as opened:
            head = opened.read(HEAD)
        begun = self._spool.seek(0, io.SEEK_END)
        open_part: OpenPart | None = None
        parts: dict[str, Part] = {}
        try:
            for item in read(file.path, head):
                if isinstance(item, Statement):
                    if open_part:
                        _add(parts, open_part.closed(name, file.name))
                    open_part = OpenPart(item, self._spool)
                elif open_part:
                    open_part.add(item)
            if open_part:
                _add(parts, open_part.closed(name, file.name))
            if stamp_of(file.path) != file.stamp:
                raise BadStatement("was changed while it was read")
        except BadStatement:
            self._spool.truncate(begun)
            raise
        for key, part in parts.items():
            before = contents.parts.get(key)
            if before is None or not _is_older(part.record, before.record):
                contents.parts[key] = part
        entries = sum(int(part.record["entry_count"]) for part in parts.values())
        return {"format": name, "statement_count": len(parts), "entry_count": entries}

    def _settle(self, contents: Contents, *, is_whole: bool) -> None:
        """Against what has landed: leave out what is the same or older, and find the entries that are replaced."""
        landed = known.statements(self.source, list(contents.parts))
        changed: list[str] = []
        for key, before in landed.items():
            record = contents.parts[key].record
            if _is_older(record, before) or (record["digest"] == before["digest"] and not is_whole):
                del contents.parts[key]
            elif record["digest"] != before["digest"]:
                changed.append(key)
        self._leave_out_repeats(contents, landed)
        periods = [part.record for part in contents.parts.values() if part.is_period]
        if periods:
            contents.owners = known.owners(self.source, {record["account"] for record in periods})
        if changed:
            kept = {
                record["entry"] for key in changed for page in self._entries(contents.parts[key], {})
                for record in page.records
            }  # fmt: skip
            contents.gone += [entry for entry in known.entries(self.source, changed) if entry not in kept]

    def _leave_out_repeats(self, contents: Contents, landed: Mapping[str, Any]) -> None:
        """A statement that is there under another number, or in another format; and entries that are."""
        if not contents.parts:
            return
        new = {key: part.record for key, part in contents.parts.items() if key not in landed}
        again = {key: part.record for key, part in contents.parts.items() if key in landed}
        around = known.around(self.source, (part.record for part in contents.parts.values()))
        there = {**around, **again}
        stated = {key: record for key, record in new.items() if not contents.parts[key].is_period}
        same = repeats.same_as(stated, there)
        for key, kept in same.items():
            record = contents.parts.pop(key).record
            said = f"{key} ({record['format']}) is {kept['statement']} ({kept['format']}, {kept['file']})"
            contents.left_out.setdefault(record["file"], []).append(said)
        self._leave_out_entries(contents, around)
        for record in contents.files:
            record["left_out"] = "; ".join(contents.left_out.get(record["file"], ())) or None

    def _leave_out_entries(self, contents: Contents, around: Mapping[str, Any]) -> None:
        def read(keys: Sequence[str]) -> Iterator[Record]:
            return (one for key in keys for page in self._entries(contents.parts[key], {}) for one in page.records)

        new = {key: part.record for key, part in contents.parts.items()}
        found = shared.left_out(self.source, new, around, read, lambda keys: known.details(self.source, keys))
        for key, same in found.items():
            if not same:
                continue
            record = contents.parts[key].record
            names = ", ".join(sorted({f"{other['statement']} ({other['format']})" for other in same.values()}))
            said = f"{len(same):,} of the entries of {key} ({record['format']}) are in {names}"
            contents.left_out.setdefault(record["file"], []).append(said)
            if len(same) == record["entry_count"] and key not in around:
                del contents.parts[key]
            else:
                contents.skipped[key] = frozenset(same)


def _csv(declaration: str) -> tuple[Read | None, str | None]:
    """The reader of the declared CSV and the declaration's hash. Raises ConfigError."""
    if not declaration:
        return None, None
    from cartera.connectors.bank.csv_statement import declared

    path = get_settings().project_dir / Path(declaration).expanduser()
    read = declared(path)
    return read, hashlib.sha256(path.read_bytes()).hexdigest()


def _add(parts: dict[str, Part], part: Part) -> None:
    """Raises BadStatement: two statements of one file that are told apart by nothing."""
    key = part.record["statement"]
    if key in parts and parts[key].record["digest"] != part.record["digest"]:
        raise BadStatement(f"holds two different statements {key}")
    parts[key] = part


def _is_older(record: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the bank says that it made this one first."""
    mine, theirs = record["created_at"], other["created_at"]
    return bool(mine and theirs and mine < theirs)


def pages(folder: Folder, resource: Resource, since: object) -> Iterator[Page]:
    return folder.pages(resource.name, is_whole=since is None)


def check(folder: Folder) -> str:
    found = folder.files()
    return f"{counted(len(found), 'file')} in {folder.path}"


def count(folder: Folder, resource: Resource) -> int | None:
    contents = folder.contents(is_whole=True)
    numbers: dict[str, Sequence[Any] | int] = {"files": len(contents.files), "statements": len(contents.parts)}
    found = numbers.get(resource.name, contents.entry_count)
    assert isinstance(found, int)
    return found


def notes(folder: Folder) -> list[str]:
    """The statements that were not counted, because they are there already."""
    return folder.notes()
