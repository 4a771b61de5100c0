from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from cartera.db import credentials, files
from cartera.errors import DatabaseError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_replaced_whole_and_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    files.write_private(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    files.write_private(path, "old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatabaseError, match="No space left") as caught, files.plain_os_errors("write", tmp_path):
        files.write_private(path, "new")
    assert "disk space" in caught.value.mend
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_state_folder_is_marked_as_ours_unless_it_holds_somebody_elses_files(tmp_path: Path) -> None:
    files.make_home(tmp_path / "new")
    assert (tmp_path / "new" / files.MARKER).exists()
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.tex").touch()
    files.make_home(tmp_path / "used")
    assert not (tmp_path / "used" / files.MARKER).exists()


def test_the_lock_is_held_against_others_and_freed(tmp_path: Path) -> None:
    with (
        files.locked(tmp_path / "h"),
        pytest.raises(DatabaseError, match="another process"),
        files.locked(tmp_path / "h", seconds=0.1),
    ):
        raise AssertionError("two held the lock")
    with files.locked(tmp_path / "h", seconds=0.1):
        pass


def test_passwords_of_two_servers_are_kept_apart(tmp_path: Path) -> None:
    credentials.store(tmp_path, "embedded", {"cartera_reader": "one"})
    credentials.store(tmp_path, "db:5432/x", {"cartera_reader": "two"})
    credentials.store(tmp_path, "embedded", {"cartera_loader": "three"})
    assert credentials.read(tmp_path, "embedded") == {"cartera_reader": "one", "cartera_loader": "three"}
    credentials.forget(tmp_path, "embedded")
    assert credentials.read(tmp_path, "embedded") == {}
    assert credentials.read(tmp_path, "db:5432/x") == {"cartera_reader": "two"}


def test_a_spoilt_credentials_file_is_said_plainly(tmp_path: Path) -> None:
    credentials.path_of(tmp_path).write_text("{half")
    with pytest.raises(DatabaseError, match="JSON") as caught:
        credentials.read(tmp_path, "embedded")
    assert "remove the file" in caught.value.mend
