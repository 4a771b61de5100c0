"""What is asked of the data first in the morning: is it certified, is it fresh, what is missing from it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from streamlit.delta_generator import DeltaGenerator

from dashboards.components.card_grid import card
from dashboards.components.view import View


def certified_card(view: View, place: DeltaGenerator, certificate: pd.DataFrame) -> None:
    """Of what is published."""
    words, published = view.words, view.reading.published
    note = _when(view, "health.card_published", published.published_at) if published else None
    with place:
        card(view, words("health.card_tied"), _all_of(view, list(certificate["is_tied"])), note=note,
             help_text=words("health.card_tied_help"))  # fmt: skip


def fresh_card(view: View, place: DeltaGenerator, sources: list[dict[str, Any]]) -> None:
    words = view.words
    read = [source["read_at"] for source in sources if source["read_at"]]
    note = _when(view, "health.card_oldest", min(read)) if read else None
    with place:
        card(view, words("health.card_fresh"), _all_of(view, [source["name"] == "fresh" for source in sources]),
             note=note, help_text=words("health.card_fresh_help"))  # fmt: skip


def waiting_card(view: View, place: DeltaGenerator, groups: pd.DataFrame | None) -> None:
    """`groups`: of quarantine; None where they could not be read."""
    words = view.words
    if groups is None:
        count, note = "—", None
    else:
        count = words.number(sum(groups["records"]))
        note = _when(view, "health.card_oldest", min(groups["first_at"])) if len(groups) else None
    with place:
        card(view, words("health.card_waiting"), count, note=note, help_text=words("health.card_waiting_help"))


def _when(view: View, key: str, moment: dt.datetime) -> str:
    """A phone has room for how long ago, and the help says of what."""
    ago = view.words.ago(moment)
    return ago if view.is_phone else view.words(key, ago=ago)


def _all_of(view: View, good: list[bool]) -> str:
    """`✓ 4/4`; a dash where there is nothing that could be good."""
    if not good:
        return "—"
    count, whole = view.words.number(sum(good)), view.words.number(len(good))
    return f"{'✓' if all(good) else '✗'} {count} / {whole}"
