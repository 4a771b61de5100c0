"""From export files to a mapping: guess or take one given, try it on the whole file, write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cartera.connectors.files.delivery import open_reader
from cartera.connectors.files.preview import Preview, preview
from cartera.connectors.files.source_yaml import entity_block, write_source
from cartera.connectors.files.spec import RESERVED_NAMES, EntityFiles, FileSource, did_you_mean, load_source
from cartera.connectors.files.suggest import Suggestion, Wishes, suggest
from cartera.connectors.files.survey import survey
from cartera.errors import ConfigError, SourceError
from cartera.landing.entities import ENTITIES
from cartera.money import currencies
from cartera.settings import Settings


@dataclass(frozen=True)
class Plan:
    """What would be written to `path`, entity by entity, and what each makes of its files."""

    path: Path
    source: FileSource
    suggestions: dict[str, Suggestion]
    previews: dict[str, Preview] = field(default_factory=dict)

    @property
    def replaced(self) -> list[str]:
        """Entities that the mapping file already has."""
        known = load_source(self.path).entities if self.path.exists() else {}
        return [entity for entity in self.suggestions if entity in known]


def plan(
    settings: Settings,
    patterns: Sequence[str],
    *,
    name: str | None = None,
    company_id: str | None = None,
    entities: Sequence[str] = (),
    wishes: Wishes = Wishes(),
    mapping: Path | None = None,
) -> Plan:
    """The mapping of some files, tried on all their rows. Raises SourceError, ConfigError."""
    _check(wishes, entities, patterns)
    path = settings.sources_dir / f"{name or _name_from(patterns[0])}.yaml"
    if path.stem in RESERVED_NAMES:
        raise ConfigError(RESERVED_NAMES[path.stem], "choose another with --name")
    given = load_source(mapping) if mapping else None
    suggestions: dict[str, Suggestion] = {}
    for place, pattern in enumerate(patterns):
        wished = Wishes(
            entities[place] if place < len(entities) else None, wishes.currency, wishes.dates, wishes.delivery
        )
        file, stored = _first_file(pattern), _stored(pattern, settings)
        found = _from_given(given, file, stored, wished) if given else suggest(file, stored, wished)
        if found.entity in suggestions:
            raise ConfigError(
                f"{pattern}: holds {found.entity}, like {suggestions[found.entity].files.files}",
                "give files of one entity as one pattern in quotes, e.g. 'exports/*.csv', or say --entity for each",
            )
        suggestions[found.entity] = found
    source = _source(path, company_id or (given.company_id if given else None), suggestions)
    return Plan(path, source, suggestions, {entity: preview(source, entity) for entity in suggestions})


def _check(wishes: Wishes, entities: Sequence[str], patterns: Sequence[str]) -> None:
    for entity in entities:
        if entity not in ENTITIES:
            raise ConfigError(f"there is no entity {entity!r}", did_you_mean(entity, sorted(ENTITIES)))
    if len(entities) > len(patterns):
        raise ConfigError("--entity is given more often than there are files", "give it once for each file, in order")
    if wishes.currency is not None and wishes.currency not in currencies():
        raise ConfigError(f"{wishes.currency!r} is no ISO 4217 currency code", "write e.g. --currency USD, PEN, COP")


def _name_from(pattern: str) -> str:
    stem = Path(pattern).name.split(".")[0]
    return re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_") or "files"


def _first_file(pattern: str) -> Path:
    path = Path(pattern).expanduser().absolute()
    if path.exists():
        return path
    anchor = Path(path.anchor)
    found = sorted(anchor.glob(str(path.relative_to(anchor)))) if any(mark in pattern for mark in "*?[") else []
    if not found:
        raise SourceError(f"{pattern}: there is no such file", f"looked for {path}; correct the path")
    return found[0]


def _stored(pattern: str, settings: Settings) -> str:
    """Relative where the file lies in the clone, so that the clone can move; else absolute."""
    path = Path(pattern).expanduser().absolute()
    return str(path.relative_to(settings.project_dir)) if path.is_relative_to(settings.project_dir) else str(path)


def _from_given(given: FileSource, file: Path, stored: str, wished: Wishes) -> Suggestion:
    """The entity of a given mapping that fits the file's header, pointed at this file."""
    fitting = []
    for entity, files in given.entities.items():
        headers = open_reader(survey(file, files), files).headers
        if entity == wished.entity or {name for names in files.columns.values() for name in names} <= set(headers):
            fitting.append((len(files.columns), entity, files, headers))
    if not fitting:
        raise SourceError(
            f"{file}: no entity of {given.path} fits its header",
            f"correct the mapping, or name one of {', '.join(given.entities)} with --entity",
        )
    _count, entity, files, headers = max(fitting, key=lambda found: (found[1] == wished.entity, found[0]))
    used = {name for names in files.columns.values() for name in names}
    moved = files.model_copy(update={"files": stored})
    return Suggestion(entity, moved, headers, [name for name in headers if name and name not in used], "en")


def _source(path: Path, company_id: str | None, suggestions: dict[str, Suggestion]) -> FileSource:
    entities: dict[str, EntityFiles] = {entity: found.files for entity, found in suggestions.items()}
    existing = load_source(path).company_id if path.exists() else None
    source = FileSource(system="files", company_id=existing or company_id or "main", entities=entities)
    source._path = path
    if company_id and company_id != source.company_id:
        for entity, files in entities.items():
            if ENTITIES[entity].has_company and "company_id" not in files.columns:
                files.constants["company_id"] = company_id
    return source


def write(plan: Plan) -> None:
    """Store the mapping. Raises ConfigError when the folder can't be written."""
    blocks = {
        entity: entity_block(entity, found.files, found.unmapped, found.notes)
        for entity, found in plan.suggestions.items()
    }
    write_source(plan.path, plan.source.company_id, blocks)
