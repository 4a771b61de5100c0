"""What is open in the company's currency, at the rates of a currency view: reads for the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.warehouse import read
from cartera.warehouse.ages import Ages


def aging(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    by: read.By,
    view: read.View,
    scheme: str | None = None,
    ages: Ages | None = None,
) -> list[read.Row]:
    """As `read.aging`, each amount in the company's currency at the rate of the view, and `reason`.

    currency_code is the company's. A rate that is missing makes the amounts of its rows None and is named in
    `reason`; other rows stand. Amounts have six decimals; the caller rounds.
    """
    columns = read.aging_columns(by)
    query = SQL(
        "with cells as ({valued}) select {group}, count(*) as open_items, {amounts}, min(missing) as reason"
        " from cells {known} group by {group} order by {first}, {order}"
    ).format(
        valued=_valued(view) if ages is None else _aged(view, ages, read.items_at(connection, as_of, known_at)),
        group=SQL(", ").join(map(Identifier, (*columns[:2], *read.DIMENSIONS[by]))),
        amounts=SQL(", ").join(
            SQL(
                "case when count(*) filter (where {kept} and amount is null) = 0"
                " then coalesce(sum(amount) filter (where {kept}), 0) end as {name}"
            ).format(kept=SQL(kept), name=Identifier(name))
            for name, kept in (
                ("open_amount", "true"),
                ("disputed_amount", "is_disputed"),
                ("promised_amount", "promised_date is not null"),
            )
        ),
        known=read.dimension_known(connection, as_of, known_at, by),
        first=SQL(", ").join(map(Identifier, columns[:2])),
        order=read.dimension_order(by, "sum(amount) desc nulls last"),
    )
    buckets = list(ages.buckets if ages else read.BUCKETS)
    asked = {"as_of": as_of, "known_at": known_at, "scheme": scheme, "buckets": buckets}
    return read.rows(connection, query, asked | {"item_type": "instalment"})


def unapplied(connection: Connection, as_of: dt.date, known_at: dt.datetime, view: read.View) -> list[read.Row]:
    """As `balances.unapplied`, in the company's currency at the rate of the view; `reason` where a rate is missing."""
    return read.rows(
        connection,
        SQL(
            "select company_id, currency_code, count(*) as open_items,"
            " case when count(amount) = count(*) then sum(amount) end as open_amount, min(missing) as reason"
            " from ({valued}) as cells group by company_id, currency_code order by company_id, currency_code"
        ).format(valued=_valued(view)),
        {"as_of": as_of, "known_at": known_at, "item_type": "unapplied_credit"},
    )


@dataclass(frozen=True)
class ItemValue:
    """An open item in the company's currency at the rate of the day; amount None where `missing` names the rate."""

    currency_code: str | None
    amount: Decimal | None
    missing: str | None


def item_values(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, customer_ids: Sequence[str]
) -> dict[str, ItemValue]:
    """By item_id: the open items of some customers."""
    found = read.rows(
        connection,
        "select item_id, company_currency_code as currency_code, (open_amount * as_of_rate)::numeric(24, 6) as amount,"
        " missing_as_of_rate as missing from serve.open_items_valued(%(as_of)s, %(known_at)s)"
        " where customer_id = any(%(ids)s)",
        {"as_of": as_of, "known_at": known_at, "ids": list(customer_ids)},
    )
    return {row.pop("item_id"): ItemValue(**row) for row in found}


def _valued(view: read.View) -> Composable:
    """Open items of one type in the company's currency: amount, missing (the rate it lacks)."""
    rate = "document_rate" if view == "company" else "as_of_rate"
    return SQL(
        "select company_id, company_currency_code as currency_code, customer_id, item_id, bucket, is_disputed,"
        " promised_date,"
        " (open_amount * {rate})::numeric(24, 6) as amount, {missing} as missing"
        " from serve.open_items_valued(%(as_of)s, %(known_at)s) where item_type = %(item_type)s"
    ).format(rate=Identifier(rate), missing=Identifier(f"missing_{rate}"))


def _aged(view: read.View, ages: Ages, items: Composable) -> Composable:
    """As `_valued`, in the buckets of `ages`: the dates of an item stand where it is not valued."""
    return SQL(
        "select company_id, currency_code, customer_id, aged.bucket, is_disputed, promised_date, amount, missing"
        " from ({valued}) as valued inner join (select item_id, {bucket} as bucket from {items} as items) as aged"
        " using (item_id)"
    ).format(valued=_valued(view), bucket=ages.bucket(), items=items)
