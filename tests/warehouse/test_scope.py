"""Which companies a session reads of: said by the database, whatever is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Connection
from support.serve_fixture import AS_OF, KNOWN_AT, publish_items, sample_items
from support.serve_promises import disputed, promised

from cartera.db import Role, parameters, transaction
from cartera.warehouse import balances, invoices, metrics, read, scope, segments

EARLIER = AS_OF - dt.timedelta(days=20)
ITEMS = sample_items()


def companies_of(connection: Connection, query: str) -> set[str]:
    return {row["company_id"] for row in read.rows(connection, query)}


def served(connection: Connection) -> list[str]:
    """The views that have a company."""
    found = read.rows(
        connection,
        "select table_name from information_schema.columns where table_schema = 'serve' and column_name = 'company_id'",
    )
    return [row["table_name"] for row in found]


@pytest.mark.parametrize("companies", [["norte"], ["main"], ["main", "norte"]])
def test_every_view_gives_the_named_companies_alone(database: str, companies: Sequence[str]) -> None:
    publish_items(ITEMS)
    with transaction(Role.reader) as connection:
        all_of = {view: companies_of(connection, f"select company_id from serve.{view}") for view in served(connection)}
    with transaction(Role.viewer) as connection:
        scope.limit_to(connection, companies)
        views = served(connection)
        assert {"fct_aging", "fct_open_items", "fct_kpis", "fct_unapplied", "dim_customers"} <= set(views)
        for view in views:
            if view == scope.CUSTOMERS:
                continue
            found = companies_of(connection, f"select company_id from serve.{view}")
            assert found == all_of[view] & set(companies), view
        # a customer is seen by whose it is and by whom it owes
        mine = {item.customer_id for item in ITEMS if item.company_id in companies}
        found = read.rows(connection, "select customer_id, company_id from serve.dim_customers")
        assert {row["customer_id"] for row in found if row["company_id"] not in companies} <= mine
        assert {row["customer_id"] for row in found} >= mine
        assert all_of["fct_aging"] == {"main", "norte"}


@pytest.mark.parametrize("day", [AS_OF, EARLIER])
def test_every_function_gives_the_named_companies_alone_as_of_any_date(database: str, day: dt.date) -> None:
    publish_items(ITEMS)
    with transaction(Role.viewer) as connection:
        scope.limit_to(connection, ["norte"])
        asked = (connection, day, KNOWN_AT)
        answers = (
            balances.totals(*asked),
            read.open_items(*asked),
            read.aging(*asked, by="bucket"),
            read.aging(*asked, by="customer"),
            read.aging(*asked, by="segment"),
            metrics.kpis(*asked, "company"),
            segments.totals(*asked, "payer_behaviour"),
        )
        for rows in answers:
            assert {row["company_id"] for row in rows} == {"norte"}
        owed = sum(row["open_amount"] for row in answers[0])
        for item in ITEMS[:40]:
            found = invoices.document(connection, KNOWN_AT, item.item_id)
            moved = invoices.movements(connection, day, KNOWN_AT, f"invoice:{item.item_id}")
            is_seen = item.company_id == "norte" and item.item_type == "instalment"
            assert (found is not None, bool(moved)) == (is_seen, is_seen and item.issue_date <= day)
    mine = [i for i in ITEMS if i.company_id == "norte" and i.item_type == "instalment" and i.issue_date <= day]
    assert owed == sum(i.item_amount for i in mine)


def test_a_viewer_who_names_no_company_reads_nothing(database: str) -> None:
    publish_items(ITEMS)
    with transaction(Role.viewer) as connection:
        for view in served(connection):
            assert not read.rows(connection, f"select * from serve.{view} limit 1"), view
        assert not read.open_items(connection, EARLIER, KNOWN_AT)
        scope.limit_to(connection, [])
        assert not balances.totals(connection, AS_OF, KNOWN_AT)


def test_the_companies_are_those_of_one_transaction(database: str) -> None:
    publish_items(ITEMS)
    with transaction(Role.viewer) as connection:
        scope.limit_to(connection, ["norte"])
        assert balances.totals(connection, AS_OF, KNOWN_AT)
        connection.commit()
        assert not balances.totals(connection, AS_OF, KNOWN_AT)


def test_a_company_whose_name_tries_to_be_more_is_one_company(database: str) -> None:
    publish_items(ITEMS)
    with transaction(Role.viewer) as connection:
        for name in ("norte,main", "{norte}", 'norte","main', "norte' or true --", "\\"):
            scope.limit_to(connection, [name])
            assert not balances.totals(connection, AS_OF, KNOWN_AT), name


def test_all_others_read_everything(database: str) -> None:
    publish_items(ITEMS)
    for role in (Role.reader, Role.campaign):
        with transaction(role) as connection:
            scope.limit_to(connection, ["norte"])
            assert companies_of(connection, "select company_id from serve.fct_aging") == {"main", "norte"}


def test_a_viewer_reads_nothing_beneath_and_nothing_that_speaks_of_all(database: str) -> None:
    publish_items(ITEMS)
    for query in (
        "select * from marts_a.fct_aging",
        "select * from ops.check_results",
        "select message from ops.runs",
        "select amounts from ops.run_steps",
        "select * from ops.users",
        "select * from ops.views_logged",
        "set role " + parameters(Role.reader)["user"],
    ):
        with pytest.raises(InsufficientPrivilege), transaction(Role.viewer) as connection:
            read.rows(connection, query)


def test_what_was_recorded_at_the_desk_is_read_of_the_named_companies_alone(database: str) -> None:
    publish_items(ITEMS)
    theirs = {"main": "files:C-001", "norte": "files:C-005"}
    with transaction(Role.desk) as connection, connection.cursor() as cursor:
        for company, customer in theirs.items():
            cursor.execute(
                "insert into ops.desk_promises (promise_id, customer_id, company_id, currency_code, promised_amount,"
                " made_date, promised_date) values (gen_random_uuid(), %s, %s, 'PEN', 10, '2026-06-01', '2026-06-30')",
                (customer, company),
            )
            for of in (company, None):
                cursor.execute(
                    "insert into ops.desk_actions (action_id, kind, customer_id, company_id, thing, thing_id, version,"
                    " acted_by, acted_as, acted_at, asked, after) values (gen_random_uuid(), 'note', %s, %s, 'note',"
                    " gen_random_uuid()::text, 1, 'x', 'manager', now(), 'a', '{}')",
                    (customer, of),
                )
            cursor.execute(
                "insert into ops.contact_repairs (customer_id, channel, address, repaired_at, repaired_by)"
                " values (%s, 'email', 'a@b.c', now(), 'x')",
                (customer,),
            )
    counts = {"desk_promises": 1, "desk_actions": 2, "contact_repairs": 1}
    for table, count in counts.items():
        query = f"select customer_id from ops.{table}"
        with transaction(Role.viewer) as connection:
            assert read.rows(connection, query) == []
            scope.limit_to(connection, ["norte"])
            assert read.rows(connection, query) == [{"customer_id": theirs["norte"]}] * count
        for role in (Role.reader, Role.desk, Role.campaign):
            with transaction(role) as connection:
                assert len(read.rows(connection, query)) == 2 * count


def test_certificates_are_read_of_the_named_companies_alone(database: str) -> None:
    publish_items(ITEMS)
    with transaction(Role.viewer) as connection:
        scope.limit_to(connection, ["main"])
        assert companies_of(connection, "select company_id from ops.certificate_lines") == {"main"}


def test_a_promise_of_all_that_is_owed_is_seen_by_whom_it_names_or_where_nobody_else_is_owed(database: str) -> None:
    alone = replace(ITEMS[0], item_id="alone", customer_id="only-norte", company_id="norte")
    both = [replace(alone, item_id=company, customer_id="both", company_id=company) for company in ("norte", "main")]
    publish_items([*ITEMS, alone, *both])
    for customer_id in ("only-norte", "both"):
        promised(f"of {customer_id}", customer_id, "50", made=-3, promised=4)
    promised("to main", "both", "50", made=-3, promised=4, company_id="main")
    disputed(None, item_id="alone", opened=-3, reason="fraud")
    with transaction(Role.viewer) as connection:
        for company_id, seen in (("main", {"to main"}), ("norte", {"of only-norte"})):
            scope.limit_to(connection, [company_id])
            found = read.rows(connection, "select promise_id from serve.fct_promises")
            assert {row["promise_id"] for row in found} == seen
            contested = read.rows(connection, "select item_id from serve.fct_disputes")
            assert contested == ([{"item_id": "alone"}] if company_id == "norte" else [])
        scope.limit_to(connection, ["norte", "main"])
        assert len(read.rows(connection, "select promise_id from serve.fct_promises")) == 3
