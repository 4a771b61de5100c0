"""What `cartera doctor` looks at: each part is ok, or says what is wrong and how to mend it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import psycopg2
from packaging.markers import Marker

from cartera import db, services
from cartera.clock import utc_now
from cartera.db import Role, credentials, limits, migrate, problems, servers
from cartera.db.servers import WORKING_ROLES
from cartera.errors import CarteraError, NotPublished
from cartera.settings import TELEMETRY_OFF, get_settings

OLDEST_POSTGRES = 140000
LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """`note`: nothing is broken, but somebody should know."""

    part: str
    state: Literal["ok", "note", "wrong"]
    message: str
    mend: str = ""


class Note(CarteraError):
    """Raised by a check that found nothing broken and something to say."""


def examine() -> list[Finding]:
    """Look at every part; a part that fails does not keep the others from being looked at."""
    return [_look(part, check) for part, check in CHECKS.items()]


def _look(part: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(part, "ok", check())
    except (Note, NotPublished) as error:
        return Finding(part, "note", error.problem, error.mend)
    except CarteraError as error:
        return Finding(part, "wrong", error.problem, error.mend)
    except psycopg2.Error as error:
        broken = problems.plain(error, "the database does not hold what it should")
        return Finding(part, "wrong", broken.problem, broken.mend)


def _python() -> str:
    version = sys.version_info
    text = ".".join(str(part) for part in version[:3])
    if not (3, 11) <= version[:2] <= (3, 13):
        raise CarteraError(f"Python {text}", "install Python 3.11, 3.12 or 3.13, remove .venv, run `make setup`")
    return f"Python {text}"


def _packages() -> str:
    lock = get_settings().project_dir / "requirements.lock"
    if not lock.exists():
        raise Note(f"{lock} is not there, so the installed packages can't be compared with it")
    wanted = list(_pinned(lock.read_text(encoding="utf-8")))
    differing = [f"{name} {version}" for name, version in wanted if _installed(name) != version]
    if differing:
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        raise CarteraError(f"not as in the lock: {', '.join(differing[:3])}{more}", "run `make setup`")
    return f"{len(wanted)} packages as in the lock"


def _pinned(lock: str) -> list[tuple[str, str]]:
    """(name, version) of the lines `name==version ; marker` whose marker holds here."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)==(\S+?)(?: ; (.+?))?(?: \\)?$", lock, flags=re.MULTILINE)
    return [(name, version) for name, version, marker in lines if not marker or Marker(marker).evaluate()]


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _home() -> str:
    home = get_settings().home
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        raise CarteraError(
            f"{place} can't be written to: {error.strerror}", "make it writable, or set CARTERA_HOME"
        ) from None
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        raise CarteraError(f"only {free // 1_000_000} MB are free in {place}", "free some, or set CARTERA_HOME")
    return f"{home}, {free / 1e9:.0f} GB free"


def _credentials() -> str:
    path = credentials.path_of(get_settings().home)
    if not path.exists():
        return "none made yet"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise CarteraError(f"{path} is readable by others (mode {mode:o})", f"chmod 600 {path}")
    return "readable by their owner only"


def _server() -> str:
    with db.transaction(Role.admin) as opened:
        if opened.server_version < OLDEST_POSTGRES:
            raise CarteraError(f"PostgreSQL {opened.server_version // 10000}", "use PostgreSQL 14 or newer")
        with opened.cursor() as cur:
            cur.execute("show server_version")
            version = (cur.fetchone() or ("",))[0]
    where = db.status()
    return f"PostgreSQL {version}, {where.kind}, at {where.address}"


def _migrations() -> str:
    with db.transaction(Role.admin) as opened:
        if not migrate.is_current(opened):
            raise CarteraError("the tables are not those of this Cartera", "run any command again: it migrates")
    return f"at {migrate.head()}, the newest"


def _roles() -> str:
    for role in WORKING_ROLES:
        db.connect(role).close()
    server = servers.running(get_settings())
    with db.transaction(Role.admin) as admin:
        for role in WORKING_ROLES:
            name = server.role_name(role)
            if found := limits.excesses(admin, role, name):
                raise CarteraError(f"role {name} may {', '.join(found)}", f"revoke what was granted to {name}")
    return ", ".join(WORKING_ROLES) + ": each logs in, none may do more than it must"


def _sources() -> str:
    from cartera.connectors.sources import all_sources

    found = all_sources(get_settings())
    if not found:
        raise Note("no source is connected", "run `cartera connect files YOUR.csv`, or `cartera demo`")
    return ", ".join(source.name for source in found)


def _companies() -> str:
    from cartera.connectors.companies import load_companies, settings_path

    path = settings_path(get_settings())
    found = load_companies(path)
    return ", ".join(found) if found else f"no {path.name} in the state folder: due dates are as stated"


def _dbt() -> str:
    path = get_settings().dbt_dir / "dbt_project.yml"
    if not path.exists():
        raise CarteraError(f"{path} is not there", "set CARTERA_PROJECT_DIR to the clone, or put the folder back")
    return str(path.parent)


def _publication() -> str:
    from cartera.warehouse import read

    with db.transaction(Role.reader) as opened:
        found = read.publication(opened)
    hours = (utc_now() - found.published_at).total_seconds() / 3600
    text = f"as of {found.as_of_date}, published {hours:.0f} h ago"
    if hours > get_settings().stale_after_hours:
        raise Note(text, "run `cartera run`")
    return text


def _services() -> str:
    return ", ".join(f"{service.name} at {service.address}" for service in services.running()) or "none running"


def _telemetry() -> str:
    unset = [name for name, value in TELEMETRY_OFF.items() if os.environ.get(name) != value]
    if unset:
        raise CarteraError(f"not switched off: {', '.join(unset)}", "unset them; Cartera then switches them off")
    return f"off in {len(TELEMETRY_OFF)} dependencies"


CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "packages": _packages,
    "state folder": _home,
    "credentials": _credentials,
    "server": _server,
    "migrations": _migrations,
    "roles": _roles,
    "sources": _sources,
    "companies": _companies,
    "dbt project": _dbt,
    "publication": _publication,
    "services": _services,
    "telemetry": _telemetry,
}
