"""The charts as plain functions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go
import pytest

from cartera.warehouse.read import BUCKETS
from dashboards.charts.aging import aging_bars, aging_columns
from dashboards.charts.campaigns import contact_calendar
from dashboards.charts.kpis import dso_waterfall, kpi_trend
from dashboards.charts.recovery import rate_bars
from dashboards.charts.segments import segment_treemap
from dashboards.charts.theme import DARK, LIGHT, Theme, amount_axis, theme
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


def test_the_bars_of_the_first_page_say_what_those_of_the_aging_page_do() -> None:
    for amounts, chosen in ((("100", "300", "0", "0", "0", "600"), "31-60"), ("000000", None)):
        asked = (_buckets(*amounts), "PEN", Words("ES"), False, chosen)
        (bar,) = aging_bars(*asked).data
        columns = aging_columns(*asked)["data"]["values"]
        assert [each["opens"] for each in columns] == list(BUCKETS)
        assert [each["name"] for each in columns] == list(bar.x)
        assert [each["height"] for each in columns] == list(bar.y)
        assert [f"<b>{each['amount']}</b><br>{each['share']}" for each in columns] == list(bar.text)
        assert [[each["exact"], each["items"]] for each in columns] == [list(said) for said in bar.customdata]
        assert [each["colour"] for each in columns] == list(bar.marker.color)
        assert [each["frame"] for each in columns] == list(bar.marker.line.width)


def test_the_bucket_chosen_is_framed_and_the_others_fade() -> None:
    (plain,) = aging_bars(_buckets(*"123456"), "PEN", Words("EN"), is_dark=False).data
    (bar,) = aging_bars(_buckets(*"123456"), "PEN", Words("EN"), is_dark=False, chosen="31-60").data
    assert [width > 0 for width in bar.marker.line.width] == [False, False, True, False, False, False]
    assert [a == b for a, b in zip(plain.marker.color, bar.marker.color, strict=True)] == [
        False, False, True, False, False, False,
    ]  # fmt: skip
    assert len(set(bar.marker.color)) == 6


def test_nothing_open_is_no_division_by_zero() -> None:
    (bar,) = aging_bars(_buckets(*"000000"), "PEN", Words("EN"), is_dark=True).data
    assert bar.text[0] == "<b>0</b><br>—"


def test_the_labels_speak_the_language() -> None:
    (bar,) = aging_bars(_buckets(*"123456"), "PEN", Words("ES"), is_dark=False).data
    assert bar.x[0] == "Por vencer"


def _trend(*values: str | None) -> pd.DataFrame:
    reason = "nothing is open"
    rows = [
        ("PEN", "PEN", dt.date(2026, month, 28), None if v is None else Decimal(v), reason if v is None else None)
        for month, v in enumerate(values, 1)
    ]
    return pd.DataFrame(rows, columns=["series", "currency_code", "as_of_date", "value", "reason"], dtype=object)


def test_a_trend_has_a_gap_that_says_why_and_percent_of_one() -> None:
    (line,) = kpi_trend(_trend("12.5", None, "20"), "percent", Words("EN"), is_dark=False).data
    assert [line.y[0], line.y[2]] == [0.125, 0.2] and (line.y[1] is None or line.y[1] != line.y[1])
    assert [told for _, told in line.customdata] == ["12.5%", "— (nothing is open)", "20.0%"]


def test_lines_of_a_trend_differ_in_more_than_colour() -> None:
    both = pd.concat([_trend("1", "2"), _trend("3", "4").assign(series="USD")])
    figure = kpi_trend(both, "days", Words("ES"), is_dark=True)
    one, other = figure.data
    assert (one.name, other.name) == ("PEN", "USD")
    assert one.line.dash != other.line.dash and one.marker.symbol != other.marker.symbol
    assert figure.layout.showlegend


def test_the_waterfall_walks_from_one_figure_to_the_other() -> None:
    parts = {"sales": "5", "terms": "-2", "mix": "0.04", "currency": "0", "delinquency": "-1.04"}
    row = pd.Series(
        {"from_days": Decimal(60), "to_days": Decimal(62)} | {f"{n}_days": Decimal(v) for n, v in parts.items()}
    )
    (bars,) = dso_waterfall(row, "31 Mar 2026", "30 Jun 2026", Words("EN"), is_dark=False).data
    assert list(bars.measure) == ["absolute", *["relative"] * 5, "total"]
    assert sum(bars.y[:6]) == pytest.approx(bars.y[6])
    assert list(bars.text) == [f"<b>{t}</b>" for t in ("60.0", "+5.0", "-2.0", "0.0", "0.0", "-1.0", "62.0")]
    assert bars.x[0] == "31 Mar<br>2026" and bars.x[5] == "Late<br>payment"


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
    assert _contrast(look.text, look.tint(1)) > 4.5, "text in the busiest cell of a heat map"
    assert _contrast(look.muted, page) > 4.5
    assert all(_contrast(colour, page) > 3 for colour in look.series), "WCAG for lines"


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("chosen", [None, "B"])
def test_every_label_on_a_box_is_legible(is_dark: bool, chosen: str | None) -> None:
    """WCAG AA asks for 4.5:1."""
    boxes = [(segment, bucket, Decimal(10)) for segment in "AB" for bucket in BUCKETS]
    rows = pd.DataFrame(boxes, columns=["segment", "bucket", "open_amount"])
    (tree,) = segment_treemap(rows, "PEN", Words("EN"), is_dark, chosen).data
    pairs = list(zip(tree.marker.colors, tree.textfont.color, strict=True))
    assert len(pairs) == 2 * (1 + len(BUCKETS))
    assert all(_contrast(fill, label) >= 4.5 for fill, label in pairs)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_every_number_in_the_calendar_is_legible(look: Theme) -> None:
    """As above, on the emptiest day and on the fullest: what lies between is a mixture of both."""
    day = dt.date(2026, 6, 30)
    (heat,) = contact_calendar({day: 3}, day, day + dt.timedelta(days=8), [], Words("EN"), look is DARK).data
    fills = [fill for _, fill in heat.colorscale]
    assert len(set(fills)) == 2
    assert all(_contrast(fill, heat.textfont.color) >= 4.5 for fill in fills)


def test_labels_of_rates_stand_upright_a_word_in_a_line() -> None:
    labels = ["Not due ↓ 1-30 days", "120+ days ↓ Written off"]
    figure = rate_bars(labels, [Decimal("0.5"), None], ["one", "two"], Words("EN"), is_dark=False)
    assert figure.layout.xaxis.tickangle == 0
    assert list(figure.data[0].x) == ["Not<br>due<br>↓<br>1-30<br>days", "120+<br>days<br>↓<br>Written<br>off"]
    assert [each[0] for each in figure.data[0].customdata] == labels


def test_an_axis_of_amounts_is_written_in_the_readers_language() -> None:
    figure = go.Figure()
    amount_axis(figure, theme(is_dark=False), Decimal("21000"), Words("PT"))
    assert list(figure.layout.yaxis.ticktext) == ["0", "5\u00a0mil", "10\u00a0mil", "15\u00a0mil", "20\u00a0mil"]
    amount_axis(figure, theme(is_dark=False), Decimal(0), Words("PT"))
    assert list(figure.layout.yaxis.tickvals) == [0]
