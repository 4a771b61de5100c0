"""Migrations: whole or not at all, once, whoever else begins at the same moment."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from pathlib import Path

import pytest

from cartera import db
from cartera.db import Role, connection, migrate, roles, servers
from cartera.errors import DatabaseError
from cartera.settings import get_settings

VERSIONS = sorted((migrate.FOLDER / "versions").glob("[0-9]*.py"))


def version() -> str:
    with db.transaction(Role.admin) as opened, opened.cursor() as cur:
        cur.execute("select version_num from ops.alembic_version")
        return str((cur.fetchone() or ("",))[0])


def tables() -> set[str]:
    with db.transaction(Role.admin) as opened, opened.cursor() as cur:
        cur.execute("select schemaname || '.' || tablename from pg_tables where schemaname !~ '^pg_|^information'")
        return {row[0] for row in cur.fetchall()}


def ready_again() -> None:
    connection.forget_ready()
    db.ensure_ready()


def test_a_new_database_is_at_the_newest_migration(database: str) -> None:
    assert version() == migrate.head() == VERSIONS[-1].name[:4]
    assert {"raw_files.invoices", "quarantine.records", "ops.loads", "ops.publications"} <= tables()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_is_named_by_its_revision_and_has_its_sql_beside_it(path: Path) -> None:
    # the fast check at every start reads the newest revision from the file names alone
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    number = VERSIONS.index(path) + 1
    assert module.revision == path.name[:4] == f"{number:04}"
    assert module.down_revision == (f"{number - 1:04}" if number > 1 else None)
    assert path.with_suffix(".sql").exists()


def test_a_failing_migration_leaves_nothing_behind(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(), version()
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, folder)
    last = folder / "versions" / "9999_broken.py"
    last.write_text(VERSIONS[0].read_text().replace('"0001"', '"9999"').replace("= None", f'= "{migrate.head()}"'))
    last.with_suffix(".sql").write_text("create table ops.half (n int); select 1 / 0;")
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "FOLDER", folder)
        with pytest.raises(DatabaseError, match="division by zero"):
            ready_again()
    assert (tables(), version()) == before
    ready_again()


def test_a_database_of_a_newer_cartera_is_refused(database: str) -> None:
    with db.transaction(Role.admin) as opened, opened.cursor() as cur:
        cur.execute("update ops.alembic_version set version_num = '9000'")
    with pytest.raises(DatabaseError, match="9000"):
        ready_again()
    with pytest.raises(DatabaseError, match="9000"):
        db.ensure_ready(again=True)


def test_changed_grants_are_applied_without_a_migration(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "grants.sql"
    changed.write_text(roles.GRANTS.read_text() + '\ngrant select on ops.slots to :"reader";\n')
    monkeypatch.setattr(roles, "GRANTS", changed)
    ready_again()
    with db.transaction(Role.reader) as opened, opened.cursor() as cur:
        cur.execute("select count(*) from ops.slots")
        assert cur.fetchone() == (2,)


def test_two_that_migrate_one_database_at_once_do_it_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERA_DATABASE_NAME", f"{database}_empty")
    get_settings.cache_clear()
    server = servers.running(get_settings())
    admin = db.databases.login({**server.admin, "dbname": "postgres"})
    admin.autocommit = True
    roles.create_database(admin, server.database)
    admin.close()
    # beside the lock of the state folder, which two machines with one server do not share
    threads = [threading.Thread(target=migrate.migrate, args=(server,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert version() == migrate.head()
    db.drop_database(server.database)
