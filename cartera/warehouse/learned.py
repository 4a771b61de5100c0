"""What was learned between two moments about one date, entry by entry, and what it adds up to."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files

from psycopg2.extensions import connection as Connection

from cartera.warehouse.read import Row, rows

LEARNED_SQL = files("cartera.warehouse").joinpath("sql/learned.sql").read_text(encoding="utf-8")

TOTALS_SQL = """
    with sides as (
        select company_id, currency_code, open_amount as before_amount, 0 as after_amount
        from serve.open_items(%(as_of)s, %(before)s)
        union all
        select company_id, currency_code, 0, open_amount from serve.open_items(%(as_of)s, %(after)s)
    )
    select company_id, currency_code, sum(before_amount) as before_amount, sum(after_amount) as after_amount,
        sum(after_amount) - sum(before_amount) as difference_amount
    from sides group by company_id, currency_code order by company_id, currency_code"""

ENTRY_COLUMNS = (
    "change", "recorded_at", "company_id", "currency_code", "customer_id", "customer_name", "entry_type", "item_id",
    "item_type", "invoice_id", "document_number", "effective_date", "amount", "difference_amount", "source",
)  # fmt: skip


def entries(connection: Connection, as_of: dt.date, before: dt.datetime, after: dt.datetime) -> list[Row]:
    """Ledger entries effective by `as_of` and known at one of the two moments only, as they were recorded.

    ENTRY_COLUMNS: change is `appeared` or `withdrawn`; recorded_at the moment (UTC) it was; amount that of the
    entry; difference_amount what the change does to the balance (a withdrawn entry counts against its sign).
    A withdrawn entry and one of equal content that appeared are left out. customer_name, item_id and invoice_id
    may be None.
    """
    return rows(connection, LEARNED_SQL, {"as_of": as_of, "before": before, "after": after})


def totals(connection: Connection, as_of: dt.date, before: dt.datetime, after: dt.datetime) -> list[Row]:
    """Per company_id and currency_code: open items and unapplied credit as known at each of the two moments.

    before_amount, after_amount and difference_amount; read from the open items, not from the entries, so that
    the sum of the entries' difference_amount can be held against it.
    """
    return rows(connection, TOTALS_SQL, {"as_of": as_of, "before": before, "after": after})
