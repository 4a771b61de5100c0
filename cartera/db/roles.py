"""Database roles and what each may do: `grants.sql`, applied after every migration."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection, cursor, encrypt_password

from cartera.db import credentials
from cartera.db.data_folder import KEY as EMBEDDED
from cartera.db.login import login
from cartera.db.servers import WORKING_ROLES, Role, Server

GRANTS = Path(__file__).with_name("grants.sql")


SLOTS = ("a", "b")
SCHEMAS = (
    "quarantine",
    "ops",
    "serve",
    *(f"{layer}_{slot}" for layer in ("staging", "intermediate", "marts") for slot in SLOTS),
)
"""All schemas of ours but those of the connectors, whose names begin with `raw_`."""


def grants_fingerprint() -> str:
    """Stored in the database, so that changed grants are applied without a new migration."""
    return hashlib.sha256(GRANTS.read_bytes()).hexdigest()[:16]


def ensure_roles(admin: connection, server: Server) -> None:
    """Make the working roles, or give those new passwords whose stored one does not work."""
    stored = credentials.read(server.home, server.key)
    for role in WORKING_ROLES:
        name = server.role_name(role)
        password = stored.get(name)
        with admin.cursor() as cur:
            if _exists(cur, name):
                if password is not None and _can_log_in(server, role):
                    continue
                verb = "alter"
            else:
                verb = "create"
        password = password or credentials.generate()
        # stored first: a kill in between leaves a password that the next start sets
        credentials.store(server.home, server.key, {name: password})
        set_role(admin, verb, name, password)


def set_role(admin: connection, verb: str, name: str, password: str) -> None:
    """`create` or `alter` a login role. The server is sent the SCRAM verifier, never the password."""
    verifier = encrypt_password(password, name, admin, "scram-sha-256")
    statement = sql.SQL("{verb} role {name} login password {verifier}").format(
        verb=sql.SQL(verb), name=sql.Identifier(name), verifier=sql.Literal(verifier)
    )
    with admin.cursor() as cur:
        cur.execute(statement)


def _exists(cur: cursor, name: str) -> bool:
    cur.execute("select 1 from pg_roles where rolname = %s", (name,))
    return cur.fetchone() is not None


def _can_log_in(server: Server, role: Role) -> bool:
    try:
        login(server.parameters(role)).close()
    except psycopg2.OperationalError as error:
        # no right to connect yet, or no such database yet: the password itself was taken
        return "password authentication failed" not in str(error)
    return True


def create_database(admin: connection, name: str, owner: str | None = None) -> None:
    """Make a database if there is none of that name. The connection is in autocommit."""
    with admin.cursor() as cur:
        cur.execute("select 1 from pg_database where datname = %s", (name,))
        if cur.fetchone():
            return
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if owner is not None:
            statement += sql.SQL(" owner {}").format(sql.Identifier(owner))
        try:
            cur.execute(statement)
        except (psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
            # another machine was quicker
            return


def role_names(server: Server) -> dict[str, sql.Composable]:
    """What `:"name"` stands for in SQL files: the roles, and the database."""
    names = {str(role): sql.Identifier(server.role_name(role)) for role in WORKING_ROLES}
    return {**names, "database": sql.Identifier(server.database)}


def execute_sql(cur: cursor, text: str, names: Mapping[str, sql.Composable]) -> None:
    """Run SQL in which `:"reader"` stands for the quoted name of that role, as in psql."""
    parts = re.split(r':"(\w+)"', text)
    composed = [names[part] if index % 2 else sql.SQL(part) for index, part in enumerate(parts)]
    cur.execute(sql.Composed(composed))


def apply_grants(admin: connection, server: Server) -> None:
    """Schemas, owners and rights as `grants.sql` says; repeating it changes nothing."""
    with admin.cursor() as cur:
        names = role_names(server)
        cur.execute(r"select nspname from pg_namespace where nspname like 'raw\_%' order by 1")
        schemas = [row[0] for row in cur.fetchall()]
        names["raw_schemas"] = sql.SQL(", ").join(sql.Identifier(name) for name in schemas)
        cur.execute("select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2", (schemas,))
        names["raw_tables"] = sql.SQL(", ").join(sql.Identifier(*row) for row in cur.fetchall())
        execute_sql(cur, GRANTS.read_text(), names)
        if cur.connection.server_version >= 170000:
            execute_sql(cur, 'grant maintain on :"raw_tables" to :"loader", :"transformer"', names)


def grant_connect(admin: connection, server: Server) -> None:
    """Who may connect to the database itself: the part of the rights that a template does not pass on."""
    with admin.cursor() as cur:
        execute_sql(cur, CONNECT, role_names(server))
        if server.key == EMBEDDED:
            # on a server of yours these may be in use by others
            cur.execute("revoke all on database postgres, template1 from public")


CONNECT = """
revoke all on database :"database" from public;
grant connect on database :"database"
to :"loader", :"transformer", :"reader", :"viewer", :"campaign", :"desk";
grant temporary on database :"database" to :"loader", :"transformer";
"""
