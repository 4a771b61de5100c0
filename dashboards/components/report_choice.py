"""Which report is shown: one that is kept, narrowed, or one built here. All of it is in the URL and validated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import get_args

import streamlit as st

from cartera.money import SCALE
from cartera.reports.document import Document, Filter, Part, Period, as_it_opens
from cartera.reports.marts import CURRENCY, MARTS, Dimension, Mart
from cartera.reports.ready_made import READY
from cartera.reports.store import Broken, Saved, listed
from dashboards.components import refused
from dashboards.components.choosers import added, toggled
from dashboards.components.clicks import answers
from dashboards.components.filters import FEW, link, seeded
from dashboards.components.report_values import MOST, Offered, offered_values
from dashboards.components.view import View, current_user
from dashboards.queries import reports
from dashboards.queries.session import Clocks

NEW = "new"
OPENED = "report_opened"
"""The report that a click leads to (clicks.py)."""
OWN_DATE = "report_own_date"
"""The day of the report that was shown last."""
OWN = ("mart", "by", "show", "where")
"""Names in the URL that belong to one report; `where_<column>` too."""
LINKED_AMOUNT = re.compile(r"-?\d{1,24}(\.\d{1,24})?")

EITHER = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")
"""Thousands to some, and decimals to others, whatever the language."""


def choose_report(view: View) -> Saved | Broken | None:
    """A ready-made one, one's own or a shared one; None: build one here."""
    words = view.words
    _open_what_was_clicked(view)
    found = {each.report_id: each for each in listed(current_user())}
    offered = _offered(view, found)
    label = words("reports.report")
    key = _key(view, "report", "")
    if key not in st.session_state:
        # the page was left meanwhile: what its date field holds was chosen elsewhere
        st.session_state.pop(OWN_DATE, None)
    seeded(key, "report", label, offered, NEW)
    chosen = st.selectbox(
        label, list(offered), format_func=lambda name: offered[name], key=key, width=320,
        on_change=forget_choices, help=words("reports.report_help"),
    )  # fmt: skip
    link("report", chosen, NEW)
    report = found.get(chosen)
    return _pinned(report) if isinstance(report, Saved) else report


def _open_what_was_clicked(view: View) -> None:
    """What was saved, shared or deleted is opened as it is now; a script that was cut off in here begins anew."""
    opened = answers().get(OPENED)
    if opened is None:
        return
    unpin(opened)
    st.session_state.pop(_key(view, "report", ""), None)
    link("report", opened, NEW)
    answers().pop(OPENED, None)


def _offered(view: View, found: Mapping[str, Saved | Broken]) -> dict[str, str]:
    """What each is called, by its id. Of two that are called alike the list would open the last: one's own report may
    have the name that a ready-made one has in this language, and says then whose it is."""
    offered = {NEW: view.words("reports.new")}
    for key, each in found.items():
        label = _label(view, each)
        if label in offered.values() and each.owner:
            label = view.words("reports.of", name=label, owner=each.owner)
        offered[key] = f"{label} · {key}" if label in offered.values() else label
    return offered


def _label(view: View, each: Saved | Broken) -> str:
    if each.name in READY:
        return reports.wording(view.words)(f"ready.{each.name}")
    name = view.words("reports.broken", name=each.name) if isinstance(each, Broken) else each.name
    return name if each.owner == current_user() else view.words("reports.of", name=name, owner=each.owner)


def _pinned(saved: Saved) -> Saved:
    """One's own report as it was when it was opened here: what is typed on it is saved against that version."""
    if saved.owner != current_user():
        return saved
    pinned: Saved = st.session_state.setdefault(f"report_seen_{saved.report_id}", saved)
    return pinned


def unpin(report_id: str) -> None:
    """Open it again as it is now."""
    st.session_state.pop(f"report_seen_{report_id}", None)
    forget_choices()


def forget_choices() -> None:
    """What was chosen for one report says nothing of the next."""
    for name in list(st.query_params):
        if name in OWN or name.startswith("where_"):
            del st.query_params[name]


def own_date(view: View, saved: Saved | None) -> dt.date:
    """The day that a report is of, where the date field stands until another is chosen: of some the last month-end."""
    published = view.reading.clocks.as_of
    own, before = saved.document.as_of_date(published) if saved else published, st.session_state.get(OWN_DATE)
    if before not in (None, own) and st.session_state.get("as_of") == before:
        # nobody chose that date: it was the other report's
        st.session_state["as_of"] = own
    st.session_state[OWN_DATE] = own
    return own


def is_buildable(saved: Saved | None) -> bool:
    """One part is built here; a report of several is shown, and narrowed as a whole."""
    return saved is None or (len(saved.document.parts) == 1 and not saved.document.with_certificate)


def choose_document(view: View, saved: Saved | None, clocks: Clocks) -> Document | None:
    """What is to be shown, built or narrowed here; None while nothing is chosen to be shown."""
    if saved is not None and not is_buildable(saved):
        return saved.document.with_filters(_narrowed(view, saved, clocks))
    part = saved.document.parts[0] if saved else None
    said, scope = reports.wording(view.words), f"{saved.report_id}.{saved.version}" if saved else NEW
    offered = {name: said(f"mart.{name}") for name in MARTS}
    chosen = _one(view, "mart", view.words("reports.mart"), offered, part.mart if part else reports.OPENING, scope)
    mart, scope = MARTS[chosen], f"{scope}.{chosen}"
    st.caption(said(f"about.{chosen}"))
    part = part if part and part.mart == chosen else as_it_opens(chosen)
    with st.container(border=True):
        dimensions = {each.name: said.column(each.name) for each in mart.dimensions if each.name != CURRENCY}
        by = [name for name in part.dimensions if name != CURRENCY]
        names = _several(view, "by", view.words("reports.by"), dimensions, by, scope)
        measures = {each.name: said.column(each.name) for each in mart.measures}
        figures = _several(view, "show", view.words("reports.show"), measures, list(part.measures), scope)
    dimensions_of = {each.name: each for each in mart.dimensions}
    filters = _filters(view, mart, dimensions_of, measures, part.all_filters(), clocks, scope)
    if not figures:
        st.info(view.words("reports.nothing_chosen"), icon=":material/add_chart:")
        return None
    as_of = saved.document.as_of if saved else "published"
    return Document(
        parts=(Part(mart=chosen, title=part.title, dimensions=names, measures=figures, filters=filters),), as_of=as_of
    )  # fmt: skip


def _narrowed(view: View, saved: Saved, clocks: Clocks) -> tuple[Filter, ...]:
    """Filters on what all parts have, besides those that the report has itself."""
    common = common_dimensions(saved.document)
    scope = f"{saved.report_id}.{saved.version}"
    return _filters(view, saved.document.parts[0].declared, common, {}, (), clocks, scope)


def common_dimensions(document: Document) -> dict[str, Dimension]:
    """What every part can be narrowed by, except what a part must have one value of."""
    first, *others = (part.declared for part in document.parts)
    return {
        each.name: each
        for each in first.dimensions
        if each.kind == "text"
        and all(mart.dimension(each.name) for mart in others)
        and not any(each.name in (mart.one_of or {}) for mart in (first, *others))
    }


def _filters(
    view: View,
    mart: Mart,
    dimensions: Mapping[str, Dimension],
    measures: Mapping[str, str],
    kept: Sequence[Filter],
    clocks: Clocks,
    scope: str,
) -> tuple[Filter, ...]:
    """Columns to filter by, and one widget for each that is chosen: the chips of the page."""
    said, words = reports.wording(view.words), view.words
    before = {each.column: each for each in kept}
    offered = {name: said.column(name) for name in dimensions} | dict(measures)
    with st.container(horizontal=True):
        default = [name for name in before if name in offered]
        chosen = _several(view, "where", words("reports.where"), offered, default, scope, one_by_one=True)
        found = [_filter(view, mart, dimensions.get(name), name, before.get(name), clocks, scope) for name in chosen]
    rest = tuple(each for each in kept if each.column not in offered)
    return (*rest, *(each for each in found if each))


def _filter(
    view: View, mart: Mart, dimension: Dimension | None, name: str, kept: Filter | None, clocks: Clocks, scope: str
) -> Filter | None:
    said, words, url = reports.wording(view.words), view.words, f"where_{name}"
    label = said.column(name)
    if dimension is None or dimension.kind == "number":
        default = f"{kept.at_least:f}" if kept and kept.at_least is not None else ""
        return _at_least(view, name, words("reports.at_least", column=label), default, scope)
    if dimension.kind == "date":
        periods = {"": words("reports.any_day")} | {period: said(f"period.{period}") for period in get_args(Period)}
        period = _one(view, url, label, periods, (kept.period if kept else None) or "", scope)
        return Filter(column=name, period=period) if period else None  # type: ignore[arg-type]  # one of the offered
    if name in (mart.one_of or {}):
        # over several of them debts would be counted several times
        values = list(dict.fromkeys([*reports.choices(view.reading, mart.name, name, clocks), *_among(kept)]))
        shown = {value: str(said.value(name, value) or said("value.none")) for value in values}
        return Filter(column=name, among=(_one(view, url, label, shown, next(iter(_among(kept)), values[0]), scope),))
    if dimension.kind == "yes_no":
        there = Offered(["yes", "no"])
        shown = {value: said(f"value.{value}") for value in there.values}
    else:
        there = offered_values(view, mart.name, name, clocks, _key(view, url, scope), st.query_params.get_all(url))
        values = list(dict.fromkeys([*there.values, *_among(kept)]))
        shown = {value: str(said.value(name, value) or said("value.none")) for value in values}
    among = _several(
        view, url, label, shown, list(_among(kept)), scope, one_by_one=len(shown) > FEW, typing=there.note
    )  # fmt: skip
    return Filter(column=name, among=tuple(among)) if among else None


def _among(kept: Filter | None) -> tuple[str, ...]:
    return kept.among if kept else ()


def _at_least(view: View, name: str, label: str, default: str, scope: str) -> Filter | None:
    """An amount as text, so that no digit is lost: typed as the reader's language writes it, in the link as a program
    does."""
    words, url = view.words, f"where_{name}"
    key, asked = _key(view, url, scope), st.query_params.get(url, default)
    linked = words.decimal(Decimal(asked)) if LINKED_AMOUNT.fullmatch(asked) else None
    if key not in st.session_state:
        st.session_state[key] = asked if linked is None else linked
    typed = st.text_input(label, key=key, width=180, placeholder=words.decimal(Decimal(1000))).strip()
    # a ratio, or dinars: as many decimals as marts keep
    amount, problem = words.read_amount(typed, SCALE), words("reports.no_amount")
    if amount is not None and typed != linked and EITHER.fullmatch(typed) and amount.as_tuple().exponent == -3:
        thousands, decimals = words.decimal(amount * 1000), f"{typed}0"
        amount, problem = None, words("reports.either_amount", typed=typed, thousands=thousands, decimals=decimals)
    # what is refused is not linked as if a program had written it
    refused_now = "" if LINKED_AMOUNT.fullmatch(typed) else typed
    link(url, refused_now if amount is None else f"{amount:f}", default)
    if not typed:
        return None
    try:
        return Filter(column=name, at_least=amount)
    except ValueError:
        st.caption(problem)
        return None


def _one(view: View, name: str, label: str, offered: Mapping[str, str], default: str, scope: str) -> str:
    first = default if default in offered else next(iter(offered))
    key = seeded(_key(view, name, scope), name, label, offered, first)
    chosen = st.selectbox(label, list(offered), format_func=lambda value: offered[value], key=key, width=260)
    return link(name, chosen, default)


def _several(
    view: View,
    name: str,
    label: str,
    offered: Mapping[str, str],
    default: Sequence[str],
    scope: str,
    *,
    one_by_one: bool = False,
    typing: str = "",
) -> list[str]:
    """Several of what is offered, in the order chosen; strangers in the URL are left out. `typing`: as of `added`."""
    key, strangers = _key(view, name, scope), list[str]()
    if key not in st.session_state:
        asked = st.query_params.get_all(name)
        # what was chosen of another mart is no link's
        if not any(str(each).startswith(f"report_{name}_") for each in st.session_state):
            strangers = [value for value in asked if value not in offered]
        known = [value for value in dict.fromkeys(asked) if value in offered]
        st.session_state[key] = known if known or asked == [""] else [each for each in default if each in offered]
    kept = list(st.session_state[key])
    shown = ", ".join(offered.get(value, value) for value in kept) or view.words("filter.nothing")
    refused.heard(name, ", ".join(strangers), label, kept, shown)
    if one_by_one:
        hint = view.words("reports.choose_or_type" if typing else "reports.choose")
        chosen = added(label, list(offered), offered.__getitem__, key, hint, typing=typing)
    else:
        chosen = toggled(label, list(offered), offered.__getitem__, key)
    chosen = chosen[:MOST]
    if chosen == list(default):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = chosen or [""]
    return chosen


def _key(view: View, name: str, scope: str) -> str:
    return f"report_{name}_{scope}_{view.words.language}"
