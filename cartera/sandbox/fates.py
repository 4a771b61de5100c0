"""What happens to each document, for ever: credited, disputed, promised, paid when and in which parts, written off.

Fates do not depend on `until`; the export shows those that have happened. Order in time, by construction:
issue < credit note < promise made < payments < write-off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cartera.sandbox.customers import Behaviour, Customers
from cartera.sandbox.dice import Flags, Ints
from cartera.sandbox.documents import UNIT, Instalments, Invoices
from cartera.sandbox.plan import NEVER, Period, Plan

PARTS = 3

# by Behaviour: days from due date to payment, and how many of 10,000 never pay or are disputed
_EARLIEST = np.asarray((-4, 3, 30, 5, 0, 15, 20))
_LATEST = np.asarray((3, 26, 140, 45, 20, 80, 150))
_NEVER_PAY = np.asarray((6, 30, 100, 50, 50, 180, 3500))
_DISPUTE = np.asarray((30, 60, 90, 80, 1800, 80, 80))
_PART_PCT = ((100, 0, 0), (60, 40, 0), (40, 35, 25))


@dataclass(frozen=True)
class Credits:
    """Per invoice: day NEVER where there is none. `applied` goes to the first instalment, the rest stays credit."""

    day: Ints
    amount: Ints
    applied: Ints


@dataclass(frozen=True)
class Disputes:
    """Per invoice; days NEVER where not disputed, or not resolved."""

    opened_day: Ints
    resolved_day: Ints


@dataclass(frozen=True)
class Promises:
    """Per instalment; made_day NEVER where there is none."""

    made_day: Ints
    promised_day: Ints
    is_kept: Flags


@dataclass(frozen=True)
class Settlements:
    """Per instalment: up to three payments (arrays n x 3), a bounced cheque before the first, a write-off."""

    part_day: Ints
    part_amount: Ints
    is_in_statement: Flags
    """Paid by one payment with the customer's other invoices of the period."""
    bounced_day: Ints
    write_off_day: Ints
    write_off_amount: Ints


def draw_credits(plan: Plan, customers: Customers, invoices: Invoices, items: Instalments) -> Credits:
    dice, number = plan.dice, invoices.number
    may_be = invoices.is_plain | (invoices.instalments > 1)
    is_credited = may_be & dice.chance("credited", number, 400)
    kind = dice.below("credit_kind", number, 100)
    is_single = invoices.instalments == 1
    pct = dice.between("credit_pct", number, 5, 30)
    pct = np.where(is_single & (kind < 18), 100, pct)
    pct = np.where(is_single & (kind >= 18) & (kind < 22), pct + 100, pct)
    first_amount = items.amount[items.position == 0]
    unit = UNIT[invoices.currency]
    amount = np.where(is_credited, first_amount * pct // 100 // unit * unit, 0)
    # a rebate given when all is paid already: nothing to apply it to
    is_rebate = kind >= 95
    rebate_day = invoices.due_day + dice.between("rebate_on", number, 40, 100)
    early_day = invoices.issue_day + dice.between("credit_on", number, 2, 10)
    return Credits(
        day=np.where(is_credited, np.where(is_rebate, rebate_day, early_day), NEVER),
        amount=amount,
        applied=np.where(is_rebate, 0, np.minimum(amount, first_amount)),
    )


def draw_disputes(plan: Plan, customers: Customers, invoices: Invoices, credits: Credits) -> Disputes:
    dice, number = plan.dice, invoices.number
    chance = _DISPUTE[customers.behaviour[invoices.customer]]
    is_disputed = invoices.is_plain & (credits.day == NEVER) & dice.chance("disputed", number, chance)
    opened = invoices.issue_day + dice.between("disputed_on", number, 2, 14)
    resolved = opened + dice.between("resolved_after", number, 15, 120)
    is_resolved = is_disputed & dice.chance("resolved", number, 7800)
    return Disputes(np.where(is_disputed, opened, NEVER), np.where(is_resolved, resolved, NEVER))


def draw_payment_days(
    plan: Plan, customers: Customers, invoices: Invoices, items: Instalments, disputes: Disputes
) -> Ints:
    """The day of the first payment of each instalment; NEVER for void invoices, defaults and open disputes."""
    dice = plan.dice
    behaviour = customers.behaviour[invoices.customer[items.invoice]]
    day = items.due_day + _delay(plan, "delay", items.id, behaviour)
    resolved = disputes.resolved_day[items.invoice]
    settled = np.where(resolved == NEVER, 0, resolved + dice.between("after_dispute", items.id, 3, 15))
    day = np.maximum(day, settled)
    is_open_dispute = (disputes.opened_day[items.invoice] != NEVER) & (resolved == NEVER)
    never = (
        (invoices.void_day[items.invoice] != NEVER)
        | is_open_dispute
        | dice.chance("never_pays", items.id, _NEVER_PAY[behaviour])
    )
    return np.where(never, NEVER, plan.business_day(day))


def draw_promises(
    plan: Plan,
    customers: Customers,
    invoices: Invoices,
    items: Instalments,
    disputes: Disputes,
    pay_day: Ints,
    left: Ints,
) -> Promises:
    """Customers who are about to be 20 days late, or never pay, may promise what is `left`; not on what is void or
    disputed."""
    dice, invoice = plan.dice, items.invoice
    is_breaker = customers.behaviour[invoices.customer[invoice]] == Behaviour.promise_breaker
    may_promise = (
        (pay_day > items.due_day + 20)
        & (items.position == 0)
        & invoices.is_plain[invoice]
        & (disputes.opened_day[invoice] == NEVER)
        & (left > 0)
    )
    promises = may_promise & dice.chance("promises", items.id, np.where(is_breaker, 8500, 3500))
    made = items.due_day + dice.between("promised_on", items.id, 6, 16)
    promised = plan.business_day(made + dice.between("promised_for", items.id, 4, 14))
    keeps = promises & (pay_day != NEVER) & dice.chance("keeps", items.id, np.where(is_breaker, 1500, 6000))
    return Promises(np.where(promises, made, NEVER), np.where(promises, promised, NEVER), keeps)


def draw_settlements(
    plan: Plan,
    customers: Customers,
    period: Period,
    invoices: Invoices,
    items: Instalments,
    credits: Credits,
    disputes: Disputes,
    promises: Promises,
    pay_day: Ints,
) -> Settlements:
    """Amounts and days of the payments; whatever is never paid may be written off a year later."""
    dice, invoice = plan.dice, items.invoice
    is_promised = promises.made_day != NEVER
    applied = np.where(items.position == 0, credits.applied[invoice], 0)
    target = np.where(invoices.void_day[invoice] == NEVER, items.amount - applied, 0)
    in_statement = (
        customers.is_statement_payer[invoices.customer[invoice]]
        & invoices.is_plain[invoice]
        & (disputes.opened_day[invoice] == NEVER)
        & (pay_day != NEVER)
        & ~is_promised
        & (target > 0)
    )
    broken = promises.promised_day + dice.between("after_promise", items.id, 8, 40)
    pay_day = np.where(promises.is_kept, promises.promised_day, pay_day)
    pay_day = np.where(
        is_promised & ~promises.is_kept & (pay_day != NEVER), np.maximum(pay_day, plan.business_day(broken)), pay_day
    )
    pay_day = np.where(in_statement, _statement_day(plan, customers, period, invoices, items), pay_day)
    pay_day = np.where(target > 0, pay_day, NEVER)
    is_whole = in_statement | promises.is_kept
    part_amount, is_short = _parts(plan, customers, invoices, items, target, is_whole)
    part_day = _part_days(plan, items, pay_day, part_amount, is_short)
    may_bounce = ~is_whole & ~is_promised & (pay_day != NEVER) & (pay_day - 18 > invoices.issue_day[invoice] + 11)
    bounces = may_bounce & dice.chance("bounces", items.id, 50)
    unpaid = np.where(part_day == NEVER, part_amount, 0).sum(axis=1)
    write_off_day = _write_off_day(plan, items, pay_day, is_short)
    return Settlements(
        part_day=part_day,
        part_amount=part_amount,
        is_in_statement=in_statement,
        bounced_day=np.where(bounces, plan.business_day(pay_day - 18), NEVER),
        write_off_day=np.where(unpaid > 0, write_off_day, NEVER),
        write_off_amount=unpaid,
    )


def _delay(plan: Plan, stream: str, ids: Ints, behaviour: Ints) -> Ints:
    """Two dice: most pay near the middle of their customer's habit."""
    half = (_LATEST - _EARLIEST + 1)[behaviour]
    rolled = plan.dice.below(stream, ids, half) + plan.dice.below(f"{stream}_2", ids, half)
    return np.asarray(_EARLIEST[behaviour] + rolled // 2)


def statement_keys(period: Period, invoices: Invoices, items: Instalments) -> Ints:
    """What one payment covers: a customer's invoices of one currency in one period."""
    customer, currency = invoices.customer[items.invoice], invoices.currency[items.invoice]
    return np.asarray((period.number * 1_000_000 + customer) * 3 + currency)


def _statement_day(plan: Plan, customers: Customers, period: Period, invoices: Invoices, items: Instalments) -> Ints:
    """About the mean due date; with 30 days' terms still after all its invoices and their credit notes."""
    customer = invoices.customer[items.invoice]
    keys = statement_keys(period, invoices, items)
    delay = _delay(plan, "statement_delay", keys, customers.behaviour[customer])
    return plan.business_day(period.last_day + customers.terms_days[customer] - 8 + delay)


def _parts(
    plan: Plan, customers: Customers, invoices: Invoices, items: Instalments, target: Ints, is_whole: Flags
) -> tuple[Ints, Flags]:
    """Amounts (n x 3) that add up to the target; short: the second part is a small rest that is never paid."""
    dice, unit = plan.dice, UNIT[invoices.currency[items.invoice]]
    is_partial_payer = customers.behaviour[invoices.customer[items.invoice]] == Behaviour.partial
    is_partial = ~is_whole & dice.chance("partial", items.id, np.where(is_partial_payer, 7000, 250))
    is_short = ~is_whole & ~is_partial & dice.chance("short", items.id, 120)
    pct = np.asarray(_PART_PCT)[np.where(is_partial, dice.between("parts", items.id, 1, 2), 0)]
    pct[is_short] = (98, 2, 0)
    amount = target[:, None] * pct // 100 // unit[:, None] * unit[:, None]
    last = np.where(pct[:, 2] > 0, 2, np.where(pct[:, 1] > 0, 1, 0))
    amount[np.arange(len(target)), last] += target - amount.sum(axis=1)
    return amount, is_short


def _part_days(plan: Plan, items: Instalments, pay_day: Ints, part_amount: Ints, is_short: Flags) -> Ints:
    second = plan.business_day(pay_day + plan.dice.between("second_part", items.id, 18, 30))
    third = plan.business_day(pay_day + plan.dice.between("third_part", items.id, 42, 60))
    stops = plan.dice.chance("stops_paying", items.id, 1000)
    days = np.stack(
        [
            pay_day,
            np.where(is_short | (stops & (part_amount[:, 2] == 0)), NEVER, second),
            np.where(stops, NEVER, third),
        ],
        axis=1,
    )
    days[pay_day == NEVER] = NEVER
    days[part_amount == 0] = NEVER
    return days


def _write_off_day(plan: Plan, items: Instalments, pay_day: Ints, is_short: Flags) -> Ints:
    """Small rests after two months, bad debts after a year; some are kept open for ever."""
    dice = plan.dice
    small = pay_day + dice.between("small_rest_on", items.id, 60, 90)
    bad_debt = items.due_day + dice.between("bad_debt_on", items.id, 280, 400)
    is_given_up = dice.chance("given_up", items.id, 8500)
    day = np.where(is_short & (pay_day != NEVER), small, np.where(is_given_up, bad_debt, NEVER))
    return np.where(day < NEVER, plan.business_day(day), NEVER)
