"""What `serve_fixture` serves of promises, disputes and the ledger: with the columns that are read, empty at first.

promised("p1", "files:C-1", "100", made=-10, promised=0)      # days from the as-of date
applied("files:C-1", "1", "60", on=-2); received("files:C-1", "60", on=-2); disputed("1", opened=-12, reason="price")
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from cartera.db import Role, transaction

AS_OF = dt.date(2026, 6, 30)
TABLES = """
create table marts_a.fct_promises (
    promise_id text, customer_id text, company_id text, invoice_id text, item_id text, currency_code text,
    promised_amount numeric(24, 6),
    made_date date, promised_date date, source text default 'files',
    recorded_from timestamptz default '2020-01-01', recorded_to timestamptz default '9999-12-31'
);
create table marts_a.fct_disputes (
    dispute_id text, invoice_id text, item_id text, reason text, opened_date date, resolved_date date,
    source text default 'files', recorded_from timestamptz default '2020-01-01',
    recorded_to timestamptz default '9999-12-31'
);
create table marts_a.fct_fx_rates (
    fx_rate_id text, currency_code text, company_currency_code text, company_id text, rate numeric(24, 12),
    rate_date date, recorded_from timestamptz, recorded_to timestamptz
);
create or replace view serve.fct_fx_rates as select * from marts_a.fct_fx_rates;
create or replace view serve.fct_promises as select * from marts_a.fct_promises;
create or replace view serve.fct_disputes as select * from marts_a.fct_disputes;
"""
ALWAYS = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, tzinfo=dt.UTC))


def _insert(table: str, *values: object) -> None:
    marks = ", ".join(["%s"] * len(values))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(f"insert into marts_a.{table} values ({marks})", values)


def _day(days: int) -> dt.date:
    return AS_OF + dt.timedelta(days=days)


def promised(
    promise_id: str,
    customer_id: str,
    amount: str,
    *,
    made: int,
    promised: int,
    invoice_id: str | None = None,
    currency_code: str = "PEN",
    company_id: str | None = None,
    item_id: str | None = None,
) -> None:
    _insert(
        "fct_promises", promise_id, customer_id, company_id, invoice_id, item_id, currency_code, Decimal(amount),
        _day(made), _day(promised), "files", *ALWAYS,
    )  # fmt: skip


def disputed(
    invoice_id: str | None,
    *,
    opened: int,
    reason: str | None,
    resolved: int | None = None,
    dispute_id: str | None = None,
    item_id: str | None = None,
) -> None:
    _insert(
        "fct_disputes", dispute_id or f"d-{item_id or invoice_id}", invoice_id, item_id, reason, _day(opened),
        None if resolved is None else _day(resolved), "files", *ALWAYS,
    )  # fmt: skip


def applied(customer_id: str, invoice_id: str, amount: str, *, on: int, currency_code: str = "PEN") -> None:
    _entry("applied", "instalment", f"invoice:{invoice_id}", customer_id, amount, on, currency_code)


def received(
    customer_id: str, amount: str, *, on: int, currency_code: str = "PEN", company_id: str = "main"
) -> None:  # fmt: skip
    _entry("received", "payment", "payment:x", customer_id, amount, on, currency_code, company_id)


def _entry(
    entry_type: str,
    item_type: str,
    family_id: str,
    customer_id: str,
    amount: str,
    on: int,
    currency_code: str,
    company_id: str = "main",
) -> None:
    _insert(
        "fixture_entries", str(uuid.uuid4()), entry_type, None, item_type, None, None, -Decimal(amount), _day(on),
        family_id, company_id, customer_id, currency_code, *ALWAYS,
    )  # fmt: skip
