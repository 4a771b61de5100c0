"""Who gets which message on a day, and who does not and why. Pure: values and a date in, a decision out.

An item walks down the policy's steps by its days past due. Its *passage* is the item with its due date:
a due date moved by agreement starts a new one. The customer's step is the sharpest that any item has
reached and not been told; so days missed are caught up once, with the step due now, and an item that is
new in a list of old ones is not forgotten. All due items are listed, each marked as told at its own step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from functools import cache

from babel.core import Locale, UnknownLocaleError

from cartera.reminders import adapt
from cartera.reminders.addresses import NEEDS, Reach, email_address, reach
from cartera.reminders.model import Answer, Customer, Decision, History, Item, PlannedContact, Reason, Standing
from cartera.reminders.owed import ask_owed, due_lines, worst
from cartera.reminders.policy import LANGUAGES, Channel, Language, Policy
from cartera.reminders.timing import Turn, ask_timing, to_a_person

Allow = Callable[[Customer, History, Channel, str, dt.date], Iterable[Answer]]
"""What else must allow a channel: (customer, history, channel, address, day) -> its answers; the law is asked so."""

NOT_ALLOWED = (Reason.not_now_by_law, Reason.not_by_law, Reason.not_allowed)
"""Of several channels the reason that passes first."""

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
    due = due_lines(items, history, policy, as_of)
    if not due:
        return None
    owed = ask_owed(due, items, customer, history, policy, as_of, standing, only=only)
    answers, left_out, lines = list(owed.answers), owed.left_out, owed.lines
    if owed.reason:
        return Decision(None, owed.reason, owed.answers, left_out)
    turn, asked = ask_timing(lines, history, policy, as_of)
    for answer, reason in asked:
        answers.append(answer)
        if reason:
            return Decision(None, reason, tuple(answers), left_out)
    assert turn is not None
    if history.vulnerable:
        answers.append(Answer("a vulnerable customer goes to a person", history.vulnerable, True))
        turn = to_a_person(turn, policy)
        if turn is None:
            return Decision(None, Reason.to_a_person, tuple(answers), left_out)
    if policy.adapt:
        turn, learned = _adapted(turn, history)
        answers += learned
    found, reason = _choose_channel(turn, customer, history, as_of, allow, answers)
    if found is None:
        return Decision(None, reason, tuple(answers), left_out)
    window = next((answer.window for answer in reversed(answers) if answer.window), None)
    if policy.adapt:
        window, suits = adapt.wait_for_hour(window, customer, history.evidence)
        answers += [suits] if suits else []
    contact = PlannedContact(
        company_id=lines[0].item.company_id,
        customer_id=customer.customer_id,
        step=turn.step,
        cycle=turn.cycle,
        recipient=found.address or "",
        language=language_of(customer, policy),
        lines=lines,
        credits=owed.credits,
        channel=found.channel,
        statement=tuple(items) if "statement" in turn.step.attach else (),
        window=window,
    )
    return Decision(contact, None, tuple(answers), left_out)


def _adapted(turn: Turn, history: History) -> tuple[Turn, list[Answer]]:
    """The channels that are left for a step in the order of what worked for this customer."""
    channels, learned = adapt.order(turn.channels, history.evidence)
    return replace(turn, channels=channels), [learned] if learned else []


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
        why = next((answer.reason for answer in asked if answer.reason), Reason.not_allowed)
        tried.append(Reach(channel, None, "not allowed", why))
    if turn.is_fallback:
        return None, Reason.step_done
    return None, next((why for why in NOT_ALLOWED if any(each.reason is why for each in tried)), None) or worst(tried)


def language_of(customer: Customer, policy: Policy) -> Language:
    """The customer's own language; else the main one of its country (CLDR); else the policy's."""
    own = (customer.language_code or "").strip().lower()[:2]
    return _known(own) or _known(_language_of_country(customer.country_code)) or policy.default_language


def _known(code: str) -> Language | None:
    return next((language for language in LANGUAGES if language == code), None)


@cache
def _language_of_country(country_code: str | None) -> str:
    try:
        return Locale.parse(f"und_{(country_code or '').strip().upper()}").language
    except (UnknownLocaleError, ValueError):
        return ""
