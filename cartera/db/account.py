"""Which operating system user runs the embedded server.

PostgreSQL refuses to run as root. Started by root it runs as the owner of the data folder, else as
`postgres`, else as `nobody`. Where that user cannot pass a folder on the way (a clone under /root),
it gets the one capability to read past permissions, CAP_DAC_READ_SEARCH, which lets it write nothing.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cartera.errors import DatabaseError

CAPABILITY = "+dac_read_search"


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int


def server_account(data_dir: Path) -> Account | None:
    """The user to run the server as, or None for the present one. Raises DatabaseError."""
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and (owner := data_dir.stat()).st_uid != 0:
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise DatabaseError(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as",
        "run Cartera as an ordinary user, or create one: useradd --system postgres",
    )


def spawn(
    arguments: list[str], account: Account | None, reaches: list[Path], **options: Any
) -> subprocess.Popen[bytes]:
    """Start a program of the server as `account`, in its own session, with a bare environment.

    It reads nothing unless `stdin` says so. `reaches`: paths that it must be able to get to. Raises DatabaseError.
    """
    if account is None:
        as_account: dict[str, Any] = {}
    elif all(can_reach(path, account) for path in reaches):
        as_account = {"user": account.uid, "group": account.gid, "extra_groups": []}
    else:
        as_account = {}
        arguments = [*_setpriv(account, reaches), *arguments]
    try:
        return subprocess.Popen(
            arguments,
            start_new_session=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            **{"stdin": subprocess.DEVNULL, **as_account, **options},
        )
    except OSError as error:
        raise DatabaseError(
            f"could not start {Path(arguments[0]).name}: {error.strerror}",
            "check that the folder is not on a disk mounted noexec, and that root may change user here"
            if account
            else "run `make setup` again: the embedded PostgreSQL may be incomplete",
        ) from None


def _setpriv(account: Account, reaches: list[Path]) -> list[str]:
    program = shutil.which("setpriv")
    if program is None:
        closed = next(path for path in reaches if not can_reach(path, account))
        raise DatabaseError(
            f"user {account.name}, as whom the embedded server runs, cannot get to {closed}",
            "install util-linux (it has setpriv), move the clone to where every user can pass,"
            " or run Cartera as an ordinary user",
        )
    ids = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    return [program, *ids, f"--inh-caps={CAPABILITY}", f"--ambient-caps={CAPABILITY}", "--"]


def can_reach(path: Path, account: Account) -> bool:
    """Whether the account may pass every folder above a path (by mode bits; ACLs are not looked at)."""
    return all(_may(parent.stat(), account, stat.S_IXOTH) for parent in path.resolve().parents)


def may_execute(path: Path, account: Account) -> bool:
    return _may(path.stat(), account, stat.S_IXOTH)


def _may(status: os.stat_result, account: Account, bit: int) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & (bit << 6))
    if status.st_gid == account.gid:
        return bool(status.st_mode & (bit << 3))
    return bool(status.st_mode & bit)
