"""Connecting a system: what it needs, whether it lets us read, what it has, and the source file without a secret."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cartera.connectors.api import sample, secrets
from cartera.connectors.api.spec import ApiSource, load_source
from cartera.connectors.api.system import Access, Setting, System
from cartera.connectors.files.spec import RESERVED_NAMES
from cartera.errors import ConfigError
from cartera.settings import Settings
from cartera.yaml_config import guess

Ask = Callable[[Setting], str | None]
"""Asks a person; None where there is nobody to ask."""

PREVIEWED = ("invoices", "entries", "payments", "customers")
"""The staging model that is shown: the first of these that the system has."""


@dataclass
class Plan:
    """What would be connected, and what was seen."""

    source: ApiSource
    path: Path
    account: str
    samples: list[sample.Sample]
    asked: dict[str, str] = field(repr=False)
    """Secrets that a person gave, to be kept in the secrets file."""
    model: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The source file."""
        return _text(self.source)


def plan(
    settings: Settings,
    system: System,
    *,
    name: str | None = None,
    given: Mapping[str, str] | None = None,
    company_id: str | None = None,
    without: Sequence[str] = (),
    ask: Ask = lambda _setting: None,
    compiled: Callable[[str], str],
) -> Plan:
    """Ask for what is missing, log in, look. `without`: tables that are not read, e.g. because the account may not.

    Raises ConfigError, SourceError; nothing is written.
    """
    path = settings.sources_dir / f"{name or system.name}.yaml"
    _check(system, path, given or {}, without)
    known = load_source(path) if path.exists() else None
    if known is not None and known.system != system.name:
        raise ConfigError(f"{path} is a source of {known.system}", "give another --name")
    source = (known or ApiSource(system=system.name, company_id=company_id)).model_copy(deep=True)
    source._path = path
    source.connection.update(given or {})
    source.without = list(without) or source.without
    asked = _ask(settings, system, source, ask)
    access = secrets.access_from(
        system, source.name, source.connection, settings, page_size=source.page_size, asked=asked
    )
    source.connection = _not_secret(system, access)
    with system.open(access) as session:
        account = system.check(session)
        samples = sample.take(source, session)
    if known is None:
        _name_companies(source, samples)
    made = Plan(source, path, account, samples, {key: asked[key] for key in asked if _is_secret(system, key)})
    made.model = next((plural for plural in PREVIEWED if _has_model(settings, system, plural)), "")
    if made.model:
        made.rows = sample.mapped(source, samples, compiled, f"stg_{system.name}__{made.model}")
    return made


def _check(system: System, path: Path, given: Mapping[str, str], without: Sequence[str]) -> None:
    if path.stem in RESERVED_NAMES:
        raise ConfigError(RESERVED_NAMES[path.stem], "choose another with --name")
    tables = [resource.name for resource in system.resources]
    for table in without:
        if table not in tables:
            raise ConfigError(f"{system.name} has no table {table!r}", guess(table, tables))
    known = {setting.key: setting for setting in system.settings}
    for key in given:
        if key not in known:
            raise ConfigError(f"{system.name} needs no setting {key!r}", guess(key, list(known)))
        if known[key].is_secret:
            raise ConfigError(
                f"{key} is a secret and would stay in the history of the shell",
                f"set {secrets.variable(path.stem, key)} in the environment, or be asked for it",
            )


def _ask(settings: Settings, system: System, source: ApiSource, ask: Ask) -> dict[str, str]:
    """What neither the environment nor a file knows, from a person."""
    stored = secrets.read(settings, source.name)
    found = {}
    for setting in system.settings:
        is_known = secrets.variable(source.name, setting.key) in os.environ or setting.key in source.connection
        if setting.key in stored:
            # it may have expired: that is why one connects again
            setting = replace(setting, default=stored[setting.key], prompt=f"{setting.prompt} (Enter: as it is)")
        answer = None if is_known else ask(setting)
        if answer is not None:
            found[setting.key] = answer
    return found


def _is_secret(system: System, key: str) -> bool:
    return any(setting.is_secret for setting in system.settings if setting.key == key)


def _not_secret(system: System, access: Access) -> dict[str, str]:
    return {setting.key: access[setting.key] for setting in system.settings if not setting.is_secret}


def _name_companies(source: ApiSource, samples: list[sample.Sample]) -> None:
    """Give each company of the sample an id of ours; a person may correct them before the first run."""
    theirs = sorted({company for one in samples for company in one.companies})
    if not theirs:
        return
    if len(theirs) == 1:
        source.company_id = source.company_id or _slug(theirs[0])
        source.companies = {theirs[0]: source.company_id}
    else:
        source.companies = {company: _slug(company) for company in theirs}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "main"


def _has_model(settings: Settings, system: System, plural: str) -> bool:
    return (settings.dbt_dir / "models" / "staging" / system.name / f"stg_{system.name}__{plural}.sql").exists()


def write(settings: Settings, made: Plan) -> None:
    """The secrets a person gave in a file of their own, then the source file: a source without its secret would stop
    every run. Raises ConfigError."""
    if made.asked:
        secrets.store(settings, made.source.name, made.asked)
    try:
        made.path.parent.mkdir(parents=True, exist_ok=True)
        part = made.path.with_suffix(".part")
        part.write_text(made.text, encoding="utf-8")
        load_source(part)
        part.replace(made.path)
    except OSError as error:
        raise ConfigError(
            f"{made.path}: {error.strerror}", "make the folder writable, or set CARTERA_SOURCES_DIR to one that is"
        ) from None


def _text(source: ApiSource) -> str:
    said = source.model_dump(mode="json", exclude_defaults=True, exclude={"system"})
    lines = [
        f"# {source.declared.title}, written by `cartera connect {source.system}`; secrets are kept elsewhere.",
        f"system: {source.system}",
    ]
    for key, value in said.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {_quoted(name)}: {_quoted(inner)}" for name, inner in value.items())]
        else:
            lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    if "schedule" not in said:
        lines.append('# schedule: "0 * * * *"   # when Airflow reads it, cron in UTC; default: every morning')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """YAML reads JSON's strings."""
    return text if re.fullmatch(r"[A-Za-z_][\w-]*", text) and text.lower() not in _WORDS else json.dumps(
        text, ensure_ascii=False
    )  # fmt: skip


_WORDS = ("null", "true", "false", "yes", "no", "on", "off")
