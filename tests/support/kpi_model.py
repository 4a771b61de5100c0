"""The KPIs once more, in plain Python and exact fractions, from rows of the ledger: what the SQL must say.

It takes the versions of entries, items and disputes as rows and does both clocks, the spreading of
what was paid on an invoice as a whole, and every formula by itself, one item after the other.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
Group = tuple[str, ...]
NEVER = dt.date.min
WINDOW = 90


@dataclass
class Debt:
    """An instalment with its own balance and its part of what was paid on its invoice as a whole."""

    item: Row
    balance: Fraction
    share: Fraction = Fraction(0)

    @property
    def open(self) -> Fraction:
        return self.balance - self.share


class Ledger:
    """What was known at one moment; `at(day)` is what had taken effect by that day."""

    def __init__(self, entries: list[Row], items: list[Row], disputes: list[Row], known_at: dt.datetime) -> None:
        def known(rows: list[Row]) -> list[Row]:
            return [r for r in rows if r["recorded_from"] <= known_at < r["recorded_to"]]

        self.known_at = known_at
        self.entries = known(entries)
        self.items = {r["item_id"]: r for r in known(items)}
        self.disputes = known(disputes)

    def at(self, day: dt.date) -> list[Row]:
        return [e for e in self.entries if e["effective_date"] <= day]

    def debts(self, day: dt.date) -> tuple[list[Debt], dict[Group, Fraction]]:
        """Every instalment touched by then, also closed; and unapplied credit by company, currency, customer."""
        balances: dict[str, Fraction] = defaultdict(Fraction)
        pools: dict[Group, Fraction] = defaultdict(Fraction)
        for entry in self.at(day):
            if entry["item_id"] is not None:
                balances[entry["item_id"]] += Fraction(entry["amount"])
            else:
                pools[entry["invoice_id"], *_keys(entry)] -= Fraction(entry["amount"])
        debts, unapplied = [], defaultdict(Fraction)
        for item_id, balance in balances.items():
            item = self.items[item_id]
            if item["item_type"] in ("instalment", "chargeback"):
                debts.append(Debt(item, balance))
            else:
                unapplied[_keys(item)] -= balance
        for (invoice_id, *keys), pool in pools.items():
            own = [d for d in debts if d.item["invoice_id"] == invoice_id and d.item["item_type"] == "instalment"]
            for debt in sorted(own, key=lambda d: (d.item["due_date"], d.item["item_id"])):
                debt.share = min(pool, max(debt.balance, Fraction(0)))
                pool -= debt.share
            unapplied[tuple(keys)] += pool
        for debt in debts:
            if debt.open < 0:
                unapplied[_keys(debt.item)] -= debt.open
        return debts, unapplied

    def is_disputed(self, item: Row, day: dt.date) -> bool:
        return item["is_disputed"] or any(
            d["invoice_id"] == item["invoice_id"]
            and d["opened_date"] <= day
            and (d["resolved_date"] is None or d["resolved_date"] > day)
            for d in self.disputes
        )


def _keys(row: Row) -> Group:
    return row["company_id"], row["currency_code"], row["customer_id"]


def kpis(ledger: Ledger, as_of: dt.date, grain: int = 2, window: int = WINDOW) -> dict[Group, Fraction | None]:
    """(company, currency[, customer], kpi) -> value. `grain`: 2 per company and currency, 3 per customer too."""
    groups = {_keys(e)[:grain] for e in ledger.at(as_of)}
    closing, unapplied = ledger.debts(as_of)
    opening, _ = ledger.debts(as_of - dt.timedelta(days=window))
    answer: dict[Group, Fraction | None] = {}
    for group in groups:
        own = _Group(ledger, as_of, window, group, closing, opening, unapplied)
        for name, value in own.kpis().items():
            answer[*group, name] = value
    return answer


@dataclass
class _Group:
    ledger: Ledger
    as_of: dt.date
    window: int
    group: Group
    closing: list[Debt]
    opening: list[Debt]
    unapplied: dict[Group, Fraction]

    def _mine(self, row: Row) -> bool:
        return _keys(row)[: len(self.group)] == self.group

    def _flow(self, entry_type: str, first: dt.date, last: dt.date) -> Fraction:
        return sum(
            (
                Fraction(e["amount"])
                for e in self.ledger.at(last)
                if e["entry_type"] == entry_type and e["effective_date"] >= first and self._mine(e)
            ),
            Fraction(0),
        )

    def kpis(self) -> dict[str, Fraction | None]:
        w, first = self.window, self.as_of - dt.timedelta(days=self.window - 1)
        debts = [d for d in self.closing if d.open > 0 and self._mine(d.item)]
        ar = sum((d.open for d in debts), Fraction(0))
        late = sum((d.open for d in debts if d.item["due_date"] < self.as_of), Fraction(0))
        before = sum((d.open for d in self.opening if d.open > 0 and self._mine(d.item)), Fraction(0))
        gross = self._flow("invoiced", first, self.as_of)
        net = gross + self._flow("credit_noted", first, self.as_of)
        credit = sum((v for k, v in self.unapplied.items() if k[: len(self.group)] == self.group), Fraction(0))
        disputed = sum((d.open for d in debts if self.ledger.is_disputed(d.item, self.as_of)), Fraction(0))
        per_month = net / Fraction(w, 30)
        paid = self._paid(first)
        amounts = sum((amount for amount, _, _ in paid), Fraction(0))
        found = {
            f"dso_simple_{w}d": _ratio(ar * w, net),
            f"dso_simple_gross_sales_{w}d": _ratio(ar * w, gross),
            f"dso_average_{w}d": _ratio((ar + before) / 2 * w, net),
            f"best_possible_dso_{w}d": _ratio((ar - late) * w, net),
            f"average_days_delinquent_{w}d": _ratio(late * w, net),
            f"cei_monthly_average_{w}d": _ratio(100 * (before + per_month - ar), before + per_month - ar + late),
            f"cei_whole_period_{w}d": _ratio(100 * (before + net - ar), before + net - ar + late),
            f"ar_turnover_{w}d": _ratio(net, (ar + before) / 2),
            "past_due_pct": _ratio(100 * late, ar),
            "disputed_pct": _ratio(100 * disputed, ar),
            "unapplied_credit_pct": _ratio(100 * credit, ar),
            f"unapplied_to_receipts_pct_{w}d": _ratio(100 * credit, -self._flow("received", first, self.as_of)),
            f"write_off_pct_{w}d": _ratio(-100 * self._flow("written_off", first, self.as_of), net),
            f"weighted_days_to_pay_{w}d": _ratio(sum((a * d for a, d, _ in paid), Fraction(0)), amounts),
            f"average_days_to_pay_{w}d": _ratio(Fraction(sum(d for _, d, _ in paid)), Fraction(len(paid))),
            f"weighted_days_late_{w}d": _ratio(sum((a * d for a, _, d in paid), Fraction(0)), amounts),
            "dso_countback_calendar": self._countback(ar, _calendar_months(self.as_of)),
            "dso_countback_30_day_months": self._countback(ar, _spans(self.as_of)),
        }
        return found | (self._concentration(debts, ar) if len(self.group) == 2 else {})

    def _concentration(self, debts: list[Debt], ar: Fraction) -> dict[str, Fraction | None]:
        by_customer: dict[str, Fraction] = defaultdict(Fraction)
        for debt in debts:
            by_customer[debt.item["customer_id"]] += debt.open
        largest = sorted(by_customer.values(), reverse=True)[:10]
        return {
            "top_10_share_pct": _ratio(100 * sum(largest, Fraction(0)), ar),
            "hhi": sum(((100 * v / ar) ** 2 for v in by_customer.values()), Fraction(0)) if ar else None,
        }

    def _countback(self, ar: Fraction, months: Any) -> Fraction | None:
        """Oracle's loop: subtract the latest month's sales, then the one before, until AR is used up."""
        days, is_first = Fraction(0), True
        for first, last, length in months:
            if ar == 0:
                break
            sales = self._flow("invoiced", first, last) + self._flow("credit_noted", first, last)
            if sales <= 0:
                return None if is_first else days
            days += min(ar / sales, Fraction(1)) * length
            ar -= min(ar, sales)
            is_first = False
        return days

    def _paid(self, first: dt.date) -> list[tuple[Fraction, int, int]]:
        """Amount, days to pay and days late of each instalment paid in full in the window."""
        found = []
        for debt in self.closing:
            item = debt.item
            if not self._mine(item) or debt.open > 0 or item["item_amount"] <= 0 or item["item_type"] == "chargeback":
                continue
            family = [e for e in self.ledger.at(self.as_of) if e["invoice_id"] == item["invoice_id"]]
            family = [e for e in family if e["item_type"] == "instalment"]
            own = [e for e in family if e["item_id"] == item["item_id"]]
            moves = own + ([e for e in family if e["item_id"] is None] if debt.share else [])
            paid = _sum_of(moves, "applied", "charged_back", "chargeback_reversed")
            if paid >= 0 or _sum_of(moves, "written_off", "write_off_reversed") < 0:
                continue
            day = max(item["issue_date"], self._last_settled(debt, family))
            if first <= day <= self.as_of:
                found.append(
                    (Fraction(item["item_amount"]), (day - item["issue_date"]).days, (day - item["due_date"]).days)
                )
        return found

    def _last_settled(self, debt: Debt, family: list[Row]) -> dt.date:
        """The day from which the instalment owes nothing until the as-of date, replaying its invoice day by day."""
        alone = Ledger(family, list(self.ledger.items.values()), [], self.ledger.known_at)
        settled = None
        for day in sorted({e["effective_date"] for e in family}):
            now = [d for d in alone.debts(day)[0] if d.item["item_id"] == debt.item["item_id"]]
            if now and now[0].open > 0:
                settled = None
            elif now and settled is None:
                settled = day
        assert settled is not None
        return settled


def _sum_of(entries: list[Row], *entry_types: str) -> Fraction:
    return sum((Fraction(e["amount"]) for e in entries if e["entry_type"] in entry_types), Fraction(0))


def _ratio(numerator: Fraction, denominator: Fraction) -> Fraction | None:
    return numerator / denominator if denominator > 0 else None


def _calendar_months(as_of: dt.date) -> list[tuple[dt.date, dt.date, int]]:
    """The month of the as-of date until it, then three years of whole months: first day, last day, days."""
    found, last = [], as_of
    for _ in range(36):
        first = last.replace(day=1)
        found.append((first, last, (last - first).days + 1))
        last = first - dt.timedelta(days=1)
        assert last.day == calendar.monthrange(last.year, last.month)[1]
    return found


def _spans(as_of: dt.date) -> list[tuple[dt.date, dt.date, int]]:
    ends = [as_of - dt.timedelta(days=30 * n) for n in range(36)]
    return [(end - dt.timedelta(days=29), end, 30) for end in ends]
