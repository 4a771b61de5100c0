"""Filters, kept in the URL by Streamlit's own binding: a link reproduces the view, what is not offered is refused."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import pandas as pd
import streamlit as st

from cartera.clock import utc_now
from dashboards.components.view import View, as_text
from dashboards.queries import kpis
from dashboards.queries.receivables import headlines
from dashboards.queries.session import Clocks

MOST_FACTOR = 100
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


def asked(view: View) -> kpis.Asked:
    """Both clocks, the currency view and the days of the window that figures are of."""
    words, own = view.words, kpis.window()
    chosen = clocks(view)
    named = choice(view, "currency_view", {name: words(f"currency_view.{name}") for name in kpis.VIEWS}, kpis.VIEWS[0])
    days = choice(view, "window", {str(n): str(n) for n in sorted({*kpis.WINDOWS, own})}, str(own))
    currency_view = next(name for name in kpis.VIEWS if name == named)
    return kpis.Asked(chosen, currency_view, None if days == str(own) else int(days))


def since(view: View, until: dt.date, default: dt.date) -> dt.date:
    """A day before the as-of date; the default where it is not."""
    chosen = _one(
        st.date_input(
            view.words("filter.since"),
            value=default,
            min_value=EARLIEST,
            max_value=until - dt.timedelta(days=1),
            key="since",
            bind="query-params",
            help=view.words("filter.since_help"),
            format="YYYY-MM-DD",
            width=170,
        )
    )
    return chosen or default


def choice(view: View, name: str, offered: Mapping[str, str], default: str) -> str:
    """One of several, given as its word in the URL to what it is called; `filter.<name>` is the label.

    The URL holds the word, not what it is called, so that a link holds in every language.
    """
    key = linked(view, name, offered, default)
    label, help_text = view.words(f"filter.{name}"), view.words(f"filter.{name}_help")
    if len(offered) > FEW:
        chosen = st.selectbox(
            label, list(offered), format_func=lambda word: offered[word], key=key, help=help_text, width=260
        )
        return link(name, chosen, default)
    chosen = st.segmented_control(
        label, list(offered), format_func=lambda word: offered[word], required=True, key=key, help=help_text, wrap=True
    )
    return link(name, chosen or default, default)


def factor(view: View, name: str) -> Decimal:
    """A number from 0 to 100 with up to four decimals, 1 unless chosen; the URL holds it as text."""
    asked, key = Decimal(1), f"{name}_{view.words.language}"
    with contextlib.suppress(InvalidOperation):
        given = Decimal(st.query_params.get(name, "1"))
        asked = given if given.is_finite() and 0 <= given <= MOST_FACTOR else asked
    if key not in st.session_state:
        st.session_state[key] = float(asked)
    chosen = st.number_input(
        view.words(f"filter.{name}"),
        min_value=0.0,
        max_value=float(MOST_FACTOR),
        step=0.05,
        format="%.4f",
        key=key,
        help=view.words(f"filter.{name}_help"),
        width=170,
    )
    # a factor is no money: what is typed has four decimals, which is what is computed with
    exact = Decimal(f"{chosen:.4f}").normalize()
    return Decimal(link(name, f"{exact:f}", "1"))


def clickable(
    view: View, name: str, offered: Mapping[str, str], clicked: str | None, default: str = "", width: int = 360
) -> str:
    """As `choice` from a list, but what was clicked since the list was last used wins."""
    key, seen = linked(view, name, offered, default), f"{name}_clicked"
    if clicked in offered and clicked != st.session_state.get(seen):
        st.session_state[key] = clicked
    st.session_state[seen] = clicked
    label, help_text = view.words(f"filter.{name}"), view.words(f"filter.{name}_help")
    chosen = st.selectbox(
        label, list(offered), format_func=lambda word: offered[word], key=key, help=help_text, width=width
    )
    return link(name, chosen, default)


def linked(view: View, name: str, offered: Mapping[str, str], default: str) -> str:
    """The key of a widget whose state is that of the URL, or the default where the URL asks for a stranger."""
    key = f"{name}_{view.words.language}"
    asked = st.session_state.get(key, st.query_params.get(name))
    st.session_state[key] = asked if asked in offered else default
    return key


def link(name: str, chosen: str, default: str) -> str:
    """Write a choice into the URL; the default has no place there."""
    if chosen == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = chosen
    return chosen


def toggle(view: View, **wanted: str) -> None:
    """What a click on a figure chooses, for its callback; a second click, when all of it is chosen, takes it away.

    Names of `choice` and `clickable`, or company or currency, of which one stays chosen.
    """
    keys = {_key(view, name): value for name, value in wanted.items()}
    if all(st.session_state.get(key) == value for key, value in keys.items()):
        for name in wanted:
            untoggle(view, name)
    else:
        st.session_state.update(keys)


def untoggle(view: View, name: str) -> None:
    """Take a choice away, for the callback of its chip."""
    if name != "currency":
        st.session_state[_key(view, name)] = None if name == "company" else ""


def chips(view: View, chosen: Mapping[str, str]) -> None:
    """What narrows the page: by the name of each choice what it is called; a click on one takes it away."""
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, label in chosen.items():
            st.button(
                as_text(label),
                key=f"chip_{name}",
                icon=":material/close:",
                icon_position="right",
                help=view.words("filter.take_away"),
                on_click=untoggle,
                args=(view, name),
            )


def _key(view: View, name: str) -> str:
    return name if name in ("company", "currency") else f"{name}_{view.words.language}"


def _one(chosen: object) -> dt.date | None:
    return chosen if isinstance(chosen, dt.date) else None


def _refuse_strangers(key: str, offered: list[str]) -> None:
    """A choice kept from another publication that is no longer offered falls back to the default."""
    if key in st.session_state and st.session_state[key] not in (None, *offered):
        del st.session_state[key]
