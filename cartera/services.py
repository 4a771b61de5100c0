"""Programs of ours that keep running (dashboard, mailbox, Airflow): recorded in `home/run/<name>.json`.

A record is believed only when a process of that number began at that moment: numbers are used again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from cartera.db.files import make_home, plain_os_errors, write_private
from cartera.settings import get_settings

STOP_SECONDS = 20.0
"""Airflow needs some to end its children."""


@dataclass(frozen=True)
class Service:
    """`create_time`: seconds since 1970, as psutil gives it. `address`: where to look, e.g. a URL."""

    name: str
    pid: int
    create_time: float
    address: str


def register(name: str, address: str, pid: int | None = None) -> Service:
    """Record a running program, this process by default. Raises DatabaseError (home not writable)."""
    home = get_settings().home
    make_home(home)
    process = psutil.Process(pid or os.getpid())
    service = Service(name, process.pid, process.create_time(), address)
    with plain_os_errors(f"record the running {name}", home / "run"):
        write_private(_path(name), json.dumps(asdict(service)) + "\n")
    return service


def unregister(name: str) -> None:
    """Forget a program; no error when it is not recorded."""
    _path(name).unlink(missing_ok=True)


@contextmanager
def registered(name: str, address: str, pid: int | None = None) -> Iterator[Service]:
    """Recorded for as long as the block runs."""
    service = register(name, address, pid)
    try:
        yield service
    finally:
        unregister(name)


def running() -> list[Service]:
    """What is recorded and alive, by name."""
    folder = get_settings().home / "run"
    found = [_read(path) for path in sorted(folder.glob("*.json"))]
    return [service for service in found if service is not None and _process(service) is not None]


def find(name: str) -> Service | None:
    """The running program of a name, or None."""
    return next((service for service in running() if service.name == name), None)


def stop(service: Service) -> None:
    """End a program and its children, by asking, then by force; and forget it."""
    process = _process(service)
    if process is not None and process.pid != os.getpid():
        _end([process, *process.children(recursive=True)])
    unregister(service.name)


def stop_all() -> list[Service]:
    """End everything that is recorded and alive; what was ended."""
    services = running()
    for service in services:
        stop(service)
    return services


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def _path(name: str) -> Path:
    return get_settings().home / "run" / f"{name}.json"


def _read(path: Path) -> Service | None:
    try:
        return Service(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        # half gone, or the database server's own record
        return None


def _process(service: Service) -> psutil.Process | None:
    try:
        process = psutil.Process(service.pid)
        same = abs(process.create_time() - service.create_time) < 0.01
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
