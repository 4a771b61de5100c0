"""What may be asked of a customer on a day: whoever is asked and however, by message or by a person (law 8). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cartera.reminders.addresses import NEEDS, Reach, reach
from cartera.reminders.model import Answer, Customer, History, Item, Line, Reason, Standing
from cartera.reminders.policy import Channel, Policy, Step
from cartera.reminders.timing import reached

Asked = tuple[Answer, Reason | None]


@dataclass(frozen=True)
class Owed:
    """What may be asked for, whoever asks and however: a message or a person. `reason`: why nothing may be."""

    lines: tuple[Line, ...]
    credits: Mapping[str, Decimal]
    answers: tuple[Answer, ...]
    reason: Reason | None = None
    left_out: Mapping[str, Reason] = field(default_factory=dict)


def ask_owed(
    due: Sequence[Line],
    items: Sequence[Item],
    customer: Customer,
    history: History,
    policy: Policy,
    as_of: dt.date,
    standing: Standing,
    *,
    only: Container[str] | None = None,
) -> Owed:
    """Law 8, and whether the customer may be reached at all."""
    answers: list[Answer] = []
    for answer, reason in _ask_customer(due, items, customer, history, policy, as_of, standing):
        answers.append(answer)
        if reason:
            return Owed((), {}, tuple(answers), reason)
    listed, credits, left_out = _listed(due, items, policy, as_of, standing)
    answers += _item_answers(due, left_out)
    lines = tuple(line for line in listed if only is None or line.item.item_id in only)
    why = None if lines else _why_none(due, left_out, only)
    return Owed(lines, credits, tuple(answers), why, left_out)


def due_lines(items: Iterable[Item], history: History, policy: Policy, as_of: dt.date) -> list[Line]:
    """Instalments that have reached a step, oldest due first."""
    lines = []
    for item in sorted(items, key=lambda item: (item.due_date, item.item_id)):
        step = None if item.is_credit else reached(item, history, policy, as_of)
        if step:
            lines.append(Line(item, step))
    return lines


def _ask_customer(
    due: Sequence[Line],
    items: Sequence[Item],
    customer: Customer,
    history: History,
    policy: Policy,
    as_of: dt.date,
    standing: Standing,
) -> Iterable[Asked]:
    tied = standing.is_certified
    saw = "the publication has a tied certificate" if tied else "no certificate"
    yield Answer("the figures tie out", saw, tied), None if tied else Reason.not_tied_out
    yield _ask_source(customer, policy, as_of, standing)
    active = "active" if customer.is_active else "inactive"
    yield Answer("the customer is active", active, customer.is_active), _unless(customer.is_active, Reason.inactive)
    free = history.hold_reason is None
    yield Answer("the customer is not on hold", history.hold_reason or "no hold", free), _unless(free, Reason.on_hold)
    yield from _ask_stops(items, history, policy, as_of)
    yield _ask_address(due, customer, history)


def _unless(passed: bool, reason: Reason) -> Reason | None:
    return None if passed else reason


def _ask_source(customer: Customer, policy: Policy, as_of: dt.date, standing: Standing) -> Asked:
    landed_on = standing.landed_on.get(customer.source or "")
    fresh = landed_on is not None and ((standing.asked_on or as_of) - landed_on).days <= policy.max_source_age_days
    saw = f"{customer.source or 'its source'} landed on {landed_on}" if landed_on else "its source never landed"
    rule = f"the source is at most {policy.max_source_age_days} days old and could be read the last time"
    if customer.source in standing.stopped:
        # what was paid since may not be known: nobody is asked for it
        return Answer(rule, f"{customer.source} was stopped when it was read last", False), Reason.source_stale
    return Answer(rule, saw, fresh), _unless(fresh, Reason.source_stale)


def _ask_stops(items: Sequence[Item], history: History, policy: Policy, as_of: dt.date) -> Iterable[Asked]:
    """What the policy stops for beyond the law; a condition that it does not set is not asked."""
    stop = policy.stop_when
    if stop.any_item_disputed:
        disputed = next((item for item in items if item.is_disputed), None)
        saw = f"item {disputed.item_id} is disputed{_because(disputed)}" if disputed else "no dispute"
        yield Answer("no item is disputed", saw, not disputed), _unless(not disputed, Reason.disputed)
    if stop.any_item_promised:
        open_promises = (item for item in items if _is_promised(item, policy, as_of))
        promised = next(open_promises, None)
        saw = f"item {promised.item_id} is promised{_because(promised)}" if promised else "no promise"
        yield Answer("no item is promised", saw, not promised), _unless(not promised, Reason.promised_not_due)
    if stop.answered_within_days:
        last = history.answered_on
        quiet = last is None or (as_of - last).days >= stop.answered_within_days
        rule = f"the customer has not answered in the last {stop.answered_within_days} days"
        yield Answer(rule, f"answered on {last}" if last else "no answer", quiet), _unless(quiet, Reason.stopped)


def _ask_address(due: Sequence[Line], customer: Customer, history: History) -> Asked:
    """Whether any channel of the steps reached can be used at all; which one is chosen when the step is known."""
    of_steps = (channel for line in due for channel in line.step.channels)
    channels: list[Channel] = ["call"] if history.vulnerable else list(dict.fromkeys(of_steps))
    tried = [reach(channel, customer, history) for channel in channels]
    rule = ", or ".join(NEEDS[channel] for channel in channels)
    found = next((each for each in tried if each.address is not None), None)
    if found:
        return Answer(rule, found.saw, True), None
    saw = tried[0].saw if len(tried) == 1 else "; ".join(f"{each.channel}: {each.saw}" for each in tried)
    return Answer(rule, saw, False), worst(tried)


def worst(tried: Sequence[Reach]) -> Reason:
    reasons = [each.reason for each in tried]
    return next((r for r in (Reason.bad_address, Reason.opted_out) if r in reasons), Reason.no_address)


def _listed(
    due: Sequence[Line], items: Sequence[Item], policy: Policy, as_of: dt.date, standing: Standing
) -> tuple[list[Line], dict[str, Decimal], dict[str, Reason]]:
    """The lines to list, the credit left per currency, and the items left out with their reasons."""
    left_out: dict[str, Reason] = {}
    for line in due:
        reason = _item_reason(line.item, policy, as_of, standing)
        if reason:
            left_out[line.item.item_id] = reason
    credits: dict[str, Decimal] = {}
    for currency in sorted({line.item.currency_code for line in due}):
        group = [line for line in due if line.item.currency_code == currency and line.item.item_id not in left_out]
        credit = -sum((i.open_amount for i in items if i.is_credit and i.currency_code == currency), Decimal(0))
        rest, credits[currency] = _uncovered(group, credit)
        net = sum((line.item.open_amount for line in rest), Decimal(0)) - credits[currency]
        covered = group[: len(group) - len(rest)]
        left_out |= {line.item.item_id: Reason.covered_by_unapplied_cash for line in covered}
        if rest and net < policy.minimum(currency):
            left_out |= {line.item.item_id: Reason.below_minimum for line in rest}
    lines = [line for line in due if line.item.item_id not in left_out]
    shown = {line.item.currency_code for line in lines}
    return lines, {code: credit for code, credit in credits.items() if code in shown}, left_out


def open_lines(
    items: Sequence[Item], history: History, policy: Policy, as_of: dt.date, step: Step
) -> tuple[tuple[Line, ...], dict[str, Decimal]]:
    """What a message would list if nothing spoke against it: the items due, or all where none is; and credit."""
    lines = due_lines(items, history, policy, as_of)
    if not lines:
        owed = sorted((item for item in items if not item.is_credit), key=lambda item: (item.due_date, item.item_id))
        lines = [Line(item, step) for item in owed]
    credits = {line.item.currency_code: Decimal(0) for line in lines}
    for item in items:
        if item.is_credit and item.currency_code in credits:
            credits[item.currency_code] -= item.open_amount
    return tuple(lines), credits


def _item_reason(item: Item, policy: Policy, as_of: dt.date, standing: Standing) -> Reason | None:
    if (item.company_id, item.currency_code) not in standing.tied:
        return Reason.not_tied_out
    if item.is_disputed:
        return Reason.disputed
    if _is_promised(item, policy, as_of):
        return Reason.promised_not_due
    too_old = policy.stop_when.older_than_days
    return Reason.stopped if too_old and (as_of - item.due_date).days > too_old else None


def _is_promised(item: Item, policy: Policy, as_of: dt.date) -> bool:
    grace = dt.timedelta(days=policy.promise_grace_days)
    return item.promised_date is not None and as_of <= item.promised_date + grace


def _uncovered(group: Sequence[Line], credit: Decimal) -> tuple[list[Line], Decimal]:
    """Unapplied cash covers the oldest items first: the lines it does not cover whole, and what is left of it."""
    rest: list[Line] = []
    for line in group:
        if not rest and credit >= line.item.open_amount:
            credit -= line.item.open_amount
        else:
            rest.append(line)
    return rest, credit


def _why_none(due: Sequence[Line], left_out: Mapping[str, Reason], only: Container[str] | None) -> Reason:
    """The reason of the oldest item that might have been listed."""
    asked = [line.item.item_id for line in due if only is None or line.item.item_id in only]
    return left_out[asked[0]] if asked else Reason.not_due


def _item_answers(due: Sequence[Line], left_out: dict[str, Reason]) -> list[Answer]:
    return [
        Answer(
            f"item {line.item.item_id}: open, due {line.item.due_date}, reached {line.step.name}",
            _seen(line.item, left_out),
            line.item.item_id not in left_out,
        )
        for line in due
    ]


def _seen(item: Item, left_out: Mapping[str, Reason]) -> str:
    reason = left_out.get(item.item_id)
    said = _because(item) if reason in (Reason.disputed, Reason.promised_not_due) else ""
    return f"{reason or 'may be listed'}{said}"


def _because(item: Item) -> str:
    return f" ({item.because})" if item.because else ""
