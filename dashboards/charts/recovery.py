"""Roll rates, cohorts and expected losses."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go

from dashboards.charts.theme import finish, theme
from dashboards.i18n import Words

SETTLED = ("collected", "credited", "written_off", "open")


def rate_bars(
    labels: list[str], rates: list[Decimal | None], told: list[str], words: Words, is_dark: bool
) -> go.Figure:
    """A bar per bucket: a share of one, or a dash where there is none; `told` is what hovering says.

    A word of a label stands in a line of its own, so that it stands upright on a phone too.
    """
    look = theme(is_dark)
    values = [None if rate is None else float(rate) for rate in rates]
    figure = go.Figure(
        go.Bar(
            x=[label.replace(" ", "<br>") for label in labels],
            y=[value or 0 for value in values],
            text=[f"<b>{words.percent(rate)}</b>" for rate in rates],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [look.ages[min(place, len(look.ages) - 1)] for place in range(len(labels))]},
            customdata=[[label, text] for label, text in zip(labels, told, strict=True)],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.3)
    highest = max((value for value in values if value is not None), default=0)
    figure = finish(figure, look, height=320).update_yaxes(range=[0, highest * 1.2 or 1])
    return figure.update_xaxes(tickangle=0, tickfont={"size": 12})


def vintage_curves(rows: pd.DataFrame, words: Words, is_dark: bool) -> go.Figure:
    """Columns cohort_month (None: the average), days_since_placement, is_complete, collected_pct.

    Each cohort a thin line, dotted from where it is too young; the average of the complete ones a thick one.
    """
    look, figure = theme(is_dark), go.Figure()
    cohorts = [month for month in dict.fromkeys(rows["cohort_month"]) if month is not None]
    for month in cohorts:
        line = rows[(rows["cohort_month"] == month) & rows["collected_pct"].notna()].sort_values("step")
        whole, young = line[line["is_complete"].astype(bool)], line[~line["is_complete"].astype(bool)]
        if not young.empty:
            young = pd.concat([whole.tail(1), young])
        for part, dash, name in ((whole, "solid", "complete"), (young, "dot", "young")):
            if part.empty:
                continue
            figure.add_scatter(
                x=list(part["days_since_placement"]),
                y=[float(value) / 100 for value in part["collected_pct"]],
                name=words(f"recovery.{name}"),
                legendgroup=name,
                showlegend=name not in {trace.legendgroup for trace in figure.data},
                mode="lines+markers",
                opacity=0.55,
                line={"color": look.ages[2] if name == "young" else look.muted, "dash": dash, "width": 1.5},
                marker={"size": 5, "symbol": "circle" if name == "complete" else "circle-open"},
                customdata=[[words.month(month), words.percent(value / 100)] for value in part["collected_pct"]],
                hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><extra>%{fullData.name}</extra>",
            )
    average = rows[rows["cohort_month"].isna() & rows["collected_pct"].notna()].sort_values("step")
    if not average.empty:
        figure.add_scatter(
            x=list(average["days_since_placement"]),
            y=[float(value) / 100 for value in average["collected_pct"]],
            name=words("recovery.average"),
            mode="lines+markers",
            line={"color": look.series[0], "width": 4},
            marker={"size": 8, "symbol": "diamond"},
            customdata=[[words.percent(value / 100)] for value in average["collected_pct"]],
            hovertemplate="<b>%{customdata[0]}</b><extra>%{fullData.name}</extra>",
        )
    figure = finish(figure, look, height=360)
    figure.update_xaxes(showline=True, linecolor=look.line, title={"text": words("recovery.days_since"), "standoff": 4})
    figure.update_yaxes(
        visible=True, range=[0, 1.04], tickformat=".0%", gridcolor=look.line, tickfont={"color": look.muted}
    )
    legend = {"orientation": "h", "y": -0.22, "x": 0, "yanchor": "top"}
    return figure.update_layout(showlegend=True, legend=legend, margin={"l": 8, "r": 8, "t": 12, "b": 8})


def settled_bars(rows: pd.DataFrame, currency_code: str, words: Words, is_dark: bool) -> go.Figure:
    """Columns cohort_month, placed_amount and an amount of each of SETTLED: what became of what was placed."""
    look = theme(is_dark)
    colours = (look.ages[0], look.series[2], look.ages[5], look.ages[1])
    patterns = ("", "/", "x", ".")
    figure = go.Figure()
    for name, colour, pattern in zip(SETTLED, colours, patterns, strict=True):
        amounts = list(rows[f"{name}_amount"])
        shares = [
            amount / whole if whole else None for amount, whole in zip(amounts, rows["placed_amount"], strict=True)
        ]
        figure.add_bar(
            x=[words.month(month) for month in rows["cohort_month"]],
            y=[float(share or 0) for share in shares],
            name=words(f"recovery.{name}"),
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": look.page, "size": 6, "solidity": 0.25},
            },
            customdata=[
                [words.money(amount, currency_code), words.percent(share)]
                for amount, share in zip(amounts, shares, strict=True)
            ],
            hovertemplate="%{x}<br><b>%{customdata[0]}</b><br>%{customdata[1]}<extra>%{fullData.name}</extra>",
        )
    figure = finish(figure, look, height=320)
    # every third month, counted from the latest
    figure.update_xaxes(tickvals=[words.month(month) for month in list(rows["cohort_month"])[::-1][::3]])
    figure.update_yaxes(
        visible=True, range=[0, 1], tickformat=".0%", gridcolor=look.line, tickfont={"color": look.muted}
    )
    legend = {"orientation": "h", "y": -0.18, "x": 0, "yanchor": "top", "traceorder": "normal"}
    return figure.update_layout(barmode="stack", bargap=0.25, showlegend=True, legend=legend)
