"""The file source: CSV, XLSX and Parquet exports by a mapping in sources/<name>.yaml.

Heavy libraries are imported when files are read, so that commands which read none start fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cartera.connectors.files.spec import EntityFiles, FileSource, load_source, source_paths

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from cartera.landing.delivery import Batch, Delivery, RawFormat


def deliveries(source: FileSource, connection: Connection | None = None) -> Iterator[Delivery]:
    """What `source` delivers now; see `delivery.deliveries`. Raises SourceError."""
    from cartera.connectors.files.delivery import deliveries

    return deliveries(source, connection)


def read_quarantined(
    source: FileSource,
    entity: str,
    header: str,
    raw_bytes: bytes,
    raw_format: RawFormat,
    *,
    file_name: str = "quarantine",
    row_number: int = 0,
) -> Batch:
    """One record from quarantine by the present mapping; see `delivery.read_quarantined`. Raises SourceError."""
    from cartera.connectors.files.delivery import read_quarantined

    return read_quarantined(source, entity, header, raw_bytes, raw_format, file_name=file_name, row_number=row_number)


__all__ = [
    "EntityFiles",
    "FileSource",
    "deliveries",
    "load_source",
    "read_quarantined",
    "source_paths",
]
