"""Who gets which message on a day, and who does not and why. Pure: values and a date in, a decision out.

An item walks down the policy's steps by its days past due. Its *passage* is the item with its due date:
a due date moved by agreement starts a new one. The customer's step is the sharpest that any item has
reached and not been told; so days missed are caught up once, with the step due now, and an item that is
new in a list of old ones is not forgotten. All due items are listed, each marked as told at its own step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal
from functools import cache

from babel.core import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

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
from cartera.reminders.policy import LANGUAGES, Language, Policy

Asked = tuple[Answer, Reason | None]


def decide(
    items: Sequence[Item],
    customer: Customer,
    history: History,
    policy: Policy,
    as_of: dt.date,
    standing: Standing,
    *,
    only: Container[str] | None = None,
) -> Decision | None:
    """The decision for one customer of one company; None when no item has reached a step.

    `items`: all open items of that customer and company, credit included. `only`: the ids of those that may
    be listed; the others still take their share of the credit, as it covers the oldest first.
    """
    due = _due(items, policy, as_of)
    if not due:
        return None
    answers: list[Answer] = []
    for answer, reason in _ask_customer(customer, history, policy, as_of, standing):
        answers.append(answer)
        if reason:
            return Decision(None, reason, tuple(answers))
    lines, credits, left_out = _listed(due, items, policy, as_of, standing)
    answers += _item_answers(due, left_out)
    lines = [line for line in lines if only is None or line.item.item_id in only]
    if not lines:
        return Decision(None, _why_none(due, left_out, only), tuple(answers), left_out)
    for answer, reason in _ask_timing(lines, history, policy, as_of):
        answers.append(answer)
        if reason:
            return Decision(None, reason, tuple(answers), left_out)
    contact = _contact(lines, credits, customer, history, policy)
    return Decision(contact, None, tuple(answers), left_out)


def _due(items: Iterable[Item], policy: Policy, as_of: dt.date) -> list[Line]:
    """Instalments that have reached a step, oldest due first."""
    lines = []
    for item in sorted(items, key=lambda item: (item.due_date, item.item_id)):
        step = None if item.is_credit else policy.step_at((as_of - item.due_date).days)
        if step:
            lines.append(Line(item, step))
    return lines


def _ask_customer(
    customer: Customer, history: History, policy: Policy, as_of: dt.date, standing: Standing
) -> Iterable[Asked]:
    tied = standing.is_certified
    saw = "the publication has a tied certificate" if tied else "no certificate"
    yield Answer("the figures tie out", saw, tied), None if tied else Reason.not_tied_out
    yield _ask_source(customer, policy, as_of, standing)
    active = "active" if customer.is_active else "inactive"
    yield Answer("the customer is active", active, customer.is_active), _unless(customer.is_active, Reason.inactive)
    free = history.hold_reason is None
    yield Answer("the customer is not on hold", history.hold_reason or "no hold", free), _unless(free, Reason.on_hold)
    yield _ask_address(customer, history)


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


def _ask_address(customer: Customer, history: History) -> Asked:
    rule = "there is a good e-mail address"
    if not (customer.email or "").strip():
        return Answer(rule, "none", False), Reason.no_address
    address = email_address(customer.email or "")
    if address is None:
        return Answer(rule, "not an e-mail address", False), Reason.bad_address
    if address in history.bad_addresses:
        return Answer(rule, "the mail server refused this address before", False), Reason.bad_address
    return Answer(rule, "an address", True), None


def email_address(text: str) -> str | None:
    """The one address in a text, in ASCII; None when it is none, or more than one."""
    try:
        return validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        return None


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
        left_out |= {line.item.item_id: Reason.covered_by_unapplied_cash for line in group if line not in rest}
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
    grace = dt.timedelta(days=policy.promise_grace_days)
    if item.promised_date and as_of <= item.promised_date + grace:
        return Reason.promised_not_due
    return None


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


def _ask_timing(lines: Sequence[Line], history: History, policy: Policy, as_of: dt.date) -> Iterable[Asked]:
    last = history.last_contact_date
    saw = f"last message on {last}" if last else "no message yet"
    today = last == as_of
    yield Answer("one message per day", saw, not today), _unless(not today, Reason.already_contacted_today)
    undone = _undone(lines, history)
    step_saw = ", ".join(sorted({line.step.name for line in undone})) or "every step reached has been told"
    yield Answer("a step is not told yet", step_saw, bool(undone)), _unless(bool(undone), Reason.step_done)
    spaced = last is None or (as_of - last).days >= policy.minimum_days_between
    rule = f"{policy.minimum_days_between} days between messages"
    yield Answer(rule, saw, spaced), _unless(spaced, Reason.contacted_recently)


def _undone(lines: Sequence[Line], history: History) -> list[Line]:
    return [
        line
        for line in lines
        if history.told.get((line.item.item_id, line.item.due_date), -100_000) < line.step.offset_days
    ]


def _contact(
    lines: Sequence[Line], credits: dict[str, Decimal], customer: Customer, history: History, policy: Policy
) -> PlannedContact:
    undone = _undone(lines, history)
    step = max((line.step for line in undone), key=lambda step: step.offset_days)
    # lines are oldest first: of those at the sharpest step, the oldest names the passage
    first = next(line.item for line in undone if line.step == step)
    return PlannedContact(
        company_id=first.company_id,
        customer_id=customer.customer_id,
        step=step,
        cycle=f"{first.item_id}@{first.due_date.isoformat()}",
        recipient=email_address(customer.email or "") or "",
        language=language_of(customer, policy),
        lines=tuple(lines),
        credits=credits,
    )


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
