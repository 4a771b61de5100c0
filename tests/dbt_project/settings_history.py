"""Companies' settings for the random histories: currency, calendar and rule of due dates, and closed days, that change.

They change within the first five deliveries: a change of settings is followed by a full build (test_company_settings),
and the builds of what is new only begin with the sixth.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace

from ledger_history import DELIVERIES, FIRST_DAY, Values, Version

from cartera.clock import FOREVER

CALENDARS = [f"calendar {number}" for number in range(6)]
OTHER_SOURCE = "another list"


def company_settings(seed: int) -> list[Version]:
    """Of two histories in three, by the user's settings and by another list; set, changed, withdrawn, set again."""
    if seed % 3 == 0:
        return []
    dice, company = random.Random(f"settings {seed}"), f"company {seed}"
    return [
        version
        for source in ("settings", OTHER_SOURCE)
        for version in _history(dice, source, "companies", company, lambda: _company(dice, company))
    ]


def closed_days() -> list[Version]:
    """Of all calendars: every third day or so is closed at some time, by one list or by two that contradict."""
    dice = random.Random("closed days")
    return [
        version
        for calendar in CALENDARS
        for day in (FIRST_DAY + dt.timedelta(days=number) for number in range(120))
        for source in dice.choice([["settings"], [OTHER_SOURCE], ["settings", OTHER_SOURCE], *[[]] * 5])
        for version in _history(
            dice, source, "closed_days", f"{calendar} {day}", lambda d=day, c=calendar: _closed_day(dice, c, d)
        )
    ]


def _history(dice: random.Random, source: str, entity: str, key: str, say: Callable[[], Values]) -> list[Version]:
    """What one source says of one record from delivery to delivery; nothing, or withdrawn, in between."""
    versions: list[Version] = []
    for recorded_at in DELIVERIES[:5]:
        if dice.random() < 0.5:
            continue
        last = versions[-1] if versions else None
        is_deleted = last is not None and not last.is_deleted and dice.random() < 0.3
        values = last.values if last and is_deleted else say()
        if last:
            versions[-1] = replace(last, recorded_to=recorded_at)
        versions.append(Version(source, entity, key, recorded_at, FOREVER, is_deleted, values))
    return versions


def _company(dice: random.Random, company: str) -> Values:
    return {
        "company_id": company,
        "name": dice.choice([None, "Acme"]),
        "currency_code": dice.choice([None, "USD", "USD", "PEN"]),
        "calendar_id": dice.choice([None, *CALENDARS]),
        "due_date_rule": dice.choice([None, "as_stated", *["next_business_day", "previous_business_day"] * 3]),
    }


def _closed_day(dice: random.Random, calendar: str, day: dt.date) -> Values:
    """The days before and after are what the list says, however far."""
    return {
        "closed_day_id": f"{calendar} {day}",
        "calendar_id": calendar,
        "closed_date": day,
        "next_business_date": day + dt.timedelta(days=dice.choice([1, 2, 3, 31])),
        "previous_business_date": day - dt.timedelta(days=dice.choice([1, 2, 3, 31])),
    }
