"""Filters, kept in the URL by Streamlit's own binding: a link reproduces the view, what is not offered is refused."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from cartera.clock import utc_now
from dashboards.components.view import View
from dashboards.queries.receivables import headlines
from dashboards.queries.session import Clocks

EARLIEST = dt.date(1990, 1, 1)
FEW = 5


def company(view: View, totals: pd.DataFrame) -> str | None:
    """A company, or None for all of them; not asked when there is one."""
    offered = sorted(totals["company_id"].unique())
    if len(offered) < 2:
        return None
    _refuse_strangers("company", offered)
    return st.selectbox(
        view.words("filter.company"),
        offered,
        index=None,
        placeholder=view.words("filter.all_companies"),
        key="company",
        bind="query-params",
        width=260,
    )


def currency(view: View, totals: pd.DataFrame) -> str:
    """One currency: the one with most open items unless another is chosen."""
    offered = [line.currency_code for line in headlines(totals, None)]
    _refuse_strangers("currency", offered)
    label, help_text = view.words("filter.currency"), view.words("filter.currency_help")
    if len(offered) > FEW:
        return st.selectbox(label, offered, key="currency", bind="query-params", help=help_text, width=160)
    chosen = st.segmented_control(
        label,
        offered,
        default=offered[0],
        required=True,
        key="currency",
        bind="query-params",
        help=help_text,
    )
    return chosen or offered[0]


def clocks(view: View) -> Clocks:
    """As of which day, known at the end of which day; those of the publication unless chosen."""
    words, published = view.words, view.reading.clocks
    last = max(published.as_of, utc_now().date())
    as_of = st.date_input(
        words("filter.as_of"),
        value=published.as_of,
        min_value=EARLIEST,
        max_value=last,
        key="as_of",
        bind="query-params",
        help=words("filter.as_of_help"),
        format="YYYY-MM-DD",
        width=170,
    )
    known = st.date_input(
        words("filter.known_at"),
        value=None,
        min_value=EARLIEST,
        max_value=published.known_at.date(),
        key="known_at",
        bind="query-params",
        help=words("filter.known_at_help"),
        format="YYYY-MM-DD",
        width=170,
    )
    return Clocks(_one(as_of) or published.as_of, known_until(_one(known), published.known_at))


def known_until(day: dt.date | None, latest: dt.datetime) -> dt.datetime:
    """The end of that day in UTC, and no later than what the publication knows."""
    return latest if day is None else min(dt.datetime.combine(day, dt.time.max, tzinfo=dt.UTC), latest)


def _one(chosen: object) -> dt.date | None:
    return chosen if isinstance(chosen, dt.date) else None


def _refuse_strangers(key: str, offered: list[str]) -> None:
    """A choice kept from another publication that is no longer offered falls back to the default."""
    if key in st.session_state and st.session_state[key] not in (None, *offered):
        del st.session_state[key]
