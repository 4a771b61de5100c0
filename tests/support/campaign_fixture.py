"""Reminders on top of `serve_fixture`: customers who can be written to, a plan, and what became of its contacts.

publish_items(sample_items()); reachable(); plan_reminders()
go_out(5); come_back("delivered", 3)
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from cartera import desk
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.reminders import approve_reminders, ledger
from cartera.reminders.ledger import Move
from cartera.reminders.model import Status
from cartera.warehouse.read import rows

AS_OF = dt.date(2026, 6, 30)


def reachable(country: str = "MX") -> None:
    """Every customer has an address, in a country where messages may go on that day; its source was read that day."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update marts_a.dim_customers set email = replace(customer_id, ':', '.') || '@cliente.example',"
            " country_code = %s, language_code = 'es', is_active = true, collector = case"
            " when right(customer_id, 1) between '0' and '4' then 'Ana' when right(customer_id, 1) < '8' then 'Bruno'"
            " end",
            (country,),
        )
        cursor.execute(
            "insert into ops.loads (source, entity, kind, fingerprint, files, recorded_at, rows_in, rows_loaded,"
            " rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts)"
            " values ('files', 'invoices', 'full', 'x', '[]', %s, 0, 0, 0, 0, 0, 0, 0, '{}')",
            (dt.datetime.combine(AS_OF, dt.time(20), tzinfo=dt.UTC),),
        )


def contacts(status: str | None = None) -> list[dict[str, Any]]:
    with transaction(Role.admin) as connection:
        return rows(
            connection,
            "select *, contact_id::text as id from ops.contacts where %(status)s::text is null or status = %(status)s"
            " order by customer_id, contact_id",
            {"status": status},
        )


def go_out(count: int) -> list[str]:
    """Approve so many and record them as sent; their ids."""
    approve_reminders(limit=count, approved_by="test")
    ids = [row["id"] for row in contacts("approved")][:count]
    become(ids, Status.sent, Status.approved)
    return ids


def become(ids: list[str], to: Status, *leaves: Status) -> None:
    with transaction(Role.campaign) as connection:
        moved = ledger.move_all(connection, [Move(each, to) for each in ids], leaves, "test")
    assert moved == set(ids)


def hold(customer_id: str) -> None:
    desk.hold(Actor.local("ana"), str(uuid.uuid4()), customer_id, kind="other", note="asked to")
