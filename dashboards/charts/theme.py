"""One look for every chart: colours told apart by colour-blind readers, always with a label beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import plotly.graph_objects as go

from dashboards.i18n import Words


@dataclass(frozen=True)
class Theme:
    """Colours of one mode. `ages` runs from not due to the oldest bucket; `series` are lines side by side."""

    text: str
    muted: str
    line: str
    ages: tuple[str, ...]
    series: tuple[str, ...]
    page: str

    def tint(self, strength: float) -> str:
        """The page, coloured from not at all (0) to as much as leaves text on it legible (1)."""
        return self._over_page(self.series[0], max(0.0, min(1.0, strength)) * 0.45)

    def faded(self, colour: str) -> str:
        """What is not chosen, beside what is."""
        return self._over_page(colour, 0.35)

    def label_on(self, colour: str) -> str:
        """Black or white, whichever is read more easily on it: one of them has 4.5:1 on any colour (WCAG AA)."""
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        lightness = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        return "#000000" if (lightness + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"

    def _over_page(self, colour: str, share: float) -> str:
        pairs = ((self.page[at : at + 2], colour[at : at + 2]) for at in (1, 3, 5))
        return "#" + "".join(f"{round(int(a, 16) * (1 - share) + int(b, 16) * share):02x}" for a, b in pairs)


# One calm hue for what is not due, then one ramp in which lightness alone tells the order: it holds in
# greyscale and for every kind of colour blindness. In dark mode older is lighter, in light mode darker,
# so that the oldest always stands out from the page.
LIGHT = Theme("#16262b", "#5a6c72", "#d5dedf", ("#5b9aa0", "#f0b878", "#e08a4c", "#c75f2c", "#9c3a17", "#651d0a"),
              ("#0b5e63", "#c75f2c", "#5a4fa2", "#a3742c", "#b03a6f", "#3f6fb5"), "#ffffff")  # fmt: skip
DARK = Theme("#e6eeee", "#9fb2b7", "#324247", ("#3f8f95", "#7d3a1c", "#a85226", "#d0733a", "#ee9f62", "#ffd0a1"),
             ("#4fb8b5", "#ee9f62", "#a9a0f0", "#d9c06a", "#f08bb4", "#86b4f5"), "#11191c")  # fmt: skip


def theme(is_dark: bool) -> Theme:
    return DARK if is_dark else LIGHT


def finish(figure: go.Figure, look: Theme, height: int) -> go.Figure:
    """The settings that all charts share: no frame, no toolbar clutter, room for labels."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": look.text, "size": 13},
        showlegend=False,
        hoverlabel={"align": "left"},
        dragmode=False,
        separators=".,",
    )
    figure.update_xaxes(showgrid=False, zeroline=False, fixedrange=True, tickfont={"color": look.text})
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def amount_axis(figure: go.Figure, look: Theme, highest: Decimal, words: Words) -> None:
    """Amounts beside the chart as the reader writes them (`20 mil`): the browser knows no language but English."""
    power = Decimal(10) ** math.floor(math.log10(highest)) if highest > 0 else Decimal(1)
    step = next(step for step in (power / 4, power / 2, power, power * 2) if highest / step <= 5)
    ticks = [step * count for count in range(int(highest // step) + 1)]
    figure.update_yaxes(
        visible=True,
        gridcolor=look.line,
        tickfont={"color": look.muted},
        tickvals=[float(tick) for tick in ticks],
        ticktext=[words.compact(tick) for tick in ticks],
    )
