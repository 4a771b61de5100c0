"""The sandbox company through landing, dbt and publication: the figures are those that its maker expects."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection
from sandbox_ledger import UNTIL

from cartera import pipeline
from cartera.db import Role, transaction
from cartera.sandbox.company import advance_company, make_company
from cartera.sandbox.writer import SandboxReport
from cartera.settings import get_settings
from cartera.warehouse import balances, metrics, read, scope


def published(report: SandboxReport) -> tuple[dict[tuple[str, str, str], Decimal], dict[tuple[str, str], Decimal]]:
    """Run the pipeline; aging by (company, currency, bucket) and unapplied credit by (company, currency)."""
    assert pipeline.run(report.until, ["sandbox"]).status == "published"
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        assert publication.as_of_date == report.until
        with connection.cursor() as cursor:
            cursor.execute(
                "select company_id, currency_code, bucket, sum(open_amount) from serve.fct_aging group by 1, 2, 3"
            )
            buckets = {(company, currency, bucket): amount for company, currency, bucket, amount in cursor}
            cursor.execute("select company_id, currency_code, sum(open_amount) from serve.fct_unapplied group by 1, 2")
            unapplied = {(company, currency): -amount for company, currency, amount in cursor}
    return buckets, unapplied


def quarantined() -> set[tuple[str, int, str | None, str]]:
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select entity, row_number, record_key, reason_code from quarantine.records where status = 'open'"
        )
        return set(cursor.fetchall())


def test_figures_and_quarantine_are_as_expected_today_and_a_week_later(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run builds incrementally, on versions: corrections, payments taken back, new documents."""
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path / "sources"))
    get_settings.cache_clear()
    assert_published(make_company(tmp_path / "sandbox", until=UNTIL, invoices=4_000, customers=150))
    assert_published(advance_company(tmp_path / "sandbox", UNTIL + dt.timedelta(days=7)))
    assert_each_company_is_read_alone(UNTIL - dt.timedelta(days=60))


def assert_published(report: SandboxReport) -> None:
    buckets, unapplied = published(report)
    assert buckets == {key: amount for key, amount in report.buckets.items() if amount}
    assert unapplied == {key: amount for key, amount in report.unapplied.items() if amount}
    assert quarantined() == {(row.entity, row.row_number, row.record_key, row.reason) for row in report.dirty}


def assert_each_company_is_read_alone(earlier: dt.date) -> None:
    """Who may see one company reads its rows and no other, of every view and of the functions as of an earlier date."""
    with transaction(Role.reader) as connection:
        everything = counted(connection)
        known_at = read.publication(connection).known_at
        owed = balances.totals(connection, earlier, known_at)
        figures = metrics.kpis(connection, earlier, known_at, "company", 60)
    companies = sorted({str(company) for company, _count in everything["fct_aging"] if company})
    assert len(companies) > 1
    for company in companies:
        with transaction(Role.viewer) as connection:
            scope.limit_to(connection, [company])
            mine = counted(connection)
            assert balances.totals(connection, earlier, known_at) == [
                row for row in owed if row["company_id"] == company
            ]
            asked = metrics.kpis(connection, earlier, known_at, "company", 60)
            assert by_name(asked) == by_name([row for row in figures if row["company_id"] == company])
        for view, counts in everything.items():
            if any(of for of, _count in counts):
                assert mine[view] == {each for each in counts if each[0] == company}, view
    general = {view for view, counts in everything.items() if counts and not any(of for of, _count in counts)}
    assert {"fct_disputes", "fct_promises", "fct_instalments", "fct_allocations"} & general
    for view in general - scope.OF_NOBODY - scope.GENERAL_WITHOUT_COMPANY:
        assert sum(count for _of, count in mine[view]) < sum(count for _of, count in everything[view]), view


OF_EVERY_DAY = "fct_aging_daily"
"""Made as it is read; of one day it is enough here."""


def counted(connection: Connection) -> dict[str, set[tuple[str | None, int]]]:
    """The rows of every view by company, or all together where it has none."""
    views = read.rows(
        connection,
        "select table_name, bool_or(column_name = 'company_id') as has_company"
        " from information_schema.columns where table_schema = 'serve' and table_name <> all(%(other)s) group by 1",
        {"other": ["publication"]},
    )
    found = {}
    for view in views:
        of = "company_id" if view["has_company"] else "null"
        days = " where as_of_date = (select as_of_date from serve.publication)"
        rows = read.rows(
            connection,
            f"select {of} as company, count(*) as n from serve.{view['table_name']}"
            f"{days if view['table_name'] == OF_EVERY_DAY else ''} group by 1",
        )
        found[view["table_name"]] = {(row["company"], row["n"]) for row in rows}
    return found


def by_name(rows: list[read.Row]) -> list[read.Row]:
    return sorted(rows, key=lambda row: (row["company_id"], row["currency_code"], row["kpi"]))
