"""Writing sources/<name>.yaml: in a fixed order, to be corrected by hand; other entities stay as they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

import yaml

from cartera.connectors.files.spec import EntityFiles, load_source
from cartera.errors import ConfigError
from cartera.landing.entities import ENTITIES

INDENT = "  "


def entity_block(entity: str, files: EntityFiles, unmapped: Sequence[str] = (), notes: Sequence[str] = ()) -> list[str]:
    """The lines of one entity, below `entities:`."""
    lines = [f"{entity}:", *(f"  # {_one_line(note)}" for note in notes)]
    lines += [f"  {line}" for line in _settings(files)]
    lines.append("  columns: # our word: their header")
    lines += [f"    {name}: {_scalar_or_list(headers)}" for name, headers in _ordered(entity, files.columns)]
    if unmapped:
        lines += [f"    # not mapped: {_one_line(', '.join(unmapped))}"]
    if files.constants:
        lines.append("  constants: # the same in every row")
        lines += [f"    {name}: {_scalar(value)}" for name, value in files.constants.items()]
    if files.values:
        lines.append("  values: # their word: ours")
        for name, meanings in files.values.items():
            lines.append(f"    {name}:")
            lines += [f"      {_quoted(word)}: {_scalar(meaning)}" for word, meaning in meanings.items()]
    return [INDENT + line for line in lines]


def _settings(files: EntityFiles) -> Iterator[str]:
    yield f"files: {_scalar(files.files)} # path or pattern, relative to the clone"
    yield f"delivery: {files.delivery} # full: all matching files together are the complete state; or incremental"
    for name in ("format", "encoding", "delimiter", "sheet"):
        value = getattr(files, name)
        if value is not None:
            yield f"{name}: {_quoted(value)}"
    if files.decimal != "." or files.thousands:
        yield f"decimal: {_quoted(files.decimal)}"
    if files.thousands:
        yield f"thousands: {_quoted(files.thousands)}"
    if files.dates:
        yield f"dates: {_scalar_or_list(files.dates, quote=True)} # beside YYYY-MM-DD"
    if files.max_shrink_pct != 20:
        yield f"max_shrink_pct: {files.max_shrink_pct}"


def _ordered(entity: str, columns: dict[str, list[str]]) -> Iterable[tuple[str, list[str]]]:
    return [(column.name, columns[column.name]) for column in ENTITIES[entity].columns if column.name in columns]


def _scalar_or_list(values: Sequence[str], *, quote: bool = False) -> str:
    written = [_quoted(value) if quote else _scalar(value) for value in values]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _scalar(value: str) -> str:
    """Plain where YAML reads it back as the same text, else quoted."""
    return value if re.fullmatch(r"[A-Za-z_./][\w./-]*(?: [\w./-]+)*", value) else _quoted(value)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'" if value.isprintable() else json.dumps(value)


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def write_source(path: Path, company_id: str, blocks: dict[str, list[str]]) -> None:
    """Add or replace entities in the file, which is made when absent; the rest of it is kept, comments too.

    Raises ConfigError when the outcome would be no valid mapping; then the file is as it was.
    """
    if path.exists():
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        for entity, block in blocks.items():
            lines = _with_entity("\n".join(lines), entity, block)
    else:
        lines = [
            f"# How to read the exports of {path.stem}; written by `cartera connect files`, correct it by hand.",
            "system: files",
            f"company_id: {_scalar(company_id)} # where no column is mapped to company_id",
            "entities:",
            *(line for block in blocks.values() for line in block),
        ]
    _replace(path, "\n".join(lines) + "\n")


def _with_entity(text: str, entity: str, block: list[str]) -> list[str]:
    lines, entities = text.splitlines(), _entities_of(text)
    names = [key.value for key, _ in entities.value]
    starts = [key.start_mark.line for key, _ in entities.value]
    ends = [*starts[1:], _end_line(entities, lines)]
    indent = " " * entities.value[0][0].start_mark.column
    fitted = [indent + line.removeprefix(INDENT) for line in block]
    if entity not in names:
        return [*lines[: ends[-1]], *fitted, *lines[ends[-1] :]]
    place = names.index(entity)
    return [*lines[: starts[place]], *fitted, *lines[ends[place] :]]


def _entities_of(text: str) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in pairs if key.value == "entities"), None)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise ConfigError(
            "entities is written in one line", "write the entities below each other, or use another --name"
        )
    return node


def _end_line(node: yaml.MappingNode, lines: list[str]) -> int:
    end = node.end_mark.line if node.end_mark.column == 0 else node.end_mark.line + 1
    while end > 0 and end <= len(lines) and not lines[end - 1].strip():
        end -= 1
    return min(end, len(lines))


def _replace(path: Path, text: str) -> None:
    """Checked under another name first, then put in place in one step."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8") as file:
            file.write(text)
        part = Path(file.name)
        try:
            load_source(part)
            part.chmod(0o644)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}", "make the folder writable, or set CARTERA_SOURCES_DIR to one that is"
        ) from None
