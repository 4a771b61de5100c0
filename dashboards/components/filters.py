"""Filters, kept in the URL by Streamlit's own binding: a link reproduces the view, what is not offered is refused."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pandas as pd
import streamlit as st

from cartera.clock import utc_now
from dashboards.components import refused
from dashboards.components.view import View, as_text
from dashboards.queries import kpis
from dashboards.queries.receivables import headlines
from dashboards.queries.session import Clocks

IN_FORCE, DRAWN, CARRIED = "filters_in_force", "filters_drawn", "filters_carried"
"""The company, currency and dates of this session that are not the default; names of those that this page has drawn;
what a link asked for of them (see `carry`) until the filter is drawn."""

ON = "1"
EARLIEST = dt.date(1990, 1, 1)
DAYS = ("as_of", "known_at", "since")
BOUND = ("company", "currency", *DAYS)
"""Names of widgets that are bound to the address, on more pages than one."""
FEW = 5


def company(view: View, totals: pd.DataFrame) -> str | None:
    """A company, or None for all of them; not asked when there is one."""
    offered = sorted(totals["company_id"].unique())
    asked, label, all_of_them = linked_to("company"), view.words("filter.company"), view.words("filter.all_companies")
    if len(offered) < 2:
        refused.heard("company", None if asked in offered else asked, label, None, offered[0])
        return None
    _refuse_strangers("company", offered)
    _bring_back("company", offered.__contains__)
    chosen = st.selectbox(
        label, offered, index=None, placeholder=all_of_them, key="company", bind="query-params", width=260
    )
    _keep("company", chosen, None)
    refused.heard("company", None if asked in offered else asked, label, chosen, chosen or all_of_them)
    return chosen


def currency(view: View, totals: pd.DataFrame) -> str:
    """One currency: the one with most open items unless another is chosen."""
    offered = [line.currency_code for line in headlines(totals, None)]
    _refuse_strangers("currency", offered)
    _bring_back("currency", offered.__contains__)
    asked, label, help_text = linked_to("currency"), view.words("filter.currency"), view.words("filter.currency_help")
    chosen: str | None
    if len(offered) > FEW:
        chosen = st.selectbox(label, offered, key="currency", bind="query-params", help=help_text, width=160)
    else:
        chosen = st.segmented_control(
            label,
            offered,
            default=offered[0],
            required=True,
            key="currency",
            bind="query-params",
            help=help_text,
        )
    code = chosen or offered[0]
    _keep("currency", code, offered[0])
    refused.heard("currency", None if asked in offered else asked, label, code, code)
    return code


def clocks(view: View, own: dt.date | None = None) -> Clocks:
    """As of which day, known at the end of which day; those of the publication unless chosen.

    `own` is the day of what is shown where that is another than the publication's.
    """
    words, published = view.words, view.reading.clocks
    default, last = own or published.as_of, max(published.as_of, utc_now().date())
    as_of = _day(view, "as_of", default, last, words.date(default))
    known = _day(view, "known_at", None, published.known_at.date(), words.moment(published.known_at))
    return Clocks(as_of or default, known_until(known, published.known_at))


def _day(view: View, name: str, default: dt.date | None, last: dt.date, default_shown: str) -> dt.date | None:
    """A day up to the last one that makes sense, written as the reader's language does."""
    _bring_back(name, lambda day: day <= last)
    asked, label = linked_to(name), view.words(f"filter.{name}")
    chosen = st.date_input(
        label,
        value=default,
        min_value=EARLIEST,
        max_value=last,
        key=name,
        bind="query-params",
        help=view.words(f"filter.{name}_help"),
        format=view.words.typed_date,
        width=170,
    )
    day = chosen if isinstance(chosen, dt.date) else None
    _keep(name, day, default)
    is_heard = asked is None or (day is not None and asked.replace("/", "-") == day.isoformat())
    refused.heard(name, None if is_heard else asked, label, day, default_shown)
    return day


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
    return _day(view, "since", default, until - dt.timedelta(days=1), view.words.date(default)) or default


def choice(view: View, name: str, offered: Mapping[str, str], default: str, begins: str | None = None) -> str:
    """One of several, given as its word in the URL to what it is called; `filter.<name>` is the label.

    The URL holds the word, not what it is called, so that a link holds in every language. `begins`: what is chosen
    where it names nothing, if that is not the default.
    """
    key = linked(view, name, offered, begins or default)
    label, help_text = view.words(f"filter.{name}"), view.words(f"filter.{name}_help")
    if len(offered) > FEW:
        chosen = st.selectbox(
            label, list(offered), format_func=lambda word: offered[word], key=key, help=help_text, width=260
        )
        return link(name, chosen, default)
    # unlike a list it reads Markdown
    chosen = st.segmented_control(
        label, list(offered), format_func=lambda word: as_text(offered[word]), required=True, key=key, help=help_text,
        wrap=True,
    )  # fmt: skip
    return link(name, chosen or default, default)


def place(view: View, name: str, offered: Mapping[str, str], totals: pd.DataFrame) -> str:
    """A company and a currency of `offered`: those in force, else where most items are open.

    In the URL only the latter is left out: who opens the link has nothing in force.
    """
    by_items = totals.sort_values("open_items", ascending=False, kind="stable")
    places = [
        f"{company}/{code}" for company, code in zip(by_items["company_id"], by_items["currency_code"], strict=True)
    ]
    most_first = [each for each in places if each in offered] or list(offered)
    wanted = in_force("company"), in_force("currency")
    if wanted[0] and not wanted[1]:
        wanted = wanted[0], headlines(totals, None)[0].currency_code

    def how_near(each: str) -> list[bool]:
        company, _, code = each.rpartition("/")
        return [company == wanted[0], code == wanted[1]]

    # later a bare address is of the default, which may have been chosen
    begins = max(most_first, key=how_near) if _is_new(name) else None
    return choice(view, name, offered, most_first[0], begins)


def the_only(view: View, name: str, offered: Mapping[str, str]) -> str:
    """The one that there is, where nothing is to be chosen: who follows a link to another is told so."""
    ((only, shown),) = offered.items()
    asked = linked_to(name, _key(view, name))
    refused.heard(name, None if asked == only else asked, view.words(f"filter.{name}"), only, shown)
    if st.query_params.get(name) != only:
        st.query_params.pop(name, None)
    return only


def clickable(
    view: View, name: str, offered: Mapping[str, str], clicked: str | None, default: str = "", width: int = 360
) -> str:
    """As `choice` from a list, but what was clicked since the list was last used wins."""
    key, seen = linked(view, name, offered, default), f"{name}_clicked"
    if clicked in offered and clicked != st.session_state.get(seen):
        st.session_state[key] = clicked
        refused.forget(name)
    st.session_state[seen] = clicked
    label, help_text = view.words(f"filter.{name}"), view.words(f"filter.{name}_help")
    chosen = st.selectbox(
        label, list(offered), format_func=lambda word: offered[word], key=key, help=help_text, width=width
    )
    return link(name, chosen, default)


def linked(view: View, name: str, offered: Mapping[str, str], default: str) -> str:
    """The key of a widget whose state is that of the URL, or the default where the URL asks for a stranger."""
    return seeded(f"{name}_{view.words.language}", name, view.words(f"filter.{name}"), offered, default)


def seeded(key: str, name: str, label: str, offered: Mapping[str, str], default: str) -> str:
    """`linked` where the key is another one than that of the name in this language."""
    wanted = linked_to(name, key)
    asked = st.session_state.get(key, wanted)
    chosen = st.session_state[key] = asked if asked in offered else default
    refused.heard(name, None if wanted in offered else wanted, label, chosen, offered.get(chosen, chosen))
    return key


def optional(view: View, name: str, label: str, offered: Mapping[str, str]) -> str:
    """The key of a list or of pills in which nothing may be chosen; `link` writes it."""
    key, none = f"{name}_{view.words.language}", view.words("filter.nothing")
    wanted = linked_to(name, key)
    asked = st.session_state.get(key, wanted)
    chosen = st.session_state[key] = asked if asked in offered else None
    is_heard = wanted in (None, chosen)
    refused.heard(name, None if is_heard else wanted, label, chosen, offered.get(chosen or "", none))
    return key


def switch(view: View, name: str, label: str) -> bool:
    """On or off; only on has a place in the URL."""
    wanted = linked_to(name)
    if wanted == ON:
        st.session_state[name] = True
    is_on = st.toggle(label, key=name)
    none = view.words("filter.nothing")
    refused.heard(name, None if wanted == ON else wanted, label, is_on, label if is_on else none)
    link(name, ON if is_on else "", "")
    return is_on


def opened(view: View, name: str, label: str, offered: Mapping[str, str]) -> str:
    """What `toggle` opened by a click on a chart, or a link; empty where nothing is. Its chip closes it."""
    key = _key(view, name)
    if _is_new(name):  # no widget's, so nobody else forgets it
        st.session_state.pop(key, None)
    seeded(key, name, label, {"": view.words("filter.nothing")} | offered, "")
    chosen = link(name, st.session_state[key], "")
    chips(view, {name: offered[chosen]} if chosen else {})
    return chosen


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


def choose(view: View, **wanted: str) -> None:
    """As `toggle`, whatever is chosen already; an empty one is taken away."""
    for name, value in wanted.items():
        if value:
            st.session_state[_key(view, name)] = value
        else:
            untoggle(view, name)


def untoggle(view: View, name: str) -> None:
    """Take a choice away, for the callback of its chip."""
    if name != "currency":
        st.session_state[_key(view, name)] = None if name == "company" else ""


def chips(view: View, chosen: Mapping[str, str]) -> None:
    """What narrows the page: by the name of each choice what it is called; a click on one takes it away.

    Without any there is an empty container: the browser makes what stands below anew when it moves, and whoever was in
    it by keyboard is out.
    """
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


def linked_to(name: str, key: str | None = None) -> str | None:
    """What the URL says where nothing was chosen yet; asked before its widget, which takes out what it refuses.

    `key` is the widget's where that is not the name.
    """
    if (key or name) in st.session_state:
        return None
    found = st.query_params.get(name)  # an empty one chose nothing, where the default is something
    return _of_link().pop(name, None) if found is None else found


def in_force(name: str) -> Any:
    """What this session has chosen or a link asked for; None where that is the default."""
    return st.session_state.get(IN_FORCE, {}).get(name)


def carried(parameters: Mapping[str, str]) -> str:
    """What a link names that Streamlit takes out of it on a page that binds the same name: a word for `carry`.

    It takes that for what the page left behind, also where the link asks for another value.
    """
    return urlencode({name: parameters[name] for name in BOUND if name in parameters}) or ON


def carry(word: str) -> None:
    """In force from now on, where the address has lost it; the filters of the page refuse what they do not offer."""
    kept: dict[str, object] = st.session_state.setdefault(IN_FORCE, {})
    for name, value in parse_qsl(word):
        if name in DAYS:
            with contextlib.suppress(ValueError):
                kept[name] = max(EARLIEST, dt.date.fromisoformat(value))
        elif name in BOUND:
            kept[name] = value
        if name in BOUND:
            _of_link()[name] = value


def _of_link() -> dict[str, str]:
    found: dict[str, str] = st.session_state.setdefault(CARRIED, {})
    return found


def arrive() -> None:
    """Another page is open: all its filters are new."""
    st.session_state.pop(DRAWN, None)
    st.session_state.pop(CARRIED, None)


def _keep(name: str, chosen: object, default: object) -> None:
    kept: dict[str, object] = st.session_state.setdefault(IN_FORCE, {})
    kept[name] = None if chosen == default else chosen
    _of_link().pop(name, None)


def _is_new(name: str) -> bool:
    """Whether it is drawn for the first time since this page was opened."""
    drawn: set[str] = st.session_state.setdefault(DRAWN, set())
    is_new = name not in drawn
    drawn.add(name)
    return is_new


def _bring_back(name: str, is_offered: Callable[[Any], bool]) -> None:
    """What is in force, where a bound widget is new on a page whose address does not name it.

    Streamlit itself keeps what was chosen, but not what came with a link and stayed as it was.
    """
    kept, is_new = in_force(name), _is_new(name)
    if is_new and kept is not None and name not in st.query_params and is_offered(kept):
        # its binding tells the address of a choice, not of what the widget begins with
        st.query_params[name] = str(kept)
        st.session_state[name] = kept


def _refuse_strangers(key: str, offered: list[str]) -> None:
    """A choice kept from another publication that is no longer offered falls back to the default."""
    if key in st.session_state and st.session_state[key] not in (None, *offered):
        del st.session_state[key]
