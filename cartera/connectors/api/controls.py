"""What a system's own books state as receivable, read before and after its tables and landed with them.

Only a total that was the same both times speaks of what was read in between. Where it was not - their books moved
meanwhile - or where it is switched off, the record says that there is nothing to compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.clock import FOREVER
from cartera.connectors.api.spec import ApiSource
from cartera.landing import Delivery
from cartera.landing.entities import Column, Entity
from cartera.landing.whole import whole
from cartera.money import SCALE

CONTROLS = Entity(
    "controls",
    (
        Column("control_id", required=True),
        Column("company_id", required=True),
        Column("currency_code", required=True),
        # no amount of law 1: a total is no record, and the guards of amounts must not judge it
        Column("control_amount", "amount", may_be_negative=True),
        Column("tolerance_amount", "amount", required=True),
    ),
)

Totals = Mapping[tuple[str, str], Decimal]
"""By our company_id and currency."""


def read(source: ApiSource, session: Any) -> Totals:
    """What the books say now; nothing where the system does not say it or nobody wants it. Raises SourceError."""
    if source.controls == "off" or source.declared.controls is None:
        return {}
    totals: dict[tuple[str, str], Decimal] = {}
    for control in source.declared.controls(session):
        key = (source.our_company(control.company) or "main", control.currency)
        totals[key] = totals.get(key, Decimal(0)) + control.amount
    return {key: round(amount, SCALE) for key, amount in totals.items()}


def delivery(connection: Connection, source: ApiSource, before: Totals, after: Totals) -> tuple[list[Delivery], str]:
    """What to land of them (nothing when there is nothing and never was), and what the operator should know."""
    keys = sorted({*_landed(connection, source), *before, *after})
    if not keys:
        return [], ""
    stated = {key: after[key] for key in keys if key in after and before.get(key) == after[key]}
    records = [
        {
            "control_id": ":".join(key),
            "company_id": key[0],
            "currency_code": key[1],
            "control_amount": stated.get(key),
            "tolerance_amount": source.control_tolerance,
        }
        for key in keys
    ]
    landed = replace(whole(source.name, CONTROLS, records, "controls"), is_watched=True)
    moved = [" ".join(key) for key in keys if key not in stated and (key in before or key in after)]
    note = f"the books moved while they were read; control totals not compared this time: {', '.join(moved)}"
    return [landed], note if moved else ""


def _landed(connection: Connection, source: ApiSource) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select company_id, currency_code from raw_files.controls"
            " where source = %s and recorded_to = %s and not is_deleted",
            [source.name, FOREVER],
        )
        return [(company, currency) for company, currency in cursor]
