"""The collector's day: who is worth acting on now, with the reason; and who is left in peace, with the reason.

`warehouse.late` says who is late as published. What people recorded since counts at once: promises, disputes, holds,
contacts. Amounts of one currency alone are ranked; those of two are not comparable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.desk.file import file_of
from cartera.desk.journal import day_in
from cartera.desk.model import CustomerFile
from cartera.reminders import portfolio
from cartera.reminders.addresses import reach
from cartera.reminders.calls import CallRule, load_call_rule
from cartera.reminders.lawful import without_history
from cartera.reminders.model import History, Reason
from cartera.reminders.worth import Facts, Worth, load_worth_rule, worth
from cartera.settings import get_settings
from cartera.warehouse import promises, read
from cartera.warehouse.read import Row, rows
from cartera.warehouse.variables import number


@dataclass(frozen=True)
class Task:
    """One customer of one company. `asked`: what may be asked for now; `late`: its row of `warehouse.late`."""

    late: Row
    asked: Decimal
    worth: Worth
    last_contact: dt.date | None

    @property
    def key(self) -> tuple[str, str]:
        return self.late["customer_id"], self.late["company_id"]


@dataclass(frozen=True)
class Left:
    """Who is late and left in peace. `why`: on_hold, opted_out, promised, disputed or covered (by credit)."""

    late: Row
    why: str


@dataclass(frozen=True)
class Day:
    """`tasks`: the most worth first."""

    tasks: tuple[Task, ...]
    left: tuple[Left, ...]


def day_of(late: Sequence[Row], as_of: dt.date, now: dt.datetime) -> Day:
    """Rank who is late, each by the day where the customer is: the figures' own, or that of `now` once it is past."""
    settings = get_settings()
    ages, rule = load_call_rule(settings.policies_dir), load_worth_rule(settings.policies_dir)
    ids = sorted({row["customer_id"] for row in late})
    with transaction(Role.desk) as connection:
        live = _Live(connection, ids, as_of, now)
        live.items = _items_of(connection, sorted(live.touched), as_of)
    tasks: list[Task] = []
    left: list[Left] = []
    for row in late:
        if why := live.why_not(row) or row["why"]:
            left.append(Left(row, why))
            continue
        today = live.today[row["customer_id"]]
        asked, oldest, share = live.asked(row, today, ages)
        if asked <= 0:
            left.append(Left(row, "promised" if live.is_promised_later(row, today) else "disputed"))
            continue
        facts = Facts(
            asked,
            oldest + (today - as_of).days,
            share,
            live.broken_on(row, today),
            bool(row["promised_today"] and as_of == today) or live.is_promised_today(row, today),
            row["usual_days_late"],
            live.contacted.get(row["customer_id"]),
        )
        tasks.append(Task(row, asked, worth(facts, rule, today), facts.last_contact))
    tasks.sort(key=lambda task: (-task.worth.expected, task.key))
    return Day(tuple(tasks), tuple(left))


class _Live:
    """What was recorded of some customers, as it is now."""

    def __init__(self, connection: Connection, ids: Sequence[str], as_of: dt.date, now: dt.datetime) -> None:
        self.as_of, self.grace = as_of, dt.timedelta(days=number("promise_grace_days"))
        bound = {"ids": list(ids), "as_of": as_of, "now": now, "since": as_of - self.grace}
        zones = {row["customer_id"]: row["timezone"] for row in rows(connection, _ZONES, bound)}
        self.today = {id: max(as_of, day_in(zones.get(id), now)) for id in ids}
        self.held = _held(connection, ids, now)
        self.silent = _silent(connection, ids, as_of)
        self.contacted = portfolio.last_contacts(connection, ids)
        self.promised = _grouped(rows(connection, _PROMISED, bound))
        self.disputed = _grouped(rows(connection, _DISPUTED, bound))
        self.kept = self._kept(connection)
        self.items: dict[tuple[str, str, str], list[Row]] = {}

    @property
    def touched(self) -> set[str]:
        """Of whom an open promise or dispute was recorded: what may be asked of them is added up anew."""
        return {*self.promised, *self.disputed}

    def why_not(self, row: Row) -> str | None:
        if row["customer_id"] in self.held:
            return "on_hold"
        return "opted_out" if row["customer_id"] in self.silent else None

    def asked(self, row: Row, today: dt.date, ages: CallRule) -> tuple[Decimal, int, Decimal]:
        """What may be asked for, the days past due of the oldest of it, and the share that a call brings in."""
        if row["customer_id"] not in self.touched:
            return row["asked_amount"], row["oldest_days"], row["age_share"]
        items = self.items.get((row["customer_id"], row["company_id"], row["currency_code"]), [])
        due = [item for item in items if self._may_ask(item, today)]
        credit = sum((item["open_amount"] for item in items if item["days_past_due"] is None), Decimal(0))
        debts = sum((item["open_amount"] for item in due), Decimal(0))
        brought = sum((item["open_amount"] * ages.share(item["days_past_due"]) for item in due), Decimal(0))
        oldest = max((item["days_past_due"] for item in due), default=0)
        return debts + credit, oldest, brought / debts if debts else Decimal(0)

    def _may_ask(self, item: Row, today: dt.date) -> bool:
        if item["days_past_due"] is None or item["days_past_due"] <= 0 or item["is_disputed"]:
            return False
        if item["promised_date"] is not None and item["promised_date"] > today:
            return False
        later = any(each["promised_date"] > today for each in _about(self.promised, item))
        return not later and not any(_about(self.disputed, item))

    def is_promised_today(self, row: Row, today: dt.date) -> bool:
        return any(each["promised_date"] == today for each in self._promises(row))

    def is_promised_later(self, row: Row, today: dt.date) -> bool:
        return any(each["promised_date"] > today for each in self._promises(row))

    def broken_on(self, row: Row, today: dt.date) -> dt.date | None:
        """As the warehouse has judged; and of the days that went by since, what is about something still open."""
        items = self.items.get((row["customer_id"], row["company_id"], row["currency_code"]), [])
        since = [
            each["promised_date"]
            for each in self._promises(row)
            if self._is_over(each, today)
            and each["promise_id"] not in self.kept
            and (not each["item_ids"] or any(item["item_id"] in each["item_ids"] for item in items))
        ]
        return max([*since, *([row["broken_on"]] if row["broken_on"] else [])], default=None)

    def _is_over(self, promise: Row, today: dt.date) -> bool:
        """Whether its last day, with its days of grace, came after what the warehouse has judged: as the KPI counts."""
        return bool(self.as_of < promise["promised_date"] + self.grace <= today)

    def _kept(self, connection: Connection) -> frozenset[str]:
        """Those of them that the money known of has kept already; asked of whom a day may have broken one alone."""
        over = {
            customer_id
            for customer_id, promised in self.promised.items()
            if any(self._is_over(each, self.today[customer_id]) for each in promised)
        }
        if not over:
            return frozenset()
        known_at = read.publication(connection).known_at
        return promises.kept_of_desk(connection, self.as_of, known_at, sorted(over))

    def _promises(self, row: Row) -> list[Row]:
        own = self.promised.get(row["customer_id"], [])
        place = (row["company_id"], row["currency_code"])
        return [each for each in own if (each["company_id"], each["currency_code"]) == place]


def _held(connection: Connection, ids: Sequence[str], now: dt.datetime) -> set[str]:
    """Whose hold is in force: until its day is over where they are, also where the figures' day has not begun there."""
    found = rows(connection, _HELD, {"ids": list(ids)})
    held = {row["customer_id"] for row in found if row["held_until"] is None}
    dated = [row for row in found if row["customer_id"] not in held]
    if not dated:
        return held
    rules = without_history(get_settings().policies_dir, now)
    known = portfolio.customers(
        connection, read.publication(connection).known_at, sorted({row["customer_id"] for row in dated})
    )
    for row in dated:
        customer = known.get(row["customer_id"]) or portfolio.unknown_customer(row["customer_id"])
        if row["held_until"] >= rules.hold_day(customer, day_in(customer.timezone, now)):
            held.add(row["customer_id"])
    return held


def _silent(connection: Connection, ids: Sequence[str], as_of: dt.date) -> set[str]:
    """Who wants no calls: by the judge that gives the number to call, so that the list says what the panel does."""
    wishes = portfolio.wishes(connection, as_of, ids)
    said = {customer_id: History(**each) for customer_id, each in wishes.items() if "consents" in each}
    if not said:
        return set()
    known = portfolio.customers(connection, read.publication(connection).known_at, sorted(said))
    return {
        customer_id
        for customer_id, history in said.items()
        if reach("call", known.get(customer_id) or portfolio.unknown_customer(customer_id), history).reason
        is Reason.opted_out
    }


def _about(said: Mapping[str, list[Row]], item: Row) -> Iterable[Row]:
    place = (item["company_id"], item["currency_code"])
    for each in said.get(item["customer_id"], ()):
        is_named = not each["item_ids"] or item["item_id"] in each["item_ids"]
        if is_named and (each["company_id"], each["currency_code"]) == place:
            yield each


def _grouped(found: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in found:
        grouped.setdefault(row["customer_id"], []).append(row)
    return grouped


def _items_of(connection: Connection, ids: Sequence[str], as_of: dt.date) -> dict[tuple[str, str, str], list[Row]]:
    if not ids:
        return {}
    found: dict[tuple[str, str, str], list[Row]] = {}
    published = read.publication(connection)
    for item in read.open_items(connection, as_of, published.known_at, customer_ids=ids):
        found.setdefault((item["customer_id"], item["company_id"], item["currency_code"]), []).append(item)
    return found


def customer_file(customer_id: str, companies: frozenset[str] | None = None) -> CustomerFile:
    """Everything recorded about a customer, in a transaction of its own; of all companies unless some are named.

    Calls, notes, holds, addresses and wishes are of no company.
    """
    with transaction(Role.desk) as connection:
        found = file_of(connection, customer_id)
    if companies is None:
        return found
    return replace(
        found,
        promises=tuple(each for each in found.promises if each.company_id in companies),
        plans=tuple(each for each in found.plans if each.company_id in companies),
        disputes=tuple(each for each in found.disputes if each.company_id in companies),
        actions=tuple(each for each in found.actions if each.is_of(companies)),
    )


_ZONES = """
select distinct on (customer_id) customer_id, timezone from serve.dim_customers
where customer_id = any(%(ids)s) and recorded_to > %(now)s order by customer_id, recorded_from
"""
_HELD = """
select customer_id, held_until from ops.contact_holds
where customer_id = any(%(ids)s) and released_at is null
    -- whom a machine may not write to, a person calls
    and kind <> 'vulnerable'
"""
_PROMISED = """
select promise_id::text as promise_id, customer_id, company_id, currency_code, item_ids, promised_date
from ops.desk_promises
where customer_id = any(%(ids)s) and not is_cancelled and promised_date >= %(since)s
"""
_DISPUTED = """
select customer_id, company_id, currency_code, item_ids from ops.desk_disputes
where customer_id = any(%(ids)s) and resolved_date is null
"""
