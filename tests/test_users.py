"""Who may sign in, and the log of what was taken and seen."""

from __future__ import annotations

import datetime as dt

import pytest
from psycopg2.errors import InsufficientPrivilege, RestrictViolation
from support.serve_fixture import publish_items, sample_items
from typer.testing import CliRunner

from cartera import users, viewed
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.users import User
from cartera.warehouse.read import rows

RUN = CliRunner()


def test_the_newest_word_on_a_person_holds_and_the_others_are_kept(database: str) -> None:
    users.add("Ana@Example.com", "collector", ["norte", "main", "norte"], "root")
    assert users.find("ANA@example.com ") == User("ana@example.com", "collector", frozenset({"main", "norte"}))
    users.add("ana@example.com", "manager", [], "root")
    assert users.find("ana@example.com") == User("ana@example.com", "manager", None)
    users.remove("ana@example.com", "boss")
    assert users.find("ana@example.com") is None and users.everybody() == []
    with pytest.raises(ConfigError, match="nobody is called"):
        users.remove("ana@example.com", "boss")
    with transaction(Role.admin) as connection:
        kept = rows(connection, "select role, is_removed, changed_by from ops.user_versions order by version_id")
    assert [(row["role"], row["is_removed"], row["changed_by"]) for row in kept] == [
        ("collector", False, "root"), ("manager", False, "root"), ("manager", True, "boss"),
    ]  # fmt: skip


def test_what_is_no_address_no_role_and_no_company_is_refused(database: str) -> None:
    with pytest.raises(ConfigError, match="no e-mail address"):
        users.add("ana", "manager", [], "root")
    with pytest.raises(ConfigError, match="no role"):
        users.add("ana@example.com", "god", [], "root")
    assert users.everybody() == []


def test_a_company_is_one_that_is_known(database: str) -> None:
    publish_items(sample_items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("create view serve.dim_companies as select 'norte'::text as company_id")
        cursor.execute("grant select on serve.dim_companies to public")
    users.add("ana@example.com", "manager", ["norte"], "root")
    with pytest.raises(ConfigError, match="no company is called nrote") as error:
        users.add("eva@example.com", "manager", ["nrote"], "root")
    assert "known are norte" in error.value.mend
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("drop view serve.dim_companies")


@pytest.mark.parametrize("table", ["user_versions", "views_logged"])
@pytest.mark.parametrize("statement", ["update ops.{} set role = 'finance'", "delete from ops.{}", "truncate ops.{}"])
def test_neither_log_can_be_changed_not_even_by_its_owner(database: str, table: str, statement: str) -> None:
    users.add("ana@example.com", "manager", [], "root")
    viewed.record("ana@example.com", "manager", "export", "f.csv", {}, 3)
    with pytest.raises(RestrictViolation), transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_the_dashboard_cannot_let_anybody_in(database: str) -> None:
    for role in (Role.reader, Role.viewer, Role.campaign):
        with pytest.raises(InsufficientPrivilege), transaction(role) as connection, connection.cursor() as cursor:
            cursor.execute(
                "set transaction read write;"
                " insert into ops.user_versions (email, role, changed_by) values ('x@x', 'administrator', 'x')"
            )


def test_the_log_is_listed_by_person_subject_and_time(database: str) -> None:
    viewed.record("ana@example.com", "manager", "export", "aging.csv", {"currency": "PEN"}, 3)
    viewed.record("eva@example.com", "collector", "customer", "files:C-1", {})
    assert [row["subject"] for row in viewed.listed()] == ["files:C-1", "aging.csv"]
    assert [row["row_count"] for row in viewed.listed(viewed_by="ANA@example.com")] == [3]
    assert viewed.listed(subject="files:C-1")[0]["viewed_by"] == "eva@example.com"
    assert viewed.listed(since=dt.datetime(2999, 1, 1, tzinfo=dt.UTC)) == []


def test_the_commands(database: str) -> None:
    app = commands()
    done = RUN.invoke(app, ["users", "add", "ana@example.com", "--role", "finance", "--company", "norte"])
    assert done.exit_code == 0, done.output
    listed = RUN.invoke(app, ["users", "list", "--format", "csv"])
    assert "ana@example.com,finance,norte" in listed.stdout
    # another role keeps the companies; all of them must be said
    for more, companies in (([], "norte"), (["--all-companies"], "")):
        assert RUN.invoke(app, ["users", "add", "ana@example.com", "--role", "analyst", *more]).exit_code == 0
        listed = RUN.invoke(app, ["users", "list", "--format", "csv"])
        assert f"ana@example.com,analyst,{companies}" in listed.stdout
    both = ["--company", "norte", "--all-companies"]
    assert RUN.invoke(app, ["users", "add", "ana@example.com", "--role", "finance", *both]).exit_code != 0
    assert RUN.invoke(app, ["users", "remove", "ana@example.com"]).exit_code == 0
    viewed.record("ana@example.com", "finance", "export", "=aging.csv", {"currency": "PEN"}, 3)
    seen = RUN.invoke(app, ["audit", "views", "--format", "csv", "--since", "2020-01-01"])
    assert "ana@example.com,finance,export,'=aging.csv,currency=PEN,3" in seen.stdout
