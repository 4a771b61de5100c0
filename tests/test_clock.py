"""The same day of an earlier month, by the calendar; the dates and moments that can be asked of."""

from __future__ import annotations

import datetime as dt

import pytest

from cartera.clock import FOREVER, months_before, parse_date, parse_moment
from cartera.errors import ConfigError


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


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-05", "1899-12-31"])
def test_a_date_at_which_nothing_could_hold_is_refused(text: str) -> None:
    """`cartera aging --known-at 9999-12-31` said that nothing was open."""
    for parse in (parse_date, parse_moment):
        with pytest.raises(ConfigError, match="is too far away"):
            parse(text)
    with pytest.raises(ConfigError, match="is too far away"):
        parse_moment(f"{text}T00:00:00+05:00")


def test_the_last_that_can_be_asked_of_is_before_forever() -> None:
    assert parse_moment("9998-12-31") < FOREVER and parse_date("9998-12-31") == dt.date(9998, 12, 31)
    assert parse_moment("2026-07-01T00:30:00+05:00") == dt.datetime(2026, 6, 30, 19, 30, tzinfo=dt.UTC)
    assert parse_moment("2026-07-01").isoformat() == "2026-07-01T23:59:59.999999+00:00"
