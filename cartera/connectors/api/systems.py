"""Which systems there are: the folders beside this one that export SYSTEM. Each is imported when it is asked for."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from cartera import connectors
from cartera.connectors.api.system import System
from cartera.errors import ConfigError
from cartera.yaml_config import guess

NO_SYSTEMS = frozenset({"api", "companies", "desk", "files", "links", "segments"})
"""Connectors that read files, settings or our own desk, and what is common to the systems."""


@cache
def names() -> tuple[str, ...]:
    found = (module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg)
    return tuple(sorted(name for name in found if name not in NO_SYSTEMS))


def get(name: str) -> System:
    """Raises ConfigError when there is no such system."""
    if name not in names():
        raise ConfigError(f"there is no system {name!r}", guess(name, names()) + "; `cartera connect` lists them")
    system: System = import_module(f"cartera.connectors.{name}").SYSTEM
    return system


def everything() -> list[System]:
    return [get(name) for name in names()]
