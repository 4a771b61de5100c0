"""What wants attention today, in order of weight; each line leads to its rows or to the page that has them."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from cartera.warehouse.headline import Asked
from dashboards.components import filters
from dashboards.components.access import may_open
from dashboards.components.banners import HEALTH_PAGE
from dashboards.components.drill import Figure
from dashboards.components.headline_extras import expected_figure
from dashboards.components.view import View, as_text
from dashboards.queries import overview
from dashboards.queries.session import actor

LOOK_AT, ROOM = "look_at", 7


def attention(view: View, asked: Asked) -> Figure | None:
    """The lines; the figure of the one that was clicked."""
    words = view.words
    st.subheader(words("attention.title"), anchor=False)
    figures = {
        "broken": _of_items(view, asked, "broken", overview.broken_promises(view.reading, asked)),
        "disputed": _of_items(view, asked, "disputed", overview.new_disputes(view.reading, asked)),
        "expected": expected_figure(view, asked),
    }
    there = {name: figure for name, figure in figures.items() if figure is not None}
    said = _data(view)
    if not there and not said:
        st.caption(f":material/check_circle: {words('attention.nothing')}")
        return None
    named = {name: f"{of.title}: {_short(view, of.amount, asked.currency_code)}" for name, of in there.items()}
    chosen = st.pills(
        words("attention.rows"),
        list(named),
        format_func=lambda name: named[name],
        key=filters.optional(view, LOOK_AT, words("attention.rows"), named),
        label_visibility="collapsed",
        wrap=True,
    )
    filters.link(LOOK_AT, chosen or "", "")
    if chosen == "broken":
        st.caption(words("attention.broken_told"))
    for text in said:
        st.markdown(text)
    if said and may_open(actor(), "data_health"):
        st.page_link(HEALTH_PAGE, label=words("state.open_health"), icon=":material/arrow_forward:")
    return there.get(chosen) if chosen else None


def _short(view: View, amount: Decimal, currency_code: str) -> str:
    """What half a window of 1024 has room for behind its words; the rows below have every cent."""
    whole = view.words.units(amount)
    return f"{currency_code}\u00a0{whole if len(whole) <= ROOM else view.words.compact(amount)}"


def _of_items(view: View, asked: Asked, name: str, item_ids: tuple[str, ...]) -> Figure | None:
    if not item_ids:
        return None
    amount, count = overview.owed_on(view.reading, asked, item_ids)
    return Figure(
        amount,
        count,
        asked.currency_code,
        asked.company_id,
        title=view.words.counted(f"attention.{name}", count, days=overview.RECENT_DAYS),
        item_ids=item_ids,
    )


def _data(view: View) -> list[str]:
    """Of the data itself: sources that were not read for long, and the certificate of what is published."""
    words, said = view.words, []
    stale = overview.stale_sources(view.reading)
    if stale:
        said.append(
            ":material/schedule: " + words.counted("attention.stale", len(stale), names=as_text(", ".join(stale)))
        )
    lines, tied = overview.certificate(view.reading)
    key, icon = ("tied", "verified") if lines and lines == tied else ("untied", "error")
    said.append(f":material/{icon}: " + words(f"attention.{key}", lines=words.number(lines), tied=words.number(tied)))
    return said
