"""All connected sources: file mappings and systems, told apart by the `system` in their YAML."""

from __future__ import annotations

from pathlib import Path

import yaml

from cartera.connectors.api import spec as api
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.files import spec as files
from cartera.connectors.files.spec import RESERVED_NAMES, FileSource, source_paths
from cartera.errors import ConfigError
from cartera.settings import Settings

Source = FileSource | ApiSource


def all_sources(settings: Settings) -> list[Source]:
    """Every connected source, by name. Raises ConfigError."""
    paths: dict[str, Path] = {}
    for path in source_paths(settings):
        if path.stem in RESERVED_NAMES:
            raise ConfigError(f"{path}: {RESERVED_NAMES[path.stem]}", "rename the file")
        if path.stem in paths:
            raise ConfigError(f"{path} and {paths[path.stem]} name the same source", "rename one of them")
        paths[path.stem] = path
    return [load_source(paths[name]) for name in sorted(paths)]


def load_source(path: Path) -> Source:
    """Raises ConfigError naming file, line and what was meant."""
    return files.load_source(path) if _system(path) in (None, "files") else api.load_source(path)


def _system(path: Path) -> str | None:
    """What the file says its system is; None where that can't be read: the loader then says why."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), yaml.BaseLoader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
    system = document.get("system") if isinstance(document, dict) else None
    return system if isinstance(system, str) else None


def find_source(settings: Settings, name: str) -> Source:
    """Raises ConfigError when it is not connected."""
    known = {source.name: source for source in all_sources(settings)}
    if name not in known:
        raise ConfigError(
            f"there is no source {name!r}; connected are: {', '.join(sorted(known)) or 'none'}",
            "connect it with `cartera connect files FILE --name "
            + name
            + "`, or `cartera connect SYSTEM --name "
            + name
            + "`",
        )
    return known[name]
