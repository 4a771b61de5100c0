"""Where the money is: segments by size, and in each how old it is."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import plotly.graph_objects as go

from cartera.warehouse.read import BUCKETS
from dashboards.charts.theme import finish, theme
from dashboards.i18n import Words


def segment_of(tile: str) -> str:
    """The segment of a box or of one in it, by the id that Plotly tells of a click; its name may hold a slash."""
    kind, _, rest = tile.partition("/")
    return rest if kind == "s" else rest.rpartition("/")[0]


def segment_treemap(
    rows: pd.DataFrame, currency_code: str, words: Words, is_dark: bool, chosen: str | None = None
) -> go.Figure:
    """Columns segment, bucket, open_amount: a box per segment, in it one per bucket, areas as the amounts.

    With a segment `chosen` its box and those in it are framed and the others fade.
    """
    look = theme(is_dark)
    whole = sum(rows["open_amount"], Decimal(0))
    ids, labels, parents, amounts, colours, told = [], [], [], [], [], []
    for segment, of_segment in rows.groupby("segment", sort=False):
        owed = sum(of_segment["open_amount"], Decimal(0))
        late = sum(of_segment.loc[of_segment["bucket"] != "not_due", "open_amount"], Decimal(0))
        late_share = words.percent(late / owed if owed else None)
        ids.append(f"s/{segment}")
        labels.append(words.named("segment", str(segment)))
        parents.append("")
        amounts.append(owed)
        colours.append(look.tint(0.15))
        share = words.percent(owed / whole if whole else None)
        told.append((words.money(owed, currency_code), f"{share} · {words('segments.late', share=late_share)}"))
        for row in of_segment.itertuples(index=False):
            ids.append(f"b/{segment}/{row.bucket}")
            labels.append(words.bucket(row.bucket))
            parents.append(f"s/{segment}")
            amounts.append(row.open_amount)
            place = BUCKETS.index(row.bucket) if row.bucket in BUCKETS else len(BUCKETS) - 1
            colours.append(look.ages[place])
            told.append((words.money(row.open_amount, currency_code), words.percent(row.open_amount / owed)))
    framed = [chosen is not None and segment_of(each) == chosen for each in ids]
    if any(framed):
        colours = [colour if is_in else look.faded(colour) for colour, is_in in zip(colours, framed, strict=True)]
    frames = {
        "color": [look.text if is_in else look.page for is_in in framed],
        "width": [2.5 if is_in else 1.5 for is_in in framed],
    }
    figure = go.Figure(
        go.Treemap(
            ids=ids,
            labels=labels,
            parents=parents,
            values=[float(amount) for amount in amounts],
            branchvalues="total",
            text=[words.compact(amount) for amount in amounts],
            texttemplate="<b>%{label}</b><br>%{text}",
            # Plotly's own choice was not legible on every colour
            textfont={"color": [look.label_on(colour) for colour in colours]},
            customdata=told,
            hovertemplate="<b>%{label}</b><br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
            marker={"colors": colours, "line": frames, "cornerradius": 4},
            tiling={"pad": 2},
            pathbar={"visible": False},
            maxdepth=3,
        )
    )
    figure = finish(figure, look, height=420)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 4, "b": 0}, uniformtext={"minsize": 10, "mode": "hide"})
