"""Airflow's processes: started in sessions of their own, watched, ended together, found again after a kill.

Each component leads a session, and what it starts stays in it. So a whole component can be ended at once,
also the part of it that outlived its leader: whoever works in Airflow's folder and is in nobody's
session is left over from a kill.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from cartera.db.files import plain_os_errors
from cartera.errors import CarteraError

COMPONENTS = {
    "api-server": ["api-server"],
    # task logs are read from disk: their servers would listen on every address
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
STOP_SECONDS = 10.0
LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class Launch:
    """Where Airflow's processes work, with which environment, and where their output goes."""

    home: Path
    environment: Mapping[str, str]
    logs: Path


@dataclass(frozen=True)
class Component:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    started: float
    """time.monotonic()"""


@contextmanager
def sole(home: Path) -> Iterator[None]:
    """Be the only one who runs Airflow in this folder; the kernel lets go when we die. Raises CarteraError."""
    with plain_os_errors("lock Airflow", home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(home / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CarteraError(
                "Airflow is already running from this folder", "use it, or end it with `cartera stop`"
            ) from None
        yield
    finally:
        os.close(handle)


def migrate(launch: Launch) -> None:
    """Make or upgrade Airflow's own tables. Raises CarteraError."""
    log = launch.logs / "migrate.log"
    with _log_stream(log) as stream:
        ended = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            cwd=launch.home,
            env=dict(launch.environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            check=False,
        )
    if ended.returncode != 0:
        raise CarteraError("Airflow's own tables could not be made", f"see {log}")


def start(name: str, launch: Launch) -> Component:
    """Start one component; its output goes to a log of its name."""
    log = launch.logs / f"{name}.log"
    with _log_stream(log) as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", *COMPONENTS[name]],
            cwd=launch.home,
            env=dict(launch.environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    return Component(name, process, log, time.monotonic())


@contextmanager
def _log_stream(log: Path) -> Iterator[int]:
    with plain_os_errors("write Airflow's log", log.parent):
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _end_with_parent() -> None:
    """Linux: be asked to end when the launcher dies, also by kill -9. Elsewhere the next start cleans up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1: PR_SET_PDEATHSIG


def stop(components: list[Component]) -> None:
    """Ask each to end, the one started first last (the others report to it); then kill what is left of them."""
    sessions = {component.process.pid for component in components}
    deadline = time.monotonic() + STOP_SECONDS
    for component in reversed(components):
        component.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            component.process.wait(max(0.0, deadline - time.monotonic()))
    _kill([process for process in psutil.process_iter() if _session(process) in sessions])
    for component in components:
        component.process.wait()


def end_leftovers(home: Path) -> None:
    """Kill what a killed launcher left: the Airflow processes that work in our folder. Call under `sole`."""
    _kill([process for process in psutil.process_iter() if _works_in(process, home)])


def _works_in(process: psutil.Process, home: Path) -> bool:
    try:
        return process.cwd() == str(home.resolve()) and _is_airflow(process)
    except psutil.Error:
        return False


def _is_airflow(process: psutil.Process) -> bool:
    """Airflow names its processes itself; those that it has not named yet run our interpreter."""
    return "airflow" in " ".join(process.cmdline()) and process.pid != os.getpid()


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
