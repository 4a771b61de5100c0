"""A virtual environment of its own for a program that can't share ours, made on demand and kept between test runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SLOWEST = 600
MADE_OF = "made_of"
"""Names what the environment was made of; written last, so that a half-made one is made again."""


def own_environment(name: str, requirements: Path) -> Path:
    """The folder of its programs. `requirements` names exact versions of all packages.

    Two workers of one test run wait for each other. Where the packages can't be had the test is skipped, in CI never.
    """
    folder = PROJECT / f".venv-{name}"
    wanted = hashlib.blake2b(requirements.read_bytes() + sys.version.encode(), digest_size=16).hexdigest()
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_of = folder / MADE_OF
        if not made_of.exists() or made_of.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*pip, "--no-deps", "--requirement", str(requirements)])
            made_of.write_text(wanted)
    return folder / "bin"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SLOWEST, check=False)
    if done.returncode:
        said = f"{' '.join(command)}: {done.stderr.strip()[-2000:]}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
