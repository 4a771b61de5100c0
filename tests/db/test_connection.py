from __future__ import annotations

import psycopg2
import pytest

from cartera import db
from cartera.db import Role


@pytest.mark.parametrize("role", list(Role))
def test_each_role_logs_in_as_itself_in_utc(database: str, role: Role) -> None:
    with db.transaction(role) as connection, connection.cursor() as cur:
        cur.execute("select current_user, current_database(), current_setting('timezone')")
        assert cur.fetchone() == (f"cartera_{role}", database, "UTC")


def test_a_test_database_begins_empty(database: str) -> None:
    with db.transaction(Role.loader) as connection, connection.cursor() as cur:
        cur.execute("select count(*) from raw_files.invoices")
        assert cur.fetchone() == (0,)
        cur.execute(
            "insert into quarantine.records (load_id, source, entity, file_name, row_number, reason_code,"
            " message, raw_bytes, raw_format, quarantined_at)"
            " values (1, 's', 'invoices', 'f.csv', 1, 'x', 'x', '', 'csv', now())"
        )


def test_transaction_commits_on_success_and_rolls_back_on_error(database: str) -> None:
    insert = (
        "insert into ops.runs (run_id, as_of_date, started_at, status, triggered_by)"
        " values (%s, now(), now(), 'running', 'test')"
    )
    with db.transaction(Role.transformer) as connection, connection.cursor() as cur:
        cur.execute(insert, ("00000000-0000-0000-0000-000000000001",))
    with (
        pytest.raises(psycopg2.errors.DivisionByZero),
        db.transaction(Role.transformer) as connection,
        connection.cursor() as cur,
    ):
        cur.execute(insert, ("00000000-0000-0000-0000-000000000002",))
        cur.execute("select 1 / 0")
    with db.transaction(Role.reader) as connection, connection.cursor() as cur:
        cur.execute("select run_id::text from ops.runs")
        assert cur.fetchall() == [("00000000-0000-0000-0000-000000000001",)]
