"""Aging by bucket, in one currency."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboards.charts.theme import finish, theme
from dashboards.i18n import Words

CLICKED = "bar"
"""What Vega calls the choice of a bar in `aging_columns`, or a box in `aging_over_time`: it `opens` what it names."""
FEW_MONTHS = 4
"""Half a screen has room for the names of so many."""


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


def aging_columns(
    buckets: pd.DataFrame, currency_code: str, words: Words, is_dark: bool, chosen: str | None = None
) -> dict[str, Any]:
    """The bars of `aging_bars` in Vega-Lite, which draws the sparklines of the first page anyhow: so that nobody waits
    for Plotly, a third of the browser's work there, before they see a figure.
    """
    look = theme(is_dark)
    amounts: list[Decimal] = list(buckets["open_amount"])
    whole = sum(amounts, Decimal(0))
    counts = [words.counted("overview.items", count) for count in buckets["open_items"]]
    colours = [look.ages[min(place, len(look.ages) - 1)] for place in range(len(amounts))]
    values = [
        {
            "opens": bucket,
            "name": words.bucket(bucket),
            "height": float(amount),
            "amount": words.compact(amount),
            "share": words.percent(amount / whole if whole else None),
            "exact": words.money(amount, currency_code),
            "items": items,
            "told": f"{words.bucket(bucket)}: {words.money(amount, currency_code)}, {items}",
            "colour": colour if chosen in (None, bucket) else look.faded(colour),
            "frame": 2.5 if bucket == chosen else 0,
        }
        for bucket, amount, items, colour in zip(buckets["bucket"], amounts, counts, colours, strict=True)
    ]
    # room above the tallest bar for its two lines of text
    highest = float(max(amounts, default=Decimal(0))) * 1.22 or 1
    x = {
        "field": "name", "type": "nominal", "sort": None, "scale": {"paddingInner": 0.28, "paddingOuter": 0.14},
        # a word a line: in half a page they would hide each other
        "axis": {"title": None, "labelExpr": "split(datum.label, ' ')", "labelAngle": 0, "labelOverlap": False,
                 "labelColor": look.text, "labelFontSize": 13, "labelPadding": 8, "ticks": False, "domain": False,
                 "grid": False},
    }  # fmt: skip
    y = {"field": "height", "type": "quantitative", "axis": None, "scale": {"domain": [0, highest]}}
    titles = {"name": words("column.days"), "exact": words("column.open"), "items": words("column.items")}
    bars = {
        "mark": {"type": "bar", "cursor": "pointer", "stroke": look.text},
        "params": [{"name": CLICKED, "select": {"type": "point", "fields": ["opens"]}}],
        "encoding": {
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "strokeWidth": {"field": "frame", "type": "quantitative", "scale": None},
            "tooltip": [{"field": name, "type": "nominal", "title": title} for name, title in titles.items()],
            "description": {"field": "told", "type": "nominal"},
        },
    }

    def text(field: str, above: int, weight: int) -> dict[str, Any]:
        mark = {"type": "text", "dy": -above, "color": look.text, "fontSize": 13, "fontWeight": weight}
        return {"mark": mark | {"tooltip": None}, "encoding": {"text": {"field": field, "type": "nominal"}}}

    return {
        "data": {"values": values},
        "height": 320,
        "encoding": {"x": x, "y": y},
        "layer": [bars, text("amount", 26, 700), text("share", 10, 400)],
        "config": {"view": {"stroke": None}},
        # as SVG, in which a screen reader finds every bar with its amount
        "usermeta": {"embedOptions": {"renderer": "svg", "actions": False}},
    }


def aging_over_time(
    rows: pd.DataFrame, currency_code: str, words: Words, is_dark: bool, chosen: str | None = None
) -> dict[str, Any]:
    """A column per day of the columns as_of_date, bucket, open_items, open_amount, oldest day first; in it a box per
    bucket, what is not due at the foot, and above it the share that is overdue. With one `chosen` (its day and bucket,
    as in "2026-04-30/1-30") the other boxes fade. In Vega-Lite, as `aging_columns`.
    """
    look = theme(is_dark)
    buckets = list(dict.fromkeys(rows["bucket"]))
    colours = [look.ages[min(place, len(look.ages) - 1)] for place in range(len(buckets))]
    boxes, totals = [], []
    for day, each in groupby(rows.to_dict("records"), itemgetter("as_of_date")):
        of_day = list(each)
        whole = sum((row["open_amount"] for row in of_day), Decimal(0))
        late = sum((row["open_amount"] for row in of_day if row["bucket"] != "not_due"), Decimal(0))
        month, date = words.month(day), words.date(day)
        # whole percents: on a phone the columns are narrow
        share = f"{words.number(round(100 * late / whole))}%" if whole else ""
        totals.append({"month": month, "height": float(whole), "late": share})
        for row in of_day:
            exact, name = words.money(row["open_amount"], currency_code), words.bucket(row["bucket"])
            box = f"{day.isoformat()}/{row['bucket']}"
            share = words.percent(row["open_amount"] / whole if whole else None)
            boxes.append(
                {
                    "month": month,
                    "opens": box,
                    "date": date,
                    "name": name,
                    "place": buckets.index(row["bucket"]),
                    "height": float(row["open_amount"]),
                    "exact": f"{exact} ({share})",
                    "items": words.counted("overview.items", row["open_items"]),
                    "told": f"{date}, {name}: {exact}, {share}",
                    "opacity": 1 if chosen in (None, box) else 0.35,
                }
            )
    months = [total["month"] for total in totals]
    highest = max((total["height"] for total in totals), default=0.0) * 1.12 or 1
    x = {
        "field": "month", "type": "nominal", "sort": None, "scale": {"paddingInner": 0.22, "paddingOuter": 0.1},
        # every third month, counted from the latest; of a few every one
        "axis": {"title": None, "values": months[::-1][:: 3 if len(months) > FEW_MONTHS else 1], "labelAngle": 0,
                 "labelOverlap": False,
                 "labelColor": look.text, "labelFontSize": 13, "labelPadding": 8, "ticks": False, "domain": False,
                 "grid": False},
    }  # fmt: skip
    y = {"field": "height", "type": "quantitative", "axis": None, "scale": {"domain": [0, highest]}}
    titles = {"date": "column.as_of", "name": "column.days", "exact": "column.open", "items": "column.items"}
    names = [words.bucket(bucket) for bucket in buckets]
    legend = {"title": None, "orient": "bottom", "direction": "horizontal", "columns": 3, "labelColor": look.text,
              "labelFontSize": 12, "symbolType": "square", "symbolOpacity": 1, "offset": 12}  # fmt: skip
    return {
        "data": {"values": boxes},
        "height": 320,
        "layer": [
            {
                "mark": {"type": "bar", "cursor": "pointer", "stroke": look.page, "strokeWidth": 1},
                "params": [{"name": CLICKED, "select": {"type": "point", "fields": ["opens"]}}],
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"field": "name", "type": "nominal", "scale": {"domain": names, "range": colours},
                              "legend": legend},
                    "order": {"field": "place", "type": "quantitative"},
                    "opacity": {"field": "opacity", "type": "quantitative", "scale": None},
                    "tooltip": [{"field": n, "type": "nominal", "title": words(t)} for n, t in titles.items()],
                    "description": {"field": "told", "type": "nominal"},
                },
            },
            {
                "data": {"values": totals},
                "mark": {"type": "text", "dy": -8, "color": look.text, "fontSize": 11, "tooltip": None},
                "encoding": {"x": x, "y": y, "text": {"field": "late", "type": "nominal"}},
            },
        ],
        "config": {"view": {"stroke": None}},
        "usermeta": {"embedOptions": {"renderer": "svg", "actions": False}},
    }  # fmt: skip
