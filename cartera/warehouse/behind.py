"""The rows behind a figure: what the lists of single items, movements and debts have in common.

They are read from the marts of single items, not from what the figure is computed of: the one proves the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.warehouse import read

OF_PLACE = SQL("currency_code = %(currency)s and (%(company)s::text is null or company_id = %(company)s)")
KNOWN = SQL("recorded_from <= %(known_at)s and recorded_to > %(known_at)s")
DEBTS = SQL("item_type in ('instalment', 'chargeback') and open_amount > 0 and {} and {}").format(OF_PLACE, KNOWN)
"""Of the stretches of fct_item_balances: each the days over which a debt owed one amount."""


@dataclass(frozen=True)
class Place:
    """One currency of one company, or of all (None), at two clocks."""

    as_of: dt.date
    known_at: dt.datetime
    company_id: str | None
    currency_code: str

    def bound(self) -> read.Row:
        return {
            "as_of": self.as_of,
            "known_at": self.known_at,
            "company": self.company_id,
            "currency": self.currency_code,
        }


LARGEST = SQL(
    "with listed as (select *, count(*) over () as rows, {totals} from ({found}) as found"
    " order by {order}, item_id limit %(limit)s)"
    " select {columns} from listed"
    " left join (select distinct on (customer_id) customer_id, name as customer_name from serve.dim_customers"
    " where {known} order by customer_id, recorded_from desc) as customer using (customer_id)"
    " left join (select distinct on (item_id) item_id, document_number as item_number from serve.dim_items"
    " where item_id in (select item_id from listed) and {known} order by item_id, recorded_from desc"
    ") as item using (item_id) order by {order}, item_id"
)


def largest(
    connection: Connection,
    found: Composable,
    columns: tuple[str, ...],
    given: Mapping[str, Any],
    limit: int,
    *,
    first: str | None = None,
) -> list[read.Row]:
    """`columns` of the rows of `found`, the largest first: by `first`, then by what is added up.

    `found` has item_id, invoice_id, customer_id and document_number (may be null), and binds what `given` has.
    `rows` counts all of them and each total_<column> adds up that column, whatever the limit.
    """
    added = [name.removeprefix("total_") for name in columns if name.startswith("total_")]
    of_others = {
        "customer_name": SQL("customer_name"),
        "document_number": SQL("coalesce(document_number, item_number, invoice_id, item_id) as document_number"),
    }
    query = LARGEST.format(
        totals=SQL(", ").join(SQL("sum({}) over () as {}").format(*map(Identifier, (n, f"total_{n}"))) for n in added),
        found=found,
        order=SQL(", ").join(
            SQL("{} desc nulls last").format(Identifier(name)) for name in dict.fromkeys([first or added[0], *added])
        ),
        columns=SQL(", ").join(of_others.get(name, Identifier(name)) for name in columns),
        known=KNOWN,
    )
    return read.rows(connection, query, {**given, "limit": limit})
