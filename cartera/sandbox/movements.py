"""The rows that have happened by `until`: payments, allocations, credit notes, write-offs, disputes, promises.

Columns are int64 arrays of one length per table: `number` is unique within its table for ever; amounts in
hundredths; days from the plan's first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cartera.sandbox.customers import Customers
from cartera.sandbox.dice import Flags, Ints
from cartera.sandbox.documents import UNIT, Instalments, Invoices, make_instalments, make_invoices
from cartera.sandbox.fates import (
    Credits,
    Disputes,
    Promises,
    Settlements,
    draw_credits,
    draw_disputes,
    draw_payment_days,
    draw_promises,
    draw_settlements,
    statement_keys,
)
from cartera.sandbox.plan import Period, Plan

DAYS_UNTIL_BOUNCED = 4
CHEQUE = 3
CARD = 2
_METHOD_WEIGHTS = np.cumsum((70, 15, 10, 5))
_BOUNCED_SLOT = 3
_STATEMENT_SLOT = 15
MANY = -1


@dataclass(frozen=True)
class Payments:
    """`invoice` is a position in `Invoices`, or MANY; `first_invoice` always a position."""

    number: Ints
    first_invoice: Ints
    covers_many: Flags
    day: Ints
    amount: Ints
    fee: Ints
    method: Ints
    is_cancelled: Flags


@dataclass(frozen=True)
class Allocations:
    """Parts of payments on instalments; `item` is a position in `Instalments`."""

    number: Ints
    payment_number: Ints
    item: Ints
    day: Ints
    amount: Ints


@dataclass(frozen=True)
class Books:
    """All of one period as of `until`."""

    invoices: Invoices
    items: Instalments
    credits: Credits
    disputes: Disputes
    promises: Promises
    settlements: Settlements
    payments: Payments
    allocations: Allocations
    promised_amount: Ints


def keep_books(plan: Plan, customers: Customers, period: Period) -> Books:
    """Generate one period and let it live until `plan.until`."""
    invoices = make_invoices(plan, customers, period)
    items = make_instalments(invoices)
    credits = draw_credits(plan, customers, invoices, items)
    disputes = draw_disputes(plan, customers, invoices, credits)
    pay_day = draw_payment_days(plan, customers, invoices, items, disputes)
    left = items.amount - np.where(items.position == 0, credits.applied[items.invoice], 0)
    promises = draw_promises(plan, customers, invoices, items, disputes, pay_day, left)
    settlements = draw_settlements(plan, customers, period, invoices, items, credits, disputes, promises, pay_day)
    allocations, payment_days, covers_many, is_bounced = _applied(plan, period, invoices, items, settlements)
    payments = _payments(plan, invoices, items, allocations, payment_days, covers_many, is_bounced)
    return Books(
        invoices, items, credits, disputes, promises, settlements, payments,
        _allocated(plan, allocations, is_bounced), left,
    )  # fmt: skip


def _applied(
    plan: Plan, period: Period, invoices: Invoices, items: Instalments, settlements: Settlements
) -> tuple[Allocations, Ints, Flags, Flags]:
    """One row per (instalment, payment) received by `until`; its day; is it a statement's, a bounced cheque's."""
    days = np.concatenate([settlements.part_day, settlements.bounced_day[:, None]], axis=1)
    amounts = np.concatenate([settlements.part_amount, settlements.part_amount[:, :1]], axis=1)
    item, slot = np.nonzero(days <= plan.until_day)
    day, in_statement = days[item, slot], settlements.is_in_statement[item]
    number = items.id[item] * 4 + slot
    payment_number = number.copy()
    keys = statement_keys(period, invoices, items)[item][in_statement]
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    first_invoice = invoices.number[items.invoice[item[in_statement][first]]]
    payment_number[in_statement] = (first_invoice * 16 + _STATEMENT_SLOT)[group]
    allocations = Allocations(number, payment_number, item, day, amounts[item, slot])
    return allocations, day, in_statement, slot == _BOUNCED_SLOT


def _payments(
    plan: Plan,
    invoices: Invoices,
    items: Instalments,
    allocations: Allocations,
    day: Ints,
    covers_many: Flags,
    is_bounced: Flags,
) -> Payments:
    """Add up what each payment covers; some pay twice or round up, and the excess stays on account."""
    number, first, group = np.unique(allocations.payment_number, return_index=True, return_inverse=True)
    amount = np.zeros(len(number), dtype=np.int64)
    np.add.at(amount, group, allocations.amount)
    invoice = items.invoice[allocations.item[first]]
    bounced = is_bounced[first]
    method = np.where(bounced, CHEQUE, plan.dice.pick("method", number, _METHOD_WEIGHTS))
    amount = amount + np.where(bounced, 0, _excess(plan, number, amount, UNIT[invoices.currency[invoice]]))
    unit = UNIT[invoices.currency[invoice]]
    return Payments(
        number=number,
        first_invoice=invoice,
        covers_many=covers_many[first],
        day=day[first],
        amount=amount,
        fee=np.where(method == CARD, amount * 3 // 100 // unit * unit, 0),
        method=method,
        is_cancelled=bounced & (day[first] + DAYS_UNTIL_BOUNCED <= plan.until_day),
    )


def _excess(plan: Plan, number: Ints, amount: Ints, unit: Ints) -> Ints:
    round_to = 10_000 * unit
    rounded_up = -amount % round_to
    pays_twice = plan.dice.chance("pays_twice", number, 15)
    rounds_up = plan.dice.chance("rounds_up", number, 120)
    return np.where(pays_twice, amount, np.where(rounds_up, rounded_up, 0))


def _allocated(plan: Plan, received: Allocations, is_bounced: Flags) -> Allocations:
    """Those entered by `until`: some days after the money; a bounced cheque's are taken back."""
    number = received.payment_number
    lag = np.where(plan.dice.chance("entered_late", number, 800), plan.dice.between("entered_after", number, 1, 12), 0)
    day = received.day + np.where(is_bounced, 0, lag)
    is_taken_back = is_bounced & (received.day + DAYS_UNTIL_BOUNCED <= plan.until_day)
    kept = plan.happened(day) & ~is_taken_back
    return Allocations(received.number[kept], number[kept], received.item[kept], day[kept], received.amount[kept])
