"""sources/<name>.yaml of a system that is read through its API. No secret stands in it.

system: erpnext
connection: {url: https://erp.acme.pe}      # what the system needs; secrets: see secrets.py
companies: {Acme S.A.: acme}                # the system's name of a company: our company_id
company_id: acme                            # of records without a company, and of all where `companies` is empty
schedule: "0 * * * *"                       # cron in UTC; null: no clock
"""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from cartera.connectors.api import systems
from cartera.connectors.api.system import Resource, System
from cartera.errors import ConfigError
from cartera.yaml_config import guess, line_of, load_yaml_model

SCHEDULE = r"^(@(hourly|daily|weekly|monthly|quarterly|yearly)|null|(\S+ +){4}\S+)$"


class ApiSource(BaseModel):
    """One connected system; its name is the name of the file."""

    model_config = ConfigDict(extra="forbid")

    system: str
    connection: dict[str, str] = {}
    company_id: str | None = None
    companies: dict[str, str] = {}
    without: list[str] = []
    """Raw tables that are not read."""
    schedule: str | None = Field(None, pattern=SCHEDULE)
    pool: str | None = None
    """Airflow's pool for `extract_<name>`: how many sources may ask one system at once."""
    retries: int = Field(3, ge=0, le=20)
    page_size: int = Field(100, ge=1, le=100_000)
    concurrency: int = Field(1, ge=1, le=8)
    """Tables read at the same time."""
    overlap_minutes: int | None = Field(None, ge=0, le=100_000)
    sweep_hours: int = Field(24, ge=0)
    """How often all keys are compared, where the system can list them; 0: each time."""
    max_shrink_pct: Decimal = Field(Decimal(20), ge=0, le=100)
    max_fall_pct: Decimal = Field(Decimal(50), ge=0, le=100)
    max_refused_pct: Decimal = Field(Decimal(5), ge=0, le=100)
    """More records with one and the same defect, and at least 20 of them, stop the source."""
    accept_older: bool = False
    controls: Literal["on", "off"] = "on"
    """Whether the system's own total of receivables, where it states one, must tie."""
    control_tolerance: Decimal = Field(Decimal(0), ge=0, max_digits=18, decimal_places=6)
    """So far, in the currency of each total, it may differ from our ledger."""
    _path: Path = PrivateAttr(default=Path("sources/unnamed.yaml"))

    @property
    def path(self) -> Path:
        return self._path

    @property
    def name(self) -> str:
        return self._path.stem

    @property
    def declared(self) -> System:
        return systems.get(self.system)

    @property
    def resources(self) -> list[Resource]:
        """The tables to read, in the system's order."""
        return [resource for resource in self.declared.resources if resource.name not in self.without]

    @property
    def overlap(self) -> dt.timedelta:
        given = self.overlap_minutes
        return self.declared.overlap if given is None else dt.timedelta(minutes=given)

    def our_company(self, theirs: str | None) -> str | None:
        """Our company_id of what the system calls a company; None: it names none."""
        if theirs is None or not self.companies:
            return self.company_id or theirs or "main"
        return self.companies.get(theirs, theirs)

    def fingerprint(self, resource: Resource) -> str:
        """Changes with all that decides what a record becomes in raw: then everything is read anew."""
        deciding = [setting.key for setting in self.declared.settings if setting.decides_records]
        set_here = [(key, self.connection[key]) for key in deciding if key in self.connection]
        said = repr((resource.entity, sorted(self.companies.items()), self.company_id, sorted(resource.ignored)))
        said += repr(set_here) if set_here else ""
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def load_source(path: Path) -> ApiSource:
    """Raises ConfigError naming file, line and what was meant."""
    source = load_yaml_model(path, ApiSource, as_text=True)
    source._path = path
    system = source.declared
    problems: list[tuple[tuple[str, ...], str]] = []
    for key in source.connection:
        known = {setting.key: setting for setting in system.settings}
        if key not in known:
            problems.append((("connection", key), f"{system.name} needs no such setting; {guess(key, list(known))}"))
        elif known[key].is_secret:
            problems.append(
                (("connection", key), "a secret does not belong here: `cartera connect` stores it elsewhere")
            )
    tables = [resource.name for resource in system.resources]
    problems += [
        (("without",), f"{system.name} has no table {name!r}; {guess(name, tables)}")
        for name in source.without
        if name not in tables
    ]
    if problems:
        lines = [f"{path}:{line_of(path, where)}: {'.'.join(where)}: {problem}" for where, problem in problems]
        raise ConfigError("\n  ".join(lines), f"correct {path.name} and run again")
    return source
