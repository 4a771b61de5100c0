"""What a mapping makes of its files, without landing: rows, amounts, what would be refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cartera.connectors.files.batches import FileBatches
from cartera.connectors.files.delivery import matching_files, open_reader
from cartera.connectors.files.spec import FileSource
from cartera.connectors.files.survey import survey
from cartera.errors import SourceError
from cartera.landing.delivery import NO_CURRENCY, Batch
from cartera.landing.entities import ENTITIES, Entity

SHOWN_ROWS = 5
MAX_KEYS = 20_000_000
"""Repeated keys are looked for up to here: all keys are held in memory for it."""


@dataclass
class Preview:
    """`refused`: (reason code, column) -> rows. `stopped`: why the whole file would be refused, or ''."""

    entity: Entity
    files: list[Path]
    rows: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    sample: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = ""

    @property
    def rows_refused(self) -> int:
        return self.refused.total()


def preview(source: FileSource, entity: str) -> Preview:
    """Reads all files of an entity. Raises UnreadableFile, MissingColumn; a misfit is told in `stopped`."""
    found = Preview(ENTITIES[entity], matching_files(source, entity))
    keys: list[pa.Array] = []
    try:
        for batch in _batches(source, entity, found.files):
            _add(found, batch)
            if found.rows <= MAX_KEYS:
                keys.append(pc.unique(batch.rows.column(found.entity.key)).cast(pa.large_string()))
    except SourceError as error:
        found.stopped = str(error)
        return found
    _count_repeats(found, keys)
    if not found.rows and source.entities[entity].delivery == "full":
        found.stopped = f"{', '.join(map(str, found.files))}: a header and no rows"
    return found


def _batches(source: FileSource, entity: str, paths: list[Path]) -> Iterator[Batch]:
    files = source.entities[entity]
    for path in paths:
        yield from FileBatches(source, entity, open_reader(survey(path, files), files), str(path))


def _add(found: Preview, batch: Batch) -> None:
    found.rows += batch.rows.num_rows + len(batch.rejects)
    for reject in batch.rejects:
        reason = (reject.reason_code, reject.column_name or "")
        found.refused[reason] += 1
        found.examples.setdefault(reason, reject.message)
    if len(found.sample) < SHOWN_ROWS:
        found.sample += batch.rows.slice(0, SHOWN_ROWS - len(found.sample)).to_pylist()
    for currency, amount in _sums(found.entity, batch.rows):
        found.amounts[currency] = found.amounts.get(currency, Decimal(0)) + amount


def _sums(entity: Entity, rows: pa.Table) -> Iterator[tuple[str, Decimal]]:
    if entity.amount is None or not rows.num_rows:
        return
    if not entity.has_currency:
        yield NO_CURRENCY, pc.sum(rows.column(entity.amount)).as_py()
        return
    grouped = rows.group_by("currency_code").aggregate([(entity.amount, "sum")])
    for row in grouped.to_pylist():
        yield row["currency_code"] or NO_CURRENCY, row[f"{entity.amount}_sum"]


def _count_repeats(found: Preview, keys: list[pa.Array]) -> None:
    """Landing keeps one of equal repeats and none of conflicting ones; here they are only counted."""
    good = found.rows - found.rows_refused
    distinct = len(pc.unique(pa.chunked_array(keys, pa.large_string()))) if keys else 0
    if keys and found.rows <= MAX_KEYS and good > distinct:
        reason = ("duplicate_key", found.entity.key)
        found.refused[reason] += good - distinct
        found.examples[reason] = (
            f"{good - distinct:,} rows repeat a {found.entity.key}; if rows are parts of a document, map a list of "
            f"headers to {found.entity.key}"
        )
