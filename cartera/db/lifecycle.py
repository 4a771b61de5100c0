"""Stopping and removing what `cartera.db` keeps."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from cartera.db import credentials, embedded, problems, roles, servers
from cartera.db.connection import forget_ready
from cartera.db.files import MARKER, OURS, locked, plain_os_errors
from cartera.db.login import login
from cartera.db.servers import WORKING_ROLES, Role, Server
from cartera.errors import ConfigError
from cartera.settings import get_settings


@dataclass(frozen=True)
class ServerStatus:
    """`kind`: embedded or external. `address`: host:port, empty when nothing runs."""

    kind: str
    is_running: bool
    address: str


def status() -> ServerStatus:
    """Whether the embedded server runs, without starting it; an external one is not asked."""
    settings = get_settings()
    if settings.database_url is not None:
        server = servers.running(settings)
        return ServerStatus("external", True, f"{server.admin['host']}:{server.admin['port']}")
    found = embedded.find(settings.home)
    return ServerStatus("embedded", found is not None, f"127.0.0.1:{found.port}" if found else "")


def stop() -> bool:
    """Stop the embedded server; an external one is left alone. False when nothing was running."""
    settings = get_settings()
    forget_ready()
    if settings.database_url is not None or not settings.home.exists():
        return False
    with locked(settings.home):
        return embedded.stop(settings.home)


def foreign_entries(home: Path) -> list[str]:
    """What a folder that Cartera did not mark as its own holds besides what Cartera makes."""
    if not home.exists() or (home / MARKER).exists():
        return []
    return sorted(entry.name for entry in home.iterdir() if entry.name not in OURS)


def check_reset() -> None:
    """Raises ConfigError when the state folder does not look like one: nothing of it may be removed."""
    home = get_settings().home
    if foreign := foreign_entries(home):
        raise ConfigError(
            f"{home} does not look like a Cartera state folder: it holds {', '.join(foreign[:3])}",
            "check CARTERA_HOME; if it is the right folder, remove it by hand",
        )


def reset() -> None:
    """Remove everything: our schemas and roles on a server of yours, then the state folder wholly.

    Raises ConfigError (not our folder), DatabaseError.
    """
    check_reset()
    stop()
    settings = get_settings()
    if settings.database_url is not None:
        _drop_ours(servers.running(settings))
    if settings.home.exists():
        with plain_os_errors("remove the state folder", settings.home):
            _remove(settings.home)


def _remove(home: Path) -> None:
    # the marker last, so that a removal that was killed can be repeated
    for entry in sorted(home.iterdir(), key=lambda entry: entry.name == MARKER):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    try:
        home.rmdir()
    except OSError as error:
        # a mounted volume can be emptied, not removed
        if error.errno != errno.EBUSY:
            raise


def _drop_ours(server: Server) -> None:
    """Our schemas with all they hold, and our roles. The database itself stays: it was yours."""
    try:
        admin = login(server.parameters(Role.admin))
        try:
            _drop_schemas(admin)
            for role in WORKING_ROLES:
                _drop_role(admin, server.role_name(role))
            admin.commit()
        finally:
            admin.close()
    except psycopg2.Error as error:
        raise problems.plain(error, "could not remove Cartera's schemas and roles") from None
    with locked(server.home):
        credentials.forget(server.home, server.key)


def _drop_schemas(admin: connection) -> None:
    with admin.cursor() as cur:
        cur.execute(
            r"select nspname from pg_namespace where nspname like 'raw\_%%' or nspname = any(%s)",
            (list(roles.SCHEMAS),),
        )
        for (name,) in cur.fetchall():
            cur.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


def _drop_role(admin: connection, name: str) -> None:
    with admin.cursor() as cur:
        cur.execute("select 1 from pg_roles where rolname = %s", (name,))
        if cur.fetchone():
            role = {"role": sql.Identifier(name)}
            # only a member may drop what a role owns
            roles.execute_sql(cur, 'grant :"role" to current_user; drop owned by :"role"; drop role :"role"', role)
