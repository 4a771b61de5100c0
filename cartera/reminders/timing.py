"""When a step is due and by which channels: what is reached, what was told, how long to wait. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cartera.reminders.model import Answer, History, Item, Line, Reason, Status, Tried
from cartera.reminders.policy import Channel, Policy, Step

NEVER = -100_000
FAILED = (Status.failed, Status.bounced)
"""Surely not delivered."""


@dataclass(frozen=True)
class Turn:
    """The step that is due, the passage that names it, and the channels that are left for it, in order."""

    step: Step
    cycle: str
    channels: tuple[Channel, ...]
    is_fallback: bool = False


def reached(item: Item, history: History, policy: Policy, as_of: dt.date) -> Step | None:
    """The furthest step that an item has reached, whether it was told or not.

    A step that counts from the one before is reached so many days after that was told for this item.
    """
    days = (as_of - item.due_date).days
    passage = (item.item_id, item.due_date)
    if passage not in history.told:
        return policy.step_at(days)
    told, told_on = history.told[passage], history.told_on.get(passage)
    found: Step | None = None
    previous: Step | None = None
    for step in policy.ladder:
        if step.days_after_previous is None:
            is_reached = step.offset_days <= days
        else:
            is_reached = told >= step.offset_days or (
                previous is not None
                and told >= previous.offset_days
                and told_on is not None
                and (as_of - told_on).days >= step.days_after_previous
            )
        found = step if is_reached else found
        previous = step
    return found


def ask_timing(
    lines: Sequence[Line], history: History, policy: Policy, as_of: dt.date
) -> tuple[Turn | None, Iterator[tuple[Answer, Reason | None]]]:
    """The turn that is due, and what was asked; when no reason is among the answers, there is a turn."""
    undone = _undone(lines, history)
    turn = _turn(undone, history, policy) if undone else _fallback(lines, history, policy, as_of)
    return turn, _ask(turn, undone, history, policy, as_of)


def _ask(
    turn: Turn | None, undone: Sequence[Line], history: History, policy: Policy, as_of: dt.date
) -> Iterator[tuple[Answer, Reason | None]]:
    last = history.last_contact_date
    saw = f"last message on {last}" if last else "no message yet"
    today = last == as_of
    yield Answer("one message per day", saw, not today), Reason.already_contacted_today if today else None
    step_saw = ", ".join(sorted({line.step.name for line in undone})) or "every step reached has been told"
    if turn and turn.is_fallback:
        step_saw = f"{turn.step.name} had no answer; its next channel is asked for"
    yield Answer("a step is not told yet", step_saw, turn is not None), None if turn else Reason.step_done
    spaced = last is None or (as_of - last).days >= policy.minimum_days_between
    rule = f"{policy.minimum_days_between} days between messages"
    yield Answer(rule, saw, spaced), None if spaced else Reason.contacted_recently
    for most, days in ((policy.caps.messages_per_week, 7), (policy.caps.messages_per_month, 30)):
        if most is not None:
            count = sum(0 <= (as_of - day).days < days for day in history.contact_dates)
            rule = f"at most {most} messages in {days} days"
            yield Answer(rule, f"{count} so far", count < most), None if count < most else Reason.capped


def to_a_person(turn: Turn, policy: Policy) -> Turn | None:
    """The same step as a call of a person; None where the policy has no words for that."""
    if policy.end_of_ladder:
        step = turn.step.model_copy(update={"channels": ("call",), "template": policy.end_of_ladder.template})
    elif "call" in turn.step.channels:
        step = turn.step
    else:
        return None
    return replace(turn, step=step, channels=("call",))


def _undone(lines: Sequence[Line], history: History) -> list[Line]:
    return [
        line
        for line in lines
        if history.told.get((line.item.item_id, line.item.due_date), NEVER) < line.step.offset_days
    ]


def _turn(undone: Sequence[Line], history: History, policy: Policy) -> Turn:
    step = max((line.step for line in undone), key=lambda step: step.offset_days)
    # lines are oldest first: of those at the sharpest step, the oldest names the passage
    first = next(line.item for line in undone if line.step == step)
    cycle = _cycle(first)
    tried = history.tried.get((policy.name, step.name, cycle), ())
    failed = {each.channel for each in tried if each.status in FAILED}
    left = tuple(channel for channel in step.channels if channel not in failed)
    # all failed: from the first again, but for an address that a bounce proved wrong
    bounced = {each.channel for each in tried if each.status is Status.bounced}
    return Turn(step, cycle, left or tuple(c for c in step.channels if c not in bounced) or step.channels)


def _fallback(lines: Sequence[Line], history: History, policy: Policy, as_of: dt.date) -> Turn | None:
    """The sharpest step, told without an answer for as long as it says, that has a channel left."""
    for line in sorted(lines, key=lambda line: -line.step.offset_days):
        step, cycle = line.step, _cycle(line.item)
        tried = history.tried.get((policy.name, step.name, cycle), ())
        if not tried or step.fallback_after_days is None or not _waited(tried, step.fallback_after_days, as_of):
            continue
        left = tuple(channel for channel in step.channels if channel not in {each.channel for each in tried})
        if left:
            return Turn(step, cycle, left, is_fallback=True)
    return None


def _waited(tried: Sequence[Tried], days: int, as_of: dt.date) -> bool:
    """Nothing of it was answered, and all of it is so old. What is unknown may have arrived: it waits for a person."""
    return all(each.status not in (Status.answered, Status.unknown, Status.reserved) for each in tried) and all(
        (as_of - each.on).days >= days for each in tried
    )


def _cycle(item: Item) -> str:
    return f"{item.item_id}@{item.due_date.isoformat()}"
