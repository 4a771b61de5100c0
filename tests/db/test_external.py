"""A server of yours, by URL: an admin login that is no superuser, and everything that can be wrong with it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from cartera import db
from cartera.db import Role, binaries, connection, embedded, servers
from cartera.db.account import server_account, spawn
from cartera.db.servers import WORKING_ROLES
from cartera.errors import ConfigError, DatabaseError
from cartera.settings import get_settings

DEBIAN = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "p@ss/w:rd %41ñ"


@pytest.fixture(scope="module", params=["18", "15"])
def foreign(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Superuser parameters of a server that is not ours."""
    folder = DEBIAN if request.param == "15" else binaries.bin_dir()
    if not (folder / "initdb").exists():
        pytest.skip(f"PostgreSQL {request.param} is not installed in {folder}")
    base = Path(tempfile.mkdtemp(prefix="cartera-foreign-"))
    base.chmod(0o755)
    data, account = base / "data", server_account(base / "data")
    if account is not None:
        shutil.chown(base, account.uid, account.gid)
    (base / "pw").write_text("superuser\n")
    (base / "pw").chmod(0o644)
    initdb = [
        str(folder / "initdb"),
        "-D",
        str(data),
        "-U",
        "dba",
        "-A",
        "scram-sha-256",
        "-EUTF8",
        "--locale=C",
        f"--pwfile={base / 'pw'}",
    ]
    assert spawn(initdb, account, [base, folder], stdout=subprocess.DEVNULL).wait() == 0
    port = embedded._free_port(base)
    options = [f"-p{port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", "-cfsync=off"]
    server = spawn(
        [str(folder / "postgres"), "-D", str(data), *options], account, [base, folder], stderr=subprocess.DEVNULL
    )
    given = {"host": "127.0.0.1", "port": str(port), "user": "dba", "password": "superuser", "dbname": "postgres"}
    _wait(given, server)
    yield given
    server.send_signal(signal.SIGINT)
    server.wait(timeout=30)
    shutil.rmtree(base)


def _wait(given: dict[str, str], server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None
        try:
            _open(given).close()
            return
        except psycopg2.OperationalError:
            time.sleep(0.05)
    raise AssertionError("the foreign server did not start")


def _open(given: dict[str, str]) -> Connection:
    opened = psycopg2.connect(psycopg2.extensions.make_dsn(**given))
    opened.autocommit = True
    return opened


@pytest.fixture
def owner(foreign: dict[str, str]) -> Iterator[dict[str, str]]:
    """An admin login with CREATEROLE that owns the database `receivables`, as a hosted server gives one."""
    dba = _open(foreign)
    with dba.cursor() as cur:
        cur.execute("create role owner login createrole password %s", (PASSWORD,))
        cur.execute("create database receivables owner owner")
    yield {**foreign, "user": "owner", "password": PASSWORD, "dbname": "receivables"}
    with dba.cursor() as cur:
        for name in ("receivables", "fresh"):
            cur.execute(f"drop database if exists {name} with (force)")
            for role in WORKING_ROLES:
                cur.execute(f"drop role if exists {name}_{role}")
        cur.execute("drop role owner")
    dba.close()


def use(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> str:
    user, password = quote(given["user"], safe=""), quote(given["password"], safe="")
    url = f"postgresql://{user}:{password}@{given['host']}:{given['port']}/{given['dbname']}"
    monkeypatch.setenv("CARTERA_DATABASE_URL", url)
    get_settings.cache_clear()
    connection.forget_ready()
    return url


def test_an_owner_that_is_no_superuser_is_enough(
    own_home: Path, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, owner)
    for role in (Role.loader, Role.transformer, Role.reader, Role.campaign, Role.desk):
        with db.transaction(role) as opened, opened.cursor() as cur:
            cur.execute("select current_user, current_database()")
            assert cur.fetchone() == (f"receivables_{role}", "receivables")
    with db.transaction(Role.transformer) as opened, opened.cursor() as cur:
        cur.execute("create view serve.one as select 1 as n")
    with db.transaction(Role.reader) as opened, opened.cursor() as cur:
        cur.execute("select n from serve.one")
        assert cur.fetchone() == (1,)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), db.transaction(Role.reader) as opened:
        opened.cursor().execute("select * from raw_files.invoices")
    assert not (own_home / "pg").exists()
    # and again by a process that has not seen it ready
    connection.forget_ready()
    db.connect(Role.reader).close()


def test_the_database_is_made_when_the_login_may(
    own_home: Path, owner: dict[str, str], foreign: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, {**owner, "dbname": "fresh"})
    with pytest.raises(DatabaseError, match="permission denied to create database") as caught:
        db.ensure_ready()
    assert "CREATEDB" in caught.value.mend
    dba = _open(foreign)
    dba.cursor().execute("alter role owner createdb")
    dba.close()
    db.connect(Role.loader).close()


def test_lost_passwords_are_set_anew(own_home: Path, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, owner)
    db.ensure_ready()
    (own_home / "credentials.json").unlink()
    connection.forget_ready()
    db.connect(Role.reader).close()


def test_reset_drops_what_is_ours_and_leaves_what_was_yours(
    own_home: Path, owner: dict[str, str], foreign: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, owner)
    yours = _open({**owner})
    with yours.cursor() as cur:
        cur.execute("create schema yours; create table yours.t as select 1 as n")
        db.ensure_ready()
        with db.transaction(Role.transformer) as opened:
            opened.cursor().execute("create table marts_a.t as select 1 as n")
        db.reset()
        cur.execute("select n from yours.t")
        assert cur.fetchone() == (1,)
        cur.execute(r"select nspname from pg_namespace where nspname !~ '^pg_|^information' and nspname <> 'public'")
        assert cur.fetchall() == [("yours",)]
        cur.execute("select rolname from pg_roles where rolname like 'receivables%'")
        assert cur.fetchall() == []
    yours.close()
    assert not own_home.exists()


def test_a_login_without_createrole_is_said_plainly(
    own_home: Path, owner: dict[str, str], foreign: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dba = _open(foreign)
    dba.cursor().execute("alter role owner nocreaterole")
    dba.close()
    use(monkeypatch, owner)
    with pytest.raises(DatabaseError) as caught:
        db.ensure_ready()
    assert "CREATEROLE" in caught.value.mend
    with _open(owner).cursor() as cur:
        cur.execute("select count(*) from pg_namespace where nspname in ('ops', 'serve')")
        assert cur.fetchone() == (0,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "guessed-wrong"}, "password authentication failed"),
        ({"user": "nobody-here"}, "password authentication failed"),
        ({"port": "1"}, "Connection refused"),
        ({"host": "no-such-host.invalid"}, "could not translate host name"),
    ],
)
def test_a_url_that_does_not_work_is_said_plainly_without_its_secret(
    own_home: Path, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch, change: dict[str, str], words: str
) -> None:
    use(monkeypatch, {**owner, **change})
    with pytest.raises(DatabaseError, match=words) as caught:
        db.connect(Role.reader)
    assert caught.value.mend
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "guessed-wrong"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hush@h/d",
        "postgresql://u:hush@h:port/d",
        "postgresql://h/d",
        "postgresql://u:hush@h",
        "hush",
        "postgresql://u:hush%zz@h/d",
        "",
    ],
)
def test_a_url_that_is_none_is_said_plainly_without_its_secret(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CARTERA_DATABASE_URL", url)
    get_settings.cache_clear()
    with pytest.raises(ConfigError, match="CARTERA_DATABASE_URL") as caught:
        db.connect(Role.reader)
    assert "hush" not in str(caught.value)


def test_parameters_of_the_url_are_kept(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERA_DATABASE_URL", "postgresql+psycopg2://u:p@db.example:6432/d?sslmode=require")
    get_settings.cache_clear()
    server = servers.running(get_settings())
    given = server.parameters(Role.admin)
    assert given == {
        "host": "db.example", "port": "6432", "user": "u", "password": "p", "dbname": "d", "sslmode": "require",
    }  # fmt: skip
    assert connection.as_url(given) == "postgresql+psycopg2://u:p@db.example:6432/d?sslmode=require"
