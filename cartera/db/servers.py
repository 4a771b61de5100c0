"""The server that the settings name: embedded, or one of yours by URL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn

from cartera.db import credentials, data_folder, embedded
from cartera.errors import ConfigError, DatabaseError
from cartera.settings import Settings

DEFAULT_DATABASE = "cartera"


class Role(StrEnum):
    admin = "admin"
    loader = "loader"
    transformer = "transformer"
    reader = "reader"
    viewer = "viewer"
    """Reads as `reader` does, but of the companies alone that its transaction names."""
    campaign = "campaign"
    desk = "desk"


WORKING_ROLES = (Role.loader, Role.transformer, Role.reader, Role.viewer, Role.campaign, Role.desk)


@dataclass(frozen=True)
class Server:
    """Where our database is. `admin`: connection parameters without `dbname`."""

    key: str
    prefix: str
    database: str
    admin: dict[str, str]
    home: Path

    def role_name(self, role: Role) -> str:
        return self.admin["user"] if role is Role.admin else f"{self.prefix}_{role}"

    def parameters(self, role: Role) -> dict[str, str]:
        """Connection parameters of a role. Raises KeyError when no password is stored for it."""
        if role is Role.admin:
            return {**self.admin, "dbname": self.database}
        name = self.role_name(role)
        password = credentials.read(self.home, self.key)[name]
        return {**self.admin, "user": name, "password": password, "dbname": self.database}


def current(settings: Settings) -> Server | None:
    """The server of the settings; None when the embedded one is not running or its password is lost.

    Raises ConfigError (the URL can't be read), DatabaseError (credentials.json can't be).
    """
    if settings.database_url is not None:
        return _external(settings)
    found = embedded.find(settings.home)
    if found is None:
        return None
    try:
        admin = embedded.administrator(settings.home, found)
    except KeyError:
        return None
    database = settings.database_name or DEFAULT_DATABASE
    return Server(data_folder.KEY, DEFAULT_DATABASE, database, admin, settings.home)


def running(settings: Settings) -> Server:
    """The server of the settings, known to run. Raises DatabaseError, ConfigError."""
    server = current(settings)
    if server is None:
        raise DatabaseError("the embedded server is not running", "run the command again, or `cartera doctor`")
    return server


def _external(settings: Settings) -> Server:
    parts = _parse(settings)
    host, port, database = parts.get("host", "localhost"), parts.get("port", "5432"), parts.pop("dbname")
    admin = {"host": host, "port": port, "password": "", **parts}
    return Server(f"{host}:{port}/{database}", database, settings.database_name or database, admin, settings.home)


def _parse(settings: Settings) -> dict[str, str]:
    # the reason is not passed on: libpq quotes the part of the URL that it could not read
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    scheme, _, rest = url.partition("://")
    try:
        parts: dict[str, str] = parse_dsn(f"postgresql://{rest}")
    except psycopg2.ProgrammingError:
        parts = {}
    known = scheme.partition("+")[0] in ("postgresql", "postgres") and {"user", "dbname"} <= parts.keys()
    if not known or not parts.get("port", "5432").isdecimal():
        raise ConfigError(
            "CARTERA_DATABASE_URL is not a PostgreSQL URL with user and database",
            "write it as postgresql://user:password@host:5432/database,"
            " with the special characters of the password percent-encoded",
        )
    return parts
