"""Cards with a figure: beside each other as there is room; on a phone two and two, without what is for a wide one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.components.target_note import Goal
from dashboards.components.view import View

Color = Literal["normal", "inverse", "off"]
"""Of a change: whether more is better, or worse, or neither."""
HALF, CHIP = 12, 18
"""Characters of a figure and under it that half a phone shows without cutting them off."""
IN_A_ROW = 4
"""So many cards of Streamlit's own least width stand beside each other on a screen of 1280. Five have no room for an
amount of millions there, so more of them are in rows of about as many each."""


def headline(view: View, amount: Decimal, currency_code: str) -> str:
    """An amount as large as a card has room for; half a phone has it for millions, and says billions in short."""
    if not view.is_phone:
        return view.words.headline(amount, currency_code)
    text = view.words.units(amount)
    return text if len(text) <= HALF else view.words.compact(amount)


def places(view: View, count: int) -> list[DeltaGenerator]:
    """Where `count` cards stand, which are drawn in their order."""
    if not view.is_phone and count <= IN_A_ROW:
        # a narrow window has them in rows: in columns they would be cut off
        return [st.container(horizontal=True)] * count
    in_a_row = 2 if view.is_phone else ceil(count / ceil(count / IN_A_ROW))
    found: list[DeltaGenerator] = []
    while len(found) < count:
        with st.container(horizontal=True, gap="xsmall" if view.is_phone else "small"):
            found += [st.container(width="stretch", height="stretch") for _ in range(min(in_a_row, count - len(found)))]
    return found


def card(
    view: View,
    label: str,
    value: str,
    *,
    short: str | None = None,
    chip: str | None = None,
    note: str | None = None,
    goal: Goal | None = None,
    help_text: str,
    chart: Sequence[float] | None = None,
    chart_type: Literal["line", "bar"] = "line",
    color: Color = "off",
) -> None:
    """`chip` is a change, which says something without the note beside it; a note alone stands in its place.

    On a phone the label gives way to a short one, the chart, the target's mark and a long note to what the hover says.
    """
    if view.is_phone:
        told = [label] if short else []
        if note and (chip or len(note) > CHIP):
            told.append(note)
            note = None
        label, help_text = short or label, "\n\n".join([*filter(None, [" · ".join(told)]), help_text])
    elif goal:
        # both at full length are cut off on a screen of 1280
        help_text = f"{label}\n\n{help_text}" if short else help_text
        label = f"{short or label} · {goal.mark}"
    if goal:
        help_text = f"**{goal.said}**\n\n{help_text}"
    if chip is None:
        color = "off"
    st.metric(
        label,
        value,
        delta=chip or note,
        delta_color=color,
        delta_arrow="auto" if color != "off" else "off",
        delta_description=note if chip else None,
        chart_data=None if view.is_phone else chart,
        chart_type=chart_type,
        border=True,
        height="stretch",
        help=help_text,
    )
