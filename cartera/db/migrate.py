"""Migrations of what Cartera owns in the database, by Alembic; the warehouse schemas are dbt's.

A new one is two files in `migrations/versions`: `0002_<what>.sql`, and `0002_<what>.py` with revision
"0002", down_revision "0001" and an `upgrade` that calls `execute_sql_file(__file__)`. Nothing else is
needed: every database is brought up to date when it is next connected to. In the SQL, `:"campaign"`
and the like stand for the quoted names of the roles.
"""

from __future__ import annotations

from pathlib import Path

import psycopg2
from psycopg2.extensions import connection

from cartera.db import roles
from cartera.db.servers import Role, Server
from cartera.errors import DatabaseError

FOLDER = Path(__file__).with_name("migrations")
LOCK = 6_227_837_218
"""Advisory lock: two processes, or two machines, never migrate one database at once."""

NEWER = "use the newer version of Cartera, or another folder in CARTERA_HOME"


def head() -> str:
    """The newest revision: the number that the last file's name begins with."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def is_current(admin: connection) -> bool:
    """Whether a database has all migrations and the present grants: one query.

    Raises DatabaseError when a newer Cartera has migrated it.
    """
    try:
        with admin.cursor() as cur:
            cur.execute("select version_num, obj_description('ops.alembic_version'::regclass) from ops.alembic_version")
            row = cur.fetchone()
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName):
        return False
    finally:
        admin.rollback()
    if row is not None and row[0] > head():
        raise DatabaseError(
            f"the database has migration {row[0]}, this Cartera knows only up to {head()}",
            NEWER,
        )
    return row == (head(), roles.grants_fingerprint())


def migrate(server: Server) -> None:
    """Roles, migrations and grants in one transaction: killed at any moment, nothing of it remains.

    Raises psycopg2.Error.
    """
    # heavy, and needed only here
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    engine = create_engine("postgresql+psycopg2://", connect_args=server.parameters(Role.admin), poolclass=NullPool)
    try:
        with engine.begin() as sqlalchemy_connection:
            admin = sqlalchemy_connection.connection.dbapi_connection
            assert isinstance(admin, connection)
            with admin.cursor() as cur:
                cur.execute("set time zone 'UTC'")
                cur.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
                roles.ensure_roles(admin, server)
                cur.execute("create schema if not exists ops")
            _upgrade(sqlalchemy_connection, server)
            roles.apply_grants(admin, server)
            roles.grant_connect(admin, server)
            with admin.cursor() as cur:
                cur.execute("comment on table ops.alembic_version is %s", (roles.grants_fingerprint(),))
    except DBAPIError as error:
        raise (error.orig if isinstance(error.orig, psycopg2.Error) else error) from None


def _upgrade(sqlalchemy_connection: object, server: Server) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = sqlalchemy_connection
    config.attributes["names"] = roles.role_names(server)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        # e.g. a revision that only a newer Cartera knows
        raise DatabaseError(f"could not migrate the database: {error}", NEWER) from None


def execute_sql_file(migration: str) -> None:
    """Run the `.sql` file beside a migration's `.py` file, given as `__file__`."""
    from alembic import op

    path = Path(migration).with_suffix(".sql")
    context = op.get_context()
    assert context.config is not None and context.connection is not None
    admin = context.connection.connection.dbapi_connection
    assert isinstance(admin, connection)
    with admin.cursor() as cur:
        roles.execute_sql(cur, path.read_text(encoding="utf-8"), context.config.attributes["names"])
