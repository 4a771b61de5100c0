"""The contact ledger: what it holds is changed here alone, each change with an event (`ops.contact*`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json
from pydantic import ValidationError

from cartera.errors import ConfigError
from cartera.reminders.model import Answer, Reason, Status
from cartera.reminders.policy import Policy
from cartera.warehouse.read import Publication, Row, rows


def store_plan(connection: Connection, policy: Policy, as_of: dt.date, published: Publication, planned_by: str) -> int:
    """Open a plan; its id."""
    found = rows(
        connection,
        "insert into ops.contact_plans (policy_name, policy, as_of_date, known_at, publication_id, planned_by)"
        " values (%(name)s, %(policy)s, %(as_of)s, %(known_at)s, %(publication)s, %(by)s) returning plan_id",
        {
            "name": policy.name,
            "policy": Json(policy.model_dump(mode="json")),
            "as_of": as_of,
            "known_at": published.known_at,
            "publication": published.publication_id,
            "by": planned_by,
        },
    )
    return int(found[0]["plan_id"])


def policy_of(connection: Connection, plan_id: int) -> Policy:
    """The policy as it read when a plan was made. Raises ConfigError when this Cartera can't read it."""
    found = rows(connection, "select policy from ops.contact_plans where plan_id = %(id)s", {"id": plan_id})
    try:
        return Policy.model_validate(found[0]["policy"])
    except ValidationError:
        raise ConfigError(f"plan {plan_id} was made by another version of Cartera", "plan anew") from None


def answers_json(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    return [{"rule": each.rule, "saw": str(each.saw), "passed": each.passed} for each in answers]


def move(
    connection: Connection,
    contact_id: str,
    leaves: Sequence[Status],
    to: Status,
    actor: str,
    *,
    reason: Reason | None = None,
    detail: dict[str, Any] | None = None,
    retry_after: dt.timedelta | None = None,
    is_attempt: bool = False,
) -> bool:
    """Change a contact's state and record it; False, and nothing is done, when it is in none of `leaves`."""
    found = rows(
        connection,
        "with before as (select contact_id, status from ops.contacts"
        " where contact_id = %(id)s::uuid and status = any(%(leaves)s) for update)"
        " update ops.contacts as c set status = %(to)s, reason_code = %(reason)s, reserved_by = null,"
        " lease_until = null, retry_at = now() + %(retry_after)s::interval, attempts = attempts + %(attempt)s,"
        " contact_date = case when %(to)s = 'sent' then coalesce(c.contact_date, c.planned_date)"
        " when %(to)s = 'approved' then null else c.contact_date end"
        " from before where c.contact_id = before.contact_id returning before.status",
        {
            "id": contact_id,
            "leaves": list(leaves),
            "to": to,
            "reason": reason,
            "retry_after": retry_after,
            "attempt": int(is_attempt),
        },
    )
    if found:
        event(connection, contact_id, found[0]["status"], to, actor, reason, detail)
    return bool(found)


def event(
    connection: Connection,
    contact_id: str,
    before: str | None,
    to: Status,
    actor: str,
    reason: Reason | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.contact_events (contact_id, from_status, to_status, actor, reason_code, detail)"
            " values (%s, %s, %s, %s, %s, %s)",
            (contact_id, before, to, actor, reason, Json(detail or {})),
        )


def contact(connection: Connection, contact_id: str) -> Row:
    """One contact by its whole id."""
    return rows(connection, _CONTACT, {"id": contact_id})[0]


_CONTACT = """
select contact_id::text as contact_id, plan_id, channel, status, reason_code, policy_name, step_name, offset_days,
    template, cycle, company_id, customer_id, recipient, language_code, planned_date, contact_date, message_id, attempts
from ops.contacts where contact_id = %(id)s::uuid
"""
