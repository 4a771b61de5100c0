"""A mapping guessed from one file: the entity from the headers, the rest from the headers and the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cartera.connectors.files.chunk import Reader, column_name
from cartera.connectors.files.convert import FALSE_WORDS, TRUE_WORDS, native_text, plain
from cartera.connectors.files.delivery import open_reader
from cartera.connectors.files.guess_values import guess_dates, guess_numbers
from cartera.connectors.files.header_words import Guess, entities_named, guess_columns, meaning_of, table
from cartera.connectors.files.spec import EntityFiles
from cartera.connectors.files.survey import survey
from cartera.connectors.files.types import is_currency
from cartera.errors import ConfigError, SourceError
from cartera.landing.entities import ENTITIES, Column, Entity
from cartera.money import currencies

SAMPLE_ROWS = 50_000
MAX_WORDS = 50
"""A column of words has few distinct ones."""
MIN_KNOWN_SHARE = 0.5
_NEEDED_BESIDE_KEY = {
    "customers": ("name", "tax_id", "email"),
    "companies": ("calendar_id", "due_date_rule"),
}
"""An id alone makes no customer and no company: lists of documents hold those too."""
_COMPOSED_KEYS = {
    "fx_rates": ("company_id", "currency_code", "company_currency_code", "rate_date"),
    "closed_days": ("calendar_id", "closed_date"),
}
"""Lists that rarely have ids: their key is made of these columns, as far as the file has them."""


@dataclass
class Suggestion:
    """`files`: the mapping. `notes`: what was doubtful. `unmapped`: headers that nothing is read from."""

    entity: str
    files: EntityFiles
    headers: list[str]
    unmapped: list[str]
    language: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wishes:
    """What the user said; None: to be guessed."""

    entity: str | None = None
    currency: str | None = None
    dates: tuple[str, ...] = ()
    delivery: str = "full"


def suggest(path: Path, pattern: str, wishes: Wishes) -> Suggestion:
    """A mapping for the file at `path`, to be stored with `pattern` as its `files`.

    Raises SourceError when the file can't be read or holds no entity, ConfigError when the currency is unknown.
    """
    probe = EntityFiles(files=pattern, columns={"x": ["x"]})
    reader = open_reader(survey(path, probe), probe)
    entity, guess = _entity(reader.headers, path, wishes.entity)
    samples = _samples(reader, guess.columns)
    notes: list[str] = []
    values = _vocabularies(entity, guess, samples, notes)
    numbers = _numbers(entity, guess, samples, notes)
    constants = _currency(entity, guess, wishes, path)
    files = EntityFiles(
        files=pattern,
        delivery="incremental" if wishes.delivery == "incremental" else "full",
        decimal=numbers[0],
        thousands=numbers[1],
        dates=list(wishes.dates) or _dates(entity, guess, samples, wishes.currency, notes),
        columns=_keyed(entity, guess),
        constants=constants,
        values=values,
    )
    unmapped = [header for header in reader.headers if header and header not in guess.columns.values()]
    return Suggestion(entity.name, files, reader.headers, unmapped, guess.language, notes)


def _entity(headers: Sequence[str], path: Path, wanted: str | None) -> tuple[Entity, Guess]:
    guesses = {name: guess_columns(headers, ENTITIES[name]) for name in ([wanted] if wanted else ENTITIES)}
    complete = {name: guess for name, guess in guesses.items() if not _lacking(ENTITIES[name], guess, headers)}
    if not complete:
        raise _no_entity(path, headers, guesses)
    named = entities_named(path.stem)
    best = max(complete, key=lambda name: _score(ENTITIES[name], complete[name]) + 3 * (name in named))
    return ENTITIES[best], complete[best]


def _given(entity: Entity) -> Sequence[str]:
    """What need not stand in the file: constants, and a key made of other columns."""
    own_key = [entity.key] if entity.name in _COMPOSED_KEYS else []
    return ["currency_code", *own_key, *(["company_id"] if entity.has_company else [])]


def _keyed(entity: Entity, guess: Guess) -> dict[str, list[str]]:
    columns = {name: [header] for name, header in guess.columns.items()}
    if entity.key in columns:
        return columns
    parts = [guess.columns[name] for name in _COMPOSED_KEYS.get(entity.name, ()) if name in guess.columns]
    return {entity.key: parts, **columns} if parts else columns


def _score(entity: Entity, guess: Guess) -> int:
    """Columns found, the required ones thrice: the richest reading of the file is the right one."""
    return sum(3 if entity.column(name).required else 1 for name in guess.columns)


def _lacking(entity: Entity, guess: Guess, headers: Sequence[str]) -> list[str]:
    """What the headers don't give and no constant can."""
    lacking = [
        column.name
        for column in entity.columns
        if column.required and column.name not in (*guess.columns, *_given(entity))
    ]
    beside = _NEEDED_BESIDE_KEY.get(entity.name, ())
    if beside and not any(name in guess.columns for name in beside):
        lacking.append(" or ".join(beside))
    return lacking


def _no_entity(path: Path, headers: Sequence[str], guesses: Mapping[str, Guess]) -> SourceError:
    lacking = {name: _lacking(ENTITIES[name], guess, headers) for name, guess in guesses.items()}
    own = {name for name, guess in guesses.items() if ENTITIES[name].key in guess.columns}
    near = sorted(lacking, key=lambda name: (name not in own, len(lacking[name])))[:3]
    said = "; ".join(f"as {name} it lacks {', '.join(lacking[name])}" for name in near)
    return SourceError(
        f"{path}: its columns ({', '.join(headers[:20])}) make no records of ours: {said}",
        "export it with those columns, leave the file out, or say with --mapping where they are",
    )


def _samples(reader: Reader, columns: Mapping[str, str]) -> dict[str, list[str]]:
    """The distinct values of each mapped header among the first rows."""
    positions = {header: reader.headers.index(header) for header in columns.values()}
    wanted = {position: [Column("sample")] for position in positions.values()}
    chunks, rows = [], 0
    for chunk in reader.chunks(wanted):
        chunks.append(chunk.table)
        rows += chunk.table.num_rows
        if rows >= SAMPLE_ROWS:
            break
    joined = pa.concat_tables(chunks).slice(0, SAMPLE_ROWS) if chunks else None
    return {header: _distinct(joined, position) for header, position in positions.items()}


def _distinct(joined: pa.Table | None, position: int) -> list[str]:
    if joined is None:
        return []
    values = joined.column(column_name(position)).combine_chunks()
    text = plain(values) if pa.types.is_string(values.type) else native_text(plain(values))
    return [value.strip() for value in pc.unique(text).to_pylist() if value and value.strip()]


def _of_type(entity: Entity, guess: Guess, kinds: Sequence[str]) -> dict[str, str]:
    return {name: header for name, header in guess.columns.items() if entity.column(name).type in kinds}


def _dates(
    entity: Entity, guess: Guess, samples: Mapping[str, list[str]], currency: str | None, notes: list[str]
) -> list[str]:
    headers = _of_type(entity, guess, ["date"])
    nothing = set(table()["nothing"])
    by_name = {name: [value for value in samples[header] if value not in nothing] for name, header in headers.items()}
    values = [value for of_one in by_name.values() for value in of_one]
    month_first = guess.language == "en" and currency in (None, "USD")
    found = guess_dates(islice(values, SAMPLE_ROWS), month_first=month_first)
    if found.is_ambiguous:
        order = "month/day" if month_first else "day/month"
        notes.append(f"dates: no value tells days from months; {order} is assumed: check, or say it with --dates")
    for name, header in headers.items():
        if by_name[name] and guess_dates(by_name[name]).share < MIN_KNOWN_SHARE:
            notes.append(f"{name}: few values of {header!r} are dates, e.g. {by_name[name][0]!r}")
    return list(found.formats)


def _numbers(
    entity: Entity, guess: Guess, samples: Mapping[str, list[str]], notes: list[str]
) -> tuple[str, str | None]:
    headers = _of_type(entity, guess, ["amount", "rate"])
    found = guess_numbers(value for header in headers.values() for value in samples[header])
    if found.is_ambiguous:
        notes.append(
            f"amounts: {found.thousands!r} is taken for the thousands separator; correct `decimal` if it is not"
        )
    return found.decimal, found.thousands


def _currency(entity: Entity, guess: Guess, wishes: Wishes, path: Path) -> dict[str, str]:
    if not entity.has_currency or "currency_code" in guess.columns:
        return {}
    if wishes.currency:
        return {"currency_code": wishes.currency}
    if not entity.column("currency_code").required:
        return {}
    raise ConfigError(
        f"{path}: no column tells the currency of these {entity.name}",
        "say it with --currency, e.g. --currency USD",
    )


def _vocabularies(
    entity: Entity, guess: Guess, samples: Mapping[str, list[str]], notes: list[str]
) -> dict[str, dict[str, str]]:
    """Their words -> ours, for booleans, choices, currencies; and what stands for nothing, for dates and amounts."""
    values: dict[str, dict[str, str]] = {}
    for name, header in list(guess.columns.items()):
        column, words = entity.column(name), samples[header]
        nothing = {word: "null" for word in words if word in table()["nothing"]}
        words = [word for word in words if word not in nothing]
        meanings = _meanings(entity, column, words, guess.language)
        found: dict[str, str] = {}
        if meanings is not None:
            unknown = [word for word in words if word not in meanings]
            if words and len(unknown) > MIN_KNOWN_SHARE * len(words) and not column.required:
                notes.append(f"{name}: {header!r} left out, its words are unknown: {', '.join(words[:5])}")
                del guess.columns[name]
                continue
            if unknown:
                notes.append(
                    f"{name}: say under `values` what these words of {header!r} mean: {', '.join(unknown[:10])}"
                )
            found = {word: ours for word, ours in meanings.items() if word != ours}
        if nothing and (column.type != "text" or column.choices):
            found |= nothing
        if found:
            values[name] = found
    return values


def _meanings(entity: Entity, column: Column, words: Sequence[str], language: str) -> dict[str, str] | None:
    """None for columns that hold no words of a known vocabulary."""
    if column.type == "boolean":
        return {word: str(_truth(word)).lower() for word in words[:MAX_WORDS] if _truth(word) is not None}
    if is_currency(column):
        return {word: code for word in words[:MAX_WORDS] if (code := _currency_of(word))}
    if not column.choices:
        return None
    vocabulary = "payment_status" if column.name == "status" and entity.name == "payments" else column.name
    known = {word: meaning_of(word, table()["values"][vocabulary]) for word in words[:MAX_WORDS]}
    if vocabulary == "status" and language == "pt":
        known |= {word: "void" for word in words if word.casefold() in ("cancelado", "cancelada")}
    return {word: ours for word, ours in known.items() if ours}


def _truth(word: str) -> bool | None:
    folded = word.casefold()
    return True if folded in TRUE_WORDS else False if folded in FALSE_WORDS else None


def _currency_of(word: str) -> str | None:
    return word.upper() if word.upper() in currencies() else meaning_of(word, table()["values"]["currency_code"])
