"""Secrets of sources: from the environment, a file that only its owner may read, or whoever runs the pipeline.

In this order, field by field:
    CARTERA_SOURCE_<NAME>_<KEY>     e.g. CARTERA_SOURCE_MY_ERP_API_SECRET
    <home>/secrets/<name>.yaml      key: value, mode 600
    `given`                         e.g. an Airflow Connection named cartera_<name>, which dags/ look up
They are never written to a source file, a log or an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from cartera.connectors.api.spec import ApiSource
from cartera.connectors.api.system import Access, Setting, System
from cartera.errors import ConfigError
from cartera.settings import Settings


def variable(name: str, key: str) -> str:
    """The environment variable of one setting of a source."""
    return "CARTERA_SOURCE_" + re.sub(r"[^A-Z0-9]+", "_", f"{name}_{key}".upper())


def path_of(settings: Settings, name: str) -> Path:
    return settings.home / "secrets" / f"{name}.yaml"


def access(source: ApiSource, settings: Settings, given: Mapping[str, str] | None = None) -> Access:
    """All that is needed to open the system. Raises ConfigError naming what is missing and where it may stand."""
    return access_from(source.declared, source.name, source.connection, settings, given, source.page_size)


def access_from(
    system: System,
    name: str,
    connection: Mapping[str, str],
    settings: Settings,
    given: Mapping[str, str] | None = None,
    page_size: int = 100,
    asked: Mapping[str, str] | None = None,
) -> Access:
    """As `access`, of a source that has no file yet. `asked`: what a person has just said, which goes before all."""
    stored, given = read(settings, name) | dict(asked or {}), dict(given or {})
    secret_keys = [setting.key for setting in system.settings if setting.is_secret]
    if "password" in given and len(secret_keys) == 1:
        # a scheduler's store has one place for the secret, whatever the system calls it
        given.setdefault(secret_keys[0], given["password"])
    values = {
        setting.key: value
        for setting in system.settings
        if (value := _value(setting, name, connection, stored, given)) is not None
    }
    missing = [setting for setting in system.settings if setting.key not in values]
    if missing:
        raise ConfigError(
            f"{name}: {', '.join(setting.key for setting in missing)} is not known",
            f"set {variable(name, missing[0].key)} in the environment, or run `cartera connect {system.name}"
            f" --name {name}`, which asks for it and keeps it in {path_of(settings, name)}",
        )
    secret = frozenset(values[setting.key] for setting in system.settings if setting.is_secret)
    return Access(name, values, secret, page_size, system.name)


def open_values(source: ApiSource) -> dict[str, str]:
    """The settings that are no secret, those that are set nowhere left out."""
    found = {
        setting.key: _value(setting, source.name, source.connection, {}, {})
        for setting in source.declared.settings
        if not setting.is_secret
    }
    return {key: value for key, value in found.items() if value is not None}


def is_test(source: ApiSource, settings: Settings) -> bool:
    """Whether the secret that is here begins as those for tests do; no more of it is told. Not where none is here."""
    try:
        values = access(source, settings)
    except ConfigError:
        return False
    return any(secret.startswith(source.declared.test_secrets) for secret in values.secrets)


def _value(
    setting: Setting, name: str, connection: Mapping[str, str], stored: Mapping[str, str], given: Mapping[str, str]
) -> str | None:
    for found in (
        os.environ.get(variable(name, setting.key)),
        stored.get(setting.key),
        given.get(setting.key),
        None if setting.is_secret else connection.get(setting.key),
        setting.default,
    ):
        if found is not None:
            return found
    return None


def read(settings: Settings, name: str) -> dict[str, str]:
    """What the source's secrets file holds; nothing when there is none. Raises ConfigError when others may read it."""
    path = path_of(settings, name)
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            raise ConfigError(f"{path}: others than its owner may read it", f"chmod 600 {path}")
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "make it readable for you alone") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        # the reason is not passed on: it quotes the line
        raise ConfigError(f"{path}: not YAML", "write one `key: value` in a line") from None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise ConfigError(f"{path}: expected `key: value` lines", "write one `key: value` in a line")
    return document


def store(settings: Settings, name: str, values: Mapping[str, str]) -> Path:
    """Keep secrets for the owner alone; others that the file holds stay. Raises ConfigError."""
    path = path_of(settings, name)
    text = yaml.safe_dump({**read(settings, name), **values}, allow_unicode=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "make the folder writable") from None
    return path
