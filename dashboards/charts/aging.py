"""Aging by bucket, in one currency."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go

from dashboards.charts.theme import finish, theme
from dashboards.i18n import Words


def aging_bars(
    buckets: pd.DataFrame,
    currency_code: str,
    words: Words,
    is_dark: bool,
    chosen: str | None = None,
    height: int = 320,
) -> go.Figure:
    """Bars of by_bucket's columns (bucket, open_items, open_amount), oldest last.

    Every bar carries its amount and share in words; the exact amount is in the hover. With a bucket `chosen` its bar is
    framed and the others fade.
    """
    look = theme(is_dark)
    amounts: list[Decimal] = list(buckets["open_amount"])
    whole = sum(amounts, Decimal(0))
    labels = [
        f"<b>{words.compact(amount)}</b><br>{words.percent(amount / whole if whole else None)}" for amount in amounts
    ]
    colours = [look.ages[min(place, len(look.ages) - 1)] for place in range(len(amounts))]
    frames = [2.5 if bucket == chosen else 0 for bucket in buckets["bucket"]]
    if chosen is not None:
        # by colour: bars of different opacity hear no click
        colours = [colour if frame else look.faded(colour) for colour, frame in zip(colours, frames, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=[words.bucket(bucket) for bucket in buckets["bucket"]],
            y=[float(amount) for amount in amounts],
            text=labels,
            textposition="outside",
            cliponaxis=False,
            marker={"color": colours, "line": {"color": look.text, "width": frames}},
            customdata=[
                [words.money(amount, currency_code), words.counted("overview.items", count)]
                for amount, count in zip(amounts, buckets["open_items"], strict=True)
            ],
            hovertemplate="%{x}<br><b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.28)
    # room above the tallest bar for its two lines of text
    return finish(figure, look, height).update_yaxes(range=[0, float(max(amounts, default=Decimal(0))) * 1.22 or 1])
