"""Between planning and sending: a person, or the policy, says yes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import ConfigError, PlanChanged
from cartera.reminders import audit, ledger
from cartera.reminders import waiting as waits
from cartera.reminders.ghosts import is_ghost
from cartera.reminders.ledger import Move
from cartera.reminders.model import Status
from cartera.warehouse.read import Row, rows


@dataclass(frozen=True)
class ApproveReport:
    """`approved`: contacts approved now; `left`: those of the same choice that still wait.

    `parts`: where a part of what somebody has looked at was approved, which ones, as `waiting.first` says it.
    """

    approved: int
    left: int
    parts: tuple[Row, ...] = field(default=(), compare=False)


def waiting(plan_id: int | None = None, contact_ids: Sequence[str] = ()) -> list[Row]:
    """Planned contacts that wait for approval, in the order of approval."""
    with transaction(Role.campaign) as connection:
        return rows(connection, _WAITING, _chosen(plan_id, contact_ids))


def approve_reminders(
    plan_id: int | None = None,
    contact_ids: Sequence[str] = (),
    *,
    limit: int | None = None,
    approved_by: str = "cartera",
) -> ApproveReport:
    """Approve planned contacts: of one plan, or those named (whole ids), or all; at most `limit`."""
    with transaction(Role.campaign) as connection:
        found = [row["contact_id"] for row in rows(connection, _WAITING, _chosen(plan_id, contact_ids))]
        chosen = found if limit is None else found[:limit]
        approved = _approve(connection, chosen, approved_by)
    audit.seal()
    return ApproveReport(approved, len(found) - approved)


def approve_seen(seen: waits.Seen, *, limit: int | None = None, approved_by: str) -> ApproveReport:
    """Approve what somebody has looked at, at most `limit`; nothing when it is not what waits now.

    Raises PlanChanged where it was approved or planned anew meanwhile: of two who approve at once one does.
    """
    with transaction(Role.campaign) as connection:
        bound = _chosen(seen.plan_id, companies=seen.companies)
        found = [row["contact_id"] for row in rows(connection, _WAITING, bound)]
        chosen = found if limit is None else found[:limit]
        parts = waits.first(connection, seen, len(chosen)) if len(chosen) < len(found) else []
        now = waits.look(connection, seen.plan_id, seen.companies)
        if now != seen or _approve(connection, chosen, approved_by) != len(chosen):
            connection.rollback()
            raise PlanChanged("what waits for approval has changed since you looked", "look again, then approve")
    audit.seal()
    return ApproveReport(len(chosen), len(found) - len(chosen), tuple(parts))


def approve_small() -> ApproveReport:
    """Approve what the policies let through without a person: plans of fewer contacts than they say."""
    approved = left = 0
    with transaction(Role.campaign) as connection:
        waiting_by_plan: dict[int, list[str]] = {}
        real: Counter[int] = Counter()
        for row in rows(connection, _WAITING, _chosen(None)):
            waiting_by_plan.setdefault(row["plan_id"], []).append(row["contact_id"])
            real[row["plan_id"]] += not is_ghost(row["customer_id"])
        for plan_id, contact_ids in waiting_by_plan.items():
            policy = ledger.policy_of(connection, plan_id)
            if not policy.is_automatic(real[plan_id]):
                left += len(contact_ids)
                continue
            approved += _approve(connection, contact_ids, f"policy {policy.name}")
    audit.seal()
    return ApproveReport(approved, left)


def _approve(connection: Connection, contact_ids: Sequence[str], actor: str) -> int:
    moves = [Move(contact_id, Status.approved) for contact_id in contact_ids]
    return len(ledger.move_all(connection, moves, (Status.planned,), actor))


def waiting_summary() -> dict[str, Any]:
    """What waits for a person: `plans`, how many `contacts`, and `text`, their steps; {} when nothing does."""
    found = waiting()
    if not found:
        return {}
    steps = Counter((row["plan_id"], row["step_name"]) for row in found)
    lines = [f"- plan {plan_id}, {step}: {count:,}" for (plan_id, step), count in sorted(steps.items())]
    return {
        "plans": sorted({row["plan_id"] for row in found}),
        "contacts": len(found),
        "text": "\n".join([*lines, "", "`cartera reminders list --status planned` shows each of them."]),
    }


def _chosen(
    plan_id: int | None, contact_ids: Sequence[str] = (), companies: frozenset[str] | None = None
) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "ids": list(contact_ids) or None,
        "companies": None if companies is None else sorted(companies),
    }


_WAITING = f"""
select contact_id::text as contact_id, plan_id, customer_id, step_name, planned_date
from ops.contacts
where status = 'planned' and (%(plan_id)s::bigint is null or plan_id = %(plan_id)s)
    and (%(ids)s::text[] is null or contact_id::text = any(%(ids)s))
    and (%(companies)s::text[] is null or company_id = any(%(companies)s))
order by {waits.ORDER}
"""  # noqa: S608 the order is ours


def find_contact(text: str) -> str:
    """The whole id of a contact of which the first characters are given. Raises ConfigError."""
    with transaction(Role.campaign) as connection:
        found = rows(
            connection,
            "select contact_id::text as contact_id from ops.contacts"
            " where starts_with(contact_id::text, %(text)s) order by 1 limit 2",
            {"text": text.lower()},
        )
    if len(found) == 1:
        return str(found[0]["contact_id"])
    problem = f"more than one contact begins with {text!r}" if found else f"there is no contact {text!r}"
    raise ConfigError(problem, "see `cartera reminders list`; the first 8 characters of an id mostly suffice")
