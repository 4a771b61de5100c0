"""The KPIs once more, in plain Python and exact fractions, from rows of the ledger: what the SQL must say.

It takes the versions of entries, items, disputes and so on as rows and does both clocks, the currency views, the
spreading of what was paid on an invoice as a whole, and every formula by itself, one item after the other.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

Row = dict[str, Any]
Group = tuple[str, ...]
WINDOW = 90
GRACE = dt.timedelta(days=3)
TABLES = (
    "fct_ledger_entries",
    "dim_items",
    "fct_disputes",
    "fct_promises",
    "dim_customers",
    "dim_companies",
    "fct_fx_rates",
    "fct_contacts",
)


class Missing(Exception):
    """A rate that is wanted and not there."""


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

    def __init__(self, tables: dict[str, list[Row]], known_at: dt.datetime) -> None:
        """`tables`: all versions of TABLES."""
        self.tables, self.known_at = tables, known_at

        def known(name: str) -> list[Row]:
            return [r for r in tables.get(name, []) if r["recorded_from"] <= known_at < r["recorded_to"]]

        self.entries = known("fct_ledger_entries")
        self.items = {r["item_id"]: r for r in known("dim_items")}
        self.disputes = known("fct_disputes")
        self.promises = known("fct_promises")
        self.customers = {r["customer_id"]: r for r in known("dim_customers")}
        self.currencies = {r["company_id"]: r["company_currency_code"] for r in known("dim_companies")}
        self.fx_rates = known("fct_fx_rates")
        self._contacts = known("fct_contacts")

    @cached_property
    def contacts(self) -> list[Row]:
        """With the currency that each speaks of; many a ledger of one invoice is never asked for them."""
        return [contact | {"currency_code": self._named(contact)} for contact in self._contacts]

    def _named(self, contact: Row) -> str | None:
        """The currency that a contact speaks of: its own, that of most of the customer's items, the company's."""
        whose = ("company_id", "customer_id")
        owed = Counter(
            item["currency_code"] for item in self.items.values() if all(item[k] == contact[k] for k in whose)
        )
        most = min(owed, key=lambda currency: (-owed[currency], currency)) if owed else None
        return contact["currency_code"] or most or self.currencies.get(contact["company_id"])

    def rate(self, company: str, currency: str, day: dt.date | None) -> Fraction:
        """Into the company's currency: the newest of the last ten days, its own before one for all."""
        wanted = self.currencies.get(company)
        if wanted == currency:
            return Fraction(1)
        if wanted is None:
            raise Missing(f"the currency of company {company} is not known")
        if day is None:
            raise Missing(f"no rate {currency} to {wanted} on a day not known")
        found = [
            (r["company_id"] == company, r["rate_date"], r["recorded_from"], r["rate"])
            for r in self.fx_rates
            if (r["currency_code"], r["company_currency_code"]) == (currency, wanted)
            and r["company_id"] in (None, company)
            and 0 <= (day - r["rate_date"]).days <= 10
        ]
        if not found:
            raise Missing(f"no rate {currency} to {wanted} on {day}")
        return Fraction(max(found)[3])

    def at(self, day: dt.date) -> list[Row]:
        return [e for e in self.entries if e["effective_date"] <= day]

    def debts(self, day: dt.date) -> tuple[list[Debt], dict[Group, tuple[Row, Fraction]]]:
        """Every instalment touched by then, also closed; and unapplied credit with the item that holds it."""
        balances: dict[str, Fraction] = defaultdict(Fraction)
        pools: dict[Group, Fraction] = defaultdict(Fraction)
        for entry in self.at(day):
            if entry["item_id"] is not None:
                balances[entry["item_id"]] += Fraction(entry["amount"])
            else:
                pools[entry["invoice_id"], *_keys(entry)] -= Fraction(entry["amount"])
        debts: list[Debt] = []
        unapplied: dict[Group, tuple[Row, Fraction]] = {}
        for item_id, balance in balances.items():
            item = self.items[item_id]
            if item["item_type"] in ("instalment", "chargeback"):
                debts.append(Debt(item, balance))
            else:
                unapplied[(item_id,)] = (item, -balance)
        for (invoice_id, *keys), pool in pools.items():
            own = [d for d in debts if d.item["invoice_id"] == invoice_id and d.item["item_type"] == "instalment"]
            for debt in sorted(own, key=lambda d: (d.item["due_date"], d.item["item_id"])):
                debt.share = min(pool, max(debt.balance, Fraction(0)))
                pool -= debt.share
            row = dict(zip(("company_id", "currency_code", "customer_id"), keys, strict=True))
            unapplied["pool", invoice_id] = (row | {"issue_date": None, "document_fx_rate": None}, pool)
        for debt in debts:
            if debt.open < 0:
                unapplied[(debt.item["item_id"],)] = (debt.item, -debt.open)
        return debts, unapplied

    def is_disputed(self, item: Row, day: dt.date) -> bool:
        return item["is_disputed"] or any(
            _is_about(d, item) and d["opened_date"] <= day and (d["resolved_date"] is None or d["resolved_date"] > day)
            for d in self.disputes
        )


def _is_about(dispute: Row, item: Row) -> bool:
    if dispute["item_id"] is not None:
        return bool(dispute["item_id"] == item["item_id"])
    return bool(dispute["invoice_id"] == item["invoice_id"])


def _keys(row: Row) -> Group:
    return row["company_id"], row["currency_code"], row["customer_id"]


def kpis(
    ledger: Ledger, as_of: dt.date, grain: int = 2, window: int = WINDOW, view: str = "transaction"
) -> dict[Group, Fraction | Missing | None]:
    """(company, currency[, customer], kpi) -> value. `grain`: 2 per company and currency, 3 per customer too."""
    found = _Figures(ledger, as_of, window, view)
    groups = {found.keys(e)[:grain] for e in ledger.at(as_of) if e["entry_type"] not in ("applied", "credited")}
    answer: dict[Group, Fraction | Missing | None] = {}
    for group in groups:
        for name, value in _Group(found, group).kpis().items():
            try:
                answer[*group, name] = value()
            except Missing as missing:
                answer[*group, name] = missing
    return answer


class _Figures:
    """What all groups share: balances at both ends of the window, and amounts in the currency of the view."""

    def __init__(self, ledger: Ledger, as_of: dt.date, window: int, view: str) -> None:
        self.ledger, self.as_of, self.window, self.view = ledger, as_of, window, view
        self.closing, self.unapplied = ledger.debts(as_of)
        self.opening, _ = ledger.debts(as_of - dt.timedelta(days=window))
        self.entries = ledger.at(as_of)
        self._sorted: dict[str, dict[Group, list[Any]]] = {}

    def of(self, group: Group, name: str, rows: list[Any], row: Callable[[Any], Row]) -> list[Any]:
        """The rows of one group; sorted once for all groups."""
        if name not in self._sorted:
            self._sorted[name] = defaultdict(list)
            for each in rows:
                self._sorted[name][self.keys(row(each))[: len(group)]].append(each)
        return self._sorted[name].get(group, [])

    def keys(self, row: Row) -> Group:
        company, currency, customer = _keys(row)
        if self.view == "transaction":
            return company, currency, customer
        return company, self.ledger.currencies.get(company) or currency, customer

    def worth(self, amount: Any, row: Row, day: dt.date | None, document_rate: Any = None) -> Fraction:
        """An amount of a document of that day, in the currency of the view."""
        amount, own = Fraction(amount), self.ledger.currencies.get(row["company_id"])
        if self.view == "transaction" or row["currency_code"] == own:
            return amount
        if self.view == "company" and document_rate is not None:
            return amount * Fraction(document_rate)
        return amount * self.ledger.rate(
            row["company_id"], row["currency_code"], day if self.view == "company" else self.as_of
        )

    def item_worth(self, amount: Any, item: Row) -> Fraction:
        return self.worth(amount, item, item["issue_date"], item["document_fx_rate"])


@dataclass
class _Group:
    figures: _Figures
    group: Group

    def __post_init__(self) -> None:
        self.ledger, self.as_of, self.window = self.figures.ledger, self.figures.as_of, self.figures.window
        self.first = self.as_of - dt.timedelta(days=self.window - 1)
        figures, group = self.figures, self.group
        self.entries = figures.of(group, "entries", figures.entries, lambda entry: entry)
        self.closing = figures.of(group, "closing", figures.closing, lambda debt: debt.item)
        self.opening = figures.of(group, "opening", figures.opening, lambda debt: debt.item)
        self.unapplied = figures.of(group, "unapplied", list(figures.unapplied.values()), lambda credit: credit[0])
        contacts = [c for c in self.ledger.contacts if c["currency_code"] and c["sent_date"]]
        contacts = figures.of(group, "contacts", contacts, lambda contact: contact)
        self.contacts = [c for c in contacts if self.first <= c["sent_date"] <= self.as_of]
        self.items = figures.of(group, "items", list(self.ledger.items.values()), lambda item: item)

    def _mine(self, row: Row) -> bool:
        return self.figures.keys(row)[: len(self.group)] == self.group

    def _flow(self, entry_type: str, first: dt.date | None = None, last: dt.date | None = None) -> Fraction:
        first, last = first or self.first, last or self.as_of
        return sum(
            (
                self.figures.worth(e["amount"], e, e["document_date"], e["document_fx_rate"])
                for e in self.entries
                if e["entry_type"] == entry_type and first <= e["effective_date"] <= last and e["amount"]
            ),
            Fraction(0),
        )

    def _debts(self) -> list[Debt]:
        return [d for d in self.closing if d.open > 0]

    def _sum(self, debts: list[Debt], times: Callable[[Row], int] = lambda item: 1) -> Fraction:
        return sum((self.figures.item_worth(d.open, d.item) * times(d.item) for d in debts), Fraction(0))

    def _credit(self) -> Fraction:
        found = Fraction(0)
        for item, amount in self.unapplied:
            if amount:
                found += self.figures.item_worth(amount, item)
        return found

    def kpis(self) -> dict[str, Callable[[], Fraction | Missing | None]]:
        w, debts = self.window, self._debts()
        late = [d for d in debts if d.item["due_date"] < self.as_of]
        disputed = [d for d in debts if self.ledger.is_disputed(d.item, self.as_of)]
        opening = [d for d in self.opening if d.open > 0]
        paid, promises = self._paid(), self._promises()
        answered = [c for c in self.contacts if c["is_answered"] and c["answered_date"] <= self.as_of]

        def ar() -> Fraction:
            return self._sum(debts)

        def before() -> Fraction:
            return self._sum(opening)

        def gross() -> Fraction:
            return self._flow("invoiced")

        def net() -> Fraction:
            return gross() + self._flow("credit_noted")

        def per_month() -> Fraction:
            return net() / Fraction(w, 30)

        def weighted(days: int) -> Fraction:
            return sum((self.figures.item_worth(p[0]["item_amount"], p[0]) * p[days] for p in paid), Fraction(0))

        def paid_amount() -> Fraction:
            return sum((self.figures.item_worth(p[0]["item_amount"], p[0]) for p in paid), Fraction(0))

        def written_off() -> Fraction:
            return -self._flow("written_off")

        def count(kept: Callable[[Row, Fraction], bool]) -> Fraction | None:
            return _ratio(Fraction(100 * sum(kept(*p) for p in promises)), Fraction(len(promises)))

        def promised(part: int) -> Fraction:
            return sum(
                (self.figures.worth(p["promised_amount"] if part else kept, p, p["made_date"]) for p, kept in promises),
                Fraction(0),
            )

        found: dict[str, Callable[[], Fraction | Missing | None]] = {
            f"dso_simple_{w}d": lambda: _ratio(ar() * w, net()),
            f"dso_simple_gross_sales_{w}d": lambda: _ratio(ar() * w, gross()),
            f"dso_average_{w}d": lambda: _ratio((ar() + before()) / 2 * w, net()),
            f"best_possible_dso_{w}d": lambda: _ratio((ar() - self._sum(late)) * w, net()),
            f"average_days_delinquent_{w}d": lambda: _ratio(self._sum(late) * w, net()),
            f"cei_monthly_average_{w}d": lambda: _ratio(
                100 * (before() + per_month() - ar()), before() + per_month() - ar() + self._sum(late)
            ),
            f"cei_whole_period_{w}d": lambda: _ratio(
                100 * (before() + net() - ar()), before() + net() - ar() + self._sum(late)
            ),
            f"ar_turnover_{w}d": lambda: _ratio(net(), (ar() + before()) / 2),
            "past_due_pct": lambda: _ratio(100 * self._sum(late), ar()),
            "disputed_pct": lambda: _ratio(100 * self._sum(disputed), ar()),
            "unapplied_credit_pct": lambda: _ratio(100 * self._credit(), ar()),
            f"unapplied_to_receipts_pct_{w}d": lambda: _ratio(100 * self._credit(), -self._flow("received")),
            f"write_off_pct_{w}d": lambda: _ratio(100 * written_off(), net()),
            f"write_off_net_pct_{w}d": lambda: _ratio(100 * (written_off() - self._flow("write_off_reversed")), net()),
            f"write_off_to_ar_pct_{w}d": lambda: _ratio(100 * written_off(), (ar() + before()) / 2),
            f"weighted_days_to_pay_{w}d": lambda: _ratio(weighted(1), paid_amount()),
            f"average_days_to_pay_{w}d": lambda: _ratio(Fraction(sum(p[1] for p in paid)), Fraction(len(paid))),
            f"weighted_days_late_{w}d": lambda: _ratio(weighted(2), paid_amount()),
            "true_dso": lambda: _ratio(self._sum(debts, lambda i: (self.as_of - i["issue_date"]).days), ar()),
            f"delinquent_dso_gross_sales_{w}d": lambda: _ratio(self._sum(late) * w, gross()),
            "delinquent_dso_weighted": lambda: _ratio(
                self._sum(late, lambda i: (self.as_of - i["due_date"]).days), self._sum(late)
            ),
            "disputed_items_pct": lambda: _ratio(Fraction(100 * len(disputed)), Fraction(len(debts))),
            f"dispute_rate_of_sales_pct_{w}d": lambda: _ratio(100 * self._contested("opened_date"), gross()),
            f"days_deductions_outstanding_{w}d": lambda: _ratio(
                self._sum(disputed) * w, self._contested("opened_date")
            ),
            f"deductions_to_resolved_{w}d": lambda: _ratio(self._sum(disputed), self._contested("resolved_date")),
            f"promise_kept_pct_{w}d": lambda: count(lambda p, kept: kept == p["promised_amount"]),
            f"promise_kept_partly_pct_{w}d": lambda: count(lambda p, kept: 2 * kept >= p["promised_amount"]),
            f"promise_kept_amount_pct_{w}d": lambda: _ratio(100 * promised(0), promised(1)),
            f"contact_rate_pct_{w}d": lambda: _ratio(
                Fraction(100 * len({c["customer_id"] for c in answered})),
                Fraction(len({c["customer_id"] for c in self.contacts})),
            ),
            f"right_party_contact_pct_{w}d": lambda: _ratio(
                Fraction(100 * sum(c["is_right_party"] is True for c in answered)),
                Fraction(sum(c["is_right_party"] is not None for c in answered)),
            ),
            f"cost_to_collect_{w}d": lambda: self._of_cost(lambda: -self._flow("received")),
            f"cost_per_payment_{w}d": lambda: self._of_cost(
                lambda: Fraction(
                    sum(e["entry_type"] == "received" and e["effective_date"] >= self.first for e in self.entries)
                )
            ),
            "dso_countback_calendar": lambda: self._countback(ar(), _calendar_months(self.as_of)),
            "dso_countback_30_day_months": lambda: self._countback(ar(), _spans(self.as_of)),
        }
        return found | (self._concentration(debts) if len(self.group) == 2 else {})

    def _of_cost(self, among: Callable[[], Fraction]) -> Fraction | None:
        """What the contacts of the window cost for each of these; a cost in another currency is not added."""
        priced = [c for c in self.contacts if c["cost_amount"] is not None]
        if not priced:
            return None
        if self.figures.view == "transaction" and any(c["cost_currency_code"] != c["currency_code"] for c in priced):
            return None
        cost = sum(
            self.figures.worth(c["cost_amount"], c | {"currency_code": c["cost_currency_code"]}, c["sent_date"])
            for c in priced
        )
        return _ratio(Fraction(cost), among())

    def _promises(self) -> list[tuple[Row, Fraction]]:
        """The promises whose days of grace ended in the window, and the money that came for each."""
        found = []
        for promise in self.ledger.promises:
            last = promise["promised_date"] + GRACE
            customer = self.ledger.customers.get(promise["customer_id"])
            if customer is None or not self.first <= last <= self.as_of or not promise["promised_amount"] > 0:
                continue
            # to whom the invoice is owed, or it was made
            owed = (
                item["company_id"]
                for item in self.ledger.items.values()
                if item["item_type"] == "instalment" and item["invoice_id"] == promise["invoice_id"]
            )
            row = promise | {"company_id": next(owed, promise["company_id"] or customer["company_id"])}
            if not self._mine(row):
                continue
            money = sum(
                -Fraction(e["amount"])
                for e in self.ledger.entries
                if self._can_keep(promise, e)
                and e["effective_date"] <= last
                and e["effective_date"] >= promise["made_date"]
                and (e["customer_id"], e["currency_code"]) == (promise["customer_id"], promise["currency_code"])
            )
            found.append((row, min(Fraction(money), Fraction(promise["promised_amount"]))))
        return found

    def _can_keep(self, promise: Row, entry: Row) -> bool:
        if (entry["entry_type"], entry["item_type"]) == ("chargeback_reversed", "chargeback"):
            return entry["item_id"] == promise["item_id"]
        if (entry["entry_type"], entry["item_type"]) != ("applied", "instalment"):
            return False
        if promise["item_id"] is not None:
            is_whole = entry["item_id"] is None and entry["invoice_id"] == promise["invoice_id"]
            return is_whole or entry["item_id"] == promise["item_id"]
        if promise["invoice_id"] is not None:
            return bool(entry["invoice_id"] == promise["invoice_id"])
        return promise["company_id"] in (None, entry["company_id"])

    def _contested(self, day: str) -> Fraction:
        """What was worth what came to be contested, or ceased to be, in the window."""
        moved = [d for d in self.ledger.disputes if d[day] is not None and self.first <= d[day] <= self.as_of]
        return sum(
            (
                self.figures.item_worth(i["item_amount"], i)
                for i in self.items
                if i["issue_date"] <= self.as_of
                and any(
                    _is_about(d, i)
                    and i["item_type"] in ("instalment", *(() if d["item_id"] is None else ("chargeback",)))
                    for d in moved
                )
            ),
            Fraction(0),
        )

    def _concentration(self, debts: list[Debt]) -> dict[str, Callable[[], Fraction | Missing | None]]:
        def owed(is_by_parent: bool) -> list[Fraction]:
            by_debtor: dict[str, Fraction] = defaultdict(Fraction)
            for debt in debts:
                debtor = debt.item["customer_id"]
                parent = self.ledger.customers.get(debtor, {}).get("parent_id") if is_by_parent else None
                by_debtor[parent or debtor] += self.figures.item_worth(debt.open, debt.item)
            return sorted(by_debtor.values(), reverse=True)

        def share(size: int, is_by_parent: bool = False) -> Fraction | None:
            return _ratio(100 * sum(owed(is_by_parent)[:size], Fraction(0)), sum(owed(is_by_parent), Fraction(0)))

        def hhi(is_by_parent: bool = False) -> Fraction | None:
            total = sum(owed(is_by_parent), Fraction(0))
            return sum(((100 * v / total) ** 2 for v in owed(is_by_parent)), Fraction(0)) if total else None

        return {
            "top_5_share_pct": lambda: share(5),
            "top_10_share_pct": lambda: share(10),
            "top_20_share_pct": lambda: share(20),
            "top_10_share_by_parent_pct": lambda: share(10, True),
            "hhi": hhi,
            "hhi_by_parent": lambda: hhi(True),
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

    def _paid(self) -> list[tuple[Row, int, int]]:
        """Item, days to pay and days late of each instalment paid in full in the window."""
        found = []
        for debt in self.closing:
            item = debt.item
            if debt.open > 0 or item["item_amount"] <= 0 or item["item_type"] == "chargeback":
                continue
            family = [e for e in self.figures.entries if e["invoice_id"] == item["invoice_id"]]
            family = [e for e in family if e["item_type"] == "instalment"]
            own = [e for e in family if e["item_id"] == item["item_id"]]
            moves = own + ([e for e in family if e["item_id"] is None] if debt.share else [])
            paid = _sum_of(moves, "applied", "charged_back", "chargeback_reversed")
            if paid >= 0 or _sum_of(moves, "written_off", "write_off_reversed") < 0:
                continue
            day = max(item["issue_date"], self._last_settled(debt, family))
            if self.first <= day <= self.as_of:
                found.append((item, (day - item["issue_date"]).days, (day - item["due_date"]).days))
        return found

    def _last_settled(self, debt: Debt, family: list[Row]) -> dt.date:
        """The day from which the instalment owes nothing until the as-of date, replaying its invoice day by day."""
        alone = Ledger(self.ledger.tables | {"fct_ledger_entries": family}, self.ledger.known_at)
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
