"""Which living process is our server: by what it was started with, never by its number alone."""

from __future__ import annotations

import hashlib
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from cartera.errors import DatabaseError


@dataclass(frozen=True)
class Postmaster:
    pid: int
    port: int


def cluster_name(data_dir: Path) -> str:
    """PostgreSQL shows it in the title of each of its processes, so they can be told from others'."""
    return "cartera-" + hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]


def find_postmaster(data_dir: Path) -> Postmaster | None:
    """The living postmaster of a data folder that has opened its port, or None.

    `postmaster.pid` alone proves nothing: it outlives a killed server.
    """
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
        pid, port, address = int(lines[0]), int(lines[3]), lines[5]
    except (OSError, ValueError, IndexError):
        return None
    return Postmaster(pid, port) if address and _is_postmaster(pid, data_dir) else None


def _is_postmaster(pid: int, data_dir: Path) -> bool:
    # its command line, and not its working directory, which root in a container may not see
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and _serves(process.cmdline(), data_dir)
    except psutil.Error:
        return False


def _serves(command: list[str], data_dir: Path) -> bool:
    return "-D" in command[:-1] and command[command.index("-D") + 1] == str(data_dir)


def remains(data_dir: Path) -> list[psutil.Process]:
    """Living processes of a data folder: postmasters, and backends that outlived theirs.

    A backend that was busy when its postmaster was killed still holds the shared memory, and the
    next postmaster refuses to start beside it.
    """
    title = f"postgres: {cluster_name(data_dir)}:"
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if _serves(command, data_dir) or " ".join(command).startswith(title):
            found.append(process)
    return found


def end(processes: list[psutil.Process], signals: list[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and wait its seconds, until all have ended. Raises DatabaseError."""
    alive = processes
    for number, seconds in signals:
        for process in alive:
            try:
                # as is: psutil has checked that the number was not given to another process
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
            except psutil.AccessDenied:
                raise DatabaseError(
                    f"process {process.pid} of the embedded server belongs to another user",
                    "stop it as the user who started it: cartera stop",
                ) from None
        _, alive = psutil.wait_procs(alive, timeout=seconds)
        if not alive:
            return
    numbers = ", ".join(str(process.pid) for process in alive)
    raise DatabaseError(f"processes {numbers} of the embedded server do not end", "end them, or reboot")
