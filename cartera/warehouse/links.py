"""Typed reads of `serve.fct_customer_links` and `serve.fct_invoice_links`."""

from __future__ import annotations

import datetime as dt

from psycopg2.extensions import connection as Connection

from cartera.errors import NotPublished
from cartera.warehouse.read import Row, rows

_LINKS = """
with known as (
    select customer_id, company_id, name from serve.dim_customers
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
)
select
    customer.company_id,
    link.customer_id,
    customer.name as customer_name,
    link.status,
    link.rule,
    link.linked_customer_id as master_customer_id,
    master.name as master_name,
    case
        when link.status = 'ambiguous'
            then link.candidates || ' customers have it: ' || link.first_candidate_id || ' ... '
                || link.last_candidate_id
        when link.status = 'contradicted' then 'the tax number differs from that of ' || link.first_candidate_id
        when link.rule = 'link' then 'sources/links.yaml says so'
        else 'the same ' || link.rule
    end as why,
    link.recorded_from
from serve.fct_customer_links as link
left join known as customer using (customer_id)
left join known as master on master.customer_id = link.linked_customer_id
where link.recorded_from <= %(known_at)s and link.recorded_to > %(known_at)s
order by link.status <> 'ambiguous', link.status <> 'contradicted', customer.company_id, link.customer_id
"""

_INVOICE_LINKS = """
with known as (
    select invoice_id, company_id, document_number, currency_code, total_amount, source from serve.fct_invoices
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
)
select
    invoice.company_id,
    link.invoice_id,
    invoice.document_number,
    invoice.currency_code,
    invoice.total_amount,
    link.status,
    link.rule,
    link.kept_invoice_id,
    case
        when link.status = 'contradicted'
            then 'the ' || link.problem || ' differs from that of ' || link.first_candidate_id
        when link.status = 'undecided'
            then 'nobody says whether this one or ' || link.first_candidate_id
                || ' is kept: `invoices_from` in companies.yaml'
        when link.status = 'ambiguous' and link.candidates > 1
            then link.candidates || ' invoices have it: ' || link.first_candidate_id || ' ... '
                || link.last_candidate_id
        when link.status = 'ambiguous' then 'another one of its source has it too, for ' || link.first_candidate_id
        when link.rule = 'link' then 'sources/links.yaml says so'
        else
            case link.rule when 'number' then 'the same number' else 'one keeps the other''s reference' end
            || ', customer, currency and amount; '
            || case when link.is_configured then 'companies.yaml says whose is kept' else 'books go first' end
    end as why,
    link.recorded_from
from serve.fct_invoice_links as link
left join known as invoice using (invoice_id)
where link.recorded_from <= %(known_at)s and link.recorded_to > %(known_at)s
order by link.status = 'left_out', invoice.company_id, link.invoice_id
"""


def invoice_links(connection: Connection, known_at: dt.datetime) -> list[Row]:
    """What was known then, what is not clear first: company_id, invoice_id, document_number, currency_code,
    total_amount, status, rule, kept_invoice_id, why, recorded_from. Raises NotPublished."""
    if rows(connection, "select to_regclass('serve.fct_invoice_links') is null as is_missing")[0]["is_missing"]:
        raise NotPublished("what is published was built before invoices were linked", "run `cartera run`")
    return rows(connection, _INVOICE_LINKS, {"known_at": known_at})


def links(connection: Connection, known_at: dt.datetime) -> list[Row]:
    """What was known then, what is not clear first: company_id, customer_id, customer_name, status, rule,
    master_customer_id, master_name, why, recorded_from. Raises NotPublished."""
    if rows(connection, "select to_regclass('serve.fct_customer_links') is null as is_missing")[0]["is_missing"]:
        raise NotPublished("what is published was built before customers were linked", "run `cartera run`")
    return rows(connection, _LINKS, {"known_at": known_at})
