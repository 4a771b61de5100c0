"""Contacts that were sent by each channel, for tests of what comes back."""

from __future__ import annotations

from typing import Any

from psycopg2.extras import Json
from reminder_world import World, contacts, query

from cartera.db import Role, transaction
from cartera.reminders import approve_reminders, plan_reminders

PHONE = "+51987654321"


def sent(
    world: World, customer: str = "ana", channel: str = "email", status: str = "sent", provider_id: str | None = None
) -> dict[str, Any]:
    """A contact as it is after it was handed over: by a channel, in a state, with the provider's name for it."""
    world.customer(customer, phone=PHONE)
    world.owes(customer, due=-10)
    world.publish()
    plan_reminders()
    approve_reminders(approved_by="test")
    (contact,) = contacts(customer_id=customer)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        # by hand, as the planner of this test knows e-mail alone
        cursor.execute(
            "update ops.contacts set channel = %s, status = %s, contact_date = current_date,"
            " recipient = case when %s = 'email' then recipient else %s end where contact_id = %s::uuid",
            (channel, status, channel, PHONE, contact["id"]),
        )
        detail = {"provider_id": provider_id} if provider_id else {}
        cursor.execute(
            "insert into ops.contact_events (contact_id, from_status, to_status, actor, detail)"
            " values (%s::uuid, 'reserved', %s, 'test', %s)",
            (contact["id"], status, Json(detail)),
        )
    return contacts(customer_id=customer)[0]


def state(customer: str = "ana") -> tuple[str, str | None]:
    (contact,) = contacts(customer_id=customer)
    return contact["status"], contact["reason_code"]


def moves() -> list[str]:
    """The states that reports brought, in order."""
    found = query("select to_status from ops.contact_events where actor like 'report by %%' order by event_id")
    return [row["to_status"] for row in found]


def reports() -> list[tuple[str, str, str | None]]:
    found = query("select kind, was, reason from ops.contact_reports order by report_id")
    return [(row["kind"], row["was"], row["reason"]) for row in found]


def opted_out() -> list[tuple[str, str, str]]:
    found = query("select customer_id, channel, address, kind from ops.contact_preferences order by preference_id")
    assert all(row["kind"] == "opt_out" for row in found)
    return [(row["customer_id"], row["channel"], row["address"]) for row in found]
