"""The list of the day: who is worth acting on, in what order and why, and the keys that walk through it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pandas as pd
import streamlit as st

from dashboards.components import filters, refused
from dashboards.components.customer_link import customers_table
from dashboards.components.export import csv_button
from dashboards.components.narrowed import narrowed
from dashboards.components.still_table import still_table
from dashboards.components.tables import CUSTOMER, Column, table
from dashboards.components.view import View, as_text
from dashboards.queries import customer, worklist
from dashboards.queries.session import Clocks

COLUMNS = {
    "customer_name": Column("column.customer", width=98),
    "expected_amount": Column("worklist.expected_short", "money"),
    "why": Column("worklist.why", width=164, lines=4),
    "company_id": Column("column.company"),
}
"""What fits beside an open customer, which shows the rest of itself; the file has all. The order is the rank."""
REASONS = {
    "reason": Column("worklist.why"),
    "customers": Column("worklist.customers", "number"),
    "overdue_amount": Column("column.overdue", "money"),
}
LEFT = {
    "customer_name": CUSTOMER,
    "overdue_amount": Column("column.overdue", "money"),
    "reason": Column("worklist.why"),
    "company_id": Column("column.company"),
}
NEXT_KEY, LAST_KEY = "J", "K"
OPEN = "open-customer"
"""Where on the page the open customer stands."""
BEGUN_WITH = "worklist_begun_with"


def choose_collector(view: View, clocks: Clocks, currency_code: str) -> str | None:
    """Whose day it is; not asked where nobody is named."""
    known = worklist.collectors(view.reading, clocks, currency_code)
    if not known:
        return None
    offered = {"": view.words("worklist.all_collectors"), **{name: name for name in known}}
    # a list, however few they are: names are long
    key = filters.linked(view, "collector", offered, "")
    chosen = st.selectbox(
        view.words("worklist.collector"), list(offered), format_func=lambda name: offered[name], key=key, width=240
    )
    return filters.link("collector", chosen, "") or None


def headline(view: View, asked: worklist.Asked, day: worklist.Day) -> None:
    """What the day is worth, in one line: a day's work is the list below it."""
    words, code = view.words, asked.currency_code
    owed, expected = worklist.added(day.tasks, code)
    figures = (
        ("customers", words.number(len(day.tasks))),
        ("asked", words.money(owed, code)),
        ("expected", words.money(expected, code)),
    )
    told = " · ".join(f"{words(f'worklist.{name}')}: **{as_text(figure)}**" for name, figure in figures)
    st.markdown(told, help="\n\n".join(words(f"worklist.{name}_help") for name in ("asked", "expected")))


def left_out(view: View, asked: worklist.Asked, day: worklist.Day) -> None:
    """Who is late and not on the list, and why: with those on it they add up to all who are late."""
    words, code = view.words, asked.currency_code
    whole = worklist.totals(view.reading, asked.clocks, code, asked.company_id, asked.collector)
    late = sum((task.late["overdue_amount"] for task in day.tasks), Decimal(0))
    others = whole["customers"] - len(day.tasks)
    if others:
        amounts = {"late": late, "whole": whole["overdue_amount"], "rest": whole["overdue_amount"] - late}
        told = {name: as_text(words.money(amount, code)) for name, amount in amounts.items()}
        st.caption(words.counted("worklist.of_all", others, **told))
    else:
        st.caption(words("worklist.of_all_listed", late=as_text(words.money(late, code))))
    left = worklist.left(words, day)
    reasons = [
        (words(f"worklist.left_{why}"), customers, amount)
        for why, customers, amount in worklist.left_by_reason(left, whole, day)
    ]
    if not reasons:
        return
    counts = " · ".join(f"{reason}: {words.number(customers)}" for reason, customers, _ in reasons)
    with st.expander(words("worklist.left", reasons=counts)):
        sums = pd.DataFrame(reasons, columns=list(REASONS))
        still_table(view, sums, REASONS, alt=words("worklist.left_why"), currency_code=code)
        if len(left) > worklist.LISTED:
            st.caption(
                words("worklist.left_capped", shown=words.number(worklist.LISTED), count=words.number(len(left)))
            )
        if len(left):
            key = f"left_{code}_{asked.company_id}_{asked.collector}"
            shown = left.head(worklist.LISTED)
            customers_table(view, asked.clocks, shown, LEFT, alt=words("worklist.left_who"), key=key,
                            currency_code=code)  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """The customer beside the list. `task` None: it is not on the list, `why` says why where that is known."""

    customer_id: str
    company_id: str | None
    name: str
    task: worklist.Task | None = None
    why: str | None = None


def walk(view: View, tasks: tuple[worklist.Task, ...], opened: Opened) -> None:
    """To the one before and to the next one of the list, with a click or a key."""
    words = view.words
    if not tasks:
        return
    place = tasks.index(opened.task) if opened.task else None
    # who was just dealt with is gone from the list: the next one stands where it stood
    gone = min(st.session_state.get("worklist_place", 0), len(tasks) - 1)
    following = gone if place is None else min(place + 1, len(tasks) - 1)
    before = max(gone - 1, 0) if place is None else max(place - 1, 0)
    if place is not None:
        st.session_state["worklist_place"] = place
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(words("worklist.last"), icon=":material/arrow_upward:", shortcut=LAST_KEY, key="last_task",
                  disabled=place == 0, on_click=_open, args=(tasks[before].key,))  # fmt: skip
        st.button(words("worklist.next"), icon=":material/arrow_downward:", shortcut=NEXT_KEY, key="next_task",
                  disabled=place == len(tasks) - 1, on_click=_open, args=(tasks[following].key,))  # fmt: skip
        if place is not None:
            st.caption(words("worklist.place", place=words.number(place + 1), count=words.number(len(tasks))))


def tasks_table(view: View, asked: worklist.Asked, tasks: tuple[worklist.Task, ...]) -> None:
    """The list; a click opens another."""
    words = view.words
    if not tasks:
        st.info(words("worklist.nothing"), icon=":material/event_available:")
        return
    shown = worklist.listed(words, tasks[: worklist.LISTED], asked.currency_code)
    key = f"tasks_{asked.currency_code}_{asked.company_id}_{asked.collector}"
    # a click is of a place in the list that was looked at: what anybody recorded since may have moved it
    looked_at, st.session_state[f"{key}_rows"] = st.session_state.get(f"{key}_rows", []), [task.key for task in tasks]
    several = shown["company_id"].nunique() > 1
    columns = {name: column for name, column in COLUMNS.items() if name != "company_id" or several}
    if view.is_phone:
        columns["why"] = replace(columns["why"], lines=5)
    selection = table(view, shown, columns, alt=words("worklist.list"), currency_code=asked.currency_code,
                      key=key, selects="single-cell", height=760)  # fmt: skip
    if len(tasks) > len(shown):
        st.caption(words("worklist.capped", shown=words.number(len(shown)), count=words.number(len(tasks))))
    to = narrowed(words, company=asked.company_id, collector=asked.collector)
    csv_button(view, asked.clocks, asked.currency_code, "worklist", lambda: worklist.day_csv(words, asked, to),
               narrowed=to)  # fmt: skip
    clicked = tuple(selection["cells"][0]) if selection["cells"] else None
    if clicked != st.session_state.get(f"{key}_seen"):
        # a click counts once: afterwards the keys go on from there
        st.session_state[f"{key}_seen"] = clicked
        if clicked is not None and clicked[0] < len(looked_at):
            _open(looked_at[clicked[0]])
            st.rerun()


def open_customer(view: View, asked: worklist.Asked, day: worklist.Day) -> Opened | None:
    """The one of the URL, else the first of the list; a phone shows it below the list, so a link leads there.

    It stays the same one while the list is: what is recorded of the first moves it down, and what follows, the promise
    after the call say, is of the same customer.
    """
    of_list = (asked.currency_code, asked.company_id, asked.collector)
    begun_with, key = st.session_state.get(BEGUN_WITH, (None, None))
    named = (st.query_params.get("customer", ""), st.query_params.get("at", ""))
    if not named[0] and begun_with == of_list:
        named = key
    opened = _opened(view, asked, day, *named)
    if opened:
        unheard = None if opened.customer_id == named[0] else named[0]
        refused.heard("customer", unheard, view.words("filter.customer"), opened.customer_id, opened.name)
    st.session_state[BEGUN_WITH] = (of_list, (opened.customer_id, opened.company_id or "") if opened else ("", ""))
    if opened:
        st.markdown(view.words("worklist.open_now", customer=f"[{as_text(opened.name)}](#{OPEN})"))
    return opened


def _opened(view: View, asked: worklist.Asked, day: worklist.Day, customer_id: str, company_id: str) -> Opened | None:
    for task in day.tasks:
        if task.key[0] == customer_id and company_id in ("", task.key[1]):
            return Opened(customer_id, task.key[1], task.late["customer_name"], task)
    for left in day.left:
        if left.late["customer_id"] == customer_id and company_id in ("", left.late["company_id"]):
            return Opened(customer_id, left.late["company_id"], left.late["customer_name"], why=left.why)
    if customer_id:
        profile = customer.profile(view.reading, asked.clocks.known_at, customer_id)
        if len(profile):
            return Opened(customer_id, company_id or profile["company_id"].iloc[0], profile["name"].iloc[0])
    first = next(iter(day.tasks), None)
    return Opened(*first.key, first.late["customer_name"], first) if first else None


def _open(key: tuple[str, str]) -> None:
    st.query_params["customer"], st.query_params["at"] = key
