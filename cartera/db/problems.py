"""What went wrong between us and PostgreSQL, in plain words and without secrets."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg2

from cartera.errors import DatabaseError

# what the server or its client library says -> how to mend it; the first that fits counts
MENDS = (
    ("password authentication failed", "correct the user and password in CARTERA_DATABASE_URL"),
    ("no password supplied", "give the password in CARTERA_DATABASE_URL"),
    ("no pg_hba.conf entry", "allow this host, user and database in the server's pg_hba.conf"),
    ("could not translate host name", "correct the host in CARTERA_DATABASE_URL"),
    ("Connection refused", "start the server, or correct host and port in CARTERA_DATABASE_URL"),
    ("timeout expired", "check the host, the network and the firewall"),
    ("Network is unreachable", "check the host, the network and the firewall"),
    ("No route to host", "check the host, the network and the firewall"),
    ("too many clients", "end some connections, or raise max_connections of the server"),
    ("remaining connection slots", "end some connections, or raise max_connections of the server"),
    ("server does not support SSL", "remove sslmode from CARTERA_DATABASE_URL, or enable SSL on the server"),
    ("certificate", "check sslmode and sslrootcert in CARTERA_DATABASE_URL"),
    ("starting up", "wait until the server has recovered, and try again"),
    ("shutting down", "wait until the server has stopped, and try again"),
    ("No space left on device", "free some disk space and run the command again: nothing was damaged"),
    ("Disk quota exceeded", "free some disk space and run the command again: nothing was damaged"),
    ("Read-only file system", "name a writable folder in CARTERA_HOME"),
    ("Permission denied", "make the folder named above usable, or name another one in CARTERA_HOME"),
    ("Cannot allocate memory", "free some memory, and try again"),
    ("setpriv:", "put the clone and CARTERA_HOME where every user can pass, or run as an ordinary user"),
    ("server closed the connection", "run the command again; `cartera doctor` tells whether the disk is full"),
    ("incompatible with server", "the data folder is of another PostgreSQL version: go back to that Cartera"),
    ("permission denied to create role", "give the admin login of CARTERA_DATABASE_URL the right CREATEROLE"),
    ("permission denied to create database", "create the database, or give the admin login CREATEDB"),
    ("permission denied", "name a login with CREATEROLE that owns the database in CARTERA_DATABASE_URL"),
    ("must be owner", "name a login that owns the database in CARTERA_DATABASE_URL"),
    ("read-only transaction", "the server is a standby: name the primary in CARTERA_DATABASE_URL"),
)

NEARLY_FULL = 40_000_000
"""Bytes: less than a database needs to be made or started."""


def is_wrong_password(error: psycopg2.OperationalError) -> bool:
    return "password authentication failed" in str(error) or error.pgcode == "28P01"


def is_missing_database(error: psycopg2.OperationalError) -> bool:
    text = str(error)
    return "database" in text and "does not exist" in text


def plain(error: psycopg2.Error, doing: str) -> DatabaseError:
    """The error of a connection or statement as a DatabaseError: `doing: what the server said`."""
    said = _first_line(str(error))
    return DatabaseError(f"{doing}: {said}", _mend(said))


def server_log_problem(doing: str, log: str, home: Path) -> DatabaseError:
    """Why a program of the server ended, by what it wrote, as a DatabaseError.

    The last line that we know a mend for counts; what follows it is often only a consequence.
    """
    lines = [line for line in log.splitlines() if line.strip()] or ["it said nothing"]
    known = [line for line in lines if any(text in line for text, _ in MENDS)]
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    said = (known or fatal or lines)[-1]
    for mark in ("FATAL:", "PANIC:", "ERROR:"):
        said = said.partition(mark)[2].strip() or said
    mend = _mend(said) if known else f"see {home / 'logs' / 'postgres.log'}"
    if not known and shutil.disk_usage(home).free < NEARLY_FULL:
        # PostgreSQL does not always say so itself
        said, mend = f"{said} (the disk is full)", _mend("No space left on device")
    return DatabaseError(f"{doing}: {said}", mend)


def _first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "no reason given")
    return line.replace("FATAL:", "").replace("  ", " ").strip()


def _mend(said: str) -> str:
    for text, mend in MENDS:
        if text in said:
            return mend
    return "run `cartera doctor`"
