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

from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.db import Role, transaction
from cartera.errors import NotPublished

SETTING = "cartera.companies"

CUSTOMERS, PROMISES = "dim_customers", "fct_promises"

OF_NOBODY = frozenset({"dim_buckets", "dim_currencies", "dim_dates", "dim_segment_rules"})
"""What belongs to no company: calendars, currencies, the edges of buckets, the rules of segments."""

GENERAL_WITHOUT_COMPANY = frozenset({"fct_fx_rates"})
"""Where a row that names no company holds for all of them."""

IN_SCOPE = "company_id = any((select ops.companies_in_scope())::text[])"


def condition(marts: str, table: str, columns: Collection[str]) -> Composable:
    """What follows `where` in the view of a mart: true for who reads all, for a `viewer` by the mart's columns.

    By its own company; else by its invoice's or item's, else its customer's. A mart that says none of these has no rows
    for it.
    """
    if table in OF_NOBODY:
        return SQL("true")
    return SQL("(ops.reads_all() or {})").format(_of_viewer(marts, table, columns))


def _of_viewer(marts: str, table: str, columns: Collection[str]) -> Composable:
    def owned(column: str, owner: str) -> Composable:
        return SQL(
            "exists (select from {owner} as owner where owner.{column} = {table}.{column} and owner.{scoped})"
        ).format(
            owner=Identifier(marts, owner), column=Identifier(column), table=Identifier(table), scoped=SQL(IN_SCOPE)
        )

    of_customer = SQL("({} or {})").format(owned("customer_id", "dim_items"), owned("customer_id", CUSTOMERS))
    if table == PROMISES:
        # to whom its invoice is owed, else to whom it was made; a promise of all that is owed that says neither is seen
        # where the customer owes no other
        owes_others = SQL(
            "exists (select from {items} as owed where owed.customer_id = {table}.customer_id and not owed.{scoped})"
        ).format(items=Identifier(marts, "dim_items"), table=Identifier(table), scoped=SQL(IN_SCOPE))
        return SQL(
            "case when {table}.invoice_id is not null then {of_invoice} when {table}.company_id is not null"
            " then {table}.{scoped} else {of_customer} and not {owes_others} end"
        ).format(
            table=Identifier(table),
            of_invoice=owned("invoice_id", "dim_items"),
            scoped=SQL(IN_SCOPE),
            of_customer=of_customer,
            owes_others=owes_others,
        )
    if "company_id" in columns:
        general = SQL("company_id is null or ") if table in GENERAL_WITHOUT_COMPANY else SQL("")
        in_scope = general + SQL(IN_SCOPE)
        # who is owed by a customer sees it, also where it is another company's
        return SQL("({} or {})").format(in_scope, owned("customer_id", "dim_items")) if table == CUSTOMERS else in_scope
    if documents := [column for column in ("invoice_id", "item_id") if column in columns]:
        return SQL("({})").format(SQL(" or ").join(owned(column, "dim_items") for column in documents))
    return of_customer if "customer_id" in columns else SQL("false")


@contextmanager
def reading(
    companies: Collection[str] | None, *, statement_timeout: str, lock_timeout: str = "5s"
) -> Iterator[Connection]:
    """A read-only transaction of one publication (law 5) and of these companies; None: of all.

    Raises DatabaseError, NotPublished (by a Cartera that knew no scope).
    """
    with transaction(Role.reader if companies is None else Role.viewer) as connection:
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute("select set_config('statement_timeout', %s, true)", (statement_timeout,))
            cursor.execute("select set_config('lock_timeout', %s, true)", (lock_timeout,))
            # compiling a long statement takes longer than running it, and who reads here waits
            cursor.execute("select set_config('jit', 'off', true)")
        if companies is not None:
            limit_to(connection, companies)
        try:
            yield connection
        except InsufficientPrivilege:
            if companies is None:
                raise
            raise NotPublished(
                "What is published has no company scope yet", "publish it again: `cartera run`"
            ) from None


def limit_to(connection: Connection, companies: Collection[str]) -> None:
    """Until its end the transaction, of a `viewer`, reads of these companies alone."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config(%s, (%s::text[])::text, true)", (SETTING, sorted(companies)))
