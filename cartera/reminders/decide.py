"""Who gets which message on a day, and who does not and why. Pure: values and a date in, a decision out.

An item walks down the policy's steps by its days past due. Its *passage* is the item with its due date:
a due date moved by agreement starts a new one. The customer's step is the sharpest that any item has
reached and not been told; so days missed are caught up once, with the step due now, and an item that is
new in a list of old ones is not forgotten. All due items are listed, each marked as told at its own step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Sequence
from decimal import Decimal

from babel.core import Locale, UnknownLocaleError

from cartera.reminders.addresses import NEEDS, Reach, email_address, reach
from cartera.reminders.model import (
    Answer,
    Customer,
    Decision,
    History,
    Item,
    Line,
    PlannedContact,
    Reason,
    Standing,
)
from cartera.reminders.policy import LANGUAGES, Channel, Language, Policy
from cartera.reminders.timing import Turn, ask_timing, reached

Asked = tuple[Answer, Reason | None]
Allow = Callable[[Customer, History, Channel, str, dt.date], Iterable[Answer]]
"""What else must allow a channel: (customer, history, channel, address, day) -> its answers; the law is asked so."""

__all__ = ["decide", "email_address", "language_of"]


def decide(
    items: Sequence[Item],
    customer: Customer,
    history: History,
    policy: Policy,
    as_of: dt.date,
    standing: Standing,
    *,
    only: Container[str] | None = None,
    allow: Allow = lambda *_: (),
) -> Decision | None:
    """The decision for one customer of one company; None when no item has reached a step.

    `items`: all open items of that customer and company, credit included. `only`: the ids of those that may
    be listed; the others still take their share of the credit, as it covers the oldest first.
    """
    due = _due(items, history, policy, as_of)
    if not due:
        return None
    answers: list[Answer] = []
    for answer, reason in _ask_customer(due, items, customer, history, policy, as_of, standing):
        answers.append(answer)
        if reason:
            return Decision(None, reason, tuple(answers))
    lines, credits, left_out = _listed(due, items, policy, as_of, standing)
    answers += _item_answers(due, left_out)
    lines = [line for line in lines if only is None or line.item.item_id in only]
    if not lines:
        return Decision(None, _why_none(due, left_out, only), tuple(answers), left_out)
    turn, asked = ask_timing(lines, history, policy, as_of)
    for answer, reason in asked:
        answers.append(answer)
        if reason:
            return Decision(None, reason, tuple(answers), left_out)
    assert turn is not None
    found, reason = _choose_channel(turn, customer, history, as_of, allow, answers)
    if found is None:
        return Decision(None, reason, tuple(answers), left_out)
    contact = PlannedContact(
        company_id=lines[0].item.company_id,
        customer_id=customer.customer_id,
        step=turn.step,
        cycle=turn.cycle,
        recipient=found.address or "",
        language=language_of(customer, policy),
        lines=tuple(lines),
        credits=credits,
        channel=found.channel,
        statement=tuple(items) if "statement" in turn.step.attach else (),
    )
    return Decision(contact, None, tuple(answers), left_out)


def _due(items: Iterable[Item], history: History, policy: Policy, as_of: dt.date) -> list[Line]:
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
        disputed = next((item.item_id for item in items if item.is_disputed), None)
        saw = f"item {disputed} is disputed" if disputed else "no dispute"
        yield Answer("no item is disputed", saw, not disputed), _unless(not disputed, Reason.disputed)
    if stop.any_item_promised:
        open_promises = (item.item_id for item in items if _is_promised(item, policy, as_of))
        promised = next(open_promises, None)
        saw = f"item {promised} is promised" if promised else "no promise"
        yield Answer("no item is promised", saw, not promised), _unless(not promised, Reason.promised_not_due)
    if stop.answered_within_days:
        last = history.answered_on
        quiet = last is None or (as_of - last).days >= stop.answered_within_days
        rule = f"the customer has not answered in the last {stop.answered_within_days} days"
        yield Answer(rule, f"answered on {last}" if last else "no answer", quiet), _unless(quiet, Reason.stopped)


def _ask_address(due: Sequence[Line], customer: Customer, history: History) -> Asked:
    """Whether any channel of the steps reached can be used at all; which one is chosen when the step is known."""
    channels = list(dict.fromkeys(channel for line in due for channel in line.step.channels))
    tried = [reach(channel, customer, history) for channel in channels]
    rule = ", or ".join(NEEDS[channel] for channel in channels)
    found = next((each for each in tried if each.address is not None), None)
    if found:
        return Answer(rule, found.saw, True), None
    saw = tried[0].saw if len(tried) == 1 else "; ".join(f"{each.channel}: {each.saw}" for each in tried)
    return Answer(rule, saw, False), _worst(tried)


def _worst(tried: Sequence[Reach]) -> Reason:
    reasons = [each.reason for each in tried]
    return next((r for r in (Reason.bad_address, Reason.opted_out) if r in reasons), Reason.no_address)


def _choose_channel(
    turn: Turn, customer: Customer, history: History, as_of: dt.date, allow: Allow, answers: list[Answer]
) -> tuple[Reach | None, Reason | None]:
    """The first channel of the step that reaches the customer and is allowed; why none is. Adds what was answered."""
    tried: list[Reach] = []
    for channel in turn.channels:
        found = reach(channel, customer, history)
        if found.address is None:
            answers.append(Answer(NEEDS[channel], found.saw, False))
            tried.append(found)
            continue
        asked = list(allow(customer, history, channel, found.address, as_of))
        answers += asked
        if all(answer.passed for answer in asked):
            if len(turn.step.channels) > 1:
                answers.append(Answer(f"the channel of {turn.step.name}", channel, True))
            return found, None
        tried.append(Reach(channel, None, "not allowed", Reason.not_allowed))
    if turn.is_fallback:
        return None, Reason.step_done
    return None, Reason.not_allowed if any(each.reason is Reason.not_allowed for each in tried) else _worst(tried)


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


def _why_none(due: Sequence[Line], left_out: dict[str, Reason], only: Container[str] | None) -> Reason:
    """The reason of the oldest item that might have been listed."""
    asked = [line.item.item_id for line in due if only is None or line.item.item_id in only]
    return left_out[asked[0]] if asked else Reason.not_due


def _item_answers(due: Sequence[Line], left_out: dict[str, Reason]) -> list[Answer]:
    return [
        Answer(
            f"item {line.item.item_id}: open, due {line.item.due_date}, reached {line.step.name}",
            left_out.get(line.item.item_id, "may be listed"),
            line.item.item_id not in left_out,
        )
        for line in due
    ]


def language_of(customer: Customer, policy: Policy) -> Language:
    """The customer's own language; else the main one of its country (CLDR); else the policy's."""
    own = (customer.language_code or "").strip().lower()[:2]
    return _known(own) or _known(_language_of_country(customer.country_code)) or policy.default_language


def _known(code: str) -> Language | None:
    return next((language for language in LANGUAGES if language == code), None)


def _language_of_country(country_code: str | None) -> str:
    try:
        return Locale.parse(f"und_{(country_code or '').strip().upper()}").language
    except (UnknownLocaleError, ValueError):
        return ""
