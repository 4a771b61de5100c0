"""Generated passwords, in `home/credentials.json`, readable by its owner only."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from cartera.db.files import plain_os_errors, write_private
from cartera.errors import DatabaseError

Passwords = dict[str, dict[str, str]]
"""server key ('embedded' or 'host:port/database') -> role name -> password"""


def path_of(home: Path) -> Path:
    return home / "credentials.json"


def read(home: Path, server: str) -> dict[str, str]:
    """Role name -> password on one server; empty when nothing is stored. Raises DatabaseError."""
    return _read_all(home).get(server, {})


def store(home: Path, server: str, passwords: Mapping[str, str]) -> None:
    """Add passwords of one server. The caller holds the lock of the state folder."""
    everything = _read_all(home)
    everything[server] = {**everything.get(server, {}), **passwords}
    with plain_os_errors("write credentials.json", home):
        write_private(path_of(home), json.dumps(everything, indent=2) + "\n")


def forget(home: Path, server: str) -> None:
    """Drop what is stored for one server. The caller holds the lock of the state folder."""
    everything = _read_all(home)
    if everything.pop(server, None) is not None:
        with plain_os_errors("write credentials.json", home):
            write_private(path_of(home), json.dumps(everything, indent=2) + "\n")


def generate() -> str:
    """A new password: 192 random bits, letters that need no quoting anywhere."""
    return secrets.token_urlsafe(24)


def _read_all(home: Path) -> Passwords:
    path = path_of(home)
    try:
        with plain_os_errors("read credentials.json", home):
            content: Passwords = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError:
        raise DatabaseError(
            f"{path} is not readable as JSON",
            "remove the file: new passwords are then made for every role",
        ) from None
    return content
