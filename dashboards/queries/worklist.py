"""The collector's day: who is late (cached by publication), ranked with what was recorded since (as it is now)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from cartera import desk
from cartera.clock import utc_now
from cartera.desk import day as desk_day
from cartera.money import minor_units
from cartera.reminders.calls import load_call_rule
from cartera.reminders.worth import Reason
from cartera.settings import get_settings
from cartera.warehouse import late as warehouse_late
from cartera.warehouse import read
from dashboards.i18n import Words
from dashboards.queries.cache import cached
from dashboards.queries.export import to_csv
from dashboards.queries.receivables import frame
from dashboards.queries.session import Clocks, Reading, actor, reading

Task = desk_day.Task
Day = desk_day.Day
RANKED, LISTED, CHANCE_DIGITS = 1_000, 200, 6
COLUMNS = (
    "rank", "customer_name", "customer_id", "company_id", "collector", "asked_amount", "chance", "expected_amount",
    "oldest_days", "why",
)  # fmt: skip
LEFT = ("customer_id", "customer_name", "company_id", "overdue_amount", "why", "reason")
CSV = {
    "rank": "worklist.rank", "customer_id": "column.customer_id", "customer_name": "column.customer",
    "company_id": "column.company", "collector": "worklist.collector", "overdue_amount": "column.overdue",
    "asked_amount": "worklist.asked", "chance": "worklist.chance", "expected_amount": "worklist.expected",
    "why": "worklist.why",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Whose day: a currency, a company or all, a collector or all."""

    clocks: Clocks
    currency_code: str
    company_id: str | None
    collector: str | None


@cached
def collectors(reading: Reading, clocks: Clocks, currency_code: str) -> list[str]:
    """Who is named as the collector of somebody who is late in the currency."""
    found = _late(reading, Asked(clocks, currency_code, None, None))
    return sorted({row["collector"] for row in found if row["collector"]})


@cached
def late(reading: Reading, asked: Asked) -> list[read.Row]:
    """warehouse.late.LATE_COLUMNS of at most RANKED customers, and of as many of whom nothing is to be asked."""
    return _late(reading, asked)


def _late(reading: Reading, asked: Asked) -> list[read.Row]:
    rule = load_call_rule(get_settings().policies_dir)
    ages = sorted(rule.collected_share, key=lambda each: each.below_days)
    return warehouse_late.late(
        reading.connection,
        asked.clocks.as_of,
        asked.clocks.known_at,
        currency_code=asked.currency_code,
        company_id=asked.company_id,
        collector=asked.collector,
        shares=[(each.below_days, each.share) for each in ages],
        after_that=rule.after_that,
        limit=RANKED,
    )


@cached
def totals(
    reading: Reading, clocks: Clocks, currency_code: str, company_id: str | None, collector: str | None
) -> read.Row:
    """customers, overdue_amount: all who are late."""
    return warehouse_late.totals(
        reading.connection, clocks.as_of, clocks.known_at, currency_code, company_id, collector
    )  # fmt: skip


def day(reading: Reading, asked: Asked) -> Day:
    """As it is now: never cached, since others act meanwhile."""
    return desk_day.day_of(late(reading, asked), asked.clocks.as_of, utc_now())


def file_of(customer_id: str) -> desk.CustomerFile:
    """Everything recorded about a customer, as it is now."""
    return desk_day.customer_file(customer_id, actor().companies)


def left(words: Words, day: Day) -> pd.DataFrame:
    """LEFT: who is late and not to be acted on, the most late first, with the reason in words."""
    rows = [each.late | {"why": each.why, "reason": words(f"worklist.left_{each.why}")} for each in day.left]
    return frame(sorted(rows, key=lambda row: (-row["overdue_amount"], row["customer_id"])), LEFT)


def left_by_reason(left: pd.DataFrame, whole: read.Row, day: Day) -> list[tuple[str, int, Decimal]]:
    """Why, how many customers, what is late of them; with those listed they are all who are late."""
    found = [(why, len(rows), sum(rows["overdue_amount"], Decimal(0))) for why, rows in left.groupby("why")]
    late = sum((task.late["overdue_amount"] for task in day.tasks), Decimal(0))
    others = whole["customers"] - len(day.tasks) - len(left)
    if others:
        found.append(("unranked", others, whole["overdue_amount"] - late - sum(left["overdue_amount"], Decimal(0))))
    return [(str(why), customers, amount) for why, customers, amount in found]


def listed(words: Words, tasks: Sequence[Task], currency_code: str) -> pd.DataFrame:
    """COLUMNS, the most worth first."""
    return frame([row | {"rank": rank} for rank, row in enumerate(_rows(words, tasks, currency_code), 1)], COLUMNS)


def expected(task: Task, currency_code: str) -> Decimal:
    """An amount times a chance, both with all their digits, ends where money does: then sums are of what is shown."""
    return task.worth.expected.quantize(Decimal(1).scaleb(-minor_units(currency_code)))


def _rows(words: Words, tasks: Sequence[Task], currency_code: str) -> list[read.Row]:
    return [
        task.late
        | {
            "asked_amount": task.asked,
            "chance": task.worth.chance,
            "expected_amount": expected(task, currency_code),
            "why": " · ".join(reason_text(words, reason) for reason in task.worth.reasons),
        }
        for task in tasks
    ]


def reason_text(words: Words, reason: Reason) -> str:
    """A fact in words, without its factor."""
    key, values = f"worklist.why_{reason.text}", dict(reason.values)
    if "date" in values:
        values["date"] = words.date(values["date"])
    if values.get("days") == 0 and reason.name != "age":  # on time, and today, are said without a count
        return words(key)
    if "days" in values:
        return words.counted(key, abs(values.pop("days")), **values)
    return words(key, **values)


def day_csv(words: Words, asked: Asked, narrowed: Sequence[str] = ()) -> bytes:
    """Everybody of the day, ranked; the last row is of these, so of a longer day it is said how many more are late.
    Raises DatabaseError."""
    with reading() as opened:
        found = day(opened, asked)
        whole = totals(opened, asked.clocks, asked.currency_code, asked.company_id, asked.collector)
    tasks, unranked = found.tasks, whole["customers"] - len(found.tasks) - len(found.left)
    if unranked:
        narrowed = [*narrowed, f"{words('worklist.left_unranked')}: {words.number(unranked)}"]
    # a number as any file has it; of a quotient not all its digits
    rows = [
        row | {"rank": rank, "chance": round(row["chance"], CHANCE_DIGITS)}
        for rank, row in enumerate(_rows(words, tasks, asked.currency_code), 1)
    ]
    return to_csv(rows, CSV, words, asked.clocks, asked.currency_code, ("asked_amount",), narrowed=narrowed)


def added(tasks: Sequence[Task], currency_code: str) -> tuple[Decimal, Decimal]:
    """What may be asked for, and what is expected, of all of them."""
    return (
        sum((task.asked for task in tasks), Decimal(0)),
        sum((expected(task, currency_code) for task in tasks), Decimal(0)),
    )
