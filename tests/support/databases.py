"""Databases of their own for tests, made as copies of one that is migrated."""

from __future__ import annotations

import array
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from cartera import db
from cartera.settings import get_settings

TEMPLATE = "template_of_tests"

MEMORY, ROOM = Path("/dev/shm"), 6 << 30
GET_FLAGS, SET_FLAGS, TOP_OF_HIERARCHIES = 0x80086601, 0x40086602, 0x00020000
"""FS_IOC_GETFLAGS, FS_IOC_SETFLAGS and EXT4_TOPDIR_FL (ext4.h)."""


@contextmanager
def folder_of_the_server() -> Iterator[Path]:
    """A folder for a session's server: in memory where there is room, else on the disk.

    ext4 gives away no inode that was freed in the last minutes, and looks at all of them for each file it makes
    nearby: where one database after the other is dropped, making the next took ten times as long as at first.
    """
    in_memory = MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOM
    for left in MEMORY.glob("cartera-tests-*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=f"cartera-tests-{os.getpid()}-", dir=MEMORY if in_memory else None) as folder:
        yield Path(folder)


def apart_on_the_disk(folder: Path) -> None:
    """Let each database's folder lie where no other does, as `chattr +T` would; nothing on file systems without it."""
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):
        flags = array.array("l", [0])
        fcntl.ioctl(descriptor, GET_FLAGS, flags)
        flags[0] |= TOP_OF_HIERARCHIES
        fcntl.ioctl(descriptor, SET_FLAGS, flags)
    os.close(descriptor)


@contextmanager
def fresh_database(name: str = "test") -> Iterator[str]:
    """A migrated, empty database that `connect` uses meanwhile, in this process and its children.

    One after the other has the same name: what dbt has read of the project it uses again only for the same database.
    """
    db.copy_database(TEMPLATE, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_DATABASE_NAME", name)
        get_settings.cache_clear()
        yield name
    get_settings.cache_clear()
    db.drop_database(name)
