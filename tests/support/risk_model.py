"""Roll rates, cures, vintages and expected losses once more, day by day in plain Python and exact fractions.

From rows of the ledger, by the balances of the plain model of the KPIs; one debt and one day after the other.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import Any

from support.kpi_model import Ledger

EDGES = (0, 30, 60, 90, 120)
BUCKETS = ("not_due", "1-30", "31-60", "61-90", "91-120", "120+")
DEBTS = ("instalment", "chargeback")
Group = tuple[str, str]
Cells = dict[tuple[Any, ...], Fraction]
NONE = (Fraction(0), Fraction(0))


class Debts:
    """What each debt owed at the end of any day, and what left it without money on any day."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.days = sorted({e["effective_date"] for e in ledger.entries})
        self._open = [{d.item["item_id"]: d.open for d in ledger.debts(day)[0] if d.open > 0} for day in self.days]
        self.items = {key: item for key, item in ledger.items.items() if item["item_type"] in DEBTS}
        self.without_cash = self._without_cash()

    def open(self, day: dt.date) -> dict[str, Fraction]:
        number = bisect.bisect_right(self.days, day)
        return self._open[number - 1] if number else {}

    def group(self, item_id: str) -> Group:
        return self.items[item_id]["company_id"], self.items[item_id]["currency_code"]

    def late(self, item_id: str, day: dt.date) -> int:
        return (day - self.items[item_id]["due_date"]).days

    def bucket(self, item_id: str, day: dt.date) -> str:
        return BUCKETS[bisect.bisect_left(EDGES, self.late(item_id, day))]

    def settled(self, item_id: str, after: dt.date, until: dt.date) -> tuple[Fraction, Fraction]:
        """Credited and written off after one day, until another."""
        found = [v for day, v in self.without_cash.get(item_id, {}).items() if after < day <= until]
        return sum((c for c, _ in found), Fraction(0)), sum((w for _, w in found), Fraction(0))

    def _without_cash(self) -> dict[str, dict[dt.date, tuple[Fraction, Fraction]]]:
        answer: dict[str, dict[dt.date, tuple[Fraction, Fraction]]] = defaultdict(dict)
        for day in self.days:
            own: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
            pools: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
            for e in self.ledger.entries:
                kinds = {"credited": 0, "written_off": 1, "write_off_reversed": 1}
                if e["effective_date"] == day and e["item_type"] in DEBTS and e["entry_type"] in kinds:
                    place = own[e["item_id"]] if e["item_id"] else pools[e["invoice_id"]]
                    place[kinds[e["entry_type"]]] -= Fraction(e["amount"])
            before, after = self.open(day - dt.timedelta(days=1)), self.open(day)
            falls = {i: before.get(i, Fraction(0)) - after.get(i, Fraction(0)) for i in self.items}
            for item_id, (credited, written) in own.items():
                fall, total = max(falls[item_id], Fraction(0)), credited + written
                scale = fall / total if total > fall else Fraction(1)
                answer[item_id][day] = (credited * scale, written * scale)
            for invoice_id, (credited, written) in pools.items():
                self._spread(answer, day, invoice_id, credited, written, falls)
        return answer

    def _spread(
        self,
        answer: dict[str, dict[dt.date, tuple[Fraction, Fraction]]],
        day: dt.date,
        invoice_id: str,
        credited: Fraction,
        written: Fraction,
        falls: dict[str, Fraction],
    ) -> None:
        total = credited + written
        sign = (total > 0) - (total < 0)
        own = {i: answer[i].get(day, NONE) for i, item in self.items.items() if item["invoice_id"] == invoice_id}
        rests = {i: max(sign * (falls[i] - sum(own[i])), Fraction(0)) for i in own}
        most = max(abs(total), sum(rests.values(), Fraction(0)))
        for item_id, rest in rests.items():
            if most:
                shares = credited * rest / most, written * rest / most
                answer[item_id][day] = (own[item_id][0] + shares[0], own[item_id][1] + shares[1])


def transitions(debts: Debts, as_of: dt.date, period: int, periods: int) -> tuple[Cells, Cells]:
    """(company, currency, from state, to state) -> debts, and -> amounts; only cells that are not zero."""
    items: Cells = defaultdict(Fraction)
    amounts: Cells = defaultdict(Fraction)
    for number in range(periods):
        end = as_of - dt.timedelta(days=number * period)
        start = end - dt.timedelta(days=period)
        opening, closing = debts.open(start), debts.open(end)
        for item_id in opening.keys() | closing.keys():
            group, before, after = debts.group(item_id), opening.get(item_id), closing.get(item_id)
            to = debts.bucket(item_id, end) if after else None
            if before is None:
                state = "new" if debts.items[item_id]["issue_date"] > start else "reopened"
                items[*group, state, to] += 1
                amounts[*group, state, to] += after or 0
                continue
            came_from, rest = debts.bucket(item_id, start), after or Fraction(0)
            lost = min(max(debts.settled(item_id, start, end)[1], Fraction(0)), max(before - rest, Fraction(0)))
            ever = debts.settled(item_id, dt.date.min, end)[1]
            items[*group, came_from, to or ("written_off" if ever > 0 else "paid")] += 1
            amounts[*group, came_from, "written_off"] += lost
            amounts[*group, came_from, "paid"] += max(before - rest, Fraction(0)) - lost
            if to:
                amounts[*group, came_from, to] += min(before, rest)
                amounts[*group, "reopened", to] += max(rest - before, Fraction(0))
    return {k: v for k, v in items.items() if v}, {k: v for k, v in amounts.items() if v}


def roll_rates(items: Cells, amounts: Cells) -> dict[tuple[str, ...], tuple[Fraction, Fraction]]:
    """(company, currency, method, basis, bucket) -> numerator and denominator, from the transition matrix alone."""
    answer = {}
    for basis, cells in (("count", items), ("amount", amounts)):
        for group in {key[:2] for key in cells}:
            own = {key[2:]: value for key, value in cells.items() if key[:2] == group}
            for number, bucket in enumerate(BUCKETS):
                start = sum((v for (came, _), v in own.items() if came == bucket), Fraction(0))
                worse = {*BUCKETS[number + 1 :], "written_off"}
                rolled = sum((v for (came, to), v in own.items() if came == bucket and to in worse), Fraction(0))
                answer[*group, "tracked", basis, bucket] = (rolled, start)
                if bucket != BUCKETS[-1]:
                    end = sum((v for (_, to), v in own.items() if to == BUCKETS[number + 1]), Fraction(0))
                    answer[*group, "net_flow", basis, bucket] = (end, start)
    return answer


def cures(
    debts: Debts, as_of: dt.date, horizon: int, window: int, least: int
) -> dict[Group, dict[str, list[Fraction]]]:
    """Per group and outcome: number of customers, and what they owed past due at the start."""
    end = as_of - dt.timedelta(days=window)
    start = end - dt.timedelta(days=horizon)

    def late(day: dt.date) -> dict[tuple[str, str, str], Fraction]:
        found: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
        for item_id, amount in debts.open(day).items():
            if debts.late(item_id, day) >= least:
                found[*debts.group(item_id), debts.items[item_id]["customer_id"]] += amount
        return found

    written: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for e in debts.ledger.entries:
        if e["entry_type"] in ("written_off", "write_off_reversed") and start < e["effective_date"] <= as_of:
            written[e["company_id"], e["currency_code"], e["customer_id"]] -= Fraction(e["amount"])
    at_end = late(end)
    later = {key for n in range(1, window + 1) for key in late(end + dt.timedelta(days=n))}
    answer: dict[Group, dict[str, list[Fraction]]] = defaultdict(
        lambda: defaultdict(lambda: [Fraction(0), Fraction(0)])
    )
    for key, amount in late(start).items():
        outcome = (
            "written_off"
            if written[key] > 0
            else "delinquent"
            if key in at_end
            else "redefaulted"
            if key in later
            else "cured"
        )
        answer[key[:2]][outcome][0] += 1
        answer[key[:2]][outcome][1] += amount
    return answer


MEASURES = ("placed_amount", "open_amount", "credited_amount", "written_off_amount")


def placed(debts: Debts, as_of: dt.date, days_past_due: int) -> dict[str, dt.date]:
    """The day of placement of each debt placed by the date."""
    found = {}
    for item_id, item in debts.items.items():
        day = item["due_date"] + dt.timedelta(days=days_past_due - 1)
        while day < as_of:
            if item_id in debts.open(day):
                found[item_id] = day + dt.timedelta(days=1)
                break
            day += dt.timedelta(days=1)
    return found


def vintages(debts: Debts, as_of: dt.date, days_past_due: int, step_days: int, steps: int) -> Cells:
    """(company, currency, month, step, measure) -> amount, for the steps that some debt may have begun."""
    answer: Cells = defaultdict(Fraction)
    for item_id, first in placed(debts, as_of, days_past_due).items():
        month = first.replace(day=1)
        for step in range(steps + 1):
            if month + dt.timedelta(days=(step - 1) * step_days) >= as_of:
                continue
            day, before = min(first + dt.timedelta(days=step * step_days), as_of), first - dt.timedelta(days=1)
            figures = (debts.open(before)[item_id], debts.open(day).get(item_id, Fraction(0)))
            for measure, amount in zip(MEASURES, (*figures, *debts.settled(item_id, before, day)), strict=True):
                answer[*debts.group(item_id), month, step, measure] += amount
    return answer


def losses(debts: Debts, as_of: dt.date, history: int, horizon: int) -> dict[tuple[str, ...], list[Fraction]]:
    """(company, currency, bucket) -> entered, finally unpaid, balance."""
    answer: dict[tuple[str, ...], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for item_id, item in debts.items.items():
        decided = item["due_date"] + dt.timedelta(days=horizon)
        if not as_of - dt.timedelta(days=history) < decided <= as_of:
            continue
        entries = [item["issue_date"], *(item["due_date"] + dt.timedelta(days=edge) for edge in EDGES)]
        for number, (bucket, day) in enumerate(zip(BUCKETS, entries, strict=True)):
            if number == 0 and day > item["due_date"]:
                continue
            entered = debts.open(day).get(item_id, Fraction(0))
            lost = debts.open(decided).get(item_id, Fraction(0)) + max(
                debts.settled(item_id, day, decided)[1], Fraction(0)
            )
            cell = answer[*debts.group(item_id), bucket]
            answer[*debts.group(item_id), bucket] = [cell[0] + entered, cell[1] + min(entered, lost), cell[2]]
    for item_id, amount in debts.open(as_of).items():
        cell = answer[*debts.group(item_id), debts.bucket(item_id, as_of)]
        answer[*debts.group(item_id), debts.bucket(item_id, as_of)] = [*cell[:2], cell[2] + amount]
    return answer
