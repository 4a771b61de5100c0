"""The mapping of one entity applied to one file's header: which positions fill which column."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from cartera.connectors.files.chunk import Chunk, Reader, Wanted, column_name
from cartera.connectors.files.convert import Reading, Typed, convert, is_text, native_text, plain, trimmed
from cartera.connectors.files.dates import DateReader
from cartera.connectors.files.spec import FileSource, did_you_mean
from cartera.connectors.files.types import ARROW_TYPES
from cartera.errors import ConfigError, MissingColumn
from cartera.landing.entities import ENTITIES, Column

KEY_SEPARATOR = "|"


class Mapping:
    """Raises MissingColumn when the header lacks a mapped column or has it twice."""

    def __init__(self, source: FileSource, entity: str, reader: Reader, file_name: str) -> None:
        self.source, self.entity, self.file_name = source, ENTITIES[entity], file_name
        self.files = source.entities[entity]
        self.reading = Reading(DateReader(self.files.dates), self.files.decimal, self.files.thousands)
        self._headers = reader.headers
        self._positions = {
            column: [self._position(column, header) for header in self.files.columns[column.name]]
            for column in self.entity.columns
            if column.name in self.files.columns
        }
        self._constants = {
            column: self._constant(column) for column in self.entity.columns if column not in self._positions
        }

    @property
    def wanted(self) -> Wanted:
        used: dict[int, list[Column]] = {}
        for column, positions in self._positions.items():
            for position in positions:
                # what is joined or chosen from several headers is read as text first
                part = column if len(positions) == 1 else Column(f"{column.name}_part")
                used.setdefault(position, []).append(part)
        return used

    def raw(self, chunk: Chunk) -> dict[Column, pa.Array]:
        """The delivered values of every mapped column."""
        arrays = {position: _one_array(chunk.table.column(column_name(position))) for position in self.wanted}
        return {
            column: arrays[positions[0]]
            if len(positions) == 1
            else self._united(column, [arrays[p] for p in positions])
            for column, positions in self._positions.items()
        }

    def typed(self, column: Column, raw: pa.Array) -> Typed:
        return convert(column, raw, self.reading, self.files.values.get(column.name, {}))

    def constant(self, column: Column, count: int) -> pa.Array:
        value = self._constants[column]
        return pa.nulls(count, ARROW_TYPES[column.type]) if value is None else pa.repeat(value, count)

    def header_of(self, column: Column) -> str:
        return " or ".join(self.files.columns[column.name])

    def _position(self, column: Column, header: str) -> int:
        places = [place for place, name in enumerate(self._headers) if name == header.strip()]
        if len(places) == 1:
            return places[0]
        if places:
            raise MissingColumn(
                f"{self.file_name}: the header has {header!r} {len(places)} times, in columns "
                f"{', '.join(str(place + 1) for place in places)}",
                f"rename all but one of them, or map another header to {column.name} in {self.source.path}",
            )
        guess = did_you_mean(header, self._headers)
        guess = "" if guess.startswith("known") else f" ({guess})"
        raise MissingColumn(
            f"{self.file_name}: there is no column {header!r}, which is mapped to {column.name}{guess}; "
            f"the header has: {', '.join(self._headers)}",
            f"correct entities.{self.entity.name}.columns.{column.name} in {self.source.path}, or export that column",
        )

    def _constant(self, column: Column) -> pa.Scalar | None:
        value = self.source.constant(self.entity.name, column.name)
        if value is None:
            return None
        typed = convert(column, pa.array([value]), Reading(DateReader()), {})
        if typed.problems:
            raise ConfigError(
                f"{self.source.path}: entities.{self.entity.name}.constants.{column.name}: {value!r} can't be read",
                "write dates as YYYY-MM-DD and amounts with a decimal point",
            )
        return typed.values[0]

    def _united(self, column: Column, arrays: list[pa.Array]) -> pa.Array:
        """A key of several parts is joined; any other column takes the first that is not empty."""
        parts = [plain(trimmed(array if is_text(array.type) else native_text(array))) for array in arrays]
        if column.name != self.entity.key:
            return pc.coalesce(*parts)
        joined = pc.binary_join_element_wise(*parts, KEY_SEPARATOR, null_handling="replace", null_replacement="")
        return pc.if_else(reduce(pc.and_, map(pc.is_null, parts)), pa.scalar(None, pa.string()), joined)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.unify_dictionaries().chunks) if column.num_chunks else pa.array([], column.type)
