"""Start Airflow, keep it up, and end all of it together."""

from __future__ import annotations

import datetime as dt
import json
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from cartera import services
from cartera.clock import utc_now
from cartera.errors import CarteraError
from cartera.scheduler import processes
from cartera.scheduler.environment import airflow_home, environment, log_folder
from cartera.scheduler.processes import COMPONENTS, Component, Launch
from cartera.settings import Settings

READY_SECONDS = 180.0
SETTLED_SECONDS = 60.0
"""A component that ended after this long is started again; one that ended sooner would end again."""
PORTS = range(8080, 8180)
PARTS = ("scheduler", "dag_processor", "triggerer")

Say = Callable[[str], None]


def serve(settings: Settings, database_url: str, port: int, say: Say, ready: Callable[[int], None]) -> None:
    """Run Airflow on 127.0.0.1 until Ctrl-C, SIGTERM or SIGHUP; `port` 0 means the first free one.

    `ready` is told the port once all parts answer. Raises CarteraError when Airflow is already
    running here, or when a part does not start or ends soon after.
    """
    home, logs = airflow_home(settings), log_folder(settings)
    with processes.sole(home), _ended_by_signals():
        processes.end_leftovers(home)
        port = port or free_port()
        with services.registered("airflow", f"http://127.0.0.1:{port}"):
            launch = Launch(home, environment(settings, port, database_url), logs)
            say("preparing Airflow's own tables")
            processes.migrate(launch)
            say(f"starting {', '.join(COMPONENTS)}")
            _run(launch, port, say, ready)


def _run(launch: Launch, port: int, say: Say, ready: Callable[[int], None]) -> None:
    since = utc_now()
    components: list[Component] = []
    try:
        for name in COMPONENTS:
            components.append(processes.start(name, launch))
            if name == "api-server":
                # tasks report to it: a scheduler that is quicker would have its first tasks fail
                _wait(lambda: bool(health(port)), components)
        _wait(lambda: is_healthy(health(port), since), components)
        ready(port)
        _keep_up(components, launch, say)
    finally:
        processes.stop(components)


def free_port() -> int:
    """The first port from 8080 that nobody listens on."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CarteraError(
        f"no port from {PORTS.start} to {PORTS.stop - 1} is free", "end a program, or name a port with --port"
    )


def _wait(is_done: Callable[[], bool], components: list[Component]) -> None:
    """Raises CarteraError when a component ends meanwhile, or after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_done():
        for component in components:
            if component.process.poll() is not None:
                raise CarteraError(f"Airflow's {component.name} ended while starting", f"see {component.log}")
        if time.monotonic() > deadline:
            raise CarteraError(
                f"Airflow is not ready after {READY_SECONDS:.0f} s", f"see the logs in {components[0].log.parent}"
            )
        time.sleep(0.5)


def health(port: int) -> dict[str, dict[str, str]]:
    """What the parts of the Airflow on this port report: status and latest heartbeat; empty when it is silent."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as response:
            reported: dict[str, dict[str, str]] = json.loads(response.read())
    except (OSError, ValueError):
        return {}
    return reported


def is_healthy(reported: Mapping[str, Mapping[str, str]], since: dt.datetime) -> bool:
    """Whether all parts are well, by heartbeats of this start and not of one that was killed just before."""
    return all(
        reported.get(part, {}).get("status") == "healthy"
        and dt.datetime.fromisoformat(reported[part][f"latest_{part}_heartbeat"]) >= since
        for part in PARTS
    )


def _keep_up(components: list[Component], launch: Launch, say: Say) -> None:
    """Start a part again when it ended after a long life; give up when it ended soon."""
    while True:
        time.sleep(1)
        for index, component in enumerate(components):
            if component.process.poll() is None:
                continue
            if time.monotonic() - component.started < SETTLED_SECONDS:
                raise CarteraError(f"Airflow's {component.name} ended by itself", f"see {component.log}")
            say(f"Airflow's {component.name} ended; starting it again (see {component.log})")
            processes.stop([component])
            components[index] = processes.start(component.name, launch)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM (`cartera stop`) and SIGHUP (a closed terminal) end everything as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
