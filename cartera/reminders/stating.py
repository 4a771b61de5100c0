"""What a message states, fixed in the ledger before it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from cartera.reminders.model import PlannedContact, Reason


class Statement(NamedTuple):
    """`as_of`: the day of the figures; `left_out`: items that were planned and are not stated, with why."""

    as_of: dt.date
    contact: PlannedContact
    left_out: Mapping[str, Reason]


def state(connection: Connection, stated: Mapping[str, Statement]) -> list[str]:
    """Write down what the messages state, before they leave; the ids of those that another contact forbids."""
    if not stated:
        return []
    with connection.cursor() as cursor:
        cursor.execute("savepoint stating")
        try:
            _state_contacts(cursor, stated)
        except UniqueViolation:
            cursor.execute("rollback to savepoint stating")
            if len(stated) == 1:
                return list(stated)
            return [each for id, one in stated.items() for each in state(connection, {id: one})]
        _state_items(cursor, stated)
    return []


def _state_contacts(cursor: Any, stated: Mapping[str, Statement]) -> None:
    execute_values(
        cursor,
        "update ops.contacts as c set contact_date = v.as_of, cycle = v.cycle, recipient = v.recipient,"
        " language_code = v.language from (values %s) as v (contact_id, as_of, cycle, recipient, language)"
        " where c.contact_id = v.contact_id",
        [
            (contact_id, one.as_of, one.contact.cycle, one.contact.recipient, one.contact.language)
            for contact_id, one in stated.items()
        ],
        template="(%s::uuid, %s, %s, %s, %s)",
        page_size=len(stated),
    )


def _state_items(cursor: Any, stated: Mapping[str, Statement]) -> None:
    cursor.execute(
        "update ops.contact_items set stated_amount = null, left_out_reason = 'paid'"
        " where contact_id = any(%s::uuid[])",
        (list(stated),),
    )
    lines = [
        (contact_id, line.item.item_id, line.item.open_amount, None, line.step.offset_days, line.item.due_date)
        for contact_id, one in stated.items()
        for line in one.contact.lines
    ]
    left_out = [
        (contact_id, item_id, None, reason, None, None)
        for contact_id, one in stated.items()
        for item_id, reason in one.left_out.items()
    ]
    execute_values(
        cursor,
        "update ops.contact_items as i set stated_amount = v.amount, left_out_reason = v.reason,"
        " offset_days = coalesce(v.offset_days, i.offset_days), due_date = coalesce(v.due_date, i.due_date)"
        " from (values %s) as v (contact_id, item_id, amount, reason, offset_days, due_date)"
        " where i.contact_id = v.contact_id and i.item_id = v.item_id",
        lines + left_out,
        template="(%s::uuid, %s, %s::numeric, %s, %s::int, %s::date)",
        page_size=len(lines) + len(left_out),
    )
