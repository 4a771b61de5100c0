"""What a replay counts as rows, beside another where there is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from cartera.reminders.replay import Day, Replay
from cartera.reminders.simulate import Simulation

Kind = Literal["contacts", "left in peace", "rule said no"]
Measured = dict[tuple[Kind, str], tuple[int, Decimal | None]]
KINDS: tuple[Kind, ...] = ("contacts", "left in peace", "rule said no")
ALL = "all"

COLUMNS = ("date", "what", "name", "count", "spend_amount", "currency_code")
COMPARED = (
    "date", "what", "name", "count", "against_count", "difference_count",
    "spend_amount", "against_spend_amount", "difference_spend_amount", "currency_code",
)  # fmt: skip


def columns(simulation: Simulation) -> tuple[str, ...]:
    return COMPARED if len(simulation.replays) > 1 else COLUMNS


def rows(simulation: Simulation) -> list[dict[str, Any]]:
    """Of each day: contacts by channel with what they cost, customers left in peace by reason, how often which rule
    said no; then the same of all days, dated None. What is 0 everywhere is left out, but for the sum of contacts.
    """
    found: list[dict[str, Any]] = []
    for day in (*simulation.days, None):
        measured = [_measured(replay, [day] if day else simulation.days) for replay in simulation.replays]
        for key in sorted({key for each in measured for key in each}, key=_order):
            found.append(_row(day, key, [each.get(key, _nothing(key[0])) for each in measured], simulation.currency))
    return found


def _order(key: tuple[Kind, str]) -> tuple[int, bool, str]:
    return KINDS.index(key[0]), key[1] == ALL, key[1]


def _nothing(kind: Kind) -> tuple[int, Decimal | None]:
    return 0, Decimal(0) if kind == "contacts" else None


def _measured(replay: Replay, days: Any) -> Measured:
    total = Day()
    for day in days:
        each = replay.days.get(day, Day())
        total.contacts.update(each.contacts)
        total.skips.update(each.skips)
        total.rules.update(each.rules)
        for channel, amount in each.spend.items():
            total.spend[channel] += amount
    return dict(_figures(total))


def _figures(day: Day) -> Iterator[tuple[tuple[Kind, str], tuple[int, Decimal | None]]]:
    for channel, count in day.contacts.items():
        yield ("contacts", channel), (count, day.spend[channel])
    yield ("contacts", ALL), (day.contacts.total(), sum(day.spend.values(), Decimal(0)))
    for reason, count in day.skips.items():
        yield ("left in peace", str(reason)), (count, None)
    for rule, count in day.rules.items():
        yield ("rule said no", rule), (count, None)


def _row(
    day: dt.date | None, key: tuple[Kind, str], figures: list[tuple[int, Decimal | None]], currency: str
) -> dict[str, Any]:
    (count, spend), *rest = figures
    row = {
        "date": day,
        "what": key[0],
        "name": key[1],
        "count": count,
        "spend_amount": spend,
        "currency_code": None if spend is None else currency,
    }
    for other, other_spend in rest:
        row |= {
            "against_count": other,
            "difference_count": other - count,
            "against_spend_amount": other_spend,
            "difference_spend_amount": None if spend is None or other_spend is None else other_spend - spend,
        }
    return row
