"""What must not be believed of a system that was read: the whole landing of its source stops.

Each compares what is about to be written (`landing_stage`, `landing_differences`) with what holds now.
"""

from __future__ import annotations

from decimal import Decimal

from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import Identifier

from cartera.clock import FOREVER
from cartera.errors import SourceError
from cartera.landing.delivery import Delivery
from cartera.landing.tables import Tables

COUNTED_FROM = 20
"""Below so many records a share says little."""

SAME_FACTOR_PCT = 90
"""So many of the changed amounts by one and the same factor are no coincidence."""

FACTORS = (Decimal(100), Decimal(1000), Decimal("0.01"), Decimal("0.001"), Decimal(-1))
"""Cents for units, thousands for units, and a sign that turned."""

_PAIRS = """
    from landing_differences as difference
    join landing_stage as stage on stage.{key} = difference.record_key
    join {raw} as version
        on version.source = %(source)s and version.record_key = difference.record_key
        and version.recorded_from = difference.closes
    where not version.is_deleted
"""


def check(cursor: Cursor, delivery: Delivery) -> None:
    """Raises SourceError: dates of change that went back, amounts that fell, or all changed by one factor."""
    cursor.execute("select to_regclass('pg_temp.landing_differences') is not null")
    if cursor.fetchone() != (True,):
        return  # the first delivery: there is nothing to compare it with
    if delivery.entity.changed_at and not delivery.accepts_older:
        _check_dates(cursor, delivery, delivery.entity.changed_at)
    if delivery.entity.amount:
        _check_factor(cursor, delivery)
        _check_fall(cursor, delivery)


def _check_dates(cursor: Cursor, delivery: Delivery, changed_at: str) -> None:
    tables = Tables(delivery.system, delivery.entity)
    statement = tables.sql(
        f"select count(*), min(difference.record_key){_PAIRS}"
        " and stage.{changed_at} < version.{changed_at} - %(skew)s",
        changed_at=Identifier(changed_at),
    )
    cursor.execute(statement, {"source": delivery.source, "skew": delivery.clock_skew})
    ((count, example),) = cursor.fetchall()
    if count:
        raise SourceError(
            f"{delivery.source}, {delivery.entity.name}: {changed_at} of {count:,} records went back, e.g. of"
            f" {example!r}: the system seems to have been restored from a backup; nothing was landed",
            "ask who runs the system; to take its present state as true, set `accept_older: true` in"
            f" sources/{delivery.source}.yaml, run, and take it out again",
        )


def _check_factor(cursor: Cursor, delivery: Delivery) -> None:
    tables = Tables(delivery.system, delivery.entity)
    statement = tables.sql(
        "select count(*), " + ", ".join(f"count(*) filter (where stage.{{column}} = version.{{column}} * %(f{n})s)"
                                        for n in range(len(FACTORS)))
        + ", count(*) filter (where version.{column} <> trunc(version.{column}) and stage.{column} in"
        " (trunc(version.{column}), round(version.{column})))"
        + f"{_PAIRS} and stage.{{column}} <> version.{{column}} and version.{{column}} <> 0",
        column=Identifier(delivery.entity.amount or ""),
    )  # fmt: skip
    cursor.execute(statement, {"source": delivery.source} | {f"f{n}": factor for n, factor in enumerate(FACTORS)})
    ((changed, *counts, cut),) = cursor.fetchall()
    if changed >= COUNTED_FROM and cut * 100 >= SAME_FACTOR_PCT * changed:
        raise SourceError(
            f"{delivery.source}, {delivery.entity.name}: {delivery.entity.amount} of {cut:,} of {changed:,} changed"
            " records lost its decimals; nothing was landed",
            "see what changed in the system; the connector must be told before its figures can be believed",
        )
    for factor, count in zip(FACTORS, counts, strict=True):
        if changed >= COUNTED_FROM and count * 100 >= SAME_FACTOR_PCT * changed:
            raise SourceError(
                f"{delivery.source}, {delivery.entity.name}: {delivery.entity.amount} of {count:,} of {changed:,}"
                f" changed records is exactly {factor} times what it was: its unit or sign has changed; nothing was"
                " landed",
                "see what changed in the system; the connector must be told before its figures can be believed",
            )


def _check_fall(cursor: Cursor, delivery: Delivery) -> None:
    """Without their signs: a credit that goes with its invoice would hide that both are gone, a new one is no fall."""
    tables = Tables(delivery.system, delivery.entity)
    values = {"source": delivery.source, "forever": FOREVER}
    cursor.execute(tables.sql(_CHANGE_OF_AMOUNTS), values)
    changes: dict[str, Decimal] = dict(cursor.fetchall())
    if all(change >= 0 for change in changes.values()):
        return
    cursor.execute(tables.sql(_PRESENT_AMOUNTS), values)
    for currency, count, amount in cursor.fetchall():
        change = changes.get(currency, Decimal(0))
        if count >= COUNTED_FROM and -change * 100 > delivery.max_fall_pct * amount > 0:
            raise SourceError(
                f"{delivery.source}, {delivery.entity.name}: {delivery.entity.amount} in {currency} would fall from"
                f" {amount:,.2f} to {amount + change:,.2f} without signs, more than"
                f" {delivery.max_fall_pct}%; nothing was landed",
                "see whether the system is whole; accept it with `max_fall_pct: 100` in"
                f" sources/{delivery.source}.yaml, run, and take it out again",
            )


_CHANGE_OF_AMOUNTS = """
select currency_code, sum(amount)
from (
    select {currency} as currency_code, abs(coalesce({amount}, 0)) as amount
    from landing_stage
    where {key} in (select difference.record_key from landing_differences as difference)
    union all
    select {currency} as currency_code, -abs(coalesce({amount}, 0)) as amount
    from {raw}
    where source = %(source)s and recorded_to = %(forever)s and not is_deleted
        and record_key in (select difference.record_key from landing_differences as difference)
) as changes
group by currency_code
"""

_PRESENT_AMOUNTS = """
select {currency}, count(*), coalesce(sum(abs({amount})), 0)
from {raw}
where source = %(source)s and recorded_to = %(forever)s and not is_deleted
group by 1
"""
