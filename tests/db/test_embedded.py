"""The embedded server comes back, whatever was killed or taken away."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg2
import pytest

from cartera import db
from cartera.db import Role, data_folder, embedded, processes
from cartera.errors import DatabaseError

Start = Callable[[], subprocess.Popen[str]]


def write_run(home: Path) -> None:
    with db.transaction(Role.admin) as connection, connection.cursor() as cur:
        cur.execute("create table if not exists ops.kept (n int)")
        cur.execute("insert into ops.kept values (1)")


def kept() -> int:
    with db.transaction(Role.admin) as connection, connection.cursor() as cur:
        cur.execute("select count(*) from ops.kept")
        return int((cur.fetchone() or (0,))[0])


def living(home: Path) -> embedded.Postmaster:
    server = embedded.find(home)
    assert server is not None
    return server


def test_a_killed_server_is_started_again_with_what_was_committed(own_home: Path) -> None:
    write_run(own_home)
    killed = living(own_home)
    os.kill(killed.pid, signal.SIGKILL)
    assert kept() == 1
    assert living(own_home).pid != killed.pid


def test_a_backend_that_outlives_its_killed_server_does_not_keep_the_next_from_starting(own_home: Path) -> None:
    write_run(own_home)
    busy = db.connect(Role.admin, autocommit=True)
    query = threading.Thread(target=_count_for_ever, args=(busy,))
    query.start()
    pid = busy.info.backend_pid
    _wait_until(lambda: psutil.Process(pid).cpu_times().user > 0.1)
    os.kill(living(own_home).pid, signal.SIGKILL)
    assert psutil.pid_exists(pid)
    assert kept() == 1
    query.join(timeout=10)
    assert not query.is_alive()
    busy.close()


def _count_for_ever(connection: psycopg2.extensions.connection) -> None:
    with pytest.raises(psycopg2.OperationalError), connection.cursor() as cur:
        # a loop without a wait: it never notices that the postmaster is gone
        cur.execute("do $$ declare n bigint := 0; begin while true loop n := n + 1; end loop; end $$")


def _wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_everything_killed_at_once_while_writing_loses_nothing_committed(own_home: Path) -> None:
    for _ in range(3):
        write_run(own_home)
        for process in processes.remains(data_folder.data_dir(own_home)):
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker that ended with the one killed before it
                process.kill()
    assert kept() == 3


def is_server(process: psutil.Process) -> bool:
    """Not a server's worker, which may be gone by the time it is looked at."""
    try:
        return "-D" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("after", [0.25, 0.4, 0.55, 0.7, 0.9, 1.2])
def test_killed_at_any_moment_of_the_first_start_it_starts_the_next_time(
    own_home: Path, another_process: Start, after: float
) -> None:
    first = another_process()
    time.sleep(after)
    first.kill()
    first.communicate()
    write_run(own_home)
    assert kept() == 1
    assert not list(own_home.glob("pg-new-*"))
    assert len([p for p in processes.remains(data_folder.data_dir(own_home)) if is_server(p)]) == 1


def test_processes_that_start_at_once_share_one_server(own_home: Path, another_process: Start) -> None:
    started = [another_process() for _ in range(3)]
    answers = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], answers
    assert {out.strip() for out, _ in answers} == {str(living(own_home).port)}


def test_the_server_outlives_the_process_that_started_it(own_home: Path, another_process: Start) -> None:
    another_process().communicate(timeout=60)
    pid = living(own_home).pid
    write_run(own_home)
    assert living(own_home).pid == pid


def test_a_taken_port_is_left_to_its_owner(own_home: Path) -> None:
    write_run(own_home)
    port = living(own_home).port
    db.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        assert kept() == 1
        assert living(own_home).port != port


def test_the_port_of_last_time_is_used_again(own_home: Path) -> None:
    write_run(own_home)
    port = living(own_home).port
    db.stop()
    assert kept() == 1
    assert living(own_home).port == port


@pytest.mark.parametrize("content", ["", "garbage\n", "{pid}\n{data}\n1\n5432\n\n127.0.0.1\n1 1\nready\n"])
def test_a_stale_postmaster_pid_is_not_believed(own_home: Path, content: str) -> None:
    write_run(own_home)
    data = data_folder.data_dir(own_home)
    os.kill(living(own_home).pid, signal.SIGKILL)
    # the number may by now be that of any other program: here, of this test
    (data / "postmaster.pid").write_text(content.format(pid=os.getpid(), data=data))
    assert embedded.find(own_home) is None
    assert kept() == 1


def test_lost_passwords_are_made_anew_and_nothing_else_is_lost(own_home: Path) -> None:
    write_run(own_home)
    (own_home / "credentials.json").unlink()
    assert kept() == 1
    for role in Role:
        db.connect(role).close()


def test_a_password_changed_behind_our_back_is_set_again(own_home: Path) -> None:
    with db.transaction(Role.admin) as connection, connection.cursor() as cur:
        cur.execute("alter role cartera_reader password 'another'")
    db.connect(Role.reader).close()


def test_a_stored_password_that_is_lost_alone_is_made_anew(own_home: Path) -> None:
    db.ensure_ready()
    path = own_home / "credentials.json"
    stored = json.loads(path.read_text())
    del stored["embedded"]["cartera_loader"]
    path.write_text(json.dumps(stored))
    db.connect(Role.loader).close()


def test_passwords_are_readable_by_their_owner_only(own_home: Path) -> None:
    db.ensure_ready()
    assert stat.S_IMODE((own_home / "credentials.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((own_home / "pg").stat().st_mode) == 0o700
    assert stat.S_IMODE((own_home / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((own_home / "logs").stat().st_mode) == 0o700
    assert stat.S_IMODE(own_home.stat().st_mode) & 0o066 == 0


def test_nobody_gets_in_without_the_password(own_home: Path) -> None:
    given = db.parameters(Role.admin)
    for password in ("", "wrong"):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(psycopg2.extensions.make_dsn(**{**given, "password": password}))
    rules = (own_home / "pg" / "pg_hba.conf").read_text().split("\n")
    assert [rule for rule in rules if rule] == ["host all all 127.0.0.1/32 scram-sha-256"]
    with db.transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("select left(rolpassword, 16) from pg_authid where rolname like 'cartera%'")
        assert {verifier for (verifier,) in cursor.fetchall()} == {"SCRAM-SHA-256$1:"}, "one round for random passwords"


def test_the_server_listens_on_this_machine_only_and_opens_no_socket_file(own_home: Path) -> None:
    db.ensure_ready()
    process = psutil.Process(living(own_home).pid)
    addresses = {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}
    assert [c for c in process.net_connections("unix") if c.laddr] == []


def test_the_server_does_not_run_as_root(own_home: Path) -> None:
    db.ensure_ready()
    assert psutil.Process(living(own_home).pid).uids().effective != 0


def test_no_password_is_in_the_log_or_on_a_command_line(own_home: Path) -> None:
    write_run(own_home)
    with pytest.raises(psycopg2.errors.SyntaxError), db.transaction(Role.admin) as connection:
        connection.cursor().execute("alter role cartera_reader password 'hush-hush' nonsense")
    log = (own_home / "logs" / "postgres.log").read_text()
    secrets = [*json.loads((own_home / "credentials.json").read_text())["embedded"].values(), "hush-hush"]
    lines = " ".join(psutil.Process(living(own_home).pid).cmdline())
    assert len(secrets) == len(Role) + 1
    assert not [secret for secret in secrets if secret in log or secret in lines]


def test_when_all_is_well_a_new_process_is_ready_at_once(own_home: Path) -> None:
    db.ensure_ready()
    times = []
    for _ in range(5):
        db.connection.forget_ready()
        began = time.perf_counter()
        db.ensure_ready()
        times.append(time.perf_counter() - began)
    assert min(times) < 0.05


def test_stop_says_whether_there_was_something_to_stop(own_home: Path) -> None:
    assert not db.stop()
    db.ensure_ready()
    assert db.status().is_running
    assert db.stop()
    assert not db.status().is_running
    assert processes.remains(data_folder.data_dir(own_home)) == []


def test_a_state_folder_that_cannot_be_made_is_said_plainly(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home.parent.mkdir(parents=True)
    own_home.write_text("a file where the folder should be")
    with pytest.raises(DatabaseError, match="state folder") as caught:
        db.ensure_ready()
    assert "CARTERA_HOME" in caught.value.mend


def test_a_damaged_data_folder_is_said_plainly_and_left_as_it_is(own_home: Path) -> None:
    db.ensure_ready()
    db.stop()
    (own_home / "pg" / "PG_VERSION").unlink()
    with pytest.raises(DatabaseError, match="damaged"):
        db.ensure_ready()
    assert (own_home / "pg" / "base").is_dir()


def test_a_server_that_cannot_start_says_why(own_home: Path) -> None:
    db.ensure_ready()
    db.stop()
    (own_home / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseError, match="incompatible") as caught:
        db.ensure_ready()
    assert "version" in caught.value.mend
