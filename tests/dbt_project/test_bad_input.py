"""What a source gets wrong is modelled or reported by name, with the rows; and the totals still tie."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2.errors
import pytest
from ledger_history import DELIVERIES, KNOWN_AT, RunDbt, Values, Version, write_raw

from cartera.clock import FOREVER
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.landing.entities import ENTITIES
from cartera.settings import get_settings
from cartera.warehouse import exceptions

DAY = dt.date(2026, 1, 15)
PARTY = {"company_id": "acme", "customer_id": "C1", "currency_code": "USD"}


def _version(entity: str, key: str, **values: Any) -> Version:
    values = {ENTITIES[entity].key: key, **values}
    return Version("s", entity, key, DELIVERIES[0], FOREVER, False, values)


def _invoice(key: str, total: int, **values: Any) -> Version:
    document: Values = {**PARTY, "issue_date": DAY, "due_date": DAY, "total_amount": Decimal(total), **values}
    return _version("invoices", key, **document)


def _payment(key: str, amount: int) -> Version:
    return _version("payments", key, **PARTY, received_date=DAY, amount=Decimal(amount))


BAD = [
    _invoice("GOOD", 100),
    _invoice("PERU", 100, currency_code="PEN"),
    _invoice("PARTS", 100),
    _version("instalments", "PARTS/1", invoice_id="PARTS", due_date=DAY, amount=Decimal(60)),
    _version("instalments", "PARTS/2", invoice_id="PARTS", due_date=DAY, amount=Decimal(30)),
    _payment("P", 50),
    _version("allocations", "LOST", payment_id="P", invoice_id="NOWHERE", amount=Decimal(10)),
    _version("allocations", "OTHER", payment_id="P", invoice_id="PERU", amount=Decimal(20)),
    _version("refunds", "R", **PARTY, payment_id="NOWHERE", refund_date=DAY, amount=Decimal(5)),
    _version("chargebacks", "B", **PARTY, invoice_id="NOWHERE", chargeback_date=DAY, amount=Decimal(7)),
    *(
        _invoice(key, 10, company_id="twofold", currency_code="EUR", company_currency_code=currency)
        for key, currency in (("FIRST", "EUR"), ("SECOND", "PEN"))
    ),
    _version("chargebacks", "TWICE", **PARTY, invoice_id="GOOD", chargeback_date=DAY, amount=Decimal(11)),
]

REPORTED = {
    "assert_every_allocation_finds_its_invoice": [("s:LOST", Decimal(10))],
    "assert_no_payment_applied_in_other_currency": [("s:OTHER", Decimal(20))],
    "assert_instalments_add_up_to_their_invoice": [("s:PARTS", Decimal(100), Decimal(90))],
    "assert_every_refund_finds_its_payment": [("s:R", Decimal(5))],
    "assert_every_chargeback_finds_its_invoice": [("s:B", Decimal(7))],
    # of two currencies that are named at once, the first by alphabet counts
    "assert_documents_name_the_currency_of_their_company": [("s:SECOND",)],
    "assert_no_debt_above_its_amount": [("s:GOOD:1", Decimal(100), Decimal(111))],
}


def _land(versions: list[Version]) -> None:
    with transaction(Role.admin) as connection:
        write_raw(connection, versions)


@pytest.fixture(scope="module")
def results(run_dbt: RunDbt) -> dict[str, Any]:
    _land(BAD)
    return {r.node.name: r for r in run_dbt("build", "--exclude", "test_type:unit", "--full-refresh", slot="a")}


@pytest.mark.parametrize("name", REPORTED)
def test_the_named_test_reports_the_rows(results: dict[str, Any], name: str) -> None:
    result = results[name]
    assert result.status == "warn"
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(result.node.compiled_code)
        rows = cursor.fetchall()
    kept = [tuple(v for v in row if isinstance(v, Decimal) or v == row[0]) for row in rows]
    assert kept == REPORTED[name]


def test_the_command_line_shows_the_same_rows(results: dict[str, Any], tmp_path: Path) -> None:
    """`cartera exceptions` reads what dbt left in the home folder; here in the folder of this module's builds."""
    (tmp_path / "dbt").mkdir()
    (tmp_path / "dbt" / "a").symlink_to(os.environ["DBT_TARGET_PATH"])
    settings = get_settings().model_copy(update={"home": tmp_path})
    with transaction(Role.transformer) as connection:
        rows = exceptions.exceptions(connection, settings, "assert_every_chargeback_finds_its_invoice")
    assert [(row["chargeback_id"], row["charged_back_amount"]) for row in rows] == [("s:B", Decimal(7))]
    with transaction(Role.transformer) as connection, pytest.raises(ConfigError, match="no test 'misspelt'"):
        exceptions.exceptions(connection, settings, "misspelt")


def test_nothing_is_dropped_or_summed_and_the_totals_tie(results: dict[str, Any]) -> None:
    """USD: 111 of GOOD, 90 of PARTS, 50 of P that stay unapplied; PEN: all 100, apart; EUR: both invoices."""
    assert {n for n, r in results.items() if r.status in ("error", "fail")} == set()
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("select currency_code, sum(open_amount) from marts_a.fct_open_items group by 1 order by 1")
        assert cursor.fetchall() == [("EUR", Decimal(20)), ("PEN", Decimal(100)), ("USD", Decimal(151))]


def test_what_lands_after_a_build_changes_none_of_its_facts(results: dict[str, Any]) -> None:
    """Law 5: the facts of documents are views on raw, and yet show only what the build knew."""
    later = KNOWN_AT + dt.timedelta(days=1)
    before = _invoices()
    assert len(before) == 5
    _land([replace(v, recorded_to=later) for v in BAD] + [replace(BAD[0], recorded_from=later)])
    assert _invoices() == before
    _land(BAD)


def _invoices() -> list[tuple[Any, ...]]:
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("select * from marts_a.fct_invoices order by invoice_id, recorded_from")
        return cursor.fetchall()


def test_two_versions_of_one_recording_time_cannot_be(results: dict[str, Any]) -> None:
    """Raw itself refuses them: a moment at which two versions hold would count a document twice."""
    with pytest.raises(psycopg2.errors.UniqueViolation):
        _land([_invoice("GOOD", 100), _invoice("GOOD", 90)])


def test_an_amount_below_zero_does_not_land() -> None:
    """A negative instalment is no credit: file sources quarantine the row (tests/connectors/files/test_bad_rows)."""
    assert not ENTITIES["instalments"].column("amount").may_be_negative
