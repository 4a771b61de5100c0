"""The same day of an earlier month, by the calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from cartera.clock import months_before


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-06-15", 1, "2026-05-15"),
        ("2026-06-15", 12, "2025-06-15"),
        ("2026-01-15", 1, "2025-12-15"),
        ("2026-06-30", 1, "2026-05-31"),  # month ends with month ends
        ("2026-06-29", 1, "2026-05-29"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2026-03-30", 1, "2026-02-28"),  # February has no 30th
        ("2025-02-28", 12, "2024-02-29"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2026-12-31", 12, "2025-12-31"),
    ],
)
def test_the_same_day_of_an_earlier_month(day: str, months: int, expected: str) -> None:
    assert months_before(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(expected)
