"""The trend of a KPI, and what moved DSO."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go

from dashboards.charts.theme import finish, theme
from dashboards.i18n import Words

MARKERS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
DASHES = ("solid", "dash", "dot", "dashdot")
PARTS = ("sales", "terms", "mix", "currency", "delinquency")


def kpi_trend(rows: pd.DataFrame, unit: str, words: Words, is_dark: bool) -> go.Figure:
    """A line per series of the columns series, as_of_date, currency_code, value, reason; a gap where it is null.

    Lines are told apart by colour, marker and dash; hovering says the figure, or why there is none.
    """
    look = theme(is_dark)
    figure = go.Figure()
    names = list(dict.fromkeys(rows["series"]))
    for place, name in enumerate(names):
        line = rows[rows["series"] == name]
        figure.add_scatter(
            x=list(line["as_of_date"]),
            y=[None if value is None else float(value) / (100 if unit == "percent" else 1) for value in line["value"]],
            name=name,
            mode="lines+markers",
            line={"color": look.series[place % len(look.series)], "dash": DASHES[place % len(DASHES)], "width": 2.5},
            marker={"symbol": MARKERS[place % len(MARKERS)], "size": 8},
            customdata=[
                [words.date(day), words.figure(value, unit, code) + (f" ({words.reason(reason)})" if reason else "")]
                for day, value, code, reason in zip(
                    line["as_of_date"], line["value"], line["currency_code"], line["reason"], strict=True
                )
            ],
            hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><extra>%{fullData.name}</extra>",
        )
    figure = finish(figure, look, height=300)
    days = sorted(set(rows["as_of_date"]))
    # every third month, counted from the latest, which always has its label
    shown = days[::-1][::3]
    figure.update_xaxes(
        tickvals=shown, ticktext=[words.month(day) for day in shown], showline=True, linecolor=look.line
    )
    figure.update_yaxes(
        visible=True,
        rangemode="tozero",
        gridcolor=look.line,
        zerolinecolor=look.muted,
        nticks=5,
        tickformat=".0%" if unit == "percent" else None,
        tickfont={"color": look.muted},
    )
    figure.update_layout(showlegend=len(names) > 1, legend={"orientation": "h", "y": -0.16, "x": 0, "yanchor": "top"})
    return figure


def dso_waterfall(row: pd.Series, first: str, second: str, words: Words, is_dark: bool) -> go.Figure:
    """From DSO at the first date to that at the second by the parts that moved it: one row of dso_bridge.COLUMNS."""
    look = theme(is_dark)
    moved = [row[f"{part}_days"] for part in PARTS]
    texts = [words.days(row["from_days"]), *(words.days(m, signed=True) for m in moved), words.days(row["to_days"])]
    steps = [row["from_days"]]
    for part in moved:
        steps.append(steps[-1] + part)
    labels = [first, *(words(f"bridge.{part}") for part in PARTS), second]
    labels = ["<br>".join(label.rsplit(" ", 1)) for label in labels]
    figure = go.Figure(
        go.Waterfall(
            x=labels,
            y=[float(value) for value in (row["from_days"], *moved, row["to_days"])],
            measure=["absolute", *("relative" for _ in PARTS), "total"],
            text=[f"<b>{text}</b>" for text in texts],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": look.muted, "width": 1}},
            increasing={"marker": {"color": look.ages[3]}},
            decreasing={"marker": {"color": look.ages[0]}},
            totals={"marker": {"color": look.muted}},
            customdata=[[text] for text in texts],
            hovertemplate="%{x}<br><b>%{customdata[0]}</b><extra></extra>",
        )
    )
    top, bottom = float(max(*steps, row["to_days"])), float(min(*steps, Decimal(0)))
    room = (top - bottom) * 0.15 or 1
    finish(figure, look, height=340).update_xaxes(tickangle=0, tickfont={"size": 12})
    return figure.update_yaxes(range=[bottom - (room if bottom < 0 else 0), top + room])
