"""Headers in three languages to columns of ours: the table is headers.yaml."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cartera.landing.entities import Entity

_SMALL_WORDS = frozenset(re.findall(r"\w+", "of the a an de del da do das dos la el los las lo le y e en"))
_NUMBER_WORDS = frozenset(re.findall(r"\w+", "number numero no nro nr num n nbr"))
_NOT_YET = frozenset(
    re.findall(r"\w+", "expected planned scheduled promised estimated esperada prevista estimada prometida programada")
)
"""An expected payment date is no payment date."""
LAST_RANK = 1000


@cache
def table() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "headers.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def normalized(header: str) -> str:
    """`FechaEmisión`, `fecha_de_emision` and `FECHA DE EMISIÓN` are all `fecha emision`."""
    text = re.sub(r"(?i)\bn[º°ª]|#", " numero ", header.strip())
    text = re.sub(r"(?<=[a-z0-9áéíóúñç])(?=[A-ZÁÉÍÓÚÑÇ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = ["numero" if word in _NUMBER_WORDS else word for word in re.findall(r"[a-z0-9$]+", text)]
    kept = [word for word in words if word not in _SMALL_WORDS]
    return " ".join(kept or words)


@dataclass(frozen=True)
class Guess:
    """`columns`: ours -> their header. `language`: en, es or pt, of most headers."""

    columns: dict[str, str]
    language: str


def guess_columns(headers: Sequence[str], entity: Entity) -> Guess:
    """The best header for each column: exact words first, in the table's order, then headers that hold them all."""
    known = {header: normalized(header) for header in headers if header and headers.count(header) == 1}
    found: dict[str, str] = {}
    languages: Counter[str] = Counter()
    for is_exact in (True, False):
        for column in _in_order(entity):
            taken = {header for name, header in found.items() if not _may_share(name, column)}
            if column not in found and (match := _match(column, entity, known, taken, is_exact)):
                found[column], language = match
                languages[language] += 1
    if entity.name == "invoices" and "invoice_id" not in found and "number" in found:
        found["invoice_id"] = found["number"]
    _name_the_key(entity, known, found)
    for group in ("apps", "last"):
        languages.pop(group, None)
    order = [column.name for column in entity.columns if column.name in found]
    best = languages.most_common(1)
    return Guess({name: found[name] for name in order}, best[0][0] if best else "en")


def _in_order(entity: Entity) -> list[str]:
    """Required columns choose first; ids before names, so that a `cliente` beside `ruc` is the name."""
    return [column.name for column in sorted(entity.columns, key=lambda column: not column.required)]


def _may_share(name: str, column: str) -> bool:
    return {name, column} in ({"invoice_id", "number"}, {"customer_id", "customer_name"})


def _match(
    column: str, entity: Entity, known: Mapping[str, str], taken: set[str], is_exact: bool
) -> tuple[str, str] | None:
    free = {header: words for header, words in known.items() if header not in taken}
    best: tuple[int, str, str] | None = None
    for language, phrases in _phrases(column).items():
        for rank, phrase in enumerate(phrases):
            for header, words in free.items():
                is_match = _same(words, phrase) if is_exact else _holds(words, phrase)
                place = rank + LAST_RANK * (language == "last")
                if is_match and (best is None or place < best[0]):
                    best = (place, header, language)
    return (best[1], best[2]) if best else None


def _phrases(column: str) -> dict[str, list[str]]:
    own = {language: list(phrases) for language, phrases in table()["columns"].get(column, {}).items()}
    own.setdefault("en", []).insert(0, column.replace("_", " "))
    return own


def _same(words: str, phrase: str) -> bool:
    wanted = normalized(phrase)
    return words == wanted or words.replace(" ", "") == wanted.replace(" ", "")


def _holds(words: str, phrase: str) -> bool:
    wanted = normalized(phrase).split()
    held = set(words.split())
    return len(wanted) > 1 and set(wanted) <= held and not held & _NOT_YET


def _name_the_key(entity: Entity, known: Mapping[str, str], found: dict[str, str]) -> None:
    """A plain `id` is the key, unless the key's own words are there."""
    own = entity.key in found and found[entity.key] != found.get("number")
    plain = next((header for header, words in known.items() if words in table()["key"]), None)
    if plain and not own and plain not in found.values():
        found[entity.key] = plain


def meaning_of(value: str, words: Mapping[str, Sequence[str]]) -> str | None:
    """Our word for one of theirs, by a vocabulary of headers.yaml."""
    plain = value.strip().casefold()
    said = normalized(value)
    for ours, theirs in words.items():
        if (
            plain == ours.casefold()
            or plain in theirs
            or said in {normalized(str(word)) for word in theirs if normalized(str(word))}
        ):
            return ours
    return None


def entities_named(file_stem: str) -> set[str]:
    """What the file's name says it holds."""
    words = set(normalized(file_stem).split())
    return {entity for entity, names in table()["names"].items() if words & set(names)}
