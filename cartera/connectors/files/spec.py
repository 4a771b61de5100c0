"""sources/<name>.yaml: which files hold which entity, and what their headers mean in our words.

system: files
company_id: main                      # where no column is mapped to company_id
entities:
  invoices:
    files: ../exports/invoices*.csv   # path or glob, relative to the clone
    delivery: full                    # full: all matching files together are the complete state; or incremental
    columns: {invoice_id: Factura, paid_date: [FechaPago, Fecha2]}   # a list: the first that is not empty
    constants: {currency_code: USD}
    values: {is_disputed: {'Si': true, 'No': false}}
"""

from __future__ import annotations

import codecs
import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from cartera.errors import ConfigError
from cartera.landing.entities import ENTITIES, Column, Entity
from cartera.landing.own_sources import OWN_SOURCES
from cartera.money import currencies
from cartera.settings import Settings
from cartera.yaml_config import line_of, load_yaml_model

FileFormat = Literal["csv", "xlsx", "parquet"]
Location = tuple[int | str, ...]

LINKS_FILE = "links.yaml"
"""Stands beside the sources and is none: connectors/links."""
RESERVED_NAMES = {
    **{name: f"{name} is the name of {what} as a source" for name, what in OWN_SOURCES.items()},
    "links": "links is the name of the file with the rules by which customers are linked",
}
NULL_WORDS = ("", "null", "~")
_NEEDED = ("files", "columns")
BOOLEANS = {"true": True, "false": False}
_SEPARATOR_WORDS = {"tab": "\t", "\\t": "\t", "space": " ", "nbsp": " ", "\u00a0": " ", "\u202f": " "}


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _separator(value: object) -> object:
    return _SEPARATOR_WORDS.get(value, value) if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_one_or_many)]


class EntityFiles(BaseModel):
    """The files of one entity and how to read them. `thousands: ' '` also means no-break spaces."""

    model_config = ConfigDict(extra="forbid")

    files: str = Field(min_length=1)
    delivery: Literal["full", "incremental"] = "full"
    format: FileFormat | None = None
    encoding: str | None = None
    delimiter: Annotated[str | None, BeforeValidator(_separator)] = Field(None, min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Annotated[Literal[".", ",", " ", "'"] | None, BeforeValidator(_separator)] = None
    dates: Texts = []
    sheet: str | None = None
    columns: dict[str, Texts] = Field(min_length=1)
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    max_shrink_pct: Decimal = Field(Decimal(20), ge=0, le=100)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_the_default(cls, given: object) -> object:
        """`thousands:` or `sheet: null` says nothing."""
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if key in _NEEDED or value not in NULL_WORDS}

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            return codecs.lookup(value).name if value else None
        except LookupError:
            raise ValueError(f"{value!r} is no encoding; usual are utf-8, cp1252, latin-1, utf-16") from None

    @field_validator("dates")
    @classmethod
    def _known_dates(cls, values: list[str]) -> list[str]:
        day = dt.date(2026, 11, 28)
        for value in values:
            try:
                if dt.datetime.strptime(day.strftime(value), value).date() == day:  # noqa: DTZ007
                    continue
            except ValueError:
                pass
            raise ValueError(f"{value!r} does not name day, month and year; write it like %d/%m/%Y")
        return values

    @model_validator(mode="after")
    def _separators_differ(self) -> EntityFiles:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; they must differ")
        return self


class FileSource(BaseModel):
    """One sources/<name>.yaml; its name is the name of the file."""

    model_config = ConfigDict(extra="forbid")

    system: Literal["files"]
    company_id: str = "main"
    schedule: str | None = Field(
        None, pattern=r"^(@(hourly|daily|weekly|monthly|quarterly|yearly)|null|(\S+ +){4}\S+)$"
    )
    """When `extract_<name>` runs in Airflow (dags/declared.py reads it): cron in UTC, or null for no clock."""
    pool: str | None = None
    """Airflow's pool for it; default: the one of all tasks."""
    retries: int = Field(3, ge=0, le=20)
    entities: dict[str, EntityFiles] = Field(min_length=1)
    _path: Path = PrivateAttr(default=Path("sources/unnamed.yaml"))

    @property
    def path(self) -> Path:
        return self._path

    @property
    def name(self) -> str:
        return self._path.stem

    def constant(self, entity: str, column: str) -> str | None:
        """The value of a column that no header is mapped to, or None."""
        files = self.entities[entity]
        if column == "company_id" and column not in files.columns and ENTITIES[entity].has_company:
            return files.constants.get(column, self.company_id)
        return files.constants.get(column)


def load_source(path: Path) -> FileSource:
    """The mapping in `path`. Raises ConfigError naming file, line and what was meant."""
    source = load_yaml_model(path, FileSource, as_text=True)
    source._path = path
    problems = [
        f"{path}:{line_of(path, location)}: {'.'.join(str(part) for part in location)}: {problem}"
        for location, problem in problems_of(source)
    ]
    if problems:
        raise ConfigError("\n  ".join(problems), f"correct {path.name} and run again")
    return source


def source_paths(settings: Settings) -> list[Path]:
    """The files of sources: the user's own, and those of the sandbox."""
    # both may be the same folder, also by another name of it
    folders = {folder.resolve(): folder for folder in (settings.home / "sources", settings.sources_dir)}
    return [
        path
        for folder in reversed(folders.values())
        for path in sorted(folder.glob("*.y*ml"))
        if path.suffix in (".yaml", ".yml") and path.name != LINKS_FILE
    ]


def problems_of(source: FileSource) -> Iterator[tuple[Location, str]]:
    """What the shape alone can't show: (where, what is wrong)."""
    for name, files in source.entities.items():
        entity = ENTITIES.get(name)
        if entity is None:
            yield ("entities", name), f"there is no such entity; {did_you_mean(name, sorted(ENTITIES))}"
        else:
            for location, problem in _entity_problems(entity, files, source):
                yield ("entities", name, *location), problem


def _entity_problems(entity: Entity, files: EntityFiles, source: FileSource) -> Iterator[tuple[Location, str]]:
    known = [column.name for column in entity.columns]
    for section in ("columns", "constants", "values"):
        for name in getattr(files, section):
            if name not in known:
                yield (section, name), f"{entity.name} have no such column; {did_you_mean(name, known)}"
    for name in files.columns.keys() & files.constants.keys():
        yield ("constants", name), "is also mapped under columns; keep one of them"
    for column in entity.columns:
        constant = source.constant(entity.name, column.name)
        if column.required and column.name not in files.columns and constant is None:
            yield ("columns",), _line_to_add(column, files)
        yield from _value_problems(column, files.values.get(column.name, {}))
        if column.name in files.constants:
            yield from _constant_problems(column, files.constants[column.name])


def _line_to_add(column: Column, files: EntityFiles) -> str:
    where = "or under constants, " if column.type == "text" else ""
    example = "currency_code: USD" if column.name == "currency_code" else f"{column.name}: its value"
    return (
        f"{column.name} is needed and nothing is mapped to it; add the line `{column.name}: "
        f"<header in {Path(files.files).name}>`" + (f", {where}`{example}`" if where else "")
    )


def _constant_problems(column: Column, value: str) -> Iterator[tuple[Location, str]]:
    location = ("constants", column.name)
    if column.name.endswith("currency_code") and value not in currencies():
        yield location, f"{value!r} is not an ISO 4217 currency code; write e.g. USD, PEN, COP"
    if column.choices and value not in column.choices:
        yield location, f"{value!r} is not possible; {did_you_mean(value, column.choices)}"
    if column.type == "boolean" and value.lower() not in BOOLEANS:
        yield location, f"{value!r} is neither true nor false"


def _value_problems(column: Column, values: Mapping[str, str]) -> Iterator[tuple[Location, str]]:
    for written, meaning in values.items():
        location = ("values", column.name, written)
        if meaning in NULL_WORDS:
            continue
        if column.choices and meaning not in column.choices:
            yield location, f"{meaning!r} is not possible; {did_you_mean(meaning, column.choices)}"
        if column.type == "boolean" and meaning.lower() not in BOOLEANS:
            yield location, f"{meaning!r} is neither true nor false"


def did_you_mean(written: str, known: Sequence[str]) -> str:
    """The nearest of the known words, or all of them."""
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(written.lower(), lower, n=1, cutoff=0.6)
    close = close or [name for name in lower if len(written) > 3 and written.lower() in name.split()]
    return f"did you mean {lower[close[0]]}?" if close else f"known are: {', '.join(known)}"
