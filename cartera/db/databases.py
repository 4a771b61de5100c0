"""Further databases on the same server: Airflow's metadata, and one per test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from cartera.db import credentials, problems, roles, servers
from cartera.db.connection import as_url, ensure_ready
from cartera.db.files import locked
from cartera.db.login import login
from cartera.db.servers import Server
from cartera.settings import get_settings

COPY = 'create database :"name" template :"template" strategy file_copy'
"""Four times as fast as the default for a small template."""


def ensure_database(name: str, owner_role_name: str) -> str:
    """Make a database with its own role on the same server; its SQLAlchemy URL, with the password.

    For what is not ours but needs a home, e.g. Airflow's metadata. Raises DatabaseError.
    """
    ensure_ready()
    settings = get_settings()
    server = servers.running(settings)
    with locked(settings.home), _outside(server, f"could not make the database {name}") as admin:
        password = credentials.read(settings.home, server.key).get(owner_role_name) or credentials.generate()
        credentials.store(settings.home, server.key, {owner_role_name: password})
        _make_owner(admin, owner_role_name, password)
        roles.create_database(admin, name, owner_role_name)
        with admin.cursor() as cur:
            cur.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
    return as_url({**server.admin, "user": owner_role_name, "password": password, "dbname": name})


def copy_database(template: str, name: str) -> None:
    """Make the database `name` as `template` is now; nobody may be connected to that. For tests."""
    ensure_ready()
    server = servers.running(get_settings())
    with _outside(server, f"could not copy the database {template}") as admin, admin.cursor() as cur:
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        roles.execute_sql(cur, COPY, names)
        roles.grant_connect(admin, replace(server, database=name))


def drop_database(name: str) -> None:
    """Drop a database, and end whoever is connected to it."""
    server = servers.running(get_settings())
    with _outside(server, f"could not drop the database {name}") as admin, admin.cursor() as cur:
        roles.execute_sql(cur, 'drop database if exists :"name" with (force)', {"name": sql.Identifier(name)})


def _make_owner(admin: connection, name: str, password: str) -> None:
    with admin.cursor() as cur:
        cur.execute("select 1 from pg_roles where rolname = %s", (name,))
        roles.set_role(admin, "alter" if cur.fetchone() else "create", name, password)
        # only a member of a role may make a database for it
        roles.execute_sql(cur, 'grant :"owner" to current_user', {"owner": sql.Identifier(name)})


@contextmanager
def _outside(server: Server, doing: str) -> Iterator[connection]:
    """The admin, in autocommit, connected to none of the databases in question."""
    try:
        admin = login({**server.admin, "dbname": "postgres"})
        admin.autocommit = True
        try:
            yield admin
        finally:
            admin.close()
    except psycopg2.Error as error:
        raise problems.plain(error, doing) from None
