"""Start each service of docker-compose.yml without containers, and ask its own health check.

    python docker/prove.py [--postgres /usr/lib/postgresql/15/bin] [--redis redis-server]

There is no Docker engine where this is built. So each service's command runs here as the file gives it, with
the environment, the secrets and the health check that it gives, against a real PostgreSQL server and a
real Redis; only what a container would provide is translated: its paths, host names and addresses.
Needs PostgreSQL's and Redis' (or Valkey's) programs; as root it changes to `postgres` and `nobody`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
PYTHON_DIR = Path(sys.executable).parent
ORDER = (
    "broker",
    "airflow-init",
    "airflow-api-server",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
    "airflow-worker",
    "dashboard",
)
START_SECONDS = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    """A folder that stands for the containers' file systems, and the names that change with it."""

    def __init__(self, folder: Path, redis: str) -> None:
        self.folder = folder
        ports = {name: free_port() for name in ("postgres", "broker", "api", "health", "dashboard")}
        self.ports = ports
        self.translations = [
            ("/run/secrets", str(folder / "secrets")),
            ("/var/lib/cartera", str(folder / "home")),
            ("/opt/cartera", str(PROJECT)),
            ("/dev/shm/", str(folder) + "/"),
            ("@postgres:5432", f"@127.0.0.1:{ports['postgres']}"),
            ("@broker:6379", f"@127.0.0.1:{ports['broker']}"),
            ("airflow-api-server:8080", f"127.0.0.1:{ports['api']}"),
            ("127.0.0.1:8080", f"127.0.0.1:{ports['api']}"),
            ("127.0.0.1:8974", f"127.0.0.1:{ports['health']}"),
            ("127.0.0.1:8501", f"127.0.0.1:{ports['dashboard']}"),
            ("--server.port=8501", f"--server.port={ports['dashboard']}"),
            ("port 6379", f"port {ports['broker']}"),
            ("-p 6379", f"-p {ports['broker']}"),
            ("0.0.0.0", "127.0.0.1"),
            ("valkey-server", redis),
            ("valkey-cli", redis.replace("-server", "-cli")),
            ("$$", "$"),
        ]
        # what the image's programs take from their defaults
        self.defaults = {
            "CARTERA_SOURCES_DIR": str(folder / "sources"),
            "AIRFLOW__API__PORT": str(ports["api"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(ports["health"]),
        }

    def here(self, text: str) -> str:
        for there, here in self.translations:
            text = text.replace(there, here)
        return text

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        given = {name: self.here(resolved(str(value))) for name, value in service.get("environment", {}).items()}
        home = str(self.folder / "home")
        path = f"{PYTHON_DIR}:{os.defpath}"
        return {"PATH": path, "HOME": home, "PYTHONPATH": str(PROJECT), **self.defaults, **given}


def resolved(value: str) -> str:
    """`${NAME:-default}` with nothing set."""
    while "${" in value:
        head, _, rest = value.partition("${")
        inner, _, tail = rest.partition("}")
        value = head + inner.partition(":-")[2] + tail
    return value


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def postgres(place: Place, programs: Path) -> Iterator[None]:
    """A server made as the image's entrypoint does: initdb with a password, then our init script."""
    data, secrets = place.folder / "pg", place.folder / "secrets"
    data.mkdir(mode=0o700)
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        os.chown(data, entry.pw_uid, entry.pw_gid)
        as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    password = (secrets / "postgres_password").read_text()
    arguments = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", f"--pwfile={secrets / 'postgres_password'}", *arguments],
        check=True, stdout=subprocess.DEVNULL, cwd="/", **as_user,
    )  # fmt: skip
    port = str(place.ports["postgres"])
    with (place.folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", "", "-c", "timezone=UTC"],
            stdout=log, stderr=log, cwd="/", **as_user,
        )  # fmt: skip
    try:
        environment = {
            **{"PATH": f"{programs}:{os.defpath}", "PGHOST": "127.0.0.1", "PGPORT": port, "PGPASSWORD": password},
            **{"POSTGRES_USER": "postgres", "SECRETS": str(secrets)},
        }
        wait(lambda: subprocess.run([programs / "pg_isready", "-q"], env=environment).returncode == 0, 30)
        subprocess.run([PROJECT / "docker/postgres-init.sh"], env=environment, check=True)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def wait(is_done: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_done():
            return True
        time.sleep(1)
    return False


def start(name: str, service: dict[str, Any], place: Place, image: dict[str, Any]) -> subprocess.Popen[bytes]:
    command = [place.here(part) for part in service.get("command") or image["command"]]
    if "build" in service:
        command = [str(PROJECT / "docker/entrypoint.sh"), *command]
    log = (place.folder / f"{name}.log").open("wb")
    return subprocess.Popen(
        command,
        env=place.environment(service),
        cwd=PROJECT if "build" in service else place.folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def is_healthy(service: dict[str, Any], place: Place) -> bool:
    kind, *check = service["healthcheck"]["test"]
    arguments = [place.here(part) for part in check]
    ended = subprocess.run(
        ["sh", "-c", *arguments] if kind == "CMD-SHELL" else arguments,
        env=place.environment(service),
        capture_output=True,
        check=False,
    )
    return ended.returncode == 0


def image_command() -> list[str]:
    """The Dockerfile's CMD, for the service that gives none."""
    line = next(line for line in (PROJECT / "Dockerfile").read_text().splitlines() if line.startswith("CMD ["))
    command: list[str] = yaml.safe_load(line.removeprefix("CMD "))
    return command


def prove(place: Place) -> list[str]:
    """Start all services in order; the names of those that never were healthy."""
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    image = {"command": image_command()}
    running: dict[str, subprocess.Popen[bytes]] = {}
    failed = []
    try:
        for name in ORDER:
            running[name] = start(name, services[name], place, image)
            if name == "airflow-init" and running[name].wait() != 0:
                return [name]
        for name in ORDER:
            begin = time.monotonic()
            healthy = wait(lambda name=name: is_healthy(services[name], place), START_SECONDS)
            alive = name == "airflow-init" or running[name].poll() is None
            say(
                f"{name:22} {'healthy' if healthy and alive else 'FAILED'} (asked for {time.monotonic() - begin:.0f} s)"
            )
            if not (healthy and alive):
                failed.append(name)
        if not failed and not walk(place):
            failed.append("the walk from a file to a publication")
    finally:
        for process in reversed(running.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return failed


def walk(place: Place) -> bool:
    """One small file through the Celery worker: landed, built, published."""
    password = (place.folder / "secrets" / "airflow_admin_password").read_text()
    token = call(place, "/auth/token", {"username": "admin", "password": password})["access_token"]
    body: dict[str, Any] = {"logical_date": None, "conf": {"as_of": "2026-06-30"}}
    call(place, "/api/v2/dags/extract_proof/dagRuns", body, token)

    def ended() -> bool:
        try:
            runs = call(place, "/api/v2/dags/build_warehouse/dagRuns", token=token)["dag_runs"]
        except TimeoutError:  # a busy machine
            return False
        return bool(runs) and runs[0]["state"] in ("success", "failed")

    begin, is_done = time.monotonic(), wait(ended, 300)
    shown = subprocess.run(
        [PYTHON_DIR / "cartera", "aging", "--format", "csv"],
        env={
            **{"PATH": f"{PYTHON_DIR}:{os.defpath}", "CARTERA_HOME": str(place.folder / "home")},
            "CARTERA_DATABASE_URL_FILE": str(place.folder / "secrets" / "cartera_database_url"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    is_right = is_done and "PEN,1-30,1,100.10" in shown.stdout
    say(f"a file through the worker {'published' if is_right else 'FAILED'} in {time.monotonic() - begin:.0f} s")
    return is_right


def make_source(folder: Path) -> None:
    (folder / "sources").mkdir()
    (folder / "invoices.csv").write_text("id,customer,issued,due,total\n1,C1,2026-05-10,2026-06-10,100.10\n")
    (folder / "sources" / "proof.yaml").write_text(
        f"system: files\nschedule: null\nentities:\n  invoices:\n    files: '{folder}/invoices.csv'\n"
        "    columns: {invoice_id: id, customer_id: customer, issue_date: issued, due_date: due, total_amount: total}\n"
        "    constants: {currency_code: PEN}\n"
    )


def call(place: Place, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{place.ports['api']}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", type=Path, default=Path("/usr/lib/postgresql/15/bin"))
    parser.add_argument("--redis", default="redis-server")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cartera-prove-"))
    folder.chmod(0o755)
    place = Place(folder, options.redis)
    subprocess.run([PROJECT / "docker/make-secrets.sh", folder / "secrets"], check=True, stderr=subprocess.DEVNULL)
    (folder / "secrets").chmod(0o711)  # initdb reads its password file as another user
    for secret in (folder / "secrets").iterdir():
        secret.chmod(0o644)
        secret.write_text(place.here(secret.read_text()))
    (folder / "home").mkdir(mode=0o711)
    make_source(folder)
    with postgres(place, options.postgres):
        say("postgres               healthy (its init script made both databases)")
        failed = prove(place)
    say(
        f"logs: {folder}"
        if failed or options.keep
        else "all services answered their own health checks, and a file went all the way"
    )
    if not (failed or options.keep):
        shutil.rmtree(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
