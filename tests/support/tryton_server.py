"""The real Tryton: an environment of its own from PyPI, a prepared database, a server, and the calls of its API.

Environment and database are made once and kept in `.venv-tryton` beside `.venv`; each server has a copy of the
database. Nothing of it is in the environment of Cartera.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / ".venv-tryton"
LOCK = PROJECT / "tests" / "connectors" / "tryton" / "requirements.lock"
PREPARE = Path(__file__).with_name("tryton_prepare.py")
MODULES = ("account_invoice", "account_statement", "account_dunning")
DATABASE, USER, PASSWORD = "tryton", "admin", "correct horse of Tryton"
START_SECONDS = 60


def environment() -> Path:
    """The environment of just this lock, made once. Needs PyPI the first time."""
    folder = CACHE / _hash(LOCK.read_bytes(), sys.version.encode())
    if not (folder / ".installed").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--no-deps", "--require-hashes", "-r", str(LOCK)])
        (folder / ".installed").touch()
    return folder / "bin"


def prepared(binaries: Path) -> Path:
    """The database with modules, company, chart of accounts and fiscal year, made once."""
    folder = binaries.parent / _hash(PREPARE.read_bytes(), *map(str.encode, MODULES))
    if not (folder / ".prepared").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / f"{DATABASE}.sqlite").touch()
        config = write_config(folder, 0)
        (folder / "password").write_text(PASSWORD)
        admin = [str(binaries / "trytond-admin"), "-c", str(config), "-d", DATABASE, "--email", "admin@example.com"]
        _run([*admin, "-u", *MODULES, "--activate-dependencies", "--all"], TRYTONPASSFILE=str(folder / "password"))
        _run([str(binaries / "python"), str(PREPARE), str(config), DATABASE])
        (folder / ".prepared").touch()
    return folder / f"{DATABASE}.sqlite"


def write_config(folder: Path, port: int) -> Path:
    config = folder / "trytond.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n")
    return config


def _hash(*parts: bytes) -> str:
    return hashlib.blake2b(b"\0".join(parts), digest_size=8).hexdigest()


def _run(command: Sequence[str], **variables: str) -> None:
    # PYTHONPATH and the like are those of Cartera
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, env={**kept, **variables}, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ... failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def made() -> tuple[Path, Path]:
    """Where its programs are, and the prepared database; whoever comes first makes them."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        binaries = environment()
        return binaries, prepared(binaries)


@contextmanager
def tryton_server(folder: Path) -> Iterator[str]:
    """The address of a server with a fresh copy of the prepared database in `folder`."""
    binaries, template = made()
    shutil.copy(template, folder / f"{DATABASE}.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(binaries / "trytond"), "-c", str(write_config(folder, port)), "-d", DATABASE]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with (folder / "trytond.log").open("wb") as log:
        process = subprocess.Popen(command, env=kept, stdout=log, stderr=log)
    try:
        _wait(process, f"http://127.0.0.1:{port}", folder / "trytond.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _try in range(START_SECONDS * 10):
        if process.poll() is not None:
            break
        try:
            httpx.post(f"{url}/rpc/", json={"id": 1, "method": "common.server.version", "params": []})
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"trytond does not answer:\n{log.read_text()[-4000:]}")


class Rpc:
    """What people do in Tryton, by its API. Records are created and buttons pressed with the company as context."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/{DATABASE}/rpc/", timeout=400)
        user_id, token = self.call("common.db.login", USER, {"password": PASSWORD}, "en")[:2]
        told = base64.b64encode(f"{USER}:{user_id}:{token}".encode()).decode()
        self._client.headers["Authorization"] = f"Session {told}"
        self.context: dict[str, Any] = {"company": 1}

    def call(self, method: str, *params: Any) -> Any:
        said = (
            self._client.post("", json={"id": 1, "method": method, "params": _coded(params)}).raise_for_status().json()
        )
        if "error" in said and said["error"][0] == "UserWarning":
            # "Are you sure?" - yes
            self.create("res.user.warning", user=1, name=said["error"][1][0])
            return self.call(method, *params)
        if "error" in said:
            raise AssertionError(f"{method}: {said['error']}")
        return _decoded(said["result"])

    def do(self, model: str, method: str, *params: Any, **context: Any) -> Any:
        return self.call(f"model.{model}.{method}", *params, {**self.context, **context})

    def create(self, model: str, **values: Any) -> int:
        (made,) = self.do(model, "create", [values])
        return int(made)

    def find(self, model: str, domain: Sequence[Any], *fields: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.do(
            model, "search_read", list(domain), 0, None, [["id", "ASC"]], list(fields)
        )
        return found

    def id(self, model: str, *domain: Any) -> int:
        return int(self.find(model, domain, "id")[0]["id"])

    def wizard(self, name: str, model: str, ids: Sequence[int], *steps: tuple[str, Mapping[str, Any]]) -> None:
        """`steps`: the button that is pressed, and the forms that are filled in by then; those that are asked for."""
        context = {**self.context, "active_model": model, "active_id": ids[0], "active_ids": list(ids)}
        session, start, _end = self.call(f"wizard.{name}.create", context)
        for state, forms in steps or ((start, {}),):
            if "view" not in self.call(f"wizard.{name}.execute", session, forms, state, context):
                break
        self.call(f"wizard.{name}.delete", session, context)


def _coded(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, Mapping):
        return {name: _coded(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_coded(inner) for inner in value]
    if hasattr(value, "year"):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(inner) for inner in value]
    if isinstance(value, dict):
        return Decimal(value["decimal"]) if "decimal" in value else {name: _decoded(one) for name, one in value.items()}
    return value


if __name__ == "__main__":
    # `make test` makes them before the clock of a test runs
    made()
