"""What `serve_fixture` serves of one customer: items, ledger, promises, disputes, behaviour; columns as the real ones.

Every item is an invoice of one instalment, a chargeback or credit; one that is settled was paid by one payment on that
day. There are no promises and disputes but those that a test adds with `promise` and `dispute`.
"""

from __future__ import annotations

import datetime as dt

from cartera.db import Role, transaction

FUNCTIONS = """
create view marts_a.dim_items as
    select item_id, case when item_type = 'unapplied_credit' then 'payment' else item_type end as item_type, company_id,
        customer_id, case when item_type = 'instalment' then item_id else of_invoice end as invoice_id, document_number,
        issue_date, case when item_type <> 'unapplied_credit' then due_date end as due_date, currency_code,
        abs(item_amount) as item_amount,
        recorded_from, timestamptz '9999-12-31 00:00:00+00' as recorded_to, 'files' as source,
        'files:' || item_id as document_id
    from marts_a.fixture_items
    union all
    select 'pay:' || item_id, 'payment', company_id, customer_id, null, 'P-' || item_id, settled_date, null,
        currency_code, item_amount, recorded_from, timestamptz '9999-12-31 00:00:00+00', 'files',
        'files:P-' || item_id
    from marts_a.fixture_items where settled_date is not null;
create view serve.dim_items as select * from marts_a.dim_items;
create view marts_a.fct_invoices as
    select item_id as invoice_id, company_id, customer_id, document_number, 'invoice' as document_type,
        'open' as status, currency_code, item_amount as total_amount, issue_date, due_date, item_id as record_key,
        document_url, null::text as file_name, 17::bigint as file_row, 'files' as source, recorded_from,
        timestamptz '9999-12-31 00:00:00+00' as recorded_to
    from marts_a.fixture_items where item_type = 'instalment';
create view serve.fct_invoices as select * from marts_a.fct_invoices;

-- besides those of the items: support.serve_promises.applied and received
create table marts_a.fixture_entries (
    origin_id text, entry_type text, item_id text, item_type text, invoice_id text, settlement_id text,
    amount numeric(24, 6), effective_date date, family_id text, company_id text, customer_id text, currency_code text,
    recorded_from timestamptz, recorded_to timestamptz
);
create view marts_a.fct_ledger_entries as
    select md5(origin_id || entry_type || item_type || effective_date) as ledger_entry_id, entries.* from (
    with moves as (
        select item_id as origin_id, 'invoiced' as entry_type, item_id, 'instalment' as item_type,
            item_id as invoice_id, null::text as settlement_id, item_amount as amount, issue_date as effective_date
        from marts_a.fixture_items where item_type = 'instalment'
        union all
        select item_id, 'received', item_id, 'payment', null, item_id, item_amount, issue_date
        from marts_a.fixture_items where item_type = 'unapplied_credit'
        union all
        select item_id, 'charged_back', item_id, 'chargeback', of_invoice, null, item_amount, issue_date
        from marts_a.fixture_items where item_type = 'chargeback'
        union all
        select 'pay:' || item_id, 'received', 'pay:' || item_id, 'payment', null, 'pay:' || item_id, -item_amount,
            settled_date
        from marts_a.fixture_items where settled_date is not null
        union all
        select 'use:' || item_id, 'applied', item_id, 'instalment', item_id, 'pay:' || item_id, -item_amount,
            settled_date
        from marts_a.fixture_items where settled_date is not null
        union all
        select 'use:' || item_id, 'applied', 'pay:' || item_id, 'payment', item_id, 'pay:' || item_id, item_amount,
            settled_date
        from marts_a.fixture_items where settled_date is not null
    )
    select moves.*, case when moves.item_type = 'instalment' then 'invoice:' || moves.invoice_id
            else moves.item_id end as family_id,
        fixture.company_id, fixture.customer_id, fixture.currency_code, fixture.recorded_from,
        timestamptz '9999-12-31 00:00:00+00' as recorded_to
    from moves join marts_a.fixture_items as fixture
        on fixture.item_id = regexp_replace(moves.item_id, '^pay:', '')
    union all
    select * from marts_a.fixture_entries
    ) as entries;
create view serve.fct_ledger_entries as select * from marts_a.fct_ledger_entries;

create or replace function serve.customer_measures_of(
    p_as_of date, p_known_at timestamptz, p_customer_ids text[]
) returns table (
    company_id text, customer_id text, measure text, value numeric, text_value text
) language sql stable as $$
    with paid as (
        select company_id, customer_id, item_amount, settled_date - due_date as days_late
        from serve.fixture_items
        where customer_id = any(p_customer_ids) and settled_date between p_as_of - 365 and p_as_of
            and recorded_from <= p_known_at
    ), sums as (
        select company_id, customer_id, sum(item_amount * days_late) / sum(item_amount) as weighted_days_late,
            100 * coalesce(sum(item_amount) filter (where days_late > 0), 0) / sum(item_amount) as paid_late_pct,
            count(*) filter (where days_late > 0) as late_payments
        from paid group by 1, 2
    )
    select company_id, customer_id, 'weighted_days_late', weighted_days_late, null from sums
    union all select company_id, customer_id, 'paid_late_pct', paid_late_pct, null from sums
    union all select company_id, customer_id, 'late_payments', late_payments, null from sums
    union all select company_id, customer_id, 'days_late_trend', null, null from sums
$$;
"""


def promise(customer_id: str, promised_date: dt.date, *, made_date: dt.date, known_at: dt.datetime) -> None:
    """A source told of a promise of all that a customer owes."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into marts_a.fct_promises (promise_id, customer_id, currency_code, promised_amount, made_date,"
            " promised_date, recorded_from) values ('p1', %s, 'PEN', 50, %s, %s, %s)",
            (customer_id, made_date, promised_date, known_at),
        )


def dispute(
    invoice_id: str,
    opened_date: dt.date,
    *,
    known_at: dt.datetime,
    reason: str = "wrong price",
    resolved_date: dt.date | None = None,
) -> None:
    """A source told of a dispute about an invoice."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into marts_a.fct_disputes (dispute_id, invoice_id, reason, opened_date, resolved_date,"
            " recorded_from) values ('d1', %s, %s, %s, %s, %s)",
            (invoice_id, reason, opened_date, resolved_date, known_at),
        )
