"""The contact ledger: what it holds is changed here alone, each change with an event (`ops.contact*`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, execute_values
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


@dataclass(frozen=True)
class Move:
    """A change of one contact's state. `retry_after`: not before so long; it counts as an attempt. `answer_class`: what
    came of a call, which stands where a reason would."""

    contact_id: str
    to: Status
    reason: Reason | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    retry_after: dt.timedelta | None = None
    answer_class: str | None = None


def move(
    connection: Connection,
    contact_id: str,
    leaves: Sequence[Status],
    to: Status,
    actor: str,
    *,
    reason: Reason | None = None,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Change a contact's state and record it; False, and nothing is done, when it is in none of `leaves`."""
    return bool(move_all(connection, [Move(contact_id, to, reason, detail or {})], leaves, actor))


def move_all(
    connection: Connection,
    moves: Sequence[Move],
    leaves: Sequence[Status],
    actor: str,
    *,
    held_by: int | None = None,
) -> set[str]:
    """Change the state of many contacts, each with its event; the ids of those that were in one of `leaves`.

    `held_by`: a sender's number; a contact reserved by another one is left alone. Who comes back to `approved` was
    surely not handed over, whatever was tried before.
    """
    found = rows(
        connection,
        _MOVE,
        {
            "ids": [each.contact_id for each in moves],
            "tos": [each.to for each in moves],
            "reasons": [each.reason or each.answer_class for each in moves],
            "waits": [each.retry_after for each in moves],
            "leaves": list(leaves),
            "held_by": held_by,
        },
    )
    before = {row["contact_id"]: row["status"] for row in found}
    events(connection, [(before[each.contact_id], each) for each in moves if each.contact_id in before], actor)
    return set(before)


# rows are locked in the order of their ids, so that two that move the same contacts never wait for each other in a ring
_MOVE = """
with given as (
    select *
    from unnest(%(ids)s::uuid[], %(tos)s::text[], %(reasons)s::text[], %(waits)s::interval[])
        as given (contact_id, to_status, reason_code, retry_after)
), before as (
    select contact_id, status from ops.contacts
    where contact_id = any(%(ids)s::uuid[]) and status = any(%(leaves)s)
        and (%(held_by)s::bigint is null or reserved_by is null or reserved_by = %(held_by)s)
    order by contact_id for update
)
update ops.contacts as c set status = to_status, reason_code = given.reason_code, reserved_by = null,
    lease_until = null, retry_at = now() + retry_after, attempts = attempts + (retry_after is not null)::int,
    contact_date = case
        when to_status = 'sent' then coalesce(c.contact_date, c.planned_date)
        when to_status = 'approved' then null else c.contact_date end,
    handed_at = case when to_status in ('approved', 'skipped', 'failed') then null else c.handed_at end
from before join given using (contact_id)
where c.contact_id = before.contact_id
returning c.contact_id::text as contact_id, before.status
"""


def events(connection: Connection, moved: Sequence[tuple[str | None, Move]], actor: str) -> None:
    """Record changes of state: (state before, the change)."""
    with connection.cursor() as cursor:
        execute_values(
            cursor,
            "insert into ops.contact_events (contact_id, from_status, to_status, actor, reason_code, detail) values %s",
            [
                (each.contact_id, before, each.to, actor, each.reason or each.answer_class, Json(dict(each.detail)))
                for before, each in moved
            ],
            page_size=1000,
        )


def contact(connection: Connection, contact_id: str) -> Row:
    """One contact by its whole id."""
    return rows(connection, _CONTACT, {"id": contact_id})[0]


_CONTACT = """
select contact_id::text as contact_id, plan_id, channel, status, reason_code, policy_name, step_name, offset_days,
    template, cycle, company_id, customer_id, recipient, language_code, planned_date, contact_date, message_id,
    attempts, handed_at
from ops.contacts where contact_id = %(id)s::uuid
"""
