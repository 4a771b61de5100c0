"""The rows behind a figure: what the lists of single items, movements and debts have in common.

They are read from the marts of single items, not from what the figure is computed of: the one proves the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
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
    "select *, count(*) over () as rows, {totals} from ({found}) as found order by {order}, item_id limit %(limit)s"
)
NAMES = SQL(
    "select distinct on ({key}) {key} as key, {name} as name from {table} where {key} = any(%(keys)s) and {known}"
    " order by {key}, recorded_from desc"
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
    query = LARGEST.format(
        totals=SQL(", ").join(SQL("sum({}) over () as {}").format(*map(Identifier, (n, f"total_{n}"))) for n in added),
        found=found,
        order=SQL(", ").join(
            SQL("{} desc nulls last").format(Identifier(name)) for name in dict.fromkeys([first or added[0], *added])
        ),
    )
    rows = read.rows(connection, query, {**given, "limit": limit})
    # asked for by themselves: in one query with the rows, of which nobody can guess how few they are, the planner
    # would look through all names for each
    known_at = given["known_at"]
    customers = customer_names(connection, [row["customer_id"] for row in rows], known_at)
    unnumbered = [row["item_id"] for row in rows if row["document_number"] is None]
    documents = _names(connection, "dim_items", "item_id", "document_number", unnumbered, known_at)
    for row in rows:
        row["customer_name"] = customers.get(row["customer_id"])
        row["document_number"] = (
            row["document_number"] or documents.get(row["item_id"]) or row["invoice_id"] or row["item_id"]
        )
    return [{name: row[name] for name in columns} for row in rows]


def customer_names(connection: Connection, ids: Iterable[str | None], known_at: dt.datetime) -> dict[str, str]:
    """By customer_id, as known then; without those that were not."""
    return _names(connection, "dim_customers", "customer_id", "name", ids, known_at)


def _names(
    connection: Connection, table: str, key: str, name: str, keys: Iterable[str | None], known_at: dt.datetime
) -> dict[str, str]:
    query = NAMES.format(key=Identifier(key), name=Identifier(name), table=Identifier("serve", table), known=KNOWN)
    given = sorted({each for each in keys if each is not None})
    found = read.rows(connection, query, {"keys": given, "known_at": known_at}) if given else []
    return {row["key"]: row["name"] for row in found}
