"""Which rows of serve.* a person of some companies sees: a condition in every view, by the reader's session.

The role `viewer` reads of the companies in its transaction's setting `cartera.companies`, and nothing where it has
none; every other role of ours reads all. The condition stands in the views and not in policies on the tables beneath:
dbt makes those anew, and under a policy the planner may not use the statistics of a column, which slows everybody. The
functions of serve read the same views, so aging as of a date is filtered alike.

For who reads all it is gone before a statement is planned (migration 0027 says how): it costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.db import Role, transaction

SETTING = "cartera.companies"

OF_NOBODY = frozenset({"dim_buckets", "dim_currencies", "dim_dates", "dim_segment_rules"})
"""What belongs to no company: calendars, currencies, the edges of buckets, the rules of segments."""

GENERAL_WITHOUT_COMPANY = frozenset({"fct_fx_rates"})
"""Where a row that names no company holds for all of them."""

IN_SCOPE = "company_id = any((select ops.companies_in_scope())::text[])"


def condition(marts: str, table: str, columns: Collection[str]) -> Composable:
    """What follows `where` in the view of a mart: true for who reads all, for a `viewer` by the mart's columns.

    By its own company; else by its invoice's, else its customer's. A mart that says none of these has no rows for it.
    """
    if table in OF_NOBODY:
        return SQL("true")
    return SQL("(ops.reads_all() or {})").format(_of_viewer(marts, table, columns))


def _of_viewer(marts: str, table: str, columns: Collection[str]) -> Composable:
    if "company_id" in columns:
        general = SQL("company_id is null or ") if table in GENERAL_WITHOUT_COMPANY else SQL("")
        return general + SQL(IN_SCOPE)
    for column, owner in (("invoice_id", "dim_items"), ("customer_id", "dim_customers")):
        if column in columns:
            return SQL(
                "exists (select from {owner} as owner where owner.{column} = {table}.{column} and owner.{scoped})"
            ).format(
                owner=Identifier(marts, owner), column=Identifier(column), table=Identifier(table), scoped=SQL(IN_SCOPE)
            )
    return SQL("false")


@contextmanager
def transaction_of(companies: Collection[str] | None) -> Iterator[Connection]:
    """A transaction that reads of these companies alone, or, with None, of all. Raises DatabaseError."""
    with transaction(Role.reader if companies is None else Role.viewer) as connection:
        if companies is not None:
            limit_to(connection, companies)
        yield connection


def limit_to(connection: Connection, companies: Collection[str]) -> None:
    """Until its end the transaction, of a `viewer`, reads of these companies alone."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config(%s, (%s::text[])::text, true)", (SETTING, sorted(companies)))
