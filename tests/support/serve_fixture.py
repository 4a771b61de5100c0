"""A small published set in a test database, with the names and columns of the real one.

    publish_items(sample_items(AS_OF), as_of=AS_OF)          # as the pipeline would leave it
    record_run(status="stopped", checks=[...])               # a later run that a gate stopped

The open items of any date come from `marts_a.fixture_items` by the same rule everywhere: issued by the
as-of date, not yet settled by it, and known at the moment asked for. It is no copy of the real ledger, and of
the KPIs it has two: what is past due of them, and a DSO without sales.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values
from psycopg2.sql import SQL, Identifier
from support import serve_customers, serve_promises, serve_segments_and_risk

from cartera.db import Role, parameters, transaction
from cartera.warehouse import publish

AS_OF = dt.date(2026, 6, 30)
KNOWN_AT = dt.datetime(2026, 6, 30, 23, 0, tzinfo=dt.UTC)
EVER = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)

SCHEMA = """
drop schema if exists marts_a cascade;
create schema marts_a;
create table marts_a.fixture_items (
    item_id text primary key, item_type text not null, company_id text not null, customer_id text not null,
    customer_name text, document_number text, issue_date date not null, due_date date not null,
    currency_code text not null, item_amount numeric(24, 6) not null, settled_date date,
    is_disputed boolean not null, recorded_from timestamptz not null, document_url text, of_invoice text
);
create table marts_a.dim_customers (
    customer_id text, company_id text, name text, tax_id text, country_code text, language_code text,
    timezone text, email text, phone text, collector text, is_active boolean, source text,
    recorded_from timestamptz, recorded_to timestamptz, parent_id text, sector text, customer_type text,
    risk_class text
);
create view serve.dim_customers as select * from marts_a.dim_customers;
create view serve.fixture_items as select * from marts_a.fixture_items;

create function serve.open_items(p_as_of date, p_known_at timestamptz) returns table (
    item_id text, item_type text, company_id text, customer_id text, customer_name text, invoice_id text,
    document_number text, issue_date date, due_date date, currency_code text, item_amount numeric,
    open_amount numeric, days_past_due int, bucket text, is_disputed boolean, promised_date date
) language sql stable as $$
    select item_id, case when item_type = 'chargeback' then 'instalment' else item_type end, company_id, customer_id,
        customer_name, case when item_type = 'instalment' then item_id else of_invoice end, document_number, issue_date,
        due_date, currency_code, item_amount, item_amount,
        case when item_type <> 'unapplied_credit' then p_as_of - due_date end,
        case when item_type = 'unapplied_credit' then null
            when p_as_of - due_date <= 0 then 'not_due' when p_as_of - due_date <= 30 then '1-30'
            when p_as_of - due_date <= 60 then '31-60' when p_as_of - due_date <= 90 then '61-90'
            when p_as_of - due_date <= 120 then '91-120' else '120+' end,
        is_disputed, null::date
    from serve.fixture_items
    where issue_date <= p_as_of and coalesce(settled_date > p_as_of, true) and recorded_from <= p_known_at
$$;

create function serve.kpis(
    p_as_of date, p_known_at timestamptz, p_window_days int default 90, p_view text default 'transaction'
) returns table (
    company_id text, currency_code text, kpi text, value numeric, numerator numeric, denominator numeric, reason text
) language sql stable as $$
    with open as (
        select company_id, currency_code, sum(open_amount) as owed,
            coalesce(sum(open_amount) filter (where days_past_due > 0), 0) as late
        from serve.open_items(p_as_of, p_known_at) where item_type = 'instalment' group by 1, 2
    )
    select company_id, currency_code, 'past_due_pct', 100 * late / owed, late, owed, null from open
    union all
    select company_id, currency_code, 'dso_simple_' || p_window_days || 'd', null, owed, 0,
        'no credit sales above zero in the window' from open
$$;
"""

PREBUILT = """
create table marts_a.fct_daily_flows as
    select company_id, currency_code, 'invoiced'::text as entry_type, issue_date as effective_date,
        recorded_from as recorded_at, sum(item_amount) as amount
    from marts_a.fixture_items where item_type = 'instalment' group by 1, 2, 4, 5
    union all
    select company_id, currency_code, 'received', settled_date, recorded_from, -sum(item_amount)
    from marts_a.fixture_items where item_type = 'instalment' and settled_date is not null group by 1, 2, 4, 5;
create view serve.fct_daily_flows as select * from marts_a.fct_daily_flows;
create table marts_a.fct_kpis as select * from serve.kpis(%(as_of)s, %(known_at)s);
create view serve.fct_kpis as select * from marts_a.fct_kpis;
create table marts_a.fct_open_items as select * from serve.open_items(%(as_of)s, %(known_at)s);
create table marts_a.fct_aging as
    select company_id, currency_code, customer_id, bucket, count(*) as open_items, sum(open_amount) as open_amount,
        coalesce(sum(open_amount) filter (where is_disputed), 0) as disputed_amount,
        coalesce(sum(open_amount) filter (where promised_date is not null), 0) as promised_amount
    from marts_a.fct_open_items where item_type = 'instalment' group by 1, 2, 3, 4;
create table marts_a.fct_unapplied as
    select company_id, currency_code, customer_id, count(*) as open_items, sum(open_amount) as open_amount
    from marts_a.fct_open_items where item_type = 'unapplied_credit' group by 1, 2, 3;
create view serve.fct_open_items as select * from marts_a.fct_open_items;
create view serve.fct_aging as select * from marts_a.fct_aging;
create view serve.fct_unapplied as select * from marts_a.fct_unapplied;
create view serve.publication as select publication_id, run_id, as_of_date, known_at, published_at, slot
    from ops.publications order by publication_id desc limit 1;
"""


@dataclass(frozen=True)
class Item:
    """One open item, in the column order of `fixture_items`; unapplied credit has a negative amount.

    `of_invoice`: the invoice that a chargeback names.
    """

    item_id: str
    item_type: str
    company_id: str
    customer_id: str
    customer_name: str | None
    document_number: str
    issue_date: dt.date
    due_date: dt.date
    currency_code: str
    item_amount: Decimal
    settled_date: dt.date | None = None
    is_disputed: bool = False
    recorded_from: dt.datetime = EVER
    document_url: str | None = None
    of_invoice: str | None = None


def item(item_id: str, due_date: dt.date, amount: str, **columns: object) -> Item:
    """An instalment of one customer in PEN unless said otherwise."""
    given = {
        "item_type": "instalment",
        "company_id": "main",
        "customer_id": "files:C-1",
        "customer_name": "Comercial Andina SAC",
        "document_number": f"F001-{item_id}",
        "issue_date": due_date - dt.timedelta(days=30),
        "currency_code": "PEN",
    }
    return Item(item_id=item_id, due_date=due_date, item_amount=Decimal(amount), **(given | columns))  # type: ignore[arg-type]


def sample_items(as_of: dt.date = AS_OF, customers: int = 40, seed: int = 7) -> list[Item]:
    """Three currencies, two companies, every bucket, unapplied credit, and one name that tries markup."""
    chance, items = random.Random(seed), []
    forms = ("SAC", "SRL", "EIRL", "Ltda", "Inc", "SA")
    words = (
        "Andina",
        "Pacífico",
        "Cóndor",
        "Horizon",
        "Sierra",
        "Puerto",
        "Valle",
        "Quantum",
        "Norte",
        "Altura",
    )
    for number in range(customers):
        name = f"{words[number % 10]} {words[(number * 7 + 3) % 10]} {forms[number % 6]}"
        if number == 3:
            name = '=HYPERLINK("http://example.com") **Bold** [link](http://example.com) $x$ <b>tag</b>'
        currency = ("PEN", "PEN", "COP", "USD")[number % 4]
        size = {"PEN": 3_000, "COP": 4_000_000, "USD": 900}[currency] * chance.uniform(0.3, 6)
        lateness = chance.choice((-20, 5, 40, 75, 130))
        for document in range(chance.randint(1, 9)):
            due = as_of - dt.timedelta(days=lateness + chance.randint(-25, 40))
            amount = Decimal(str(round(size * chance.uniform(0.2, 1.8), 2)))
            items.append(
                item(
                    f"{number:03}-{document:02}",
                    due,
                    str(amount),
                    company_id="main" if number % 5 else "norte",
                    customer_id=f"files:C-{number:03}",
                    customer_name=name,
                    issue_date=min(due - dt.timedelta(days=chance.choice((15, 30, 45))), as_of),
                    currency_code=currency,
                    is_disputed=chance.random() < 0.06,
                    document_url=f"{'ftp' if document % 2 else 'https'}://erp.example.com/{number}/{document}",
                )
            )
        if number % 9 == 0:
            credit = {
                "item_type": "unapplied_credit",
                "customer_id": f"files:C-{number:03}",
                "customer_name": name,
            }
            day = as_of - dt.timedelta(days=3)
            items.append(item(f"{number:03}-cr", day, f"-{size / 3:.2f}", currency_code=currency, **credit))
    return items


def publish_items(
    items: Sequence[Item],
    *,
    as_of: dt.date = AS_OF,
    known_at: dt.datetime = KNOWN_AT,
    published_at: dt.datetime | None = None,
    checks: Sequence[tuple[str, str, str, str, bool, str]] = (),
) -> str:
    """Replace what is served by these items; returns the run's id."""
    published_at = published_at or dt.datetime.now(dt.UTC)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "drop function if exists serve.kpis(date, timestamptz, int, text);"
            " drop view if exists serve.fct_kpis, serve.publication, serve.fct_open_items, serve.fct_aging,"
            " serve.fct_unapplied, serve.dim_customers, serve.dim_segment_rules, serve.fct_customer_segments,"
            " serve.fct_segment_memberships, serve.fct_promises, serve.fct_disputes, serve.fct_ledger_entries,"
            " serve.dim_items, serve.fct_invoices, serve.fct_fx_rates;"
            " drop function if exists serve.open_items(date, timestamptz)"
        )
        cursor.execute(SCHEMA + serve_segments_and_risk.FUNCTIONS + serve_customers.FUNCTIONS)
        execute_values(cursor, "insert into marts_a.fixture_items values %s", [astuple(each) for each in items])
        cursor.execute(
            "insert into marts_a.dim_customers (customer_id, company_id, name, source, recorded_from, recorded_to)"
            " select distinct customer_id, min(company_id), max(customer_name), 'files', %s::timestamptz,"
            " timestamptz '9999-12-31 00:00:00+00' from marts_a.fixture_items group by customer_id",
            (EVER,),
        )
        prebuilt = PREBUILT + serve_segments_and_risk.PREBUILT + serve_promises.TABLES
        cursor.execute(prebuilt, {"as_of": as_of, "known_at": known_at})
        run_id = record_run(
            connection=connection,
            as_of=as_of,
            started_at=published_at - dt.timedelta(seconds=8),
            checks=checks,
        )
        _certify(connection, run_id, as_of, known_at, published_at)
        tables = publish._tables(connection, "marts_a") | {"fixture_items": [*Item.__dataclass_fields__]}
        for table, columns in tables.items():
            # with the condition of the real ones: who sees which company
            publish._replace(connection, table, publish._view("marts_a", table, columns))
        for role in publish.READERS:
            name = Identifier(parameters(role)["user"])
            cursor.execute(SQL("grant select on all tables in schema serve to {}").format(name))
            cursor.execute(SQL("grant execute on all functions in schema serve to {}").format(name))
    return run_id


def record_run(
    *,
    connection: Connection | None = None,
    as_of: dt.date = AS_OF,
    started_at: dt.datetime | None = None,
    status: str = "published",
    checks: Sequence[tuple[str, str, str, str, bool, str]] = (),
) -> str:
    """One run with its steps; checks are (gate, subject, check_name, severity, passed, message)."""
    if connection is None:
        with transaction(Role.admin) as own:
            return record_run(connection=own, as_of=as_of, started_at=started_at, status=status, checks=checks)
    run_id, started_at = str(uuid.uuid4()), started_at or dt.datetime.now(dt.UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.runs (run_id, as_of_date, known_at, started_at, finished_at, status, triggered_by)"
            " values (%s, %s, %s, %s, %s, %s, 'test')",
            (run_id, as_of, started_at, started_at, started_at + dt.timedelta(seconds=8), status),
        )
        execute_values(
            cursor,
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, rows_in, rows_out,"
            " rows_quarantined, amounts) values %s",
            [
                (run_id, 1, "land sandbox", "ok", started_at, 2.5, 240, 237, 3, '{"PEN": "12500.50", "USD": "310.10"}'),
                (run_id, 2, "build", "ok", started_at, 5.25, None, None, None, "{}"),
            ],
        )  # fmt: skip
        execute_values(
            cursor,
            "insert into ops.check_results (run_id, gate, subject, check_name, severity, passed, message) values %s",
            [(run_id, *check) for check in checks],
        )
    return run_id


def _certify(
    connection: Connection, run_id: str, as_of: dt.date, known_at: dt.datetime, published_at: dt.datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.certificates values (%s, %s, %s, %s, true)",
            (run_id, published_at, as_of, known_at),
        )
        cursor.execute(
            "insert into ops.certificate_lines select %s, company_id, currency_code, sum(open_amount),"
            " sum(open_amount), sum(open_amount), 0, sum(open_amount), sum(open_amount), true"
            " from marts_a.fct_aging group by company_id, currency_code",
            (run_id,),
        )
        cursor.execute(
            "insert into ops.publications (run_id, slot, as_of_date, known_at, published_at)"
            " values (%s, 'a', %s, %s, %s)",
            (run_id, as_of, known_at, published_at),
        )
