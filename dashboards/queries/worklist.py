"""The collector's day: who is late (cached by publication), ranked with what was recorded since (as it is now)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from cartera import desk
from cartera.clock import utc_now
from cartera.desk import day as desk_day
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
RANKED, LISTED = 2_000, 200
COLUMNS = (
    "rank", "customer_name", "customer_id", "company_id", "collector", "asked_amount", "chance", "expected_amount",
    "oldest_days", "why",
)  # fmt: skip
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
    """warehouse.late.LATE_COLUMNS of at most RANKED customers."""
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
def totals(reading: Reading, clocks: Clocks, currency_code: str, company_id: str | None) -> read.Row:
    """customers, overdue_amount: all who are late."""
    return warehouse_late.totals(reading.connection, clocks.as_of, clocks.known_at, currency_code, company_id)


def day(reading: Reading, asked: Asked) -> Day:
    """As it is now: never cached, since others act meanwhile. The day is the figures' own, or today once it is past."""
    as_of = asked.clocks.as_of
    return desk_day.day_of(late(reading, asked), as_of, max(as_of, utc_now().date()))


def file_of(customer_id: str) -> desk.CustomerFile:
    """Everything recorded about a customer, as it is now."""
    return desk_day.customer_file(customer_id, actor().companies)


def listed(words: Words, tasks: Sequence[Task]) -> pd.DataFrame:
    """COLUMNS, the most worth first."""
    return frame([row | {"rank": rank} for rank, row in enumerate(_rows(words, tasks), 1)], COLUMNS)


def _rows(words: Words, tasks: Sequence[Task]) -> list[read.Row]:
    return [
        task.late
        | {
            "asked_amount": task.asked,
            "chance": task.worth.chance,
            "expected_amount": task.worth.expected,
            "why": " · ".join(reason_text(words, reason) for reason in task.worth.reasons),
        }
        for task in tasks
    ]


def reason_text(words: Words, reason: Reason) -> str:
    """A fact in words, without its factor."""
    values = dict(reason.values)
    if reason.name == "contacted_lately" and not values["days"]:
        return words("worklist.why_contacted_today")
    if "date" in values:
        values["date"] = words.date(values["date"])
    if "days" in values:
        return words.counted(f"worklist.why_{reason.name}", values.pop("days"), **values)
    return words(f"worklist.why_{reason.name}", **values)


def day_csv(words: Words, asked: Asked) -> bytes:
    """Everybody of the day, ranked. Raises DatabaseError."""
    with reading() as opened:
        tasks = day(opened, asked).tasks
    rows = [
        row | {"rank": rank, "chance": words.percent(row["chance"])} for rank, row in enumerate(_rows(words, tasks), 1)
    ]
    return to_csv(rows, CSV, words, asked.clocks, asked.currency_code)


def added(tasks: Sequence[Task]) -> tuple[Decimal, Decimal]:
    """What may be asked for, and what is expected, of all of them."""
    return (
        sum((task.asked for task in tasks), Decimal(0)),
        sum((task.worth.expected for task in tasks), Decimal(0)),
    )
