"""Connections by role; the first one of a process makes sure that there is something to connect to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import psycopg2
from psycopg2.extensions import connection
from psycopg2.sql import Composable

from cartera.db import embedded, migrate, problems, roles, servers
from cartera.db.files import locked
from cartera.db.login import login
from cartera.db.servers import WORKING_ROLES, Role, Server
from cartera.settings import Settings, get_settings

_ready: set[tuple[object, ...]] = set()
"""What this process has seen to be ready: (home, URL, database)."""


def ensure_ready(*, again: bool = False) -> None:
    """Make sure that the server runs and that database, roles and tables are as this code needs them.

    Does nothing the second time in a process, and costs one login and one query the first time when
    all is well. `again`: look closely, because a login has just failed. Raises DatabaseError, ConfigError.
    """
    settings = get_settings()
    identity = (settings.home, settings.database_url, settings.database_name)
    if identity in _ready and not again:
        return
    if again or not _is_fine(settings):
        _prepare(settings, again=again)
    _ready.add(identity)


def forget_ready() -> None:
    """Look again at the next connection: the server was stopped or its data removed."""
    _ready.clear()


def connect(role: Role, *, autocommit: bool = False, application_name: str = "cartera") -> connection:
    """A connection as a role, in UTC. The caller closes it. Raises DatabaseError without secrets."""
    try:
        opened = login(parameters(role), application_name)
    except psycopg2.OperationalError:
        # the server was stopped, or a password changed, after this process had seen it ready
        ensure_ready(again=True)
        try:
            opened = login(parameters(role), application_name)
        except psycopg2.OperationalError as error:
            raise problems.plain(error, f"could not log in as {role}") from None
    opened.autocommit = autocommit
    return opened


@contextmanager
def transaction(role: Role) -> Iterator[connection]:
    """One transaction: committed on success, rolled back on error, and the connection always closed.

    What the server could not do (disk full, shut down) becomes a DatabaseError; a mistake in the
    statement stays a psycopg2 error.
    """
    opened = connect(role)
    try:
        yield opened
        opened.commit()
    except psycopg2.OperationalError as error:
        raise problems.plain(error, "the database gave up") from error
    finally:
        # closing rolls back what was not committed
        opened.close()


def parameters(role: Role) -> dict[str, str]:
    """host, port, user, password, dbname (and what else the URL says, e.g. sslmode) of a role."""
    ensure_ready()
    server = servers.current(get_settings())
    try:
        if server is not None:
            return server.parameters(role)
    except KeyError:
        pass
    # the server was stopped or killed, or credentials.json lost, after this process had seen it ready
    ensure_ready(again=True)
    return servers.running(get_settings()).parameters(role)


def role_names() -> dict[str, Composable]:
    """The quoted names of the working roles, for statements that grant. Raises DatabaseError, ConfigError."""
    ensure_ready()
    return roles.role_names(servers.running(get_settings()))


def url(role: Role) -> str:
    """The SQLAlchemy URL of a role, with its password: never log it."""
    return as_url(parameters(role))


def _is_fine(settings: Settings) -> bool:
    """One login and one query. False sends the caller the slow way, which also finds the words for it."""
    server = servers.current(settings)
    if server is None:
        return False
    try:
        for role in WORKING_ROLES:
            server.parameters(role)
        admin = login(server.parameters(Role.admin))
    except (KeyError, psycopg2.OperationalError):
        return False
    try:
        return migrate.is_current(admin)
    finally:
        admin.close()


def _prepare(settings: Settings, *, again: bool) -> None:
    with locked(settings.home):
        if not again and _is_fine(settings):
            # another process has done it while this one waited for the lock
            return
        if settings.database_url is None:
            embedded.ensure_running(settings.home)
        server = servers.running(settings)
        try:
            _ensure_database(server)
            migrate.migrate(server)
        except psycopg2.Error as error:
            raise problems.plain(error, f"could not prepare the database {server.database}") from None


def _ensure_database(server: Server) -> None:
    try:
        login(server.parameters(Role.admin)).close()
        return
    except psycopg2.OperationalError as error:
        if not problems.is_missing_database(error):
            raise
    admin = login({**server.admin, "dbname": "postgres"})
    admin.autocommit = True
    try:
        roles.create_database(admin, server.database)
    finally:
        admin.close()


def as_url(given: Mapping[str, str]) -> str:
    """The SQLAlchemy URL of connection parameters."""
    rest = {key: value for key, value in given.items() if key not in ("host", "port", "user", "password", "dbname")}
    host = f"[{given['host']}]" if ":" in given["host"] else given["host"]
    user, password = quote(given["user"], safe=""), quote(given["password"], safe="")
    query = f"?{urlencode(rest)}" if rest else ""
    return f"postgresql+psycopg2://{user}:{password}@{host}:{given['port']}/{quote(given['dbname'], safe='')}{query}"
