"""What a source delivers now: its files, hashed, opened, and read lazily in batches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import cast

import pyarrow as pa
from psycopg2.extensions import connection as Connection

from cartera.connectors.files.batches import FileBatches
from cartera.connectors.files.chunk import BadRecord, Chunk, Reader, Wanted, column_name
from cartera.connectors.files.csv_reader import CsvReader, parse_record
from cartera.connectors.files.spec import EntityFiles, FileSource
from cartera.connectors.files.survey import Survey, survey
from cartera.errors import SourceError, UnreadableFile
from cartera.landing.delivery import Batch, DeliveredFile, Delivery, DeliveryKind, RawFormat
from cartera.landing.entities import ENTITIES
from cartera.settings import get_settings

SYSTEM = "files"


def deliveries(source: FileSource, connection: Connection | None = None) -> Iterator[Delivery]:
    """One delivery per entity that is full, one per new file of an entity that is incremental.

    First files of all entities come before second ones. All files are hashed first; headers are checked when a
    delivery is asked for, records are read when its batches are. `connection` (loader) tells which incremental
    files have landed; without one, none has. Raises UnreadableFile, MissingColumn.
    """
    waiting = [_parts(source, entity, connection) for entity in source.entities]
    for turn in zip_longest(*waiting):
        for entity, surveys in zip(source.entities, turn, strict=True):
            if surveys is not None:
                yield _delivery(source, entity, surveys)


def _parts(source: FileSource, entity: str, connection: Connection | None) -> list[list[Survey]]:
    """The files of an entity, by delivery."""
    files = source.entities[entity]
    surveys = [survey(path, files) for path in matching_files(source, entity)]
    if files.delivery == "full":
        return [surveys]
    landed = _landed_hashes(connection, source.name, entity) if connection else set()
    new = {seen.content_hash: seen for seen in reversed(surveys) if seen.content_hash not in landed}
    return [[seen] for seen in reversed(new.values())]


def matching_files(source: FileSource, entity: str) -> list[Path]:
    """The files of an entity, by name. Raises SourceError when there is none."""
    pattern = source.entities[entity].files
    paths = files_like(pattern)
    if not paths:
        raise SourceError(
            f"{source.path}: entities.{entity}.files: no file matches {pattern!r} in {_absolute(pattern).parent}",
            "put the export there, or correct `files`",
        )
    return paths


def files_like(pattern: str) -> list[Path]:
    """A path as it is, a glob expanded; relative to the clone."""
    path = _absolute(pattern)
    if path.exists() or not any(mark in pattern for mark in "*?["):
        return [path] if path.exists() or path.is_symlink() else []
    anchor = Path(path.anchor)
    return sorted(found for found in anchor.glob(str(path.relative_to(anchor))) if found.is_file())


def _absolute(pattern: str) -> Path:
    return get_settings().project_dir / Path(pattern).expanduser()


def _landed_hashes(connection: Connection, source: str, entity: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct file ->> 'content_hash' from ops.loads, jsonb_array_elements(files) as file"
            " where source = %s and entity = %s and kind <> 'replay'",
            (source, entity),
        )
        return {row[0] for row in cursor.fetchall()}


def _delivery(source: FileSource, entity: str, surveys: Sequence[Survey]) -> Delivery:
    files = source.entities[entity]
    readers = {str(seen.path): open_reader(seen, files) for seen in surveys}
    batches = [FileBatches(source, entity, reader, name) for name, reader in readers.items()]
    names = tuple(
        DeliveredFile(str(seen.path), seen.content_hash, readers[str(seen.path)].replay_header) for seen in surveys
    )

    def originals(file_name: str, row_numbers: Collection[int]) -> Mapping[int, tuple[bytes, RawFormat]]:
        reader = readers[file_name]
        return {row: (raw, reader.raw_format) for row, raw in reader.originals(sorted(row_numbers)).items()}

    return Delivery(
        source=source.name,
        system=SYSTEM,
        entity=ENTITIES[entity],
        kind=files.delivery,
        fingerprint=_fingerprint(source, entity, surveys),
        files=names,
        batches=_read(batches, files.delivery),
        max_shrink_pct=files.max_shrink_pct,
        originals=originals,
    )


def _read(files: Sequence[FileBatches], kind: DeliveryKind) -> Iterator[Batch]:
    for batches in files:
        yield from batches
    if kind == "full" and not any(batches.judge.rows for batches in files):
        raise SourceError(
            f"{', '.join(batches.file_name for batches in files)}: a header and no rows; a full delivery of nothing "
            "would delete every record",
            "export again; or set `delivery: incremental` where an empty file means no change",
        )


def open_reader(seen: Survey, files: EntityFiles) -> Reader:
    """A reader for what the file really is. Raises UnreadableFile."""
    if seen.format == "csv":
        return CsvReader(seen, files)
    if seen.format == "xlsx":
        from cartera.connectors.files.xlsx_reader import XlsxReader

        return XlsxReader(seen, files)
    from cartera.connectors.files.parquet_reader import ParquetReader

    return ParquetReader(seen, files)


def _fingerprint(source: FileSource, entity: str, surveys: Sequence[Survey]) -> str:
    mapping = source.entities[entity].model_dump_json(exclude={"files", "max_shrink_pct"})
    parts = [*(seen.content_hash for seen in surveys), source.constant(entity, "company_id") or "", mapping]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_quarantined(
    source: FileSource,
    entity: str,
    header: str,
    raw_bytes: bytes,
    raw_format: RawFormat,
    *,
    file_name: str,
    row_number: int,
) -> Batch:
    """One record from quarantine, read with the present mapping: a batch of one row or one reject.

    `header` is the DeliveredFile's. Raises MissingColumn when the mapping no longer fits that header.
    """
    reader = _OneRecord(_known(header), raw_bytes, raw_format, source.entities[entity], row_number)
    return FileBatches(source, entity, reader, file_name).batch(next(reader.chunks({})))


def _known(header: str) -> dict[str, object]:
    try:
        known = json.loads(header)
        if isinstance(known, dict) and isinstance(known.get("headers"), list):
            return known
    except ValueError:
        pass
    raise SourceError("the header of the file that this record came in is not known", "deliver the record again")


class _OneRecord:
    """A reader of a single record; what the mapping says goes before what was detected then."""

    def __init__(
        self, known: Mapping[str, object], raw: bytes, raw_format: RawFormat, files: EntityFiles, row: int
    ) -> None:
        self.headers = [str(name) for name in cast(list[object], known["headers"])]
        self.raw_format, self.first_row = raw_format, row
        self._raw, self._files = raw, files
        self._encoding = files.encoding or str(known.get("encoding", "utf-8"))
        self._delimiter = files.delimiter or str(known.get("delimiter", ","))

    @property
    def replay_header(self) -> str:
        return json.dumps({"headers": self.headers})

    def chunks(self, wanted: Wanted) -> Iterator[Chunk]:
        cells = self._cells()
        bad = self._bad(cells)
        rows = 0 if bad else 1
        columns = {
            column_name(place): pa.array([_unicode(cell)][:rows], pa.string())
            for place, cell in enumerate((cells + [""] * len(self.headers))[: len(self.headers)])
        }
        numbers = pa.array([self.first_row][:rows], pa.int64())
        yield Chunk(pa.table(columns), numbers, lambda places: [self._raw for _place in places], bad)

    def _cells(self) -> list[str]:
        if self.raw_format == "json":
            cells = json.loads(self._raw)
            if not isinstance(cells, list):
                raise SourceError("this record was kept without its original cells", "deliver it again, corrected")
            return ["" if cell is None else str(cell) for cell in cells]
        return parse_record(self._raw, self._encoding, self._delimiter)

    def _bad(self, cells: list[str]) -> list[BadRecord]:
        if len(cells) != len(self.headers):
            said = f"has {len(cells)} fields, the header has {len(self.headers)}"
            return [BadRecord(self.first_row, "wrong_field_count", said, self._raw)]
        if any("\0" in cell or cell != _unicode(cell) for cell in cells):
            said = f"holds bytes that are no text in {self._encoding}; name the right `encoding`"
            return [BadRecord(self.first_row, "invalid_bytes", said, self._raw)]
        return []

    def originals(self, row_numbers: Sequence[int]) -> dict[int, bytes]:
        return dict.fromkeys(row_numbers, self._raw)


def _unicode(cell: str) -> str:
    return cell.encode("utf-8", "replace").decode()


__all__ = ["UnreadableFile", "deliveries", "files_like", "matching_files", "open_reader", "read_quarantined"]
