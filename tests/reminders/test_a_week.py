"""A week on a fast clock with every fault (benchmarks/a_week_of_reminders.py), with books that are drawn."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from week_books import DrawnBooks
from week_of_reminders import FAULTS, Week

FIRST = dt.date(2026, 6, 25)


@pytest.mark.timeout(900)
def test_a_week_with_every_fault_breaks_no_law(database: str, tmp_path: Path) -> None:
    books = DrawnBooks(7, 80, FIRST, tmp_path)
    with Week(books, tmp_path, database, 7) as week:
        week.live()
        assert week.laws.looked_at > 50, "hardly anything was put to the test"
    counted = {name: found for name, (_, _, found) in zip(FAULTS, week.days, strict=True)}
    sent = {name: found["sent"].total() for name, found in counted.items()}
    assert sent["idle"] == 0 and all(count for name, count in sent.items() if name != "idle"), sent
    assert sent["killed"] > 5
    not_sent = sum((found["not sent"] for found in counted.values()), Counter())
    assert {"unknown", "paid", "bad_address"} <= set(not_sent), not_sent
    assert counted["down"]["not sent"]["gateway_silent"] > 0
    assert counted["stale"]["left in peace"]["source_stale"] > 0
