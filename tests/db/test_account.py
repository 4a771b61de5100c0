"""Whom the server runs as when root starts it: nothing of this is reached by an ordinary user."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cartera.db import account, binaries, problems
from cartera.db.account import Account
from cartera.errors import DatabaseError

SOMEBODY = Account("somebody", 12345, 12345)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed" / "inner"
    folder.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    return folder


def test_an_ordinary_user_runs_the_server_as_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account.server_account(tmp_path) is None


def test_a_folder_that_others_may_not_pass_is_found(closed: Path) -> None:
    assert not account.can_reach(closed / "file", SOMEBODY)
    owner = closed.parent.stat()
    # the folders of pytest above are closed too, so only the owner of all of them may pass
    assert account.can_reach(closed / "file", Account("owner", owner.st_uid, owner.st_gid))


def test_without_setpriv_the_closed_folder_is_named(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(DatabaseError, match="cannot get to") as caught:
        account.spawn(["/bin/true"], SOMEBODY, [closed])
    assert "setpriv" in caught.value.mend


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change user")
def test_the_server_may_read_past_closed_folders_and_write_nothing(closed: Path) -> None:
    secret = closed / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    script = f'cat "{secret}" && test "$(id -u)" = 12345 && ! touch "{closed}/new" 2>/dev/null'
    child = account.spawn(["/bin/sh", "-c", script], SOMEBODY, [closed])
    assert child.wait() == 0
    assert not (closed / "new").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change user")
def test_the_data_folder_of_an_ordinary_user_stays_theirs_when_root_starts_the_server(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    assert account.server_account(tmp_path) == Account("12345", 12345, 12346)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change user")
def test_programs_installed_for_root_alone_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").touch(mode=0o700)
    (programs / "notes").touch(mode=0o600)
    monkeypatch.setattr(binaries, "bin_dir", lambda: programs)
    assert account.may_execute(binaries.program("postgres", SOMEBODY), SOMEBODY)
    assert not account.may_execute(programs / "notes", SOMEBODY)


def test_the_reason_is_found_above_its_consequences(tmp_path: Path) -> None:
    log = (
        "FATAL:  could not write to file: No space left on device\n"
        "PANIC:  cannot abort transaction 1, it was already committed\nchild process was terminated\n"
    )
    error = problems.server_log_problem("it did not start", log, tmp_path)
    assert error.problem == "it did not start: could not write to file: No space left on device"
    assert "disk space" in error.mend
