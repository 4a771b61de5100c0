"""The values of a column to filter by: the first are offered, any other is linked to or typed, and looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from cartera.reports.build import MOST_CHOICES
from dashboards.components import refused
from dashboards.components.choosers import forget_typed, typed_in
from dashboards.components.view import View
from dashboards.queries import reports
from dashboards.queries.session import Clocks

MOST = 20
"""So many may be chosen, and are looked up."""


@dataclass(frozen=True)
class Offered:
    """`note`: said where there are more values than are offered, so that others may be typed; else empty."""

    values: list[str]
    note: str = ""


def offered_values(view: View, mart: str, column: str, clocks: Clocks, key: str, linked: Sequence[str] = ()) -> Offered:
    """What there is to choose from for the widget of `key`; what was typed there is chosen where a row has it."""
    first, typed = reports.choices(view.reading, mart, column, clocks), typed_in(key)
    if len(first) < MOST_CHOICES:
        return Offered([*first, *_chosen(key, first)])
    note = view.words("reports.first_values", count=MOST_CHOICES)
    # no text of PostgreSQL's has a NUL, and it takes none
    asked = [each for each in [*typed, *linked] if each not in first and "\0" not in each][:MOST]
    found = reports.choices(view.reading, mart, column, clocks, tuple(dict.fromkeys(asked))) if asked else []
    for each in typed:
        if each in first or each in found:
            st.session_state[key] = [*(one for one in st.session_state.get(key, []) if one != each), each]
        else:
            note = f"{view.words('reports.no_such_value', value=refused.short(each))} {note}"
    forget_typed(key)
    values = [*first, *found]
    return Offered([*values, *_chosen(key, values)], note)


def _chosen(key: str, values: Sequence[str]) -> list[str]:
    """What was chosen stays, also where no row has it on another day."""
    return [each for each in st.session_state.get(key, []) if each not in values]
