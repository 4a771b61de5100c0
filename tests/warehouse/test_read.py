"""Reads of the published marts: exact, the same by either way, and never more than the role may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import psycopg2.errors
import pytest
from psycopg2.extensions import connection as Connection
from support.serve_fixture import AS_OF, EVER, KNOWN_AT, item, publish_items, record_run, sample_items

from cartera.db import Role, connect
from cartera.errors import NotPublished
from cartera.warehouse import balances, read, read_runs

EARLIER = dt.date(2026, 5, 31)


@pytest.fixture
def reader(database: str) -> Iterator[Connection]:
    connection = connect(Role.reader)
    yield connection
    connection.close()


def test_without_a_publication_it_says_what_to_do(reader: Connection) -> None:
    with pytest.raises(NotPublished, match="cartera run"):
        read.publication(reader)
    # the transaction is still good for what can be read
    assert read_runs.runs(reader) == []


def test_publication_has_both_clocks(reader: Connection) -> None:
    run_id = publish_items([])
    served = read.publication(reader)
    assert (served.as_of_date, served.known_at, served.run_id) == (AS_OF, KNOWN_AT, run_id)
    assert served.published_at.tzinfo is not None


@pytest.mark.parametrize("by", ["bucket", "customer", "company", "currency", "sector", "parent"])
def test_every_dimension_adds_up_per_company_and_currency(reader: Connection, by: read.By) -> None:
    publish_items(sample_items())
    added: dict[tuple[str, str], Decimal] = {}
    for row in read.aging(reader, AS_OF, KNOWN_AT, by):
        assert isinstance(row["open_amount"], Decimal) and isinstance(row["open_items"], int)
        key = (row["company_id"], row["currency_code"])
        added[key] = added.get(key, Decimal(0)) + row["open_amount"]
    expected: dict[tuple[str, str], Decimal] = {}
    for each in sample_items():
        if each.item_type == "instalment":
            key = (each.company_id, each.currency_code)
            expected[key] = expected.get(key, Decimal(0)) + each.item_amount
    assert added == expected


def test_the_prebuilt_tables_and_the_function_agree(reader: Connection) -> None:
    """A moment later than the publication's takes the function; nothing more was known then."""
    publish_items(sample_items())
    later = KNOWN_AT + dt.timedelta(microseconds=1)
    for by in ("bucket", "customer", "company", "currency"):
        assert read.aging(reader, AS_OF, KNOWN_AT, by) == read.aging(reader, AS_OF, later, by)  # type: ignore[arg-type]
    assert balances.totals(reader, AS_OF, KNOWN_AT) == balances.totals(reader, AS_OF, later)
    assert balances.unapplied(reader, AS_OF, KNOWN_AT) == balances.unapplied(reader, AS_OF, later)
    for known_at in (KNOWN_AT, later):
        debts = read.aging(reader, AS_OF, known_at, by="bucket")
        apart = (
            [{name: row[name] for name in balances.BY_BUCKET} for row in debts],
            balances.unapplied(reader, AS_OF, known_at),
        )
        assert all(apart) and balances.aging_and_credit(reader, AS_OF, known_at) == apart
    assert read.open_items(reader, AS_OF, KNOWN_AT) == read.open_items(reader, AS_OF, later)


def test_published_figures_come_from_the_prebuilt_table(reader: Connection) -> None:
    publish_items([item("1", AS_OF, "10")])
    with connect(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute("update marts_a.fct_aging set open_amount = 11")
    admin.close()
    assert read.aging(reader, AS_OF, KNOWN_AT, "bucket")[0]["open_amount"] == 11
    assert read.aging(reader, EARLIER, KNOWN_AT, "bucket")[0]["open_amount"] == 10


def test_buckets_come_in_order(reader: Connection) -> None:
    days = (200, 100, 70, 40, 10, 0)
    publish_items([item(str(n), AS_OF - dt.timedelta(days=n), "1") for n in days])
    assert [row["bucket"] for row in read.aging(reader, AS_OF, KNOWN_AT, "bucket")] == list(read.BUCKETS)


def test_open_items_are_filtered_and_capped_longest_past_due_first(reader: Connection) -> None:
    publish_items(
        [
            item("1", EARLIER, "1", customer_id="a", currency_code="PEN"),
            item("2", AS_OF, "2", customer_id="a", currency_code="USD"),
            item("3", AS_OF - dt.timedelta(days=90), "3", customer_id="b", company_id="norte"),
            item("4", AS_OF, "-4", customer_id="a", item_type="unapplied_credit"),
        ]
    )

    def ids(**filters: object) -> list[str]:
        return [row["item_id"] for row in read.open_items(reader, AS_OF, KNOWN_AT, **filters)]  # type: ignore[arg-type]

    assert ids() == ["3", "1", "2", "4"]
    assert ids(limit=1) == ["3"]
    assert ids(customer_id="a", item_type="instalment") == ["1", "2"]
    assert ids(company_id="norte") == ["3"]
    assert ids(currency_code="USD") == ["2"]
    assert ids(bucket="1-30") == ["1"]
    assert ids(customer_id="a' or true --") == []


def test_customer_aging_counts_all_although_it_lists_few(reader: Connection) -> None:
    publish_items([item(str(n), AS_OF, str(n), customer_id=f"c{n}", customer_name=f"N{n}") for n in range(1, 6)])
    rows = read.customer_aging(reader, AS_OF, KNOWN_AT, currency_code="PEN", limit=2)
    assert [(row["customer_name"], row["open_amount"]) for row in rows] == [(None, 15), ("N5", 5), ("N4", 4)]
    assert (rows[0]["customers"], rows[0]["open_items"], rows[0]["not_due"]) == (5, 5, 15)
    assert read.customer_aging(reader, AS_OF, KNOWN_AT, currency_code="USD", limit=2) == []


def test_two_versions_of_a_customer_never_double_an_amount(reader: Connection) -> None:
    publish_items([item("1", AS_OF, "10")])
    with connect(Role.admin) as admin, admin.cursor() as cursor:
        cursor.execute(
            "insert into marts_a.dim_customers (customer_id, name, recorded_from, recorded_to)"
            " select customer_id, 'Newer name', %s, recorded_to from marts_a.dim_customers",
            (EVER + dt.timedelta(days=1),),
        )
    admin.close()
    (row,) = read.aging(reader, AS_OF, KNOWN_AT, "customer")
    assert (row["customer_name"], row["open_amount"]) == ("Newer name", 10)


def test_totals_split_overdue_and_disputed(reader: Connection) -> None:
    publish_items([item("1", AS_OF, "10"), item("2", EARLIER, "7", is_disputed=True)])
    (row,) = balances.totals(reader, AS_OF, KNOWN_AT)
    assert (row["open_amount"], row["overdue_amount"], row["disputed_amount"]) == (17, 7, 7)
    assert (row["open_items"], row["overdue_items"]) == (2, 1)


def test_run_records_are_read_with_failed_checks_first(reader: Connection) -> None:
    publish_items([item("1", AS_OF, "10")])
    run_id = record_run(
        status="stopped",
        checks=[("landed", "a", "fine", "critical", True, ""), ("landed", "b", "bad", "warning", False, "why")],
    )
    assert [run["status"] for run in read_runs.runs(reader)] == ["stopped", "published"]
    assert [check["subject"] for check in read_runs.check_results(reader, run_id)] == ["b", "a"]
    assert [step["ordinal"] for step in read_runs.run_steps(reader, run_id)] == [1, 2]
    assert read_runs.certificate(reader, run_id) == []
    published = read_runs.runs(reader)[1]["run_id"]
    assert read_runs.certificate(reader, published)[0]["buckets_amount"] == 10
    assert read_runs.latest_loads(reader) == []


def test_the_reader_may_only_read(reader: Connection) -> None:
    publish_items([])
    with pytest.raises(psycopg2.Error), reader.cursor() as cursor:
        cursor.execute("delete from ops.runs")
    reader.rollback()
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), reader.cursor() as cursor:
        cursor.execute("select * from raw_files.customers")
