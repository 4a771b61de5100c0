"""Approving reminders by the rights of who does it: managers and administrators, of their companies."""

from __future__ import annotations

from cartera.desk.model import Actor
from cartera.desk.rights import DECIDERS
from cartera.errors import NotAllowed
from cartera.reminders.approve import ApproveReport, approve_seen
from cartera.reminders.waiting import Seen


def may_approve(actor: Actor) -> bool:
    return actor.role in DECIDERS


def approve(actor: Actor, seen: Seen, limit: int | None = None) -> ApproveReport:
    """Approve what was looked at. Raises NotAllowed, PlanChanged, DatabaseError."""
    if not may_approve(actor):
        raise NotAllowed(f"{actor.user} is {actor.role} and may not approve reminders", "ask a manager")
    if actor.companies is not None and (seen.companies is None or not seen.companies <= actor.companies):
        raise NotAllowed(f"{actor.user} may not approve for other companies", "look at those of your own")
    return approve_seen(seen, limit=limit, approved_by=actor.user)
