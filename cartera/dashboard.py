"""Starts the dashboard as a program of its own and knows when it answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import IO

import psutil

from cartera import services, sign_in
from cartera.db.files import make_home, plain_os_errors
from cartera.errors import CarteraError, ConfigError
from cartera.settings import TELEMETRY_OFF, Settings

SERVICE = "dashboard"
"""Recorded as `dashboard-<port>`: several may run, `cartera stop` ends them all."""

HOST = "127.0.0.1"
FIRST_PORT, PORTS_TRIED = 8501, 50
START_SECONDS = 60.0
LOG_NAME = "dashboard-server.log"


class DashboardError(CarteraError):
    """The dashboard did not start."""


def start_dashboard(settings: Settings, *, port: int | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """Start the dashboard on 127.0.0.1 and return its process and URL once it answers.

    `port`: that one, or ConfigError; None: the setting's, or the first free one from 8501. The process is
    recorded, so that `cartera stop` ends it. Raises DashboardError, ConfigError.
    """
    sign_in.check(settings)
    wanted = port or settings.dashboard_port
    ports = [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for candidate in ports:
        if not is_free(candidate):
            continue
        process = _spawn(settings, candidate)
        if _wait(process, candidate):
            url = f"http://{HOST}:{candidate}"
            services.register(f"{SERVICE}-{candidate}", url, process.pid)
            return process, url
        # another program took the port between the look and the start
        end(process)
        if is_free(candidate):
            raise DashboardError("the dashboard did not start", f"read {settings.log_dir / LOG_NAME}")
    taken = f"port {wanted} is" if wanted else f"ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} are"
    raise ConfigError(f"{taken} taken", "name another one with `--port`, or set CARTERA_DASHBOARD_PORT")


def running() -> services.Service | None:
    """A dashboard that is up, or None."""
    return next((service for service in services.running() if service.name.startswith(SERVICE)), None)


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # as servers do: a port whose last owner has just gone counts as free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def end(process: subprocess.Popen[bytes], seconds: float = 5.0) -> None:
    """End a dashboard that this process started."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _spawn(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "streamlit", "run", str(settings.project_dir / "dashboards" / "server.py"),
        "--server.address", HOST, "--server.port", str(port), "--server.headless", "true",
    ]  # fmt: skip
    with _log(settings) as log:
        return subprocess.Popen(
            command,
            cwd=settings.project_dir,
            env={**os.environ, **TELEMETRY_OFF, "CARTERA_HOME": str(settings.home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal is for whoever started it, who then ends it
            start_new_session=True,
        )


def _log(settings: Settings) -> IO[bytes]:
    make_home(settings.home)
    with plain_os_errors("write the log of the dashboard", settings.log_dir):
        settings.log_dir.mkdir(parents=True, exist_ok=True)
        return (settings.log_dir / LOG_NAME).open("ab")


def _wait(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether this process, and no other one, answers at the port before the time is over."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _listens(process, port) and _answers(port):
            return True
        time.sleep(0.1)
    return False


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    try:
        connections = psutil.Process(process.pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def _answers(port: int) -> bool:
    try:
        # this machine's own address: no proxy may come between
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{HOST}:{port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
