"""What figures refer to, built from raw records: rates, customers' countries, currencies, calendars' dates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from ledger_history import KNOWN_AT, RunDbt, Values, Version, write_raw

from cartera.clock import FOREVER
from cartera.db import Role, transaction

FIRST = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
AFTER_THE_RUN = KNOWN_AT + dt.timedelta(days=1)


def _version(
    entity: str,
    key: str,
    values: Values,
    recorded_from: dt.datetime = FIRST,
    recorded_to: dt.datetime = FOREVER,
    source: str = "s",
) -> Version:
    return Version(source, entity, key, recorded_from, recorded_to, False, values)


def _customer(key: str, country: str | None, *life: dt.datetime) -> Version:
    values = {"customer_id": key, "company_id": "m", "country_code": country, "parent_id": "P", "risk_class": "B"}
    return _version("customers", key, values | {"credit_limit_amount": Decimal(9), "currency_code": "COP"}, *life)


def _rate(key: str, rate: str, *life: dt.datetime, company_id: str | None = None, source: str = "s") -> Version:
    values = {
        "fx_rate_id": key,
        "company_id": company_id,
        "currency_code": "USD",
        "company_currency_code": "COP",
        "rate_date": dt.date(2026, 1, 31),
        "rate": Decimal(rate),
    }
    return _version("fx_rates", key, values, *life, source=source)


VERSIONS = [
    _customer("stays", "CO", FIRST, LATER),
    _customer("stays", "CO", LATER),
    _customer("moves", "CO", FIRST, LATER),
    # no country in between does not hide the change
    _customer("moves", None, LATER, LATER + dt.timedelta(days=1)),
    _customer("moves", "PE", LATER + dt.timedelta(days=1)),
    _customer("moves later", "CO", FIRST, AFTER_THE_RUN),
    _customer("moves later", "PE", AFTER_THE_RUN),
    # two rates of one source for one day contradict; those of other companies, other sources or another time do not
    _rate("one", "4000"),
    _rate("other", "4000.5"),
    _rate("of a company", "4100", company_id="m"),
    _rate("of a source", "4200", source="t"),
    _rate("same", "4200.000000", source="t"),
    _rate("was", "4300", FIRST, LATER, company_id="n"),
    _rate("is", "4400", LATER, company_id="n"),
    _version(
        "invoices",
        "F1",
        {
            "invoice_id": "F1",
            "company_id": "m",
            "customer_id": "stays",
            "issue_date": dt.date(2026, 1, 10),
            # the old lev is legal tender nowhere
            "currency_code": "BGL",
            "total_amount": Decimal(100),
            "company_currency_code": "COP",
            "document_fx_rate": Decimal(0),
        },
    ),
]


@pytest.fixture(scope="module")
def results(run_dbt: RunDbt) -> dict[str, Any]:
    with transaction(Role.admin) as connection:
        write_raw(connection, VERSIONS)
    nodes = run_dbt("build", "--exclude", "test_type:unit", "--full-refresh", slot="a")
    assert [node.node.name for node in nodes if node.status not in ("success", "pass", "warn")] == []
    return {node.node.name: node for node in nodes}


def _rows(query: str) -> list[tuple[Any, ...]]:
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.parametrize(
    ("test", "rows"), [("assert_no_customer_changes_country", 1), ("assert_one_rate_per_currency_pair_and_date", 1)]
)
def test_bad_input_is_reported_by_its_named_test(results: dict[str, Any], test: str, rows: int) -> None:
    assert (results[test].status, results[test].failures) == ("warn", rows)


def test_a_customer_keeps_the_country_known_at_each_time(results: dict[str, Any]) -> None:
    query = "select country_code, parent_id, risk_class, credit_limit_amount, credit_limit_currency_code"
    rest = ("s:P", "B", Decimal(9), "COP")
    assert _rows(f"{query} from marts_a.dim_customers where customer_id = 's:moves' order by recorded_from") == [
        ("CO", *rest),
        (None, *rest),
        ("PE", *rest),
    ]


def test_rates_keep_their_versions(results: dict[str, Any]) -> None:
    query = "select fx_rate_id, rate, recorded_to from marts_a.fct_fx_rates where company_id = 'n' order by rate"
    assert _rows(query) == [("s:was", Decimal(4300), LATER), ("s:is", Decimal(4400), FOREVER)]


def test_a_rate_of_zero_in_a_document_is_no_rate(results: dict[str, Any]) -> None:
    assert _rows("select company_currency_code, document_fx_rate from marts_a.dim_items") == [("COP", None)]


def test_only_currencies_in_use_are_marked(results: dict[str, Any]) -> None:
    query = "select currency_code, minor_units, is_used from marts_a.dim_currencies where"
    assert _rows(f"{query} is_used order by 1") == [("BGL", None, True), ("COP", 2, True)]
    assert _rows(f"{query} currency_code in ('CLP', 'KWD', 'USD') order by 1") == [
        ("CLP", 0, False),
        ("KWD", 3, False),
        ("USD", 2, False),
    ]


def test_without_a_calendar_every_day_is_open(results: dict[str, Any]) -> None:
    query = "select calendar_id, min(calendar_date), max(calendar_date), count(*), bool_and(is_business_day)"
    first, last = dt.date(2000, 1, 1), dt.date(2029, 12, 31)
    expected = ("none", first, last, (last - first).days + 1, True)
    assert _rows(f"{query} from marts_a.dim_dates group by 1") == [expected]
