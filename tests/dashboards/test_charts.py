"""The aging chart as a plain function."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from cartera.warehouse.read import BUCKETS
from dashboards.charts.aging import aging_bars
from dashboards.charts.theme import DARK, LIGHT, Theme
from dashboards.i18n import Words


def _buckets(*amounts: str) -> pd.DataFrame:
    rows = zip(BUCKETS, range(1, 7), map(Decimal, amounts), strict=True)
    return pd.DataFrame(rows, columns=["bucket", "open_items", "open_amount"], dtype=object)


def test_every_bucket_has_a_bar_with_amount_share_and_words() -> None:
    (bar,) = aging_bars(_buckets("100", "300", "0", "0", "0", "600"), "PEN", Words("EN"), is_dark=False).data
    assert list(bar.x) == ["Not due", "1-30 days", "31-60 days", "61-90 days", "91-120 days", "120+ days"]
    assert list(bar.y) == [100, 300, 0, 0, 0, 600]
    assert bar.text[1] == "<b>300</b><br>30.0%"
    assert list(bar.customdata[0]) == ["PEN\u00a0100.00", "1 open item"]
    assert len(set(bar.marker.color)) == 6


def test_nothing_open_is_no_division_by_zero() -> None:
    (bar,) = aging_bars(_buckets(*"000000"), "PEN", Words("EN"), is_dark=True).data
    assert bar.text[0] == "<b>0</b><br>—"


def test_the_labels_speak_the_language() -> None:
    (bar,) = aging_bars(_buckets(*"123456"), "PEN", Words("ES"), is_dark=False).data
    assert bar.x[0] == "Por vencer"


def _lightness(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_lightness(one), _lightness(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("look", "page"), [(LIGHT, "#ffffff"), (DARK, "#11191c")])
def test_age_can_be_told_in_greyscale_and_the_oldest_stands_out(look: Theme, page: str) -> None:
    against_page = [_contrast(colour, page) for colour in look.ages[1:]]
    assert against_page == sorted(against_page), "older buckets stand out more"
    assert all(_contrast(a, b) > 1.2 for a, b in zip(look.ages[1:], look.ages[2:], strict=False))
    assert _contrast(look.text, page) > 7
    assert _contrast(look.muted, page) > 4.5
