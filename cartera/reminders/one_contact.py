"""One customer, one message: what goes out of all that its policies decide, what gives way, what is skipped. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cartera.reminders import store
from cartera.reminders.choose import Choice, Draw, Key
from cartera.reminders.model import Decision, Pending, Reason, Status


@dataclass
class Outcome:
    """The decisions of one plan before they are stored, by the policy's name."""

    decisions: dict[str, list[Decision]] = field(default_factory=dict)
    skips: dict[str, list[store.Skip]] = field(default_factory=dict)
    retired: list[tuple[str, Reason]] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    kept: int = 0
    windows: dict[str, store.Window] = field(default_factory=dict)
    """Of those that are kept: when they may be sent, as asked now."""


def sort_out(
    customer_id: str, decided: Mapping[Key, Choice], pending: Pending | None, as_of: dt.date, outcome: Outcome
) -> None:
    """One customer: at most one contact on its way, whatever number of companies it owes."""
    wanted = [choice for choice in decided.values() if choice.decision.contact]
    chosen = min(wanted, key=_urgency, default=None)
    others = Reason.already_contacted_today
    if pending and (pending.status is Status.reserved or pending.planned_date > as_of):
        # being sent, or planned for a later day than this look at the past
        chosen, others = None, Reason.in_flight
    elif pending:
        same = next((choice for choice in wanted if _still_holds(pending, choice)), None)
        if same:
            outcome.kept += 1
            chosen = same
            if same.decision.contact and same.decision.contact.window:
                outcome.windows[pending.contact_id] = same.decision.contact.window
        else:
            outcome.retired.append((pending.contact_id, _why_retired(pending, decided.values(), chosen)))
            _add(chosen, outcome)
    else:
        _add(chosen, outcome)
    for choice in decided.values():
        if choice is not chosen:
            skip = (choice.company_id, customer_id, choice.decision.reason or others, choice.decision.answers)
            outcome.skips.setdefault(choice.policy_name, []).append(skip)


def _add(chosen: Choice | None, outcome: Outcome) -> None:
    if chosen:
        outcome.decisions.setdefault(chosen.policy_name, []).append(chosen.decision)


def _still_holds(pending: Pending, choice: Choice) -> bool:
    """The same step for the same passage by the same channel; and the same items, unless a person approved it."""
    contact = choice.decision.contact
    if contact is None or (pending.company_id, pending.policy_name) != (contact.company_id, choice.policy_name):
        return False
    if (pending.step_name, pending.cycle, pending.channel) != (contact.step.name, contact.cycle, contact.channel):
        return False
    return pending.status is Status.approved or pending.item_ids == {line.item.item_id for line in contact.lines}


def _why_retired(pending: Pending, decided: Iterable[Choice], chosen: Choice | None) -> Reason:
    if chosen:
        return Reason.replaced
    reasons = (each.decision.reason for each in decided if each.company_id == pending.company_id)
    return next((reason for reason in reasons if reason), Reason.paid)


def _urgency(choice: Choice) -> tuple[int, str]:
    """The sharpest step first, then the oldest passage."""
    contact = choice.decision.contact
    assert contact is not None
    return (-contact.step.offset_days, contact.cycle.rpartition("@")[2])
