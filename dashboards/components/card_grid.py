"""Cards with a figure: beside each other; on a phone two and two, without what only fits a wide one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.components.view import View

CHIP = 18
"""Characters under a figure that half a phone shows without cutting them off."""


def places(view: View, count: int) -> list[DeltaGenerator]:
    """Where `count` cards stand."""
    if not view.is_phone:
        return list(st.columns(count))
    found: list[DeltaGenerator] = []
    while len(found) < count:
        with st.container(horizontal=True, gap="xsmall"):
            found += [st.container(width="stretch") for _ in range(min(2, count - len(found)))]
    return found


def card(
    view: View,
    label: str,
    value: str,
    *,
    chip: str | None = None,
    note: str | None = None,
    help_text: str,
    chart: Sequence[float] | None = None,
    chart_type: Literal["line", "bar"] = "line",
    color: Literal["normal", "inverse", "off"] = "off",
) -> None:
    """`chip` is a change, which says something without the note beside it; a note alone stands in its place.

    On a phone the chart gives way, and the note to the hover where it is long.
    """
    if view.is_phone and note and (chip or len(note) > CHIP):
        note, help_text = None, f"{note}. {help_text}"
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
