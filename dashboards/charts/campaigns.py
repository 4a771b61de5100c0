"""What reminders brought: shares by group, a calendar of contacts, intervals of experiments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go
from babel.dates import get_day_names

from dashboards.charts.theme import finish, theme
from dashboards.i18n import Words

OUTCOMES = {
    "delivered": ("reported_delivered", "reported"),
    "answered": ("answered", "went_out"),
    "paid": ("judged_paid", "judged"),
}
"""What came back: the columns of how many, and of how many something can be said."""
WEEK = 7


def outcome_bars(rows: pd.DataFrame, labels: list[str], words: Words, is_dark: bool) -> go.Figure:
    """The columns of OUTCOMES, a row per label: what part of what went out was delivered, answered, paid after."""
    look, figure = theme(is_dark), go.Figure()
    for (name, (part, whole)), colour, pattern in zip(OUTCOMES.items(), look.series, ("", "/", "."), strict=False):
        counts = list(zip(rows[part], rows[whole], strict=True))
        shares = [Decimal(n) / of if of else None for n, of in counts]
        figure.add_bar(
            y=labels,
            x=[float(share or 0) for share in shares],
            name=words(f"campaigns.stage.{name}"),
            orientation="h",
            text=[f"{words.percent(share)}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            marker={"color": colour, "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": look.page,
                                                 "size": 6, "solidity": 0.25}},
            customdata=[[words.number(n), words.number(of)] for n, of in counts],
            hovertemplate="%{y}<br><b>%{customdata[0]}</b> / %{customdata[1]}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure = finish(figure, look, height=90 + 72 * max(len(labels), 1))
    figure.update_yaxes(visible=True, autorange="reversed", tickfont={"color": look.text}, automargin=True)
    figure.update_xaxes(range=[0, 1.12], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], showgrid=True,
                        gridcolor=look.line, tickfont={"color": look.muted})  # fmt: skip
    legend = {"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom", "traceorder": "normal"}
    return figure.update_layout(barmode="group", bargap=0.25, showlegend=True, legend=legend)


def contact_calendar(
    counts: dict[dt.date, int], first: dt.date, last: dt.date, closed: Collection[dt.date], words: Words, is_dark: bool
) -> go.Figure:
    """A row per week, a column per weekday: the day, how many contacts; ✕ and a hatched frame where none is allowed."""
    look, most = theme(is_dark), max(counts.values(), default=0)
    start = first - dt.timedelta(days=first.weekday())
    weeks = ((last - start).days // WEEK) + 1
    names = [get_day_names("abbreviated", locale=words.locale)[day] for day in range(WEEK)]
    values: list[list[float | None]] = []
    texts, told, labels = [], [], []
    for week in range(weeks):
        days = [start + dt.timedelta(days=WEEK * week + place) for place in range(WEEK)]
        labels.append(words.date(days[0]))
        inside = [first <= day <= last for day in days]
        values.append([counts.get(day, 0) / most if most and is_in else (0.0 if is_in else None)
                       for day, is_in in zip(days, inside, strict=True)])  # fmt: skip
        texts.append([_cell(day, counts.get(day, 0), day in closed, words) if is_in else ""
                      for day, is_in in zip(days, inside, strict=True)])  # fmt: skip
        told.append([_told(day, counts.get(day, 0), day in closed, words) for day in days])
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=labels,
            z=values,
            zmin=0,
            zmax=1,
            colorscale=[[0, look.tint(0)], [1, look.tint(1)]],
            showscale=False,
            xgap=3,
            ygap=3,
            text=texts,
            texttemplate="%{text}",
            textfont={"color": look.text, "size": 12},
            customdata=told,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    for day in sorted(closed):
        if first <= day <= last:
            week, place = divmod((day - start).days, WEEK)
            figure.add_shape(
                type="rect", x0=place - 0.46, x1=place + 0.46, y0=week - 0.44, y1=week + 0.44,
                line={"color": look.ages[3], "width": 1.5, "dash": "dot"},
            )  # fmt: skip
    figure = finish(figure, look, height=60 + 52 * weeks)
    figure.update_xaxes(side="top", tickfont={"color": look.muted})
    figure.update_yaxes(visible=True, autorange="reversed", showgrid=False, tickfont={"color": look.muted, "size": 11})
    return figure


def _cell(day: dt.date, count: int, is_closed: bool, words: Words) -> str:
    mark = " ✕" if is_closed else ""
    return f"{day.day}{mark}<br><b>{words.number(count)}</b>" if count else f"{day.day}{mark}"


def _told(day: dt.date, count: int, is_closed: bool, words: Words) -> str:
    lines = [words.date(day), words.counted("campaigns.contacts", count)]
    return "<br>".join([*lines, *([words("campaigns.closed")] if is_closed else [])])


def interval_bars(
    labels: list[str], intervals: list[tuple[Decimal, Decimal, Decimal]], told: list[str], is_dark: bool
) -> go.Figure:
    """An estimate with the bounds of its interval per label, beside a line at zero."""
    look = theme(is_dark)
    estimates = [float(estimate) for estimate, _, _ in intervals]
    figure = go.Figure(
        go.Scatter(
            x=estimates,
            y=labels,
            mode="markers+text",
            text=told,
            textposition="top center",
            textfont={"color": look.text},
            cliponaxis=False,
            marker={"size": 11, "color": look.series[0], "symbol": "diamond"},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [float(high - estimate) for estimate, _, high in intervals],
                "arrayminus": [float(estimate - low) for estimate, low, _ in intervals],
                "color": look.series[0],
                "thickness": 2,
                "width": 8,
            },
            hoverinfo="skip",
        )
    )
    figure.add_vline(x=0, line={"color": look.muted, "width": 1.5, "dash": "dash"})
    figure = finish(figure, look, height=90 + 64 * max(len(labels), 1))
    figure.update_yaxes(visible=True, autorange="reversed", tickfont={"color": look.text}, automargin=True)
    figure.update_xaxes(showgrid=True, gridcolor=look.line, tickfont={"color": look.muted})
    return figure
