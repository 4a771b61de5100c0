"""Reading in the order of change by numbered pages misses nothing, whatever changes or goes while it is read."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest

from cartera.connectors.api import Access, Resource, raw_entity, timestamp
from cartera.connectors.api.by_change import by_change
from cartera.connectors.api.http import Http
from cartera.connectors.api.values import BadValue, date_of, moment_of
from cartera.errors import SourceError

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
THINGS = Resource(raw_entity("things", "id", timestamp("changed"), changed_at="changed"))
Record = dict[str, Any]


def read(records: dict[str, dt.datetime], since: dt.datetime | None, size: int, between: Any) -> dict[str, dt.datetime]:
    """What a reading gives, by key; `between` is called before each page."""

    def ask(moment: dt.datetime | None, number: int) -> tuple[list[Record], bool]:
        between()
        found = sorted((at, key) for key, at in records.items() if moment is None or at >= moment)
        page = found[number * size : (number + 1) * size]
        return [{"id": key, "changed": at.isoformat()} for at, key in page], (number + 1) * size < len(found)

    http = Http("http://localhost", Access("things", {}))
    pages = by_change(http, THINGS, since, ask, lambda record: record["changed"])
    return {record["id"]: dt.datetime.fromisoformat(record["changed"]) for page in pages for record in page}


@pytest.mark.parametrize("seed", range(400))
def test_nothing_is_missed_while_records_change_and_go(seed: int) -> None:
    chance = random.Random(seed)
    now = START + dt.timedelta(hours=1)
    records = {
        f"{number:03}": START + dt.timedelta(seconds=chance.randrange(8), milliseconds=chance.randrange(1000))
        for number in range(chance.randrange(80))
    }
    left = chance.randrange(20)

    def between() -> None:
        nonlocal now, left
        if left and records and chance.random() < 0.7:
            left -= 1
            now += dt.timedelta(seconds=chance.choice((0, 1)))
            key = chance.choice(sorted(records))
            if chance.random() < 0.3:
                del records[key]
            else:
                records[key if chance.random() < 0.7 else f"new{left}"] = now

    since = chance.choice((None, START + dt.timedelta(seconds=3)))
    before = dict(records)
    found = read(records, since, chance.choice((1, 2, 7, 100)), between)
    due = {key: at for key, at in records.items() if since is None or at >= since}
    assert {key for key, at in due.items() if before.get(key) == at} <= set(found)
    # what changed behind us has a date of change that the next reading asks for
    place = max(found.values(), default=since)
    found |= read(records, place - dt.timedelta(minutes=5) if place else None, 7, lambda: None)
    assert due.items() <= found.items()


@pytest.mark.parametrize("ignores", ["number", "moment"])
def test_a_system_that_ignores_what_it_is_asked_is_refused(ignores: str) -> None:
    http = Http("http://localhost", Access("things", {}))
    pages = [
        [{"id": f"{n}{m}", "changed": (START + dt.timedelta(hours=n)).isoformat()} for m in "ab"] for n in range(4)
    ]

    def ask(moment: dt.datetime | None, number: int) -> tuple[list[Record], bool]:
        return pages[0 if ignores == "number" else number], number < 3

    with pytest.raises(SourceError, match="the same records again and again"):
        list(by_change(http, THINGS, None, ask, lambda record: record["changed"]))


def test_a_record_without_a_date_of_change_is_refused() -> None:
    http = Http("http://localhost", Access("things", {}))
    with pytest.raises(SourceError, match="without a date of change"):
        list(by_change(http, THINGS, None, lambda _moment, _number: ([{"id": "1"}], True), lambda one: one.get("x")))


def test_dates_as_dot_net_writes_them() -> None:
    assert moment_of("/Date(1573755038314+0000)/") == dt.datetime(2019, 11, 14, 18, 10, 38, 314_000, dt.UTC)
    assert moment_of("/Date(-1000)/") == dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    assert date_of("/Date(1573755038314+0000)/") == dt.date(2019, 11, 14)
    assert date_of("/Date(1573755038314+1300)/") == dt.date(2019, 11, 15)
    assert date_of("/Date(1573690238314-0500)/") == dt.date(2019, 11, 13)
    for beyond in ("/Date(soon)/", Decimal("9E+999999"), "9999-12-31T23:59:59-05:00"):
        with pytest.raises(BadValue, match="no moment"):
            moment_of(beyond)
    with pytest.raises(BadValue, match="no date"):
        date_of("/Date(253402300799000+1300)/")
