"""Promises and disputes of the desk as records: one for each invoice that they are about."""

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
        Column("invoice_id"),
        Column("made_date", "date", required=True),
        Column("promised_date", "date", required=True),
        Column("currency_code", required=True),
        Column("amount", "amount", required=True),
    ),
    amount="amount",
)
"""`customer_id`, `invoice_id`: as the warehouse names them, with their source."""
DISPUTES = Entity(
    "disputes",
    (
        Column("dispute_id", required=True),
        Column("invoice_id", required=True),
        Column("opened_date", "date", required=True),
        Column("resolved_date", "date"),
        Column("reason"),
    ),
)

# what ghost shoppers promise is in no figure
_PROMISES = """
select promise_id::text || case when cardinality(invoice_ids) > 1 then ':' || invoice_id else '' end as promise_id,
    customer_id, invoice_id, made_date, promised_date, currency_code,
    coalesce(invoice_amount, promised_amount) as amount
from ops.desk_promises
left join lateral unnest(invoice_ids, invoice_amounts) as about (invoice_id, invoice_amount) on true
where not is_cancelled and not starts_with(customer_id, 'ghost-shopper:')
order by 1
"""
_DISPUTES = """
select dispute_id::text || case when cardinality(invoice_ids) > 1 then ':' || invoice_id else '' end as dispute_id,
    invoice_id, opened_date, resolved_date, reason
from ops.desk_disputes
cross join lateral unnest(invoice_ids) as about (invoice_id)
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
