"""The embedded PostgreSQL server: made, started, found, stopped, whatever was killed before.

All functions but `find` and `administrator` expect the lock of the state folder to be held.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import psycopg2

from cartera.db import credentials, data_folder, processes
from cartera.db.account import server_account, spawn
from cartera.db.binaries import program
from cartera.db.data_folder import ADMIN, KEY, ORPHAN_STOP, data_dir
from cartera.db.files import open_private, plain_os_errors, write_private
from cartera.db.login import login
from cartera.db.problems import is_wrong_password, server_log_problem
from cartera.db.processes import Postmaster
from cartera.db.server_settings import server_settings
from cartera.errors import DatabaseError

START_SECONDS = 120.0
"""A crashed server replays its log before it answers."""
PORTS = range(20000, 30000)
"""Below the range from which the kernel takes ports for outgoing connections."""
FAST_STOP = [(signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)]

_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process started: kept, so that a dead one is reaped and does not look alive."""


def find(home: Path) -> Postmaster | None:
    """The living server of a state folder, or None."""
    for child in _children:
        child.poll()
    return processes.find_postmaster(data_dir(home))


def administrator(home: Path, server: Postmaster) -> dict[str, str]:
    """Connection parameters of the superuser, without a database. Raises KeyError: no password stored."""
    password = credentials.read(home, KEY)[ADMIN]
    return {"host": "127.0.0.1", "port": str(server.port), "user": ADMIN, "password": password}


def ensure_running(home: Path) -> Postmaster:
    """Make the data folder if there is none, start the server if it is not up, and log in once."""
    if not (data_dir(home) / "PG_VERSION").exists():
        data_folder.make(home)
    server = find(home) or _start(home)
    if not _accepts_password(home, server):
        # credentials.json was lost
        stop(home)
        data_folder.set_password_offline(home)
        server = _start(home)
        _accepts_password(home, server)
    return server


def stop(home: Path) -> bool:
    """Stop the server and whatever is left of one. False when none was running."""
    data = data_dir(home)
    server = find(home)
    left = processes.remains(data)
    if server is not None:
        processes.end([psutil.Process(server.pid)], FAST_STOP)
    processes.end([process for process in left if process.is_running()], ORPHAN_STOP)
    find(home)
    return bool(server or left)


def _start(home: Path) -> Postmaster:
    """Start the server on a free port: the one of last time, if it is still free."""
    data = data_dir(home)
    data_folder.remove_half_made(home)
    processes.end(processes.remains(data), ORPHAN_STOP)
    with plain_os_errors("remove a stale postmaster.pid", data):
        # its number may by now be another program's, and PostgreSQL would then refuse to start
        (data / "postmaster.pid").unlink(missing_ok=True)
    for _attempt in range(5):
        port = _free_port(home)
        server = _start_on(home, port)
        if server is not None:
            return server
    raise DatabaseError("no free port was found for the embedded server", "end some programs, and try again")


def _start_on(home: Path, port: int) -> Postmaster | None:
    """A server that has opened its port, or None when another program was quicker to take it."""
    data = data_dir(home)
    account = server_account(data)
    postgres = program("postgres", account)
    options = [part for key, value in server_settings(data, port).items() for part in ("-c", f"{key}={value}")]
    log = home / "logs" / "postgres.log"
    with plain_os_errors("write the server's log", home / "logs"):
        _rotate(log)
        stream = os.fdopen(open_private(log, os.O_WRONLY | os.O_APPEND), "ab")
    with stream:
        begin = stream.tell()
        arguments = [str(postgres), "-D", str(data), *options]
        child = spawn(arguments, account, [data / "PG_VERSION", postgres], stdout=stream, stderr=stream)
    _children.append(child)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            said = log.read_bytes()[begin:].decode(errors="replace")
            if "could not bind" in said:
                return None
            raise server_log_problem("the embedded server did not start", said, home)
        server = processes.find_postmaster(data)
        if server is not None:
            _record(home, server)
            return server
        time.sleep(0.01)
    raise DatabaseError(f"the embedded server did not open its port in {START_SECONDS:.0f} s", f"see {log}")


def _record(home: Path, server: Postmaster) -> None:
    with plain_os_errors("record the server's port", home / "run"):
        text = f'{{"name": "postgres", "pid": {server.pid}, "port": {server.port}}}\n'
        write_private(home / "run" / "postgres.json", text)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > 20_000_000:
        log.replace(log.with_suffix(".log.1"))


def _free_port(home: Path) -> int:
    for port in (*_last_port(home), *random.sample(PORTS, 200)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DatabaseError("no free port was found for the embedded server", "end some programs, and try again")


def _last_port(home: Path) -> list[int]:
    try:
        return [int(json.loads((home / "run" / "postgres.json").read_text())["port"])]
    except (OSError, ValueError, KeyError):
        return []


def _accepts_password(home: Path, server: Postmaster) -> bool:
    """Log in as the superuser, waiting while the server recovers. False when the password is not right."""
    try:
        parameters = administrator(home, server)
    except KeyError:
        return False
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            login({**parameters, "dbname": "postgres"}).close()
            return True
        except psycopg2.OperationalError as error:
            if is_wrong_password(error):
                return False
            if find(home) is None:
                said = (home / "logs" / "postgres.log").read_text(errors="replace")[-4000:]
                raise server_log_problem("the embedded server ended while it started", said, home) from None
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"the embedded server does not answer after {START_SECONDS:.0f} s",
                    f"wait, or see {home / 'logs' / 'postgres.log'}",
                ) from None
        time.sleep(0.03)
