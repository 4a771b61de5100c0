"""Typed read of `serve.fct_customer_links`."""

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


def links(connection: Connection, known_at: dt.datetime) -> list[Row]:
    """What was known then, what is not clear first: company_id, customer_id, customer_name, status, rule,
    master_customer_id, master_name, why, recorded_from. Raises NotPublished."""
    if rows(connection, "select to_regclass('serve.fct_customer_links') is null as is_missing")[0]["is_missing"]:
        raise NotPublished("what is published was built before customers were linked", "run `cartera run`")
    return rows(connection, _LINKS, {"known_at": known_at})
