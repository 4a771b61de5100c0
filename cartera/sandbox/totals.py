"""What the ledger must come to: added up while generating, from the fates and not from the files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cartera.sandbox.customers import COMPANIES, CURRENCIES
from cartera.sandbox.dice import Ints
from cartera.sandbox.movements import Books
from cartera.sandbox.plan import Plan

BUCKETS = ("not_due", "1-30", "31-60", "61-90", "91-120", "120+")
_LAST_DAY = np.asarray((0, 30, 60, 90, 120))


@dataclass
class Totals:
    """Hundredths by (company, currency)[, bucket]: open instalments, credit not applied."""

    open: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    unapplied: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    buckets: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    open_items: int = 0

    def add(self, plan: Plan, books: Books, open_amount: Ints) -> None:
        """`open_amount` is that of each instalment, as `open_amounts` returns it."""
        items, invoices = books.items, books.invoices
        invoice, past_due = items.invoice, plan.until_day - items.shown_due_day
        bucket = np.searchsorted(_LAST_DAY, past_due, side="left")
        self.open_items += int((open_amount > 0).sum())
        scope = invoices.company * len(CURRENCIES) + invoices.currency
        unapplied = _unapplied(plan, books)
        for code in np.unique(scope).tolist():
            key = (COMPANIES[code // len(CURRENCIES)], CURRENCIES[code % len(CURRENCIES)])
            in_scope = scope[invoice] == code
            self.open[key] += int(open_amount[in_scope].sum())
            self.unapplied[key] += int(unapplied[scope == code].sum())
            for number, name in enumerate(BUCKETS):
                self.buckets[(*key, name)] += int(open_amount[in_scope & (bucket == number)].sum())


def open_amounts(plan: Plan, books: Books) -> Ints:
    """What is left of each instalment on `until`: the law open = invoiced - credited - applied - written off."""
    items, settlements = books.items, books.settlements
    left = items.shown_amount.copy()
    is_credited = (items.position == 0) & plan.happened(books.credits.day)[items.invoice]
    left -= np.where(is_credited, books.credits.applied[items.invoice], 0)
    np.subtract.at(left, books.allocations.item, books.allocations.amount)
    left -= np.where(plan.happened(settlements.write_off_day), settlements.write_off_amount, 0)
    return np.where(plan.happened(books.invoices.void_day)[items.invoice], 0, left)


def delivered(plan: Plan, books: Books) -> Iterator[tuple[str, str, int]]:
    """Hundredths in the export files by (entity, currency), '*' for records without a currency of their own."""
    invoices, items, payments = books.invoices, books.items, books.payments
    credits, settlements, promises = books.credits, books.settlements, books.promises
    by_currency = (
        ("invoices", invoices.currency, invoices.shown_total),
        ("payments", invoices.currency[payments.first_invoice], payments.amount),
        ("credit_notes", invoices.currency, np.where(plan.happened(credits.day), credits.amount, 0)),
        (
            "promises",
            invoices.currency[items.invoice],
            np.where(plan.happened(promises.made_day), books.promised_amount, 0),
        ),
    )
    for entity, currency, amount in by_currency:
        for code, name in enumerate(CURRENCIES):
            yield entity, name, int(amount[currency == code].sum())
    is_several = invoices.instalments[items.invoice] > 1
    yield "instalments", "*", int(items.shown_amount[is_several].sum())
    applied = np.where(plan.happened(credits.day), credits.applied, 0)
    yield "allocations", "*", int(books.allocations.amount.sum() + applied.sum())
    is_written_off = plan.happened(settlements.write_off_day)
    yield "write_offs", "*", int(settlements.write_off_amount[is_written_off].sum())


def _unapplied(plan: Plan, books: Books) -> Ints:
    """Per invoice of the period (a statement's first): money and credit notes that settle nothing."""
    payments, allocations, credits = books.payments, books.allocations, books.credits
    credit = np.where(plan.happened(credits.day), credits.amount - credits.applied, 0)
    received = np.where(payments.is_cancelled, 0, payments.amount)
    np.add.at(credit, payments.first_invoice, received)
    np.subtract.at(credit, books.items.invoice[allocations.item], allocations.amount)
    return credit
