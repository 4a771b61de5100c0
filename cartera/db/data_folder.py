"""The data folder of the embedded server: made whole or not at all, and its superuser's password.

All functions but `data_dir` expect the lock of the state folder to be held.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from cartera.db import credentials, processes
from cartera.db.account import Account, server_account, spawn
from cartera.db.binaries import program
from cartera.db.files import open_private, plain_os_errors, sync_folder
from cartera.db.problems import server_log_problem
from cartera.db.server_settings import HOST_BASED_ACCESS, SCRAM_ITERATIONS
from cartera.errors import DatabaseError

KEY = "embedded"
ADMIN = "cartera_admin"
ORPHAN_STOP = [(signal.SIGQUIT, 5.0), (signal.SIGKILL, 10.0)]


def data_dir(home: Path) -> Path:
    return home.resolve() / "pg"


def make(home: Path) -> None:
    """Run initdb beside the final place and rename when complete, so that a half-made one never counts."""
    remove_half_made(home)
    data = data_dir(home)
    if data.exists() and any(data.iterdir()):
        raise DatabaseError(f"{data} holds files but no database: it is damaged", "put it back, or run `cartera reset`")
    password = credentials.read(home, KEY).get(ADMIN) or credentials.generate()
    credentials.store(home, KEY, {ADMIN: password})
    with plain_os_errors("make the database", home):
        draft = Path(tempfile.mkdtemp(prefix="pg-new-", dir=home.resolve()))
        try:
            _run_initdb(draft, password, server_account(data))
            (draft / "data" / "pg_hba.conf").write_text(HOST_BASED_ACCESS)
            if data.exists():
                data.rmdir()
            (draft / "data").rename(data)
            sync_folder(home)
        finally:
            shutil.rmtree(draft)


def _run_initdb(draft: Path, password: str, account: Account | None) -> None:
    (draft / "data").mkdir(mode=0o700)
    (draft / "password").write_text(password + "\n")
    (draft / "password").chmod(0o600)
    if account is not None:
        for path in (draft, draft / "data", draft / "password"):
            os.chown(path, account.uid, account.gid)
    initdb = program("initdb", account)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    child = spawn(
        [str(initdb), "-D", str(draft / "data"), f"--username={ADMIN}", "--auth=scram-sha-256", *locale]
        + [f"--pwfile={draft / 'password'}", "--set", f"scram_iterations={SCRAM_ITERATIONS}"],
        account,
        [draft / "data", initdb],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = child.communicate()[0].decode(errors="replace")
    if child.returncode != 0:
        raise _failure("could not make the database", output, draft.parent)


def remove_half_made(home: Path) -> None:
    for draft in home.resolve().glob("pg-new-*"):
        processes.end(processes.remains(draft / "data"), ORPHAN_STOP)
        shutil.rmtree(draft, ignore_errors=True)


def set_password_offline(home: Path) -> None:
    """Give the superuser of a stopped server a new password in single-user mode: the old one was lost."""
    password = credentials.generate()
    data = data_dir(home)
    account = server_account(data)
    postgres = program("postgres", account)
    child = spawn(
        [str(postgres), "--single", "-D", str(data), "-c", "log_min_error_statement=panic"]
        + ["-c", f"scram_iterations={SCRAM_ITERATIONS}", "postgres"],
        account,
        [data / "PG_VERSION", postgres],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = child.communicate(f"alter role {ADMIN} password '{password}'\n".encode())[0].decode(errors="replace")
    if child.returncode != 0 or "ERROR" in output:
        raise _failure("could not set a new password", output, home)
    credentials.store(home, KEY, {ADMIN: password})


def _failure(doing: str, output: str, home: Path) -> DatabaseError:
    # on a full disk the log can't be kept, and the reason is already known
    with (
        suppress(OSError),
        os.fdopen(open_private(home / "logs" / "postgres.log", os.O_WRONLY | os.O_APPEND), "a") as log,
    ):
        log.write(output)
    return server_log_problem(doing, output, home)
