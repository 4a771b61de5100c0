"""The state folder: made private, written atomically, locked between processes."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cartera.errors import DatabaseError

MARKER = "cartera-home"
"""Says that the folder is ours, so that `cartera reset` may remove it."""

OURS = frozenset(
    {"pg", "run", "logs", "credentials.json", "sources", "sandbox", "mailbox", "data_docs", "dbt", "airflow"}
)
LOCK_SECONDS = 180.0


@contextmanager
def plain_os_errors(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a DatabaseError that says what could not be done, where, and the mend."""
    try:
        yield
    except OSError as error:
        raise DatabaseError(
            f"could not {what} in {path}: {error.strerror or error}", os_error_mend(error.errno, path)
        ) from None


def os_error_mend(number: int | None, path: Path) -> str:
    """How to mend an operating system's error on a path."""
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "free some disk space, or name a folder on another disk in CARTERA_HOME"
    if number == errno.EROFS:
        return "the folder is read-only: name a writable one in CARTERA_HOME"
    if number in (errno.EACCES, errno.EPERM):
        return f"make {path} writable by the user who runs Cartera, or name another folder in CARTERA_HOME"
    return "look at the folder, or name another one in CARTERA_HOME"


def make_home(home: Path) -> None:
    """Make the state folder and its `run` and `logs`. Raises DatabaseError.

    Private to its owner. Made by root it can be passed through (not listed), because the embedded
    server then runs as an unprivileged user who must reach `pg/`.
    """
    with plain_os_errors("make the state folder", home):
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)  # another process may be making it now
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (home / "run", home / "logs"):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                _give_to_owner_of(home, folder)
        if not (home / MARKER).exists() and all(entry.name in OURS for entry in home.iterdir()):
            write_private(home / MARKER, "All state of one Cartera clone. `cartera reset` removes it.\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner only: never half-written, never open for a moment."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # O_EXCL, 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _give_to_owner_of(path.parent, Path(name))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def open_private(path: Path, flags: int) -> int:
    """A file descriptor of a file, made readable by its owner only when there is none."""
    is_new = not path.exists()
    handle = os.open(path, flags | os.O_CREAT, 0o600)
    if is_new:
        _give_to_owner_of(path.parent, path)
    return handle


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _give_to_owner_of(folder: Path, path: Path) -> None:
    """What root writes into somebody's state folder stays theirs, or they could not use it again."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def locked(home: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of the state folder; it is freed by the kernel when the holder dies.

    Raises DatabaseError when another process holds it for longer than `seconds`.
    """
    make_home(home)
    path = home / "run" / "database.lock"
    with plain_os_errors("lock the database", home):
        handle = open_private(path, os.O_RDWR)
    try:
        _wait_for_lock(handle, path, seconds)
        yield
    finally:
        os.close(handle)


def _wait_for_lock(handle: int, path: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"another process has been preparing the database for {seconds:.0f} s",
                    f"wait for it, or end the process that holds {path}",
                ) from None
        time.sleep(0.05)
