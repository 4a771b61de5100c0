"""What a system says it no longer has, and records that were read more than once while it changed.

Only deliveries with `repeats="keep_last"` come here: those of systems that are read while people work in them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from psycopg2.extensions import cursor as Cursor

from cartera.landing.ahead import Stream
from cartera.landing.delivery import Delivery
from cartera.landing.tables import Tables

LINES_AT_ONCE = 8_192


def fill_absences(cursor: Cursor, delivery: Delivery) -> None:
    """`landing_gone` and `landing_keys` from the delivery."""
    cursor.execute(
        "create temporary table landing_gone (row_number bigint not null, record_key text not null) on commit drop;"
        " create temporary table landing_keys (record_key text not null) on commit drop"
    )
    _copy(cursor, "copy landing_gone from stdin with (format csv)", delivery.gone)
    if delivery.keys is not None:
        _copy(cursor, "copy landing_keys from stdin with (format csv)", ((key,) for key in delivery.keys))
        cursor.execute("analyze landing_keys")


def _copy(cursor: Cursor, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    cursor.copy_expert(statement, Stream(_lines(rows)))


def _lines(rows: Iterable[tuple[object, ...]]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % LINES_AT_ONCE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def drop_overtaken(cursor: Cursor, tables: Tables) -> tuple[int, list[tuple[str, Decimal]]]:
    """Remove from `landing_stage` what was read again or deleted later, and from `landing_gone` what was read later.

    What was read last is what the system held last. Returns the number of rows removed and their amounts.
    """
    cursor.execute(
        tables.sql(
            "delete from landing_gone as gone using landing_stage as stage"
            " where stage.{key} = gone.record_key and stage.row_number > gone.row_number"
        )
    )
    cursor.execute(
        tables.sql(
            """
            create temporary table landing_repeats on commit drop as
            select {key} as record_key, max(row_number) as row_number
            from landing_stage
            group by {key}
            having count(*) > 1 or bool_or({key} in (select gone.record_key from landing_gone as gone))
            """
        )
    )
    if cursor.rowcount == 0:
        return 0, []
    cursor.execute(
        tables.sql(
            """
            with overtaken as (
                delete from landing_stage as stage
                using landing_repeats as repeated
                where stage.{key} = repeated.record_key
                    and (
                        stage.row_number < repeated.row_number
                        or repeated.record_key in (select gone.record_key from landing_gone as gone)
                    )
                returning {currency} as currency_code, {stage_amount} as amount
            )
            select currency_code, count(*), coalesce(sum(amount), 0) from overtaken group by 1
            """
        )
    )
    found = cursor.fetchall()
    amounts = [(currency, amount) for currency, _count, amount in found] if tables.entity.amount else []
    return sum(count for _currency, count, _amount in found), amounts


def unknown_keys(cursor: Cursor, delivery: Delivery) -> int:
    """How many keys a sweep found that are neither current here nor in the delivery: they were missed."""
    if delivery.keys is None:
        return 0
    cursor.execute(
        Tables(delivery.system, delivery.entity).sql(
            """
            select count(*) from landing_keys as there
            where not exists (select from landing_stage as stage where stage.{key} = there.record_key)
                and not exists (select from landing_rejects as bad where bad.record_key = there.record_key)
                and not exists (
                    select from {raw} as version
                    where version.source = %(source)s and version.record_key = there.record_key
                        and version.recorded_to = '9999-12-31 00:00:00+00' and not version.is_deleted
                )
                and not exists (
                    select from quarantine.records as bad
                    where bad.status = 'open' and bad.source = %(source)s and bad.entity = %(entity)s
                        and bad.record_key = there.record_key
                )
            """
        ),
        {"source": delivery.source, "entity": delivery.entity.name},
    )
    ((count,),) = cursor.fetchall()
    return int(count)
