"""What went wrong between us and PostgreSQL, in plain words and without secrets."""

from __future__ import annotations

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
    ("incompatible with server", "the data folder is of another PostgreSQL version: go back to that Cartera"),
    ("permission denied to create role", "give the admin login of CARTERA_DATABASE_URL the right CREATEROLE"),
    ("permission denied to create database", "create the database, or give the admin login CREATEDB"),
    ("permission denied", "name a login with CREATEROLE that owns the database in CARTERA_DATABASE_URL"),
    ("must be owner", "name a login that owns the database in CARTERA_DATABASE_URL"),
    ("read-only transaction", "the server is a standby: name the primary in CARTERA_DATABASE_URL"),
)


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
    """What a server that ended said last, as a DatabaseError."""
    lines = [line for line in log.splitlines() if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    said = lines[-1] if lines else (log.strip().splitlines() or ["it said nothing"])[-1]
    for mark in ("FATAL:", "PANIC:"):
        said = said.partition(mark)[2].strip() or said
    mend = _mend(said) if any(text in said for text, _ in MENDS) else f"see {home / 'logs' / 'postgres.log'}"
    return DatabaseError(f"{doing}: {said}", mend)


def _first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "no reason given")
    return line.replace("FATAL:", "").replace("  ", " ").strip()


def _mend(said: str) -> str:
    for text, mend in MENDS:
        if text in said:
            return mend
    return "run `cartera doctor`"
