"""The charts of campaigns and promises as plain functions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from dashboards.charts.campaigns import contact_calendar, interval_bars, outcome_bars
from dashboards.charts.promises import promise_weeks
from dashboards.i18n import Words

FIRST, LAST = dt.date(2026, 6, 24), dt.date(2026, 7, 7)


def test_shares_are_of_what_can_be_said_something_of() -> None:
    columns = ["went_out", "answered", "reported", "reported_delivered", "judged", "judged_paid"]
    rows = pd.DataFrame([[20, 2, 10, 5, 4, 0], [8, 0, 0, 0, 0, 0]], columns=columns, dtype=object)
    figure = outcome_bars(rows, ["SMS", "E-mail"], Words("EN"), is_dark=False)
    assert [list(bar.text) for bar in figure.data] == [["50.0%", "—"], ["10.0%", "0.0%"], ["0.0%", "—"]]
    assert list(figure.data[2].customdata[0]) == ["0", "4"]
    assert len({bar.marker.color for bar in figure.data}) == len({bar.marker.pattern.shape for bar in figure.data}) == 3


@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_a_calendar_has_every_day_once_and_marks_closed_ones(language: str) -> None:
    sunday = dt.date(2026, 6, 28)
    figure = contact_calendar({FIRST: 3, sunday: 1}, FIRST, LAST, [sunday], Words(language), is_dark=True)
    cells = [text for week in figure.data[0].text for text in week]
    assert sum(bool(text) for text in cells) == (LAST - FIRST).days + 1 == 14
    assert cells[2] == "24<br><b>3</b>" and cells[6] == "28 ✕<br><b>1</b>" and cells[7] == "29"
    assert len(figure.layout.shapes) == 1 and len(figure.data[0].x) == 7


def test_a_calendar_without_contacts_divides_by_nothing() -> None:
    figure = contact_calendar({}, FIRST, LAST, [], Words("EN"), is_dark=False)
    assert {value for week in figure.data[0].z for value in week} == {None, 0.0}


def test_an_interval_has_its_bounds_and_stands_beside_zero() -> None:
    figure = interval_bars(["Champion"], [(Decimal(2), Decimal("-1"), Decimal(6))], ["+2.0"], is_dark=False)
    (points,) = figure.data
    assert (points.error_x.array[0], points.error_x.arrayminus[0]) == (4, 3)
    assert figure.layout.shapes[0].x0 == 0


def test_weeks_stack_the_states_that_are_there() -> None:
    week = dt.date(2026, 6, 29)
    rows = pd.DataFrame(
        [
            [week, "kept", 2, Decimal(30)],
            [week, "broken", 1, Decimal(10)],
            [dt.date(2026, 7, 6), "open", 1, Decimal(5)],
        ],
        columns=["week", "state", "promises", "promised_amount"],
        dtype=object,
    )
    figure = promise_weeks(rows, "PEN", Words("EN"), is_dark=False)
    assert [bar.name for bar in figure.data] == ["Kept", "Broken", "Still to come"]
    assert [list(bar.y) for bar in figure.data] == [[30, 0], [10, 0], [0, 5]]
    assert list(figure.data[0].customdata[0]) == ["PEN\u00a030.00", "2 promises"]
