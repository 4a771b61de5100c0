"""What was promised by week, and what became of it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboards.charts.theme import amount_axis, finish, theme
from dashboards.i18n import Words

ORDER = ("kept", "broken", "in_grace", "due_today", "open")
PATTERNS = ("", "x", "/", "+", ".")


def promise_weeks(rows: pd.DataFrame, currency_code: str, words: Words, is_dark: bool) -> go.Figure:
    """Columns week, state, promises, promised_amount: a stack of amounts per week, by state."""
    look, figure = theme(is_dark), go.Figure()
    colours = (look.ages[0], look.ages[4], look.ages[2], look.ages[1], look.series[2])
    weeks = sorted(set(rows["week"]))
    for state, colour, pattern in zip(ORDER, colours, PATTERNS, strict=True):
        of_state = {row["week"]: row for row in rows[rows["state"] == state].to_dict("records")}
        if not of_state:
            continue
        found = [of_state.get(week) for week in weeks]
        figure.add_bar(
            x=[words.date(week) for week in weeks],
            y=[float(row["promised_amount"]) if row else 0.0 for row in found],
            name=words(f"promises.state.{state}"),
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": look.page, "size": 6, "solidity": 0.25},
            },
            customdata=[
                [words.money(row["promised_amount"], currency_code), words.counted("promises.count", row["promises"])]
                if row
                else ["", ""]
                for row in found
            ],
            hovertemplate="%{x}<br><b>%{customdata[0]}</b><br>%{customdata[1]}<extra>%{fullData.name}</extra>",
        )
    figure = finish(figure, look, height=300)
    labels = [words.date(week) for week in weeks]
    step = max(1, round(len(labels) / 4))
    figure.update_xaxes(type="category", tickvals=labels[::-1][::step])
    amount_axis(figure, look, rows.groupby("week")["promised_amount"].sum().max(), words)
    legend = {"orientation": "h", "y": -0.22, "x": 0, "yanchor": "top", "traceorder": "normal"}
    return figure.update_layout(barmode="stack", bargap=0.25, showlegend=True, legend=legend)
