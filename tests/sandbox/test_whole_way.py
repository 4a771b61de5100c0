"""The sandbox company through landing, dbt and publication: the figures are those that its maker expects."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from sandbox_ledger import UNTIL

from cartera import pipeline
from cartera.db import Role, transaction
from cartera.sandbox.company import advance_company, make_company
from cartera.sandbox.writer import SandboxReport
from cartera.settings import get_settings
from cartera.warehouse import read


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


def assert_published(report: SandboxReport) -> None:
    buckets, unapplied = published(report)
    assert buckets == {key: amount for key, amount in report.buckets.items() if amount}
    assert unapplied == {key: amount for key, amount in report.unapplied.items() if amount}
    assert quarantined() == {(row.entity, row.row_number, row.record_key, row.reason) for row in report.dirty}
