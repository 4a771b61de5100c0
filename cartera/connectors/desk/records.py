"""Promises and disputes of the desk as records: one for each invoice that they are about, or item of one alone."""

from __future__ import annotations

from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.connectors.desk import SOURCE
from cartera.landing import Delivery, raw_schema
from cartera.landing.entities import Column, Entity
from cartera.landing.whole import whole

PROMISES = Entity(
    "promises",
    (
        Column("promise_id", required=True),
        Column("customer_id", required=True),
        Column("company_id"),
        Column("invoice_id"),
        Column("item_id"),
        Column("made_date", "date", required=True),
        Column("promised_date", "date", required=True),
        Column("currency_code", required=True),
        Column("amount", "amount", required=True),
    ),
    amount="amount",
)
"""Ids as the warehouse names them. `item_id`: of the invoice that item alone, or a chargeback that names none. Neither
an invoice nor an item: all that the customer owes the company in the currency. `company_id` is null in what landed
before it was told."""
DISPUTES = Entity(
    "disputes",
    (
        Column("dispute_id", required=True),
        Column("invoice_id"),
        Column("item_id"),
        Column("opened_date", "date", required=True),
        Column("resolved_date", "date"),
        Column("reason"),
    ),
)

# what ghost shoppers promise is in no figure; of what was recorded before items were told, unnest gives null for each
_PROMISES = """
select promise_id::text || case
        when cardinality(invoice_ids) <= 1 then ''
        when item_id is null then ':' || invoice_id
        else ':item:' || item_id
    end as promise_id,
    customer_id, company_id, invoice_id, item_id, made_date, promised_date, currency_code,
    coalesce(amount, promised_amount) as amount
from ops.desk_promises
left join lateral unnest(invoice_ids, invoice_item_ids, invoice_amounts) as about (invoice_id, item_id, amount) on true
where not is_cancelled and not starts_with(customer_id, 'ghost-shopper:')
order by 1
"""
_DISPUTES = """
select dispute_id::text || case
        when cardinality(invoice_ids) <= 1 then ''
        when item_id is null then ':' || invoice_id
        else ':item:' || item_id
    end as dispute_id,
    invoice_id, item_id, opened_date, resolved_date, reason
from ops.desk_disputes
cross join lateral unnest(invoice_ids, invoice_item_ids) as about (invoice_id, item_id)
where not starts_with(customer_id, 'ghost-shopper:')
order by 1
"""


def deliveries(connection: Connection) -> list[Delivery]:
    """As they stand now, whole."""
    raw_schema.ensure(SOURCE, [PROMISES, DISPUTES])
    return [
        whole(SOURCE, entity, _records(connection, entity, query), f"ops.desk_{entity.name}", system=SOURCE)
        for entity, query in ((PROMISES, _PROMISES), (DISPUTES, _DISPUTES))
    ]


def _records(connection: Connection, entity: Entity, query: str) -> list[dict[str, Any]]:
    names = [column.name for column in entity.columns]
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [dict(zip(names, row, strict=True)) for row in cursor]
