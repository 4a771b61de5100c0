"""What each role may and may not do, tried by doing it."""

from __future__ import annotations

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from cartera import db
from cartera.db import Role, limits

CUSTOMER = (
    "insert into raw_files.customers (source, record_key, record_hash, recorded_from, load_id, row_number,"
    " customer_id, company_id) values ('s', '1', 'h', now(), 1, 1, '1', 'main')"
)
REJECT = (
    "insert into quarantine.records (load_id, source, entity, file_name, row_number, reason_code, message,"
    " raw_bytes, raw_format, quarantined_at) values (1, 's', 'e', 'f', 1, 'r', 'm', '', 'csv', now())"
)
RUN = (
    "insert into ops.runs (run_id, as_of_date, started_at, status, triggered_by)"
    " values (gen_random_uuid(), '2026-06-30', now(), 'running', 'test')"
)
SERVE_VIEW = "create or replace view serve.names as select customer_id, name from raw_files.customers"
SERVE_FUNCTION = (
    "create function serve.answer() returns int language sql security definer set search_path = '' return 42"
)

MAY = [
    (Role.loader, CUSTOMER),
    (Role.loader, "update raw_files.customers set recorded_to = now()"),
    (Role.loader, "select * from raw_files.invoices for update"),
    (Role.loader, REJECT),
    (Role.loader, "update quarantine.records set status = 'replayed'"),
    (Role.loader, RUN),
    (Role.loader, "create temporary table staged (n int)"),
    (Role.loader, "select * from ops.loads"),
    (Role.transformer, "select * from raw_files.payments"),
    (Role.transformer, "select * from quarantine.records"),
    (Role.transformer, "create table staging_a.t (n int)"),
    (Role.transformer, "create table marts_b.t (n int)"),
    (Role.transformer, SERVE_VIEW),
    (Role.transformer, "create temporary table t (n int)"),
    (Role.transformer, "update ops.slots set is_building = true"),
    (Role.reader, "select * from ops.runs, ops.run_steps, ops.check_results, ops.certificates"),
    (Role.reader, "select * from ops.certificate_lines, ops.publications, ops.loads"),
    (Role.reader, "select contact_id, customer_id, status from ops.contacts"),
    (Role.reader, "select event_id, actor from ops.contact_events"),
    (Role.reader, "select skip_id, reason_code from ops.contact_skips"),
    (Role.campaign, "select * from ops.publications"),
]
MAY_NOT = [
    (Role.loader, "delete from raw_files.customers"),
    (Role.loader, "truncate raw_files.customers"),
    (Role.loader, "update raw_files.customers set name = 'x'"),
    (Role.loader, "update ops.loads set rows_in = 0"),
    (Role.loader, "delete from quarantine.records"),
    (Role.loader, "create table serve.t (n int)"),
    (Role.loader, "create table public.t (n int)"),
    (Role.loader, "create schema mine"),
    (Role.loader, "select * from ops.alembic_version"),
    (Role.transformer, CUSTOMER),
    (Role.transformer, "update raw_files.customers set recorded_to = now()"),
    (Role.transformer, "delete from raw_files.customers"),
    (Role.transformer, "update quarantine.records set status = 'replayed'"),
    (Role.transformer, "create table public.t (n int)"),
    (Role.transformer, "drop table raw_files.customers"),
    (Role.reader, "select * from raw_files.customers"),
    (Role.reader, "select * from quarantine.records"),
    (Role.reader, "select * from ops.slots"),
    (Role.reader, "select * from ops.alembic_version"),
    (Role.reader, "select recipient from ops.contacts"),
    (Role.reader, "select detail from ops.contact_events"),
    (Role.reader, "select answers from ops.contact_skips"),
    (Role.reader, "select policy from ops.contact_plans"),
    (Role.reader, "select words from ops.contact_messages"),
    (Role.reader, "select address from ops.contact_preferences"),
    (Role.reader, RUN),
    (Role.reader, "create table public.t (n int)"),
    (Role.reader, "create table serve.t (n int)"),
    (Role.reader, "create temporary table t (n int)"),
    (Role.reader, "create role mine"),
    (Role.reader, "select pg_read_file('postgresql.conf')"),
    (Role.reader, "copy (select 1) to program 'true'"),
    (Role.campaign, "select * from raw_files.customers"),
    (Role.campaign, "select * from quarantine.records"),
    (Role.campaign, "delete from ops.publications"),
    (Role.campaign, RUN),
]


def do(role: Role, statement: str) -> None:
    with db.transaction(role) as connection, connection.cursor() as cur:
        cur.execute(statement)


@pytest.mark.parametrize(("role", "statement"), MAY)
def test_a_role_may_do_its_work(database: str, role: Role, statement: str) -> None:
    do(role, statement)


@pytest.mark.parametrize(("role", "statement"), MAY_NOT)
def test_a_role_may_do_no_more_than_its_work(database: str, role: Role, statement: str) -> None:
    with pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
        # the reader's sessions begin read-only, which it could change: rights must hold by themselves
        do(role, f"set transaction read write; {statement}")


def test_what_the_transformer_serves_later_can_be_read_and_what_is_beneath_cannot(database: str) -> None:
    do(Role.loader, CUSTOMER)
    do(Role.transformer, SERVE_VIEW)
    do(Role.transformer, SERVE_FUNCTION)
    do(Role.transformer, "create table marts_a.t as select 1 as n")
    do(Role.transformer, "create function marts_a.f() returns int language sql return 1")
    for role in (Role.reader, Role.campaign, Role.desk):
        with db.transaction(role) as connection, connection.cursor() as cur:
            cur.execute("select customer_id, serve.answer() from serve.names")
            assert cur.fetchall() == [("1", 42)]
        for hidden in ("select * from marts_a.t", "select marts_a.f()"):
            with pytest.raises(InsufficientPrivilege):
                do(role, hidden)


def test_a_query_of_the_reader_ends_after_a_minute(database: str) -> None:
    with db.transaction(Role.reader) as connection, connection.cursor() as cur:
        cur.execute("show statement_timeout")
        assert cur.fetchone() == ("1min",)


@pytest.mark.parametrize("role", list(limits.FORBIDDEN))
def test_the_doctor_sees_a_right_too_many(database: str, role: Role) -> None:
    name = f"cartera_{role}"
    table, privilege = limits.FORBIDDEN[role][0]
    with db.transaction(Role.admin) as connection, connection.cursor() as cur:
        assert limits.excesses(connection, role, name) == []
        cur.execute(f'grant {privilege} on {table} to "{name}"')
        assert limits.excesses(connection, role, name) == [f"{privilege} {table}"]


def test_no_working_role_gets_into_the_other_databases(database: str) -> None:
    db.ensure_database("airflow_of_tests", "airflow_of_tests")
    for other in ("airflow_of_tests", "postgres"):
        given = {**db.parameters(Role.reader), "dbname": other}
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            psycopg2.connect(psycopg2.extensions.make_dsn(**given))


def test_a_database_of_somebody_else_is_its_owners(database: str) -> None:
    url = db.ensure_database("airflow_of_tests", "airflow_of_tests")
    assert url == db.ensure_database("airflow_of_tests", "airflow_of_tests")
    with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cur:
        cur.execute("create table public.t (n int); drop table public.t")
        cur.execute("select current_user, current_database()")
        assert cur.fetchone() == ("airflow_of_tests", "airflow_of_tests")
    connection.close()
    given = {**db.parameters(Role.reader), **_login_of(url), "dbname": database}
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(psycopg2.extensions.make_dsn(**given))


def _login_of(url: str) -> dict[str, str]:
    parts = psycopg2.extensions.parse_dsn(url.replace("+psycopg2", ""))
    return {"user": parts["user"], "password": parts["password"]}
