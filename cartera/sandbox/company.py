"""The synthetic company: makes, advances and removes its export files."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

from cartera.db.files import make_home
from cartera.errors import ConfigError
from cartera.sandbox.mapping import write_mapping
from cartera.sandbox.plan import Plan
from cartera.sandbox.writer import CompanyWriter, SandboxReport

_PLAN_FILE = "company.json"


def make_company(
    directory: Path,
    *,
    seed: int = 7,
    until: dt.date,
    customers: int = 800,
    invoices: int = 20_000,
    months: int = 24,
    mapping: Path | None = None,
) -> SandboxReport:
    """Write the exports of a new company into `directory` and its mapping (default: ../sources/sandbox.yaml).

    The same arguments give the same bytes. Raises ConfigError when an argument is out of range, or when the
    directory holds something else.
    """
    plan = Plan(seed, until, until, customers, invoices, months)
    return _write_company(directory, plan, mapping)


def advance_company(directory: Path, until: dt.date, *, mapping: Path | None = None) -> SandboxReport:
    """Write the exports of a company made before as they are on a later (or earlier) day.

    What happened before stays as it is; new invoices, payments and corrections come in. Raises ConfigError.
    """
    plan = made_plan(directory)
    return _write_company(directory, replace(plan, until=until), mapping)


def ensure_company(
    home: Path, *, until: dt.date, seed: int = 7, customers: int = 800, invoices: int = 20_000, months: int = 24
) -> SandboxReport:
    """The company in `home`/sandbox as it is on `until`: the one made before, if of these sizes; else a new one."""
    make_home(home)
    directory = home / "sandbox"
    if is_made(directory):
        made = made_plan(directory)
        same_company = (made.seed, made.customers, made.invoices, made.months) == (seed, customers, invoices, months)
        if same_company and until >= made.planned_until:
            return advance_company(directory, until)
    return make_company(directory, seed=seed, until=until, customers=customers, invoices=invoices, months=months)


def made_plan(directory: Path) -> Plan:
    """The plan of the company in `directory`. Raises ConfigError when there is none."""
    return Plan.read(directory / _PLAN_FILE)


def is_made(directory: Path) -> bool:
    return (directory / _PLAN_FILE).is_file()


def remove_company(directory: Path, *, mapping: Path | None = None) -> bool:
    """Remove the exports and the mapping; what was landed from them stays. False when there was no company."""
    was_made = is_made(directory)
    _refuse_foreign(directory)
    _mapping_path(directory, mapping).unlink(missing_ok=True)
    shutil.rmtree(directory, ignore_errors=True)
    return was_made


def _write_company(directory: Path, plan: Plan, mapping: Path | None) -> SandboxReport:
    """Written aside and moved in whole: a killed command leaves the old exports or the new, never a half."""
    directory = directory.absolute()
    _refuse_foreign(directory)
    aside = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    report = CompanyWriter(plan, aside).write()
    plan.write(aside / _PLAN_FILE)
    shutil.rmtree(directory, ignore_errors=True)
    aside.rename(directory)
    files = {entity: directory / path.name for entity, path in report.files.items()}
    write_mapping(_mapping_path(directory, mapping), files)
    return replace(report, directory=directory, files=files)


def _refuse_foreign(directory: Path) -> None:
    if directory.exists() and not is_made(directory) and any(directory.iterdir()):
        raise ConfigError(f"{directory} holds something that is no sandbox company", "name an empty directory")


def _mapping_path(directory: Path, mapping: Path | None) -> Path:
    return mapping or directory.absolute().parent / "sources" / "sandbox.yaml"
