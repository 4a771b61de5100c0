"""The invoices of one period and their instalments: amounts int64 in hundredths, days from the plan's first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp
from statistics import NormalDist

import numpy as np

from cartera.sandbox.customers import Customers
from cartera.sandbox.dice import Dice, Flags, Ints
from cartera.sandbox.plan import NEVER, Period, Plan

USD = 2
# hundredths: a median invoice of PEN 1,800, COP 1,900,000, USD 950; pesos come without centavos
_MEDIAN_AMOUNT = np.asarray((180_000, 190_000_000, 95_000))
UNIT = np.asarray((1, 100, 1))
DAYS_BETWEEN_INSTALMENTS = 30
DAYS_UNTIL_TYPING_ERROR_IS_CORRECTED = 4


@dataclass(frozen=True)
class Invoices:
    """One row per invoice. `due_day` and `total` are the right ones; `shown_*` what the export says on `until`."""

    number: Ints
    customer: Ints
    company: Ints
    currency: Ints
    issue_day: Ints
    due_day: Ints
    total: Ints
    shown_due_day: Ints
    shown_total: Ints
    instalments: Ints
    void_day: Ints
    is_plain: Flags
    """One instalment, never voided or corrected: what special fates (below) are drawn from."""


@dataclass(frozen=True)
class Instalments:
    """One row per instalment; `invoice` is a position in `Invoices`, `id` unique for ever."""

    id: Ints
    invoice: Ints
    position: Ints
    due_day: Ints
    shown_due_day: Ints
    amount: Ints
    shown_amount: Ints


def make_invoices(plan: Plan, customers: Customers, period: Period) -> Invoices:
    dice = plan.dice
    number = np.arange(period.first_invoice, period.end_invoice, dtype=np.int64)
    customer = dice.pick("customer", number, customers.cumulative_share)
    is_usd = customers.also_usd[customer] & dice.chance("in_usd", number, 3000)
    currency = np.where(is_usd, USD, customers.currency[customer])
    issue_day = plan.issue_days(number)
    total = _totals(dice, number, currency, customers.size[customer])
    instalments = _instalment_counts(dice, number)
    is_single = instalments == 1
    void_day = np.where(
        is_single & dice.chance("void", number, 60), issue_day + dice.between("void_on", number, 2, 15), NEVER
    )
    is_correct = is_single & (void_day == NEVER)
    is_extended = is_correct & dice.chance("extended", number, 40)
    is_mistyped = is_correct & ~is_extended & dice.chance("mistyped", number, 150)
    first_due_day = issue_day + customers.terms_days[customer]
    due_day = np.where(is_extended, first_due_day + 15, first_due_day)
    extended_on = first_due_day + dice.between("extended_on", number, -5, 3)
    shows_error = is_mistyped & (plan.until_day < issue_day + DAYS_UNTIL_TYPING_ERROR_IS_CORRECTED)
    return Invoices(
        number=number,
        customer=customer,
        company=customers.company[customer],
        currency=currency,
        issue_day=issue_day,
        due_day=due_day,
        total=total,
        shown_due_day=np.where(is_extended & (plan.until_day < extended_on), first_due_day, due_day),
        shown_total=np.where(shows_error, total + total // 1000 * 100, total),
        instalments=instalments,
        void_day=void_day,
        is_plain=is_correct & ~is_extended & ~is_mistyped,
    )


def make_instalments(invoices: Invoices) -> Instalments:
    """One to three instalments per invoice; they add up to the invoice's total."""
    invoice = np.repeat(np.arange(len(invoices.number)), invoices.instalments)
    first = np.concatenate([[0], np.cumsum(invoices.instalments)[:-1]]).astype(np.int64)
    position = np.arange(len(invoice)) - first[invoice]
    count, unit = invoices.instalments[invoice], UNIT[invoices.currency[invoice]]
    later_days = position * DAYS_BETWEEN_INSTALMENTS

    def share(totals: Ints) -> Ints:
        even: Ints = totals[invoice] // count // unit * unit
        return np.where(position == count - 1, totals[invoice] - even * (count - 1), even)

    return Instalments(
        id=invoices.number[invoice] * 4 + position,
        invoice=invoice,
        position=position,
        due_day=invoices.due_day[invoice] + later_days,
        shown_due_day=invoices.shown_due_day[invoice] + later_days,
        amount=share(invoices.total),
        shown_amount=share(invoices.shown_total),
    )


def _instalment_counts(dice: Dice, number: Ints) -> Ints:
    has_second, has_third = dice.chance("instalments", number, 1200), dice.chance("instalments", number, 400)
    counts: Ints = np.ones(len(number), dtype=np.int64) + has_second + has_third
    return counts


def _totals(dice: Dice, number: Ints, currency: Ints, size: Ints) -> Ints:
    unit = UNIT[currency]
    spread = _lognormal_quantiles()[dice.below("amount", number, 1024)]
    jitter = dice.between("amount_jitter", number, 9_700, 10_300)
    base = _MEDIAN_AMOUNT[currency] * size // 1000
    total: Ints = base * spread // 1000 * jitter // 10_000 // unit * unit + 500 * unit
    return total


@cache
def _lognormal_quantiles() -> Ints:
    """Thousandths of the median, rounded to integers so that every machine draws the same amounts."""
    return np.asarray([round(1000 * exp(0.9 * NormalDist().inv_cdf((k + 0.5) / 1024))) for k in range(1024)])
